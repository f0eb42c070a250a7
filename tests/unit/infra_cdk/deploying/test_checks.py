"""The preflight names everything that would stop a deployment, with its remedy, before anything is made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infra_cdk import installation
from infra_cdk.configuration import DEPLOYMENT
from infra_cdk.deploying.checks import CHECKS, Finding, run_all
from infra_cdk.deploying.situation import Situation
from tests.support.aws_answers import Answer
from tests.support.deployments import (
    ACCOUNT,
    DOMAIN,
    MADE_AT,
    REGION,
    AnsweringClients,
    deployment_file,
    situation,
    stack,
)

SCALE_TAGS = [{"Key": "takings:installation", "Value": "takings"}, {"Key": "takings:tier", "Value": "scale"}]
ZONES = [f"{REGION}{letter}" for letter in "abc"]
OPEN = [{"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}]


def denied(message: str) -> str:
    """What a service answers that uses a denial to say something else."""
    raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "GetMacieSession")


NONE_SUCH: Mapping[str, Answer] = {
    "sts:GetCallerIdentity": {"Account": ACCOUNT, "Arn": f"arn:aws:iam::{ACCOUNT}:user/me", "UserId": "A"},
    "ec2:DescribeRegions": {"Regions": [{"RegionName": REGION, "OptInStatus": "opt-in-not-required"}]},
    "ec2:DescribeAvailabilityZones": {
        "AvailabilityZones": [{"ZoneName": zone, "State": "available"} for zone in ZONES]
    },
    "ec2:DescribeVpcs": {"Vpcs": [{"VpcId": "vpc-1"}]},
    "ec2:DescribeAddresses": {"Addresses": []},
    "ssm:GetParameter": {"Parameter": {"Name": "version", "Value": "30"}},
    "cloudformation:DescribeStacks": {"Stacks": []},
    "s3:HeadBucket": "404",
    "s3:ListBuckets": {"Buckets": []},
    "dynamodb:ListTables": {"TableNames": []},
    "kinesis:ListStreams": {"StreamNames": [], "HasMoreStreams": False},
    "kinesis:DescribeLimits": {
        "ShardLimit": 20, "OpenShardCount": 0, "OnDemandStreamCount": 0, "OnDemandStreamCountLimit": 50
    },
    "glue:GetDatabase": "EntityNotFoundException",
    "secretsmanager:ListSecrets": {"SecretList": []},
    "resourcegroupstaggingapi:GetResources": {"ResourceTagMappingList": []},
    "service-quotas:GetServiceQuota": "NoSuchResourceException",
    "service-quotas:GetAWSDefaultServiceQuota": {"Quota": {"Value": 1000.0}},
    "redshift-serverless:ListWorkgroups": {"workgroups": []},
    "lakeformation:GetDataLakeSettings": {
        "DataLakeSettings": {"CreateDatabaseDefaultPermissions": OPEN, "CreateTableDefaultPermissions": OPEN}
    },
    "guardduty:ListDetectors": {"DetectorIds": []},
    "securityhub:DescribeHub": "InvalidAccessException",
    "macie2:GetMacieSession": lambda _: denied("Macie is not enabled."),
    "config:DescribeConfigurationRecorders": {"ConfigurationRecorders": []},
    "config:DescribeDeliveryChannels": {"DeliveryChannels": []},
    "ce:GetAnomalyMonitors": {"AnomalyMonitors": []},
    "route53:GetHostedZone": {"HostedZone": {"Id": "Z1", "CallerReference": "r", "Name": "shop.test."}},
    "bcm-data-exports:ListExports": {"Exports": []},
}  # fmt: skip
"""An account in which nothing is in the way."""


STREAM_LEFT: Mapping[str, Answer] = {
    "kinesis:ListStreams": {"StreamNames": ["takings-scale-events"], "HasMoreStreams": False},
    "kinesis:DescribeStreamSummary": {
        "StreamDescriptionSummary": {
            "StreamName": "s", "StreamARN": "arn", "StreamStatus": "ACTIVE", "RetentionPeriodHours": 24,
            "StreamCreationTimestamp": 1, "EnhancedMonitoring": [], "OpenShardCount": 2,
        }
    },
    "kinesis:ListTagsForStream": {"Tags": SCALE_TAGS, "HasMoreTags": False},
}  # fmt: skip


@pytest.fixture(autouse=True)
def docker(monkeypatch: pytest.MonkeyPatch) -> None:
    """A builder of images that answers."""
    monkeypatch.setenv("CDK_DOCKER", "true")


def found(
    folder: Path, tier: str = "scale", answers: Mapping[str, Answer] = {}, more: str = "", **changes: str
) -> list[Finding]:
    """What the preflight finds in an account that differs from an empty one in `answers`."""
    path = deployment_file(folder, more, **changes)
    here = Situation(installation.load(tier, path), path, AnsweringClients({**NONE_SUCH, **answers}))
    return run_all(CHECKS, here)


@pytest.mark.parametrize("tier", ["dev", "startup", "scale"])
def test_an_empty_account_that_is_set_up_has_nothing_in_the_way(tmp_path: Path, tier: str) -> None:
    assert found(tmp_path, tier) == []


@pytest.mark.parametrize(
    ("check", "answers", "changes", "what", "remedy"),
    [
        (
            "credentials",
            {"sts:GetCallerIdentity": {"Account": "999988887777", "Arn": "a" * 20, "UserId": "A"}},
            {},
            "The credentials are of account 999988887777",
            'write account = "999988887777"',
        ),
        (
            "region",
            {"ec2:DescribeRegions": {"Regions": [{"RegionName": REGION, "OptInStatus": "not-opted-in"}]}},
            {},
            "The account has not enabled the region eu-central-1",
            "aws account enable-region --region-name eu-central-1",
        ),
        (
            "zones",
            {"ec2:DescribeAvailabilityZones": {"AvailabilityZones": [{"ZoneName": ZONES[0], "State": "available"}]}},
            {},
            "eu-central-1b is no zone of this account",
            "Write three of eu-central-1a",
        ),
        (
            "bootstrap",
            {"ssm:GetParameter": "ParameterNotFound"},
            {},
            "CDK has not been set up in us-east-1",
            "cdk bootstrap aws://",
        ),
        (
            "bootstrap",
            {"ssm:GetParameter": {"Parameter": {"Value": "5"}}},
            {},
            "CDK's set-up in eu-central-1 has version 5, and 6 is needed",
            f"cdk bootstrap aws://{ACCOUNT}/eu-central-1",
        ),
        (
            "Lambda quota",
            {
                "service-quotas:GetServiceQuota": lambda asked: (
                    {"Quota": {"Value": 10.0}} if asked["ServiceCode"] == "lambda" else "NoSuchResourceException"
                )
            },
            {},
            "510 concurrent executions of functions are needed, and 10 are allowed",
            "request-service-quota-increase --region eu-central-1 --service-code lambda --quota-code L-B99A9384",
        ),
        (
            "VPC quota",
            {"ec2:DescribeVpcs": {"Vpcs": [{"VpcId": f"vpc-{number}"} for number in range(1000)]}},
            {},
            "1 VPCs are needed, and 1,000 are allowed, 1,000 of them used",
            "--desired-value 1001",
        ),
        (
            "Kinesis quota",
            {
                "kinesis:DescribeLimits": {
                    "ShardLimit": 20,
                    "OpenShardCount": 15,
                    "OnDemandStreamCount": 0,
                    "OnDemandStreamCountLimit": 50,
                }
            },
            {},
            "8 shards are needed, and 5 of 20 are free",
            "Service Quotas",
        ),
        ("names", {"s3:HeadBucket": {}}, {}, "is there already, and no stack has it", "choose another name"),
        ("names", {"s3:HeadBucket": "403"}, {}, "is taken by another account", "Choose another name"),
        (
            "Lake Formation",
            {"lakeformation:GetDataLakeSettings": {"DataLakeSettings": {"CreateDatabaseDefaultPermissions": OPEN}}},
            {},
            "Lake Formation, not IAM, governs new tables",
            "Use only IAM access control for new tables",
        ),
        (
            "GuardDuty",
            {"guardduty:ListDetectors": {"DetectorIds": ["d-1"]}},
            {},
            "There is a GuardDuty detector already",
            'Write guardduty = "adopt"',
        ),
        (
            "GuardDuty",
            {},
            {"guardduty": '"adopt"'},
            "There is no GuardDuty detector to adopt",
            'Write guardduty = "create"',
        ),
        (
            "Security Hub",
            {"securityhub:DescribeHub": {"HubArn": "arn:hub"}},
            {},
            "There is a Security Hub already",
            'Write security_hub = "adopt"',
        ),
        (
            "Macie",
            {"macie2:GetMacieSession": {"status": "ENABLED"}},
            {},
            "There is a Macie session already",
            'Write macie = "adopt"',
        ),
        (
            "Config",
            {"config:DescribeDeliveryChannels": {"DeliveryChannels": [{"name": "default"}]}},
            {},
            "AWS Config has a delivery channel and no recorder",
            'write config_recorder = "skip"',
        ),
        (
            "cost anomalies",
            {
                "ce:GetAnomalyMonitors": {
                    "AnomalyMonitors": [
                        {"MonitorName": "all", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
                    ]
                }
            },
            {},
            "There is a monitor of unusual costs by service already",
            'Write cost_anomaly_monitor = "adopt"',
        ),
        (
            "states of stacks",
            {
                "cloudformation:DescribeStacks": {
                    "Stacks": [
                        stack("takings-scale-data", Tags=SCALE_TAGS),
                        stack("takings-scale-lake", "UPDATE_ROLLBACK_FAILED", Tags=SCALE_TAGS),
                    ]
                }
            },
            {},
            "An update failed, and could not be undone",
            "continue-update-rollback --stack-name takings-scale-lake",
        ),
        (
            "secrets",
            {
                "secretsmanager:ListSecrets": {
                    "SecretList": [
                        {"Name": "takings-scale-origin-token", "DeletedDate": MADE_AT},
                        {"Name": "takings-scale-write-keys"},
                        {"Name": "theirs-takings-scale-key", "DeletedDate": MADE_AT},
                    ]
                }
            },
            {},
            "Secret takings-scale-origin-token is being deleted",
            "--secret-id takings-scale-origin-token",
        ),
        (
            "leftovers",
            STREAM_LEFT,
            {},
            "An earlier installation left stream takings-scale-events",
            'make destroy TIER=scale DATA="delete takings-scale"',
        ),
    ],
)
def test_what_is_in_the_way_is_named_with_its_remedy(
    tmp_path: Path, check: str, answers: dict[str, Answer], changes: dict[str, str], what: str, remedy: str
) -> None:
    findings = found(tmp_path, answers=answers, **changes)
    assert {finding.check for finding in findings} == {check}
    assert any(what in finding.what and remedy in finding.remedy for finding in findings), findings


def test_what_the_installation_made_itself_is_in_nobodys_way(tmp_path: Path) -> None:
    made = [stack(f"takings-scale-{part}", Tags=SCALE_TAGS) for part in ("data", "account", "finops", "network")]
    assert (
        found(
            tmp_path,
            answers={
                "cloudformation:DescribeStacks": {"Stacks": made},
                "guardduty:ListDetectors": {"DetectorIds": ["d-1"]},
                "s3:HeadBucket": {},
                "ce:GetAnomalyMonitors": {
                    "AnomalyMonitors": [
                        {"MonitorName": "all", "MonitorType": "DIMENSIONAL", "MonitorDimension": "SERVICE"}
                    ]
                },
            },
        )
        == []
    )


def test_a_stack_of_a_file_without_a_domain_is_in_the_way_of_one_with_it(tmp_path: Path) -> None:
    made = [stack(f"takings-scale-{part}", Tags=SCALE_TAGS) for part in ("data", "ingest", "edge", "network")]
    answers: dict[str, Answer] = {"cloudformation:DescribeStacks": {"Stacks": made}, "s3:HeadBucket": {}}
    assert found(tmp_path, answers=answers) == []
    findings = found(tmp_path, answers=answers, more=DOMAIN)
    assert {finding.check for finding in findings} == {"stacks left over"}
    assert f"stack takings-scale-edge in {REGION}" in {finding.where for finding in findings}
    assert "make destroy TIER=scale" in findings[0].remedy


@pytest.mark.parametrize(
    ("status", "protected", "what", "remedy"),
    [
        ("UPDATE_IN_PROGRESS", False, "Somebody else is changing the stack", "Wait"),
        ("DELETE_FAILED", False, "The stack could not be deleted", "make destroy"),
        ("ROLLBACK_COMPLETE", True, "never whole, and is protected", "--no-enable-termination-protection --stack-name"),
        ("ROLLBACK_FAILED", True, "never whole, and is protected", "--no-enable-termination-protection --stack-name"),
    ],
)
def test_a_stack_that_nothing_can_be_deployed_to_is_named(
    tmp_path: Path, status: str, protected: bool, what: str, remedy: str
) -> None:
    data = stack("takings-scale-data", status, Tags=SCALE_TAGS, EnableTerminationProtection=protected)
    answers: dict[str, Answer] = {"cloudformation:DescribeStacks": {"Stacks": [data]}, "s3:HeadBucket": {}}
    findings = found(tmp_path, answers=answers)
    assert {finding.check for finding in findings} == {"states of stacks"}
    assert what in findings[0].what
    assert remedy in findings[0].remedy


def test_a_stack_that_cdk_makes_anew_by_itself_is_in_nobodys_way(tmp_path: Path) -> None:
    ingest = stack("takings-scale-ingest", "ROLLBACK_COMPLETE", Tags=SCALE_TAGS)
    assert found(tmp_path, answers={"cloudformation:DescribeStacks": {"Stacks": [ingest]}}) == []


def test_the_gateways_of_a_hosted_console_need_addresses(tmp_path: Path) -> None:
    used = [{"AllocationId": f"eipalloc-{number}"} for number in range(4)]
    answers: dict[str, Answer] = {
        "ec2:DescribeAddresses": {"Addresses": used},
        "service-quotas:GetServiceQuota": lambda asked: {
            "Quota": {"Value": 5.0 if asked["QuotaCode"] == "L-0263D0A3" else 1_000.0}
        },
    }
    assert found(tmp_path, answers=answers) == []  # the warehouse alone has no gateway
    assert [(finding.check, finding.what) for finding in found(tmp_path, answers=answers, more=DOMAIN)] == [
        ("address quota", "2 elastic addresses are needed, and 5 are allowed, 4 of them used")
    ]


def test_jobs_of_the_lake_need_runs_at_once(tmp_path: Path) -> None:
    answers: dict[str, Answer] = {
        "service-quotas:GetServiceQuota": lambda asked: {
            "Quota": {"Value": 1.0 if asked["ServiceCode"] == "glue" else 1_000.0}
        }
    }
    assert [finding.what for finding in found(tmp_path, answers=answers)] == [
        "3 job runs at once are needed, and 1 are allowed"
    ]


def test_a_load_balancer_needs_no_quota_of_api_gateway(tmp_path: Path) -> None:
    answers: dict[str, Answer] = {
        "service-quotas:GetServiceQuota": lambda asked: {
            "Quota": {"Value": 1.0 if asked["ServiceCode"] == "apigateway" else 1_000.0}
        }
    }
    assert [finding.check for finding in found(tmp_path, answers=answers)] == ["API Gateway quota"]
    assert found(tmp_path, answers=answers, more=DOMAIN) == []


def test_a_permission_that_is_missing_is_a_finding_that_names_the_action(tmp_path: Path) -> None:
    findings = found(tmp_path, answers={"lakeformation:GetDataLakeSettings": "AccessDeniedException"})
    assert [(finding.check, finding.remedy) for finding in findings] == [
        (
            "Lake Formation",
            "Allow lakeformation:GetDataLakeSettings to whoever deploys: this cannot be checked without.",
        )
    ]


def test_without_credentials_only_what_is_wrong_here_is_looked_for(tmp_path: Path) -> None:
    clients = AnsweringClients({"sts:GetCallerIdentity": "ExpiredToken"})
    findings = run_all(CHECKS, situation(tmp_path, clients))
    assert [finding.check for finding in findings] == ["credentials"]
    assert clients.answers.actions == {"sts:GetCallerIdentity"}


def test_values_that_came_with_the_file_are_not_deployed_to(tmp_path: Path) -> None:
    here = Situation(installation.load("dev", DEPLOYMENT), DEPLOYMENT, AnsweringClients(NONE_SUCH))
    lines = {
        (finding.what.partition(" is a placeholder")[0], Path(finding.where).name)
        for finding in run_all(CHECKS, here)
        if finding.check == "placeholders"
    }
    text = DEPLOYMENT.read_text(encoding="utf-8").split("\n")
    assert lines == {
        (name, f"deployment.toml:{1 + next(number for number, line in enumerate(text) if line.startswith(setting))}")
        for name, setting in (
            ("Account 123456789012", "account"),
            ("operators@example.com", "operators"),
            ("finance@example.com", "finance"),
        )
    }


def test_a_hosted_console_needs_something_that_builds_its_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_DOCKER", "false")
    assert [finding.check for finding in found(tmp_path, more=DOMAIN)] == ["image builder"]
    assert found(tmp_path) == []  # nobody can sign in without a domain: the console is not hosted
    assert found(tmp_path, "dev", more=DOMAIN) == []
    monkeypatch.setenv("CDK_DOCKER", "no-such-program")
    assert "no-such-program is not there" in found(tmp_path, more=DOMAIN)[0].what


@pytest.mark.parametrize(
    ("zone", "what"),
    [
        ({"Name": "shop.test.", "Config": {"PrivateZone": True}}, "is private"),
        ({"Name": "other.test."}, "is of other.test, not of shop.test"),
    ],
)
def test_a_hosted_zone_must_be_public_and_of_the_domain(tmp_path: Path, zone: dict[str, Any], what: str) -> None:
    answer = {"HostedZone": {"Id": "Z1", "CallerReference": "r", **zone}}
    findings = found(tmp_path, "dev", {"route53:GetHostedZone": answer}, more=DOMAIN)
    assert [finding.check for finding in findings] == ["hosted zone"]
    assert what in findings[0].what
