"""What exists in us-east-1: web ACL, certificate, and the export of the bill."""

from __future__ import annotations

from catalogue.tables import CURATION_RELATIONS
from pipeline.spend.focus_columns import columns_of
from tests.infra.templates import Templates


def test_the_bill_is_exported_each_day_in_place_to_where_curation_reads_bills(templates: Templates) -> None:
    export = templates.one("AWS::BCMDataExports::Export", "spend-export")["Export"]
    assert export["Name"] == f"takings-{templates.tier}-focus"
    assert export["RefreshCadence"] == {"Frequency": "SYNCHRONOUS"}
    assert export["DestinationConfigurations"]["S3Destination"] == {
        "S3Bucket": f"takings-{templates.tier}-lake-123456789012-eu-central-1",
        "S3Prefix": "raw/spend/focus",
        "S3Region": "eu-central-1",
        "S3OutputConfigurations": {
            "Format": "PARQUET", "Compression": "PARQUET", "OutputType": "CUSTOM", "Overwrite": "OVERWRITE_REPORT"
        },
    }  # fmt: skip


def test_the_export_has_every_column_that_curation_takes_from_a_bill(templates: Templates) -> None:
    query = templates.one("AWS::BCMDataExports::Export")["Export"]["DataQuery"]
    selected, _, table = query["QueryStatement"].removeprefix("SELECT ").partition(" FROM ")
    assert table == "FOCUS_1_2_AWS"
    assert query["TableConfigurations"] == {"FOCUS_1_2_AWS": {"TIME_GRANULARITY": "DAILY"}}
    found = columns_of(selected.split(", "))
    assert {name for name, columns in found.items() if not columns} == {"estimated", "source"}
    assert (found["usage_type"], found["operation"]) == (("SkuMeter",), ("x_Operation",))
    assert set(found) == set(CURATION_RELATIONS["raw_spend"])


def test_exports_of_this_account_alone_may_write_to_the_lake(templates: Templates) -> None:
    services = {"Service": ["bcm-data-exports.amazonaws.com", "billingreports.amazonaws.com"]}
    lake = next(
        policy["PolicyDocument"]["Statement"]
        for policy in templates.resources("AWS::S3::BucketPolicy", "data").values()
        if "Lake" in policy["Bucket"]["Ref"]
    )
    (write,) = [statement for statement in lake if statement.get("Principal") == services]
    assert write["Action"] == ["s3:GetBucketPolicy", "s3:PutObject"]
    assert write["Condition"] == {
        "StringEquals": {"aws:SourceAccount": "123456789012"},
        "ArnLike": {
            "aws:SourceArn": [
                "arn:aws:bcm-data-exports:us-east-1:123456789012:export/*",
                "arn:aws:cur:us-east-1:123456789012:definition/*",
            ]
        },
    }
    key = templates.one("AWS::KMS::Key")["KeyPolicy"]["Statement"]
    (use,) = [statement for statement in key if statement.get("Principal") == services]
    assert use["Action"] == ["kms:Decrypt", "kms:GenerateDataKey*"]
    assert use["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_bills_stay_when_old_raw_events_go(templates: Templates) -> None:
    buckets = templates.resources("AWS::S3::Bucket", "data").values()
    (lake,) = [bucket for bucket in buckets if "-lake-" in bucket["BucketName"]]
    expiring = {rule["Prefix"] for rule in lake["LifecycleConfiguration"]["Rules"] if "ExpirationInDays" in rule}
    assert expiring == {"raw/stream/", "raw/events/", "raw/quarantine/", "raw-errors/"}


def test_without_a_domain_there_is_no_certificate_and_no_record(templates: Templates) -> None:
    assert templates.resources("AWS::CertificateManager::Certificate", "global") == {}
    assert templates.resources("AWS::Route53::RecordSet", "ingest") == {}
