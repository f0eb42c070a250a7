"""Each role may do what `console.aws` lists for what runs with it: no action more, none less."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from console.aws import permissions
from console.aws.permissions import NEEDS, Need
from console.aws.runners import RUNNERS
from infra_cdk.parts.principals import NAME_THEIR_ACCOUNT
from tests.infra.templates import Templates

ROLE, POLICY, FUNCTION = "AWS::IAM::Role", "AWS::IAM::Policy", "AWS::Lambda::Function"
LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")

Allowed = set[tuple[str, bool]]
"""Actions, and whether each is allowed on everything."""


@dataclass(frozen=True)
class Expected:
    """What a role is for.

    Attributes
    ----------
    services : which may take it; none for the console's readers, who are people of this account
    needs : rows of `console.aws.permissions` or `console.aws.runners`
    own : other actions on named resources; `source` is where AWS asks for them
    everywhere : other actions on everything, since IAM knows no resource for them, or AWS asks for all
    managed : a policy of AWS
    """

    services: tuple[str, ...]
    needs: tuple[Need, ...] = ()
    own: tuple[str, ...] = ()
    everywhere: tuple[str, ...] = ()
    source: str = ""
    managed: str = ""


def _schedules(*started: str) -> Expected:
    return Expected(
        ("scheduler",),
        own=(*started, "kms:Decrypt", "kms:GenerateDataKey", "sqs:SendMessage"),
        source="EventBridge Scheduler user guide, execution role, dead-letter queue and encryption at rest",
    )


DEPLOYMENT = Expected(
    ("codedeploy",),
    own=("lambda:GetAlias", "lambda:GetProvisionedConcurrencyConfig", "lambda:UpdateAlias"),
    everywhere=("cloudwatch:DescribeAlarms",),
    source="CodeDeploy user guide, AWSCodeDeployRoleForLambdaLimited; it calls no hooks and fetches no revision",
)

ROLES: Mapping[tuple[str, str], Expected] = {
    ("console", "Reader"): Expected((), NEEDS),
    ("console", "TaskRole"): Expected(("ecs-tasks",), NEEDS),
    ("console", "ExecutionRole"): Expected(
        ("ecs-tasks",),
        own=("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", *LOGS),
        everywhere=("ecr:GetAuthorizationToken",),
        source="ECS developer guide, task execution role",
    ),
    ("lake", "CrawlerRole"): Expected(("glue",), RUNNERS["crawler"]),
    ("lake", "JobRole"): Expected(("glue",), RUNNERS["pipeline.jobs"]),
    ("lake", "EraseRole"): Expected(("glue",), (*RUNNERS["pipeline.jobs"], *RUNNERS["pipeline.jobs.erase"])),
    ("lake", "TurnRole"): Expected(("states",), RUNNERS["lake jobs"]),
    ("lake", "ScheduleRole"): _schedules("states:StartExecution"),
    ("jobs", "ScheduleRole"): _schedules("lambda:InvokeFunction"),
    ("watching", "ScheduleRole"): _schedules("lambda:InvokeFunction"),
    # the role of a namespace is taken by both. Source: Redshift management guide, IAM roles for Redshift Serverless
    ("warehouse", "CopyRole"): Expected(("redshift", "redshift-serverless"), RUNNERS["warehouse"]),
    ("quicksight", "Role"): Expected(("quicksight",), RUNNERS["quicksight"]),
    ("ingest", "CollectorDeploymentRole"): DEPLOYMENT,
    ("recommendations", "RecommendDeploymentRole"): DEPLOYMENT,
    ("recommendations", "TrainRole"): Expected(("glue",), RUNNERS["pipeline.jobs.train"]),
    ("recommendations", "ScheduleRole"): _schedules("states:StartExecution"),
    ("ingest", "DeliveryRole"): Expected(
        ("firehose",),
        own=(
            "kinesis:DescribeStream", "kinesis:GetRecords", "kinesis:GetShardIterator", "kinesis:ListShards",
            "kms:Decrypt", "kms:GenerateDataKey", "logs:PutLogEvents",
            "s3:AbortMultipartUpload", "s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads",
            "s3:PutObject",
        ),
        source="Firehose developer guide, controlling access, Amazon S3 destination; it reads no objects",
    ),
    ("network", "FlowRole"): Expected(
        ("vpc-flow-logs",),
        own=("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
        source="VPC user guide, IAM role for publishing flow logs; the log group is there",
    ),
    ("account", "RecorderRole"): Expected(
        ("config",),
        own=("s3:GetBucketAcl", "s3:ListBucket", "s3:PutObject"),
        source="AWS Config developer guide, permissions for the S3 bucket",
        managed="service-role/AWS_ConfigRole",
    ),
}  # fmt: skip
"""The roles of everything but functions, whose handlers say what they need."""

WITHOUT_ACCOUNT = {("console", "ExecutionRole"): "ECS's guide names the account for task roles alone"}

WILDCARDS: Mapping[str, str] = {
    r"arn:aws:redshift-serverless:[^*]+:workgroup/\*": "AWS names a workgroup when it makes it",
    r"arn:aws:logs:[^*]+:log-group:/aws-glue/crawlers:\*": "All crawlers of an account write to one group",
}
"""Wildcards in ARNs that do not say the installation and tier, each with its reason."""


def logical_name(logical: str) -> str:
    """A logical id without CDK's digest."""
    return re.sub(r"[0-9A-F]{8}$", "", logical)


