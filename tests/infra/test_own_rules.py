"""Our own rules find nothing in any tier, and each finds what it is for."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from infra_cdk.rules import own
from tests.infra.templates import Templates

BROKEN: list[tuple[str, tuple[str | int, ...], Any, str]] = [
    ("AWS::Lambda::Function", ("LoggingConfig",), {}, "It makes a log group of its own, without a retention"),
    ("AWS::Logs::LogGroup", ("RetentionInDays",), None, "Its lines are kept for ever"),
    ("AWS::S3::Bucket", ("PublicAccessBlockConfiguration", "BlockPublicAcls"), False, "It may become public"),
    ("AWS::S3::Bucket", ("LifecycleConfiguration", "Rules"), [],
     "Parts of uploads that nobody ended are kept for ever"),
    ("AWS::S3::BucketPolicy", ("PolicyDocument", "Statement"), [], "It can be reached without TLS"),
    ("AWS::SQS::Queue", ("KmsMasterKeyId",), None, "Its messages are not encrypted by the key"),
    ("AWS::IAM::Policy", ("PolicyDocument", "Statement", 0, "Action"), "s3:*", "It allows s3:*"),
    (
        "AWS::Lambda::EventSourceMapping",
        ("MaximumRetryAttempts",),
        -1,
        "It tries a bad batch again without end",
    ),
    ("AWS::Lambda::EventSourceMapping", ("DestinationConfig",), {}, "Nobody hears of what was given up"),
    (
        "AWS::Lambda::Function",
        ("Environment", "Variables", "KEY"),
        "{{resolve:secretsmanager:a}}",
        "KEY holds a secret",
    ),
    ("AWS::Athena::WorkGroup", ("WorkGroupConfiguration", "EnforceWorkGroupConfiguration"), False,
     "A client may replace the workgroup's settings"),
    ("AWS::Athena::WorkGroup", ("WorkGroupConfiguration", "BytesScannedCutoffPerQuery"), None,
     "A query may scan any number of bytes"),
    ("AWS::RedshiftServerless::Workgroup", ("MaxCapacity",), None, "It has no largest capacity"),
]  # fmt: skip


def test_no_tier_has_a_finding(templates: Templates) -> None:
    assert own.findings(templates.by_part) == []


@pytest.mark.parametrize(("kind", "place", "value", "finding"), BROKEN, ids=[row[3] for row in BROKEN])
def test_a_template_that_lacks_something_is_found(
    all_templates: dict[str, Templates], kind: str, place: tuple[str | int, ...], value: Any, finding: str
) -> None:
    broken = copy.deepcopy(all_templates["scale"].by_part)
    resource = next(
        found
        for found in own.resources(broken)
        if found.kind == kind and (place[0] != "Environment" or "Environment" in found.properties)
    )
    at: Any = resource.whole["Properties"]
    for step in place[:-1]:
        at = at[step]
    at[place[-1]] = value
    assert finding in {found.what for found in own.findings(broken)}


def test_a_bucket_of_a_stack_that_can_go_is_found(all_templates: dict[str, Templates]) -> None:
    broken = copy.deepcopy(all_templates["dev"].by_part)
    name, bucket = next((name, r) for name, r in broken["data"]["Resources"].items() if r["Type"] == "AWS::S3::Bucket")
    broken["ingest"]["Resources"][name] = bucket
    assert own.Finding(f"ingest/{name}", "It would go with its stack: it belongs to data") in own.findings(broken)
