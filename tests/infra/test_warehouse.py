"""The warehouse: limited, encrypted, reached by nobody, and loaded by each published version."""

from __future__ import annotations

from datetime import timedelta

import pytest

from infra_cdk.bill.template_set import Properties
from pipeline.warehouse.settings import LoadSettings, read
from tests.infra.templates import Templates

LARGE = ("startup", "scale")


@pytest.fixture(params=LARGE)
def warehouse(request: pytest.FixtureRequest, all_templates: dict[str, Templates]) -> Templates:
    """The templates of a tier that has one."""
    return all_templates[request.param]


def test_the_smallest_tier_has_none(all_templates: dict[str, Templates]) -> None:
    dev = all_templates["dev"]
    assert "warehouse" not in dev.by_part
    lake = next(bucket for bucket in dev.resources("AWS::S3::Bucket").values() if "-lake-" in bucket["BucketName"])
    assert "NotificationConfiguration" not in lake


@pytest.mark.parametrize(("tier", "base", "most", "hours"), [("startup", 4, 8, 8), ("scale", 4, 16, 30)])
def test_it_has_a_base_a_most_and_a_limit_a_day_at_which_it_stops(
    all_templates: dict[str, Templates], tier: str, base: int, most: int, hours: int
) -> None:
    templates = all_templates[tier]
    group = templates.one("AWS::RedshiftServerless::Workgroup")
    assert (group["BaseCapacity"], group["MaxCapacity"]) == (base, most)
    limit = templates.one("Custom::UsageLimit")
    assert limit["RpuHoursADay"] == hours
    assert limit["WorkgroupArn"] == {"Fn::GetAtt": ["Workgroup", "Workgroup.WorkgroupArn"]}


def test_nobody_reaches_it_from_a_network_and_it_reaches_the_lake_alone(warehouse: Templates) -> None:
    group = warehouse.one("AWS::RedshiftServerless::Workgroup")
    assert group["PubliclyAccessible"] is False
    assert group["EnhancedVpcRouting"] is True
    assert len(group["SubnetIds"]) == 3
    assert group["ConfigParameters"] == [{"ParameterKey": "require_ssl", "ParameterValue": "true"}]
    security = warehouse.one("AWS::EC2::SecurityGroup", "warehouse")
    assert "SecurityGroupIngress" not in security
    assert [(rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) for rule in security["SecurityGroupEgress"]] == [
        ("tcp", 443, 443)
    ]
    (copy,) = (
        policy for name, policy in warehouse.resources("AWS::IAM::Policy", "warehouse").items() if "CopyRole" in name
    )
    lake = f"arn:aws:s3:::takings-{warehouse.tier}-lake-123456789012-eu-central-1"
    reads = next(one for one in copy["PolicyDocument"]["Statement"] if "s3:GetObject" in one["Action"])
    assert reads["Resource"] == [lake, f"{lake}/warehouse/*"]


def test_it_is_encrypted_nobody_knows_its_password_and_sign_ins_are_noted(warehouse: Templates) -> None:
    namespace = warehouse.one("AWS::RedshiftServerless::Namespace")
    assert namespace["ManageAdminPassword"] is True
    assert "AdminUserPassword" not in namespace
    assert "KmsKeyId" in namespace
    assert "AdminPasswordSecretKmsKeyId" in namespace
    assert namespace["LogExports"] == ["connectionlog", "userlog"]
    groups = {group["LogGroupName"] for group in warehouse.resources("AWS::Logs::LogGroup", "warehouse").values()}
    name = namespace["NamespaceName"]
    assert {f"/aws/redshift/{name}/connectionlog", f"/aws/redshift/{name}/userlog"} <= groups


def load(templates: Templates) -> Properties:
    (found,) = (
        function
        for function in templates.resources("AWS::Lambda::Function", "warehouse").values()
        if function["FunctionName"].endswith("-load")
    )
    return found


def test_the_load_reads_its_settings_and_runs_once_at_a_time(warehouse: Templates) -> None:
    function, tier = load(warehouse), warehouse.tier
    assert function["ReservedConcurrentExecutions"] == 1
    assert function["Timeout"] == 900
    variables = function["Environment"]["Variables"]
    plain = {name: value for name, value in variables.items() if isinstance(value, str)}
    assert read(plain) == LoadSettings(
        lake_bucket=f"takings-{tier}-lake-123456789012-eu-central-1",
        workgroup=f"takings-{tier}-warehouse",
        database="takings",
        reader="takings_reader",
        every=timedelta(hours=1),
    )
    assert variables["TAKINGS_REDSHIFT_SECRET"] == {"Fn::GetAtt": ["AdminSecret", "Arn"]}
    role, attribute = variables["TAKINGS_REDSHIFT_COPY_ROLE"]["Fn::GetAtt"]
    assert (role.startswith("CopyRole"), attribute) == (True, "Arn")


def test_a_new_version_starts_a_load_and_what_could_not_be_started_is_kept(warehouse: Templates) -> None:
    bucket = f"takings-{warehouse.tier}-lake-123456789012-eu-central-1"
    lake = next(one for one in warehouse.resources("AWS::S3::Bucket").values() if one["BucketName"] == bucket)
    assert lake["NotificationConfiguration"] == {"EventBridgeConfiguration": {"EventBridgeEnabled": True}}
    rule = warehouse.one("AWS::Events::Rule", "warehouse")
    assert rule["EventPattern"] == {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket]}, "object": {"key": ["curated/state.json"]}},
    }
    (target,) = rule["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 3600, "MaximumRetryAttempts": 20}
    assert "DeadLetterConfig" in target
    waiting = warehouse.one("AWS::Lambda::EventInvokeConfig", "warehouse")
    assert (waiting["MaximumEventAgeInSeconds"], waiting["MaximumRetryAttempts"]) == (21_600, 2)
    queue = warehouse.one("AWS::SQS::Queue", "warehouse")
    assert queue["QueueName"] == f"takings-{warehouse.tier}-load-failures"
    assert "KmsMasterKeyId" in queue