def text(value: Any) -> str:
    """A value of a template as text; what CloudFormation fills in is in braces, with its joins joined."""
    if isinstance(value, str):
        return value
    (kind, given), *_ = value.items()
    if kind == "Fn::Join":
        return str(given[0]).join(map(text, given[1]))
    return f"{{{json.dumps(given)}}}"


def listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else [value]


def statements(template: Mapping[str, Any], role: str) -> Iterator[dict[str, Any]]:
    """The statements of a role: of its policies, and of those that name it."""
    resources = template["Resources"].values()
    documents = [policy["PolicyDocument"] for policy in template["Resources"][role]["Properties"].get("Policies", [])]
    documents += [
        resource["Properties"]["PolicyDocument"]
        for resource in resources
        if resource["Type"] == POLICY and {"Ref": role} in resource["Properties"]["Roles"]
    ]
    for document in documents:
        yield from document["Statement"]


def allowed(given: Sequence[dict[str, Any]]) -> Allowed:
    return {
        (action, resource == "*")
        for statement in given
        for action in listed(statement["Action"])
        for resource in listed(statement["Resource"])
    }


def wanted(expected: Expected, *, warehouse: bool) -> Allowed:
    """What a role should be allowed; a tier without a warehouse has no resource of it."""
    needs = [need for need in expected.needs if warehouse or need.resource != permissions.WAREHOUSE]
    return {
        *((action, need.resource == "*") for need in needs for action in (*need.actions, *need.on_behalf)),
        *((action, False) for action in expected.own),
        *((action, True) for action in expected.everywhere),
    }


def of_functions(template: Mapping[str, Any]) -> dict[str, Expected]:
    """The expected roles of the functions of a template, by logical id: a handler's module is its runner."""
    found = {}
    for resource in template["Resources"].values():
        if resource["Type"] == FUNCTION:
            module = resource["Properties"]["Handler"].removesuffix(".handler")
            runner = module if module in RUNNERS else f"infra_cdk.{module}"
            role = resource["Properties"]["Role"]["Fn::GetAtt"][0]
            found[role] = Expected(("lambda",), RUNNERS[runner], own=LOGS)
    return found


def roles(templates: Templates) -> Iterator[tuple[str, str, dict[str, Any], Expected]]:
    """Part, logical id and properties of each role of ours, and what it is for."""
    for part, template in templates.by_part.items():
        functions = of_functions(template)
        for logical, resource in template["Resources"].items():
            if resource["Type"] == ROLE:
                expected = functions.get(logical) or ROLES[part, logical_name(logical)]
                yield part, logical, resource["Properties"], expected


