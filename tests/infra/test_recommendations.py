"""Recommendations: what the training job is started with and may do, who asks for answers, and by which way."""

from __future__ import annotations

import json
from typing import Any

import pytest

from console.tiers import tiers
from infra_cdk.bill.template_set import Properties
from tests.infra.templates import Templates
from tests.infra.test_requests import RULE, target_group

SIZES = {tier.name: tier for tier in tiers.load()}
WORKER_GIGABYTES = 16  # of a worker G.1X. Source: Glue developer guide, worker types
SYSTEM_GIGABYTES = 2  # of it, that the system and Java itself take beside the heap: assumed
WRITING = {"dynamodb:BatchWriteItem", "dynamodb:DeleteItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}


def training(templates: Templates) -> Properties:
    return templates.one("AWS::Glue::Job", "recommendations")


def serving(templates: Templates) -> Properties:
    return templates.one("AWS::Lambda::Function", "recommendations")


def settings_of_spark(job: Properties) -> dict[str, str]:
    return dict(part.split("=", 1) for part in job["DefaultArguments"]["--conf"].split(" --conf "))


def test_training_leaves_four_gigabytes_for_python_beside_sparks_driver(templates: Templates) -> None:
    job = training(templates)
    assert job["WorkerType"] == "G.1X"
    heap = int(settings_of_spark(job)["spark.driver.memory"].removesuffix("g"))
    assert WORKER_GIGABYTES - SYSTEM_GIGABYTES - heap >= 4


def test_training_reads_the_tables_that_curation_makes_by_the_same_settings(templates: Templates) -> None:
    job = training(templates)
    curate = templates.named("AWS::Glue::Job", "Name", "curate")
    assert settings_of_spark(curate).items() <= settings_of_spark(job).items()
    arguments = curate["DefaultArguments"].items() - {("--conf", curate["DefaultArguments"]["--conf"])}
    assert arguments <= {pair for pair in job["DefaultArguments"].items() if isinstance(pair[1], str)}
    assert "Recommendations" in json.dumps(job["DefaultArguments"]["--recommendations_table"])
    assert (job["NumberOfWorkers"], job["ExecutionProperty"], job["MaxRetries"]) == (2, {"MaxConcurrentRuns": 1}, 0)


def test_training_runs_every_night_in_its_turn(templates: Templates) -> None:
    schedule = templates.one("AWS::Scheduler::Schedule", "recommendations")
    assert schedule["ScheduleExpression"] == "cron(40 3 * * ? *)"
    assert json.loads(schedule["Target"]["Input"]) == {"job": "train"}
    assert "Turns" in schedule["Target"]["Arn"]["Fn::ImportValue"]
    machine = templates.one("AWS::StepFunctions::StateMachine", "lake")
    (policy,) = (
        policy["PolicyDocument"]
        for policy in templates.resources("AWS::IAM::Policy", "lake").values()
        if policy["Roles"] == [{"Ref": machine["RoleArn"]["Fn::GetAtt"][0]}]
    )
    (started,) = (one for one in policy["Statement"] if "glue:StartJobRun" in one["Action"])
    assert f":job/{training(templates)['Name']}" in json.dumps(started["Resource"])


def actions_on(templates: Templates, role: str, table: str) -> set[str]:
    """What a role may do with a table, by a part of its export's name."""
    found: set[str] = set()
    for name, policy in templates.resources("AWS::IAM::Policy", "recommendations").items():
        if name.partition("/")[2].startswith(f"{role}DefaultPolicy"):
            for statement in policy["PolicyDocument"]["Statement"]:
                if table in json.dumps(statement["Resource"]):
                    given = statement["Action"]
                    found.update([given] if isinstance(given, str) else given)
    return {action for action in found if action.startswith("dynamodb:")}


def test_the_function_only_reads_and_training_alone_writes_models(templates: Templates) -> None:
    for table in ("GetAttRecommendations", "GetAttLive"):
        reading = actions_on(templates, "RecommendRole", table)
        assert reading
        assert not reading & WRITING, table
    assert actions_on(templates, "TrainRole", "GetAttRecommendations") & WRITING
    assert actions_on(templates, "TrainRole", "GetAttLive") == set()


def test_the_function_has_the_memory_and_time_of_the_tier_and_changes_step_by_step(templates: Templates) -> None:
    size, function = SIZES[templates.tier].recommendations, serving(templates)
    assert (function["MemorySize"], function["Timeout"]) == (size.memory_megabytes, size.timeout_seconds)
    group = templates.one("AWS::CodeDeploy::DeploymentGroup", "recommendations")
    assert group["DeploymentConfigName"] == "CodeDeployDefault.LambdaCanary10Percent5Minutes"
    (alias,) = templates.resources("AWS::Lambda::Alias", "recommendations").values()
    assert alias["Name"] == "current"


@pytest.mark.parametrize("key", ["ANY /v1/recommendations", "ANY /v1/recommendations/{customer_id+}"])
def test_without_a_load_balancer_the_api_leads_to_the_function_and_everything_else_to_the_collector(
    templates: Templates, key: str
) -> None:
    routes = {route["RouteKey"]: route for route in templates.resources("AWS::ApiGatewayV2::Route", "edge").values()}
    assert len(routes) == 3
    assert "RecommendAlias" in json.dumps(integration(templates, routes[key]))
    assert "CollectorAlias" in json.dumps(integration(templates, routes["$default"]))


def integration(templates: Templates, route: Properties) -> dict[str, Any]:
    name = route["Target"]["Fn::Join"][1][1]["Ref"]
    return templates.resources("AWS::ApiGatewayV2::Integration", "edge")[f"edge/{name}"]


def test_cloudfront_passes_queries_and_headers_keeps_nothing_and_shows_the_function_its_secret(
    templates: Templates,
) -> None:
    behaviour = templates.one("AWS::CloudFront::Distribution", "edge")["DistributionConfig"]["DefaultCacheBehavior"]
    # CachingDisabled and AllViewerExceptHostHeader. Source: CloudFront developer guide, managed policies
    assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
    assert "CacheBehaviors" not in templates.one("AWS::CloudFront::Distribution", "edge")["DistributionConfig"]
    variables = serving(templates)["Environment"]["Variables"]
    assert "OriginSecret" in json.dumps(variables["TAKINGS_ORIGIN_SECRET_ARN"])


def test_the_load_balancer_asks_the_function_before_the_collectors_rule_can_match(everything: Templates) -> None:
    rules = {rule["Priority"]: rule for rule in everything.resources(RULE, "balancer").values()}
    assert sorted(rules) == [5, 10]
    conditions = {condition["Field"]: condition for condition in rules[5]["Conditions"]}
    assert conditions["host-header"]["HostHeaderConfig"]["Values"] == ["events.shop.example"]
    assert conditions["path-pattern"]["PathPatternConfig"]["Values"] == [
        "/v1/recommendations",
        "/v1/recommendations/*",
    ]
    group = target_group(everything, rules[5])
    assert group["TargetType"] == "lambda"
    assert "RecommendAlias" in json.dumps(group["Targets"])
    assert "TAKINGS_ORIGIN_SECRET_ARN" not in serving(everything)["Environment"]["Variables"]
