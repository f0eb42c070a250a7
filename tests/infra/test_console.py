"""The console: who may run it, what it is told, and that nobody reads it on the internet without signing in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from console import settings
from console.aws import permissions
from console.aws.settings import AwsSettings
from infra_cdk.parts.console_container import HEALTH_CHECK
from tests.infra.templates import Templates

ROOT = Path(__file__).parents[2]


def outputs(templates: Templates) -> dict[str, Any]:
    return {name: output["Value"] for name, output in templates.by_part["console"]["Outputs"].items()}


def given(templates: Templates) -> dict[str, str]:
    """The variables of a console on one's own machine."""
    return dict(line.split("=", 1) for line in outputs(templates)["ConsoleEnvironment"].splitlines())


def container(templates: Templates) -> dict[str, Any]:
    (found,) = templates.one("AWS::ECS::TaskDefinition", "console")["ContainerDefinitions"]
    return found


def statements(templates: Templates, role: str) -> list[dict[str, Any]]:
    """What the policies of a role allow."""
    return [
        statement
        for name, policy in templates.resources("AWS::IAM::Policy", "console").items()
        if name.startswith(f"console/{role}")
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_the_console_finds_what_was_deployed(templates: Templates) -> None:
    tier = templates.tier
    found = settings.read(given(templates))
    assert found.profile == "aws"
    assert found.aws == AwsSettings(
        region="eu-central-1",
        lake_bucket=f"takings-{tier}-lake-123456789012-eu-central-1",
        database=f"takings_{tier}",
        athena_workgroup=f"takings-{tier}-console",
        athena_results=f"s3://takings-{tier}-results-123456789012-eu-central-1/athena/",
        live_table=f"takings-{tier}-live",
        decisions_table=f"takings-{tier}-decisions",
        recommendations_table=f"takings-{tier}-recommendations",
        redshift_workgroup=None if tier == "dev" else f"takings-{tier}-warehouse",
        redshift_database=None if tier == "dev" else "takings",
        redshift_base_rpus=8 if tier == "dev" else 4,
        reporting_currency="USD",
        reporting_time_zone="UTC",
    )
    tables = {table["TableName"] for table in templates.resources("AWS::DynamoDB::Table", "data").values()}
    assert {found.aws.live_table, found.aws.decisions_table, found.aws.recommendations_table} <= tables
    buckets = {bucket["BucketName"] for bucket in templates.resources("AWS::S3::Bucket", "data").values()}
    assert {found.aws.lake_bucket, found.aws.athena_results.split("/")[2]} <= buckets
    athena = templates.one("AWS::Athena::WorkGroup")
    assert athena["Name"] == found.aws.athena_workgroup
    location = athena["WorkGroupConfiguration"]["ResultConfiguration"]["OutputLocation"]
    assert location == found.aws.athena_results
    databases = [database["DatabaseName"] for database in templates.resources("AWS::Glue::Database").values()]
    assert found.aws.database in databases
    warehouses = list(templates.resources("AWS::RedshiftServerless::Workgroup").values())
    assert [warehouse["WorkgroupName"] for warehouse in warehouses] == [
        name for name in [found.aws.redshift_workgroup] if name
    ]
    assert [warehouse["BaseCapacity"] for warehouse in warehouses] == [found.aws.redshift_base_rpus][: len(warehouses)]


def test_every_variable_is_one_that_the_console_reads(templates: Templates, everything: Templates) -> None:
    known = {field.encode_name for field in msgspec.structs.fields(AwsSettings)}
    known |= {f"TAKINGS_{name.upper()}" for name in settings.Settings.__dataclass_fields__}
    assert set(given(templates)) <= known
    hosted = {variable["Name"]: variable["Value"] for variable in container(everything)["Environment"]}
    assert hosted == given(everything) | {"TAKINGS_VIEWER_HEADER": "x-amzn-oidc-identity"}
    assert set(hosted) <= known
    settings.read(hosted)


def test_who_runs_a_console_may_do_what_its_adapters_need_and_nothing_else(templates: Templates) -> None:
    allowed = {action for statement in statements(templates, "Reader") for action in _listed(statement["Action"])}
    needed = {
        action
        for need in permissions.NEEDS
        if need.resource != permissions.WAREHOUSE or templates.tier != "dev"
        for action in (*need.actions, *need.on_behalf)
    }
    assert allowed == needed
    assert {"kms:Decrypt", "kms:GenerateDataKey"} <= allowed


def test_the_task_may_do_the_same_as_a_person_with_the_role(everything: Templates) -> None:
    assert statements(everything, "TaskRole") == statements(everything, "Reader")


def test_a_role_signs_in_to_the_warehouse_of_its_own_installation_alone(everything: Templates) -> None:
    (signing_in,) = [
        statement
        for statement in statements(everything, "Reader")
        if "redshift-serverless:GetCredentials" in _listed(statement["Action"])
    ]
    assert "takings-scale-warehouse:" in signing_in["Resource"]["Fn::ImportValue"]


def test_a_role_reads_the_warehouse_by_its_tag(templates: Templates) -> None:
    role = next(
        properties
        for name, properties in templates.resources("AWS::IAM::Role", "console").items()
        if name.startswith("console/Reader")
    )
    tagged = {"Key": "RedshiftDbRoles", "Value": "takings_reader"} in role["Tags"]
    assert tagged == (templates.tier != "dev")


def test_without_a_domain_nothing_is_on_the_internet(templates: Templates) -> None:
    kinds = {resource["Type"] for resource in templates.by_part["console"]["Resources"].values()}
    assert kinds == {"AWS::IAM::Role", "AWS::IAM::Policy"}
    assert "ConsoleAddress" not in outputs(templates)


def test_who_opens_the_console_signs_in_first(everything: Templates) -> None:
    rule = everything.one("AWS::ElasticLoadBalancingV2::ListenerRule", "console")
    assert rule["Conditions"] == [
        {"Field": "host-header", "HostHeaderConfig": {"Values": ["console.shop.example"]}},
    ]
    first, then = sorted(rule["Actions"], key=_order)
    assert (first["Type"], then["Type"]) == ("authenticate-cognito", "forward")
    assert first["AuthenticateCognitoConfig"]["SessionTimeout"] == 43_200
    assert first["AuthenticateCognitoConfig"].get("OnUnauthenticatedRequest", "authenticate") == "authenticate"


def test_the_load_balancer_alone_reaches_the_tasks(everything: Templates) -> None:
    rules = list(everything.resources("AWS::EC2::SecurityGroupIngress").values())
    assert [(rule["FromPort"], rule["ToPort"]) for rule in rules] == [(8501, 8501)]
    assert "Balancer" in json.dumps(rules[0]["SourceSecurityGroupId"])
    group = everything.one("AWS::EC2::SecurityGroup", "console")
    assert "SecurityGroupIngress" not in group
    network = everything.one("AWS::ECS::Service", "console")["NetworkConfiguration"]["AwsvpcConfiguration"]
    assert network["AssignPublicIp"] == "DISABLED"
    assert len(network["Subnets"]) == 2


def test_a_reader_stays_with_a_task(everything: Templates) -> None:
    group = everything.one("AWS::ElasticLoadBalancingV2::TargetGroup", "console")
    sticky = {attribute["Key"]: attribute["Value"] for attribute in group["TargetGroupAttributes"]}
    assert (sticky["stickiness.enabled"], sticky["stickiness.type"]) == ("true", "lb_cookie")


def test_readers_are_invited_and_have_a_second_factor(everything: Templates) -> None:
    pool = everything.one("AWS::Cognito::UserPool", "console")
    assert pool["AdminCreateUserConfig"]["AllowAdminCreateUserOnly"] is True
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    policy = pool["Policies"]["PasswordPolicy"]
    assert (policy["MinimumLength"], policy["RequireSymbols"], policy["RequireNumbers"]) == (14, True, True)
    client = everything.one("AWS::Cognito::UserPoolClient", "console")
    assert client["GenerateSecret"] is True
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["CallbackURLs"] == ["https://console.shop.example/oauth2/idpresponse"]


def test_the_container_writes_nothing_but_temporary_files(everything: Templates) -> None:
    task, console = everything.one("AWS::ECS::TaskDefinition", "console"), container(everything)
    assert console["ReadonlyRootFilesystem"] is True
    assert console["MountPoints"] == [{"ContainerPath": "/tmp", "ReadOnly": False, "SourceVolume": "tmp"}]  # noqa: S108
    assert console["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}
    assert console.get("Privileged", False) is False
    assert (task["Cpu"], task["Memory"]) == ("1024", "4096")
    assert task["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert "Secrets" not in console
    assert "\nVOLUME /tmp\n" in (ROOT / "Dockerfile").read_text(encoding="utf-8")  # else the volume is root's alone


def test_ecs_asks_for_the_health_as_the_image_does(everything: Templates) -> None:
    assert container(everything)["HealthCheck"]["Command"] == list(HEALTH_CHECK)
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    written = re.search(r"HEALTHCHECK[^\[]*CMD (\[.*\])", dockerfile)
    assert written is not None
    assert ["CMD", *json.loads(written[1])] == list(HEALTH_CHECK)
    assert everything.one("AWS::ElasticLoadBalancingV2::TargetGroup", "console")["HealthCheckPath"] == "/readyz"


def test_a_release_that_does_not_come_up_is_taken_back_while_the_old_one_serves(everything: Templates) -> None:
    service = everything.one("AWS::ECS::Service", "console")
    deployment = service["DeploymentConfiguration"]
    assert deployment["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}
    assert deployment["MinimumHealthyPercent"] == 100
    assert service["DesiredCount"] == 2
    assert service["EnableExecuteCommand"] is False


def test_what_fetches_the_image_may_do_only_that(everything: Templates) -> None:
    allowed = {
        action for statement in statements(everything, "ExecutionRole") for action in _listed(statement["Action"])
    }
    assert allowed == {
        "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer", "logs:CreateLogStream", "logs:PutLogEvents",
    }  # fmt: skip


def test_the_task_waits_for_what_fetches_its_image(everything: Templates) -> None:
    resources = everything.by_part["console"]["Resources"].values()
    (task,) = [resource for resource in resources if resource["Type"] == "AWS::ECS::TaskDefinition"]
    assert any(name.startswith("ExecutionRoleDefaultPolicy") for name in task["DependsOn"])


def _listed(actions: str | list[str]) -> list[str]:
    return [actions] if isinstance(actions, str) else actions


def _order(action: dict[str, Any]) -> int:
    return int(action.get("Order", 0))