@pytest.fixture(params=["dev", "startup", "scale", "everything"])
def chosen(request: pytest.FixtureRequest, all_templates: dict[str, Templates], everything: Templates) -> Templates:
    """The templates of a tier, and those with a domain and every flag."""
    return everything if request.param == "everything" else all_templates[request.param]


def test_a_role_is_allowed_what_is_needed_and_nothing_more(chosen: Templates) -> None:
    different = {}
    for part, logical, _, expected in roles(chosen):
        has = allowed(list(statements(chosen.by_part[part], logical)))
        should = wanted(expected, warehouse="warehouse" in chosen.by_part)
        if has != should:
            different[f"{part}/{logical}"] = {"more": sorted(has - should), "less": sorted(should - has)}
    assert different == {}


def test_every_role_of_the_table_is_made(everything: Templates) -> None:
    made = {(part, logical_name(logical)) for part, logical, _, _ in roles(everything)}
    assert set(ROLES) <= made


def test_a_wildcard_names_the_installation_or_has_a_reason(chosen: Templates) -> None:
    ours = re.compile(rf"takings[-_]{chosen.tier}[^*]*\*")
    unexplained = []
    for part, logical, _, _ in roles(chosen):
        for statement in statements(chosen.by_part[part], logical):
            assert statement["Effect"] == "Allow"
            assert not [action for action in listed(statement["Action"]) if "*" in action]
            for arn in map(text, listed(statement["Resource"])):
                explained = arn == "*" or ours.search(arn) or any(re.fullmatch(known, arn) for known in WILDCARDS)
                if "*" in arn and not explained:
                    unexplained.append(f"{part}/{logical}: {arn}")
    assert unexplained == []


def test_a_function_writes_to_its_own_log_group_alone(chosen: Templates) -> None:
    for template in chosen.by_part.values():
        for logical in of_functions(template):
            (function,) = (
                resource["Properties"]
                for resource in template["Resources"].values()
                if resource["Type"] == FUNCTION and resource["Properties"]["Role"] == {"Fn::GetAtt": [logical, "Arn"]}
            )
            (logs,) = (one for one in statements(template, logical) if set(listed(one["Action"])) == set(LOGS))
            assert logs["Resource"] == {"Fn::GetAtt": [function["LoggingConfig"]["LogGroup"]["Ref"], "Arn"]}


def test_a_role_is_taken_by_its_service_alone_and_for_this_account_where_the_service_names_it(
    chosen: Templates,
) -> None:
    for part, logical, properties, expected in roles(chosen):
        (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Action"] == "sts:AssumeRole"
        if not expected.services:
            assert text(trust["Principal"]["AWS"]).endswith(":iam::123456789012:root"), logical
            continue
        assert list(trust["Principal"]) == ["Service"]
        assert set(listed(trust["Principal"]["Service"])) == {f"{name}.amazonaws.com" for name in expected.services}
        names_account = set(expected.services) <= set(NAME_THEIR_ACCOUNT)
        if names_account and (part, logical_name(logical)) not in WITHOUT_ACCOUNT:
            assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}, logical
        else:
            assert "Condition" not in trust, logical


def test_a_policy_of_aws_is_used_only_where_the_table_says_so(chosen: Templates) -> None:
    for _, logical, properties, expected in roles(chosen):
        managed = [text(arn).partition(":policy/")[2] for arn in properties.get("ManagedPolicyArns", [])]
        assert managed == [expected.managed] * bool(expected.managed), logical


def test_who_may_call_a_function_is_named(chosen: Templates) -> None:
    for name, permission in chosen.resources("AWS::Lambda::Permission").items():
        assert permission["Principal"].endswith(".amazonaws.com")
        # a target group exists only once the load balancer may call the function, so that it cannot be named there
        assert permission.get("SourceArn") or permission["Principal"] == "elasticloadbalancing.amazonaws.com", name
