"""What an installation keeps is found by name and tags, priced, and deleted; nothing else is touched."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from catalogue.errors import QueryFailed
from infra_cdk.deploying import kept
from infra_cdk.deploying.kept import buckets
from infra_cdk.deploying.kept.item import Kept
from infra_cdk.installation import Installation
from tests.support.aws_answers import Answer
from tests.support.deployments import ACCOUNT, REGION, TAGS, AnsweringClients, Boto3Clients, situation

OTHERS = [{"Key": "takings:installation", "Value": "other"}, {"Key": "takings:tier", "Value": "dev"}]


@pytest.fixture
def here(tmp_path: Path) -> Installation:
    return situation(tmp_path, Boto3Clients()).installation


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[Boto3Clients]:
    monkeypatch.setattr(buckets, "_measured", lambda *_: None)  # moto knows no SEARCH
    with mock_aws():
        yield Boto3Clients()


def make_bucket(s3: Any, name: str, tags: list[dict[str, str]]) -> None:
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    if tags:
        s3.put_bucket_tagging(Bucket=name, Tagging={"TagSet": tags})


def make_all(aws: Boto3Clients, here: Installation, tags: list[dict[str, str]]) -> str:
    """One of each kind, with these tags; returns the key's id."""
    make_bucket(aws.client("s3"), here.bucket("lake"), tags)
    aws.client("dynamodb").create_table(
        TableName=here.name("decisions"),
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        DeletionProtectionEnabled=True,
        Tags=tags,
    )
    kinesis = aws.client("kinesis")
    kinesis.create_stream(StreamName=here.name("events"), ShardCount=2)
    kinesis.add_tags_to_stream(StreamName=here.name("events"), Tags={tag["Key"]: tag["Value"] for tag in tags})
    aws.client("secretsmanager").create_secret(Name=here.name("write-keys"), SecretString="[]", Tags=tags)
    kms = aws.client("kms")
    given = [{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags]
    key = str(kms.create_key(Tags=given)["KeyMetadata"]["KeyId"])
    kms.create_alias(AliasName=f"alias/{here.name('data')}", TargetKeyId=key)
    aws.client("glue").create_database(DatabaseInput={"Name": here.database})
    return key


def test_everything_that_is_kept_is_found_with_its_cost_in_the_order_of_its_deletion(
    aws: Boto3Clients, here: Installation
) -> None:
    make_all(aws, here, TAGS)
    assert [(item.kind, item.name, item.monthly_usd, item.note) for item in kept.find_all(aws, here)] == [
        ("stream", "takings-dev-events", Decimal("21.900"), "2 shards, charged by the hour"),
        ("database", "takings_dev", Decimal(0), "0 tables of the Glue catalog"),
        ("table", "takings-dev-decisions", Decimal(0), "empty"),
        ("bucket", f"takings-dev-lake-{ACCOUNT}-{REGION}", Decimal(0), "empty"),
        ("secret", "takings-dev-write-keys", Decimal("0.40"), "a fixed price"),
        ("key", "takings-dev-data", Decimal(1), "a fixed price"),
    ]


def test_what_has_the_name_and_other_tags_belongs_to_somebody_else(aws: Boto3Clients, here: Installation) -> None:
    make_all(aws, here, OTHERS)
    aws.client("glue").create_table(
        DatabaseName=here.database,
        TableInput={"Name": "theirs", "StorageDescriptor": {"Location": "s3://another-lake/theirs"}},
    )
    make_bucket(aws.client("s3"), f"takings-dev-untagged-{ACCOUNT}", [])
    make_bucket(aws.client("s3"), "another-name", TAGS)
    assert kept.find_all(aws, here) == []
    alone = "empty; it has not the installation's tags, and is left alone"
    assert [(item.name, item.note) for item in kept.find_listed(aws, here)] == [
        (here.bucket("lake"), alone),
        (f"takings-dev-untagged-{ACCOUNT}", alone),
    ]


def test_everything_is_deleted_protected_or_not_and_what_was_deleted_is_found_no_more(
    aws: Boto3Clients, here: Installation
) -> None:
    key = make_all(aws, here, TAGS)
    s3 = aws.client("s3")
    make_bucket(s3, f"takings-dev-lake-other-{ACCOUNT}", OTHERS)
    s3.put_object(Bucket=f"takings-dev-lake-other-{ACCOUNT}", Key="theirs", Body=b"1")
    remarks = [kept.delete(aws, item, lambda _: None) for item in kept.find_all(aws, here)]
    assert kept.find_all(aws, here) == []
    assert next(remark for remark in remarks if remark).startswith(f"Key {key} is deleted on ")
    assert s3.list_objects_v2(Bucket=f"takings-dev-lake-other-{ACCOUNT}")["KeyCount"] == 1
    assert aws.client("kms").describe_key(KeyId=key)["KeyMetadata"]["KeyState"] == "PendingDeletion"


def test_a_bucket_is_emptied_of_every_version_marker_and_upload_and_says_how_far_it_is(
    aws: Boto3Clients, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "MOST_KEYS", 3)
    s3, name = aws.client("s3"), here.bucket("lake")
    make_bucket(s3, name, TAGS)
    for number in range(5):
        for _ in range(2):
            s3.put_object(Bucket=name, Key=f"raw/{number}", Body=b"12345")
    s3.delete_object(Bucket=name, Key="raw/0")
    s3.create_multipart_upload(Bucket=name, Key="half")
    said: list[str] = []
    assert next(iter(buckets.find(aws, here, REGION))).note == "under 0.1 GB"
    assert buckets.delete(aws, Kept("bucket", name, REGION, None, ""), said.append) == ""
    assert said[-1] == f"{name}: 11 deleted"
    assert name not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


def test_a_size_that_was_not_counted_to_the_end_is_called_a_least_one(
    aws: Boto3Clients, here: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(buckets, "MOST_LISTED", 1000)
    s3, name = aws.client("s3"), here.bucket("lake")
    make_bucket(s3, name, TAGS)
    s3.put_object(Bucket=name, Key="large", Body=b"")
    pages = [{"Versions": [{"Size": 10**9}] * 1000, "IsTruncated": True}]
    client = type("Pages", (), {"get_paginator": lambda *_: type("P", (), {"paginate": lambda *_, **__: pages})()})()
    assert buckets._size(aws, client, name, REGION) == (Decimal(10**12), False)


def test_the_size_of_a_bucket_is_what_cloudwatch_measured_last_in_all_classes_together(tmp_path: Path) -> None:
    series: Answer = {
        "MetricDataResults": [
            {"Id": "size", "Values": [3.0 * 1024**3, 1.0]},
            {"Id": "size", "Values": [1.0 * 1024**3]},
            {"Id": "size", "Values": []},
        ]
    }
    clients = AnsweringClients({"cloudwatch:GetMetricData": series})
    assert buckets._size(clients, None, "lake", REGION) == (Decimal(4 * 1024**3), True)
    asked = clients.answers.asked[0][2]["MetricDataQueries"][0]["Expression"]
    assert asked == (
        "SEARCH('{AWS/S3,BucketName,StorageType} MetricName=\"BucketSizeBytes\" BucketName=\"lake\"', 'Average', 86400)"
    )


def test_an_object_that_s3_keeps_ends_the_deletion_with_its_name(tmp_path: Path) -> None:
    refusal = {"Errors": [{"Key": "raw/1", "Code": "AccessDenied", "Message": "Access Denied."}]}
    clients = AnsweringClients({"s3:DeleteObjects": refusal})
    with pytest.raises(QueryFailed, match=r"Amazon S3 kept raw/1: Access Denied \(lake\)"):
        buckets._deleted(clients.client("s3"), "lake", [{"Key": "raw/1", "VersionId": "1"}])


def test_logs_and_snapshots_of_services_are_listed_with_the_command_that_deletes_them(tmp_path: Path) -> None:
    clients = AnsweringClients({
        "s3:ListBuckets": {"Buckets": []},
        "logs:DescribeLogGroups": {
            "logGroups": [{"logGroupName": "/aws/lambda/takings-scale-live", "storedBytes": 2 * 1024**3}]
        },
        "redshift-serverless:ListSnapshots": {
            "snapshots": [
                {"namespaceName": "takings-scale", "snapshotName": "last", "totalBackupSizeInMegaBytes": 1024.0},
                {"namespaceName": "other", "snapshotName": "theirs"},
            ]
        },
    })  # fmt: skip
    found = kept.find_listed(clients, situation(tmp_path, clients, "scale").installation)
    assert [(item.title, item.monthly_usd, item.note) for item in found] == [
        (
            "log group /aws/lambda/takings-scale-live",
            Decimal("0.06"),
            f"2.0 GB; `aws logs delete-log-group --region {REGION} --log-group-name /aws/lambda/takings-scale-live`",
        ),
        (
            "snapshot last",
            Decimal("0.024"),
            f"1.0 GB; `aws redshift-serverless delete-snapshot --region {REGION} --snapshot-name last`",
        ),
    ]
