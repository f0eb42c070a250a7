"""What must not be lost is encrypted, kept and protected, in every tier."""

from __future__ import annotations

from tests.infra.templates import Templates


def test_buckets_and_tables_stay_when_their_stack_goes(templates: Templates) -> None:
    kept = [
        resource["DeletionPolicy"]
        for resource in templates.by_part["data"]["Resources"].values()
        if resource["Type"] in ("AWS::S3::Bucket", "AWS::DynamoDB::Table", "AWS::Kinesis::Stream", "AWS::KMS::Key")
    ]
    assert kept == ["RetainExceptOnCreate"] * 8  # of a stack that could not be made, nothing stays


def test_protected_tables_are_made_last_since_a_failed_stack_could_not_take_them_away(templates: Templates) -> None:
    resources = templates.by_part["data"]["Resources"]
    tables = [resource for resource in resources.values() if resource["Type"] == "AWS::DynamoDB::Table"]
    assert len(tables) == 3
    for table in tables:
        assert {resources[logical]["Type"] for logical in table["DependsOn"]} >= {
            "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::SecretsManager::Secret", "AWS::Glue::Database",
        }  # fmt: skip


def test_the_key_changes_by_itself_and_encrypts_lake_stream_and_tables(templates: Templates) -> None:
    assert templates.one("AWS::KMS::Key")["EnableKeyRotation"] is True
    for bucket in templates.resources("AWS::S3::Bucket").values():
        rule = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"][0]
        by_key = rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == "aws:kms"
        assert by_key == ("-logs-" not in bucket["BucketName"])
        assert rule.get("BucketKeyEnabled", False) == by_key
    assert templates.one("AWS::Kinesis::Stream")["StreamEncryption"]["EncryptionType"] == "KMS"
    for table in templates.resources("AWS::DynamoDB::Table").values():
        assert table["SSESpecification"]["SSEType"] == "KMS"


def test_files_of_the_lake_cost_less_when_nobody_reads_them(templates: Templates) -> None:
    buckets = templates.resources("AWS::S3::Bucket", "data").values()
    (lake,) = [bucket for bucket in buckets if "-lake-" in bucket["BucketName"]]
    tiered = {
        rule["Prefix"]: rule["Transitions"] for rule in lake["LifecycleConfiguration"]["Rules"] if "Transitions" in rule
    }
    assert {"raw/stream/", "raw/spend/", "curated/"} <= set(tiered)
    for transitions in tiered.values():
        assert transitions == [{"StorageClass": "INTELLIGENT_TIERING", "TransitionInDays": 0}]


def test_decisions_and_who_refuses_recommendations_can_be_brought_back_to_any_second(templates: Templates) -> None:
    recoverable = {
        table["TableName"]: table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]
        for table in templates.resources("AWS::DynamoDB::Table").values()
    }
    assert recoverable == {
        f"takings-{templates.tier}-live": False,
        f"takings-{templates.tier}-decisions": True,
        f"takings-{templates.tier}-recommendations": True,
    }
