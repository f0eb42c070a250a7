"""Alarms and dashboards are the rows of the table of signals, watch what is deployed, and reach people."""

from __future__ import annotations

import json
from typing import Any

import pytest
from msgspec.structs import replace

from console.health import signal_file
from console.health.signals import Signal
from console.tiers import tiers
from infra_cdk.stacks.watching import CANARY
from tests.infra.templates import Templates

TABLE = signal_file.load()
SIZES = {tier.name: tier for tier in tiers.load()}
ALARM, COMPOSITE, FUNCTION = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm", "AWS::Lambda::Function"


def is_deployed(signal: Signal, templates: Templates) -> bool:
    """Whether the part that a signal watches is in the templates; the console is hosted only with a domain."""
    hosted = bool(templates.resources("AWS::ElasticLoadBalancingV2::LoadBalancer"))
    return all(
        resource.part in templates.by_part and (resource.needs != "console" or hosted)
        for resource in (TABLE.resources[name] for name in signal.resources())
    )


def deployed(templates: Templates) -> tiers.Tier:
    """The tier with the entrance that the templates have."""
    tier = SIZES[templates.tier]
    entrance = "cloudfront" if "edge" in templates.by_part else "load_balancer"
    return replace(tier, collector=replace(tier.collector, entrance=entrance))


def rows(templates: Templates) -> dict[str, Signal]:
    """The rows that have an alarm in these templates, by the alarm's name."""
    return {
        f"takings-{templates.tier}-{signal.name}": signal
        for signal in TABLE.alarms(deployed(templates))
        if is_deployed(signal, templates)
    }


def alarms(templates: Templates) -> dict[str, dict[str, Any]]:
    return {alarm["AlarmName"]: alarm for alarm in templates.resources(ALARM, "watching").values()}


def metrics_of(alarm: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Namespace, metric and dimensions of all that an alarm compares."""
    compared = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query] or [alarm]
    return [
        (one["Namespace"], one["MetricName"], {pair["Name"]: pair["Value"] for pair in one["Dimensions"]})
        for one in compared
    ]


def test_every_alarm_is_a_row_of_the_table_and_every_row_an_alarm(templates: Templates, everything: Templates) -> None:
    for chosen in (templates, everything):
        assert set(alarms(chosen)) == set(rows(chosen))


def test_all_that_is_deployed_has_the_alarms_that_the_tier_is_priced_with(everything: Templates) -> None:
    watching = SIZES["scale"].watching
    alarms_of_all = everything.resources(ALARM).values()  # of the collector's new versions, too
    assert sum(len(metrics_of(alarm)) for alarm in alarms_of_all) == watching.alarms
    assert len(everything.resources(COMPOSITE)) == watching.composite_alarms
    assert len(everything.resources("AWS::CloudWatch::Dashboard")) == watching.dashboards


def test_an_alarm_says_what_its_row_says(everything: Templates) -> None:
    for name, row in rows(everything).items():
        alarm, tier = alarms(everything)[name], SIZES["scale"]
        assert alarm["Threshold"] == float(row.threshold(tier)), name
        assert [alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]] == list(row.row.datapoints or ())
        assert alarm["AlarmDescription"].endswith(f"docs/runbook.md#{row.row.runbook}")
        assert {space for space, _, _ in metrics_of(alarm)} == {row.row.namespace}
        assert [metric for _, metric, _ in metrics_of(alarm)] == [metric.metric for metric in row.metrics]


@pytest.mark.parametrize(
    ("name", "metric", "statistic", "compared", "periods", "missing"),
    [
        ("collector-throttles", "AWS/Lambda Throttles FunctionName", "Sum", "> 0", "3 of 5 × 60 s", "notBreaching"),
        ("collector-balanced-latency", "AWS/ApplicationELB TargetResponseTime LoadBalancer TargetGroup", "p90",
         ">= 2.5", "5 of 5 × 60 s", "notBreaching"),
        ("console-unhealthy", "AWS/ApplicationELB HealthyHostCount LoadBalancer TargetGroup", "Minimum", "< 1",
         "3 of 3 × 60 s", "breaching"),
        ("delivery-freshness", "AWS/Firehose DeliveryToS3.DataFreshness DeliveryStreamName", "Maximum", "> 180",
         "3 of 3 × 300 s", "notBreaching"),  # scale gathers for a minute
    ],
)  # fmt: skip
def test_an_alarm_compares_as_the_table_of_signals_says(
    everything: Templates, name: str, metric: str, statistic: str, compared: str, periods: str, missing: str
) -> None:
    alarm = alarms(everything)[f"takings-scale-{name}"]
    ((space, measured, dimensions),) = metrics_of(alarm)
    signs = {
        "GreaterThanThreshold": ">",
        "GreaterThanOrEqualToThreshold": ">=",
        "LessThanThreshold": "<",
    }
    assert " ".join([space, measured, *sorted(dimensions)]) == metric
    assert [alarm.get("Statistic"), alarm.get("ExtendedStatistic")].count(None) == 1
    assert statistic in (alarm.get("Statistic"), alarm.get("ExtendedStatistic"))
    assert f"{signs[alarm['ComparisonOperator']]} {alarm['Threshold']}" == compared
    assert f"{alarm['DatapointsToAlarm']} of {alarm['EvaluationPeriods']} × {alarm['Period']} s" == periods
    assert alarm["TreatMissingData"] == missing


def test_the_collectors_failures_are_a_share_of_its_requests(templates: Templates) -> None:
    alarm = alarms(templates)[f"takings-{templates.tier}-collector-5xx"]
    assert alarm["Metrics"][-1] == {
        "Id": "figure",
        "Label": "Share of requests that fail",
        "Expression": "errors / requests",
        "ReturnData": True,
    }
    assert (alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"]) == (
        "GreaterThanThreshold",
        0.05,
        "notBreaching",
    )


def test_a_silent_canary_is_an_alarm_too(templates: Templates) -> None:
    assert alarms(templates)[f"takings-{templates.tier}-canary-failures"]["TreatMissingData"] == "breaching"


def test_every_name_that_is_watched_is_the_name_of_something_deployed(everything: Templates) -> None:
    names = {
        value
        for template in everything.by_part.values()
        for resource in template["Resources"].values()
        for value in resource.get("Properties", {}).values()
        if isinstance(value, str)
    }
    for name, alarm in alarms(everything).items():
        for space, _, dimensions in metrics_of(alarm):
            texts = {value for value in dimensions.values() if isinstance(value, str) and value.startswith("takings")}
            assert texts <= names | ({"takings-scale"} if space == "Takings" else set()), name


def test_each_functions_own_metrics_carry_the_name_of_the_installation(templates: Templates) -> None:
    functions = templates.resources(FUNCTION).values()
    named = [function for function in functions if function["Handler"].startswith(("pipeline.", "console."))]
    assert {f"takings-{templates.tier}-{name}" for name in ("canary", "collector", "live", "recommend")} <= {
        function["FunctionName"] for function in named
    }
    for function in named:
        variables = function["Environment"]["Variables"]
        assert variables["POWERTOOLS_SERVICE_NAME"] == f"takings-{templates.tier}"
        assert variables["TAKINGS_TRACED_SHARE"] == str(SIZES[templates.tier].watching.traced_share)


def test_timeouts_in_the_table_are_those_of_the_functions(everything: Templates) -> None:
    deployed = {function["FunctionName"]: function for function in everything.resources(FUNCTION).values()
                if "FunctionName" in function}  # fmt: skip
    for resource in TABLE.resources.values():
        if resource.timeout_seconds and resource.part in everything.by_part:
            assert deployed[f"takings-scale-{resource.purpose}"]["Timeout"] == resource.timeout_seconds


def test_pages_come_from_composite_alarms_and_tickets_from_single_ones(templates: Templates) -> None:
    topic = [{"Ref": name.partition("/")[2]} for name in templates.resources("AWS::SNS::Topic", "watching")]
    watched = rows(templates)
    for name, alarm in alarms(templates).items():
        assert alarm["AlarmActions"] == ([] if watched[name].row.severity == "page" else topic), name
    composites = templates.resources(COMPOSITE).values()
    for composite in composites:
        assert composite["AlarmActions"] == composite["OKActions"] == topic
    pages = {name for name, row in watched.items() if row.row.severity == "page"}
    assert pages == {
        part.removeprefix('ALARM("').removesuffix('")')
        for composite in composites
        for part in composite["AlarmRule"].split(" OR ")
    }


def test_the_operators_topic_is_encrypted_takes_tls_alone_and_writes_to_people(templates: Templates) -> None:
    topic = templates.one("AWS::SNS::Topic", "watching")
    assert "KmsMasterKeyId" in topic
    refused, *_ = templates.one("AWS::SNS::TopicPolicy", "watching")["PolicyDocument"]["Statement"]
    assert (refused["Effect"], refused["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    subscription = templates.one("AWS::SNS::Subscription", "watching")
    assert (subscription["Protocol"], subscription["Endpoint"]) == ("email", "operators@example.com")


@pytest.mark.parametrize(
    ("kind", "action"), [("AWS::SNS::TopicPolicy", "sns:Publish"), ("AWS::KMS::Key", "kms:Decrypt")]
)
def test_alarms_and_rules_reach_the_operators_by_topic_and_key(templates: Templates, kind: str, action: str) -> None:
    document = templates.one(kind)["KeyPolicy" if kind == "AWS::KMS::Key" else "PolicyDocument"]
    conditions = {
        service: statement.get("Condition")
        for statement in document["Statement"]
        if statement["Effect"] == "Allow" and action in statement["Action"]
        for service in ("cloudwatch.amazonaws.com", "events.amazonaws.com")
        if service in statement["Principal"].get("Service", ())
    }
    assert conditions["cloudwatch.amazonaws.com"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}
    # EventBridge names no account where it publishes: with a condition, each notice would be refused
    assert conditions["events.amazonaws.com"] is None


def test_a_queue_of_failed_notices_takes_those_of_the_installations_own_rules_alone(everything: Templates) -> None:
    taken = {
        json.dumps(statement["Condition"])
        for policy in everything.resources("AWS::SQS::QueuePolicy").values()
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Principal"] == {"Service": "events.amazonaws.com"}
    }
    arn = "arn:aws:events:eu-central-1:123456789012:rule/takings-scale-"
    assert taken == {json.dumps({"ArnLike": {"aws:SourceArn": f"{arn}*"}})}
    for rule in everything.resources("AWS::Events::Rule").values():
        assert rule["Name"].startswith("takings-scale-")


def test_a_failed_job_is_told_with_its_name_and_kept_where_it_cannot_be_told(templates: Templates) -> None:
    rules = {rule["Name"]: rule for rule in templates.resources("AWS::Events::Rule", "watching").values()}
    assert {name: rule["EventPattern"]["detail"]["jobName"] for name, rule in rules.items()} == {
        f"takings-{templates.tier}-{name}": [f"takings-{templates.tier}-{job}" for job in jobs]
        for name, jobs in {"job-failures": ("curate", "maintain", "erase"), "training-failures": ("train",)}.items()
    }
    for rule in rules.values():
        assert rule["EventPattern"]["detail"]["state"] == ["FAILED", "TIMEOUT", "ERROR"]
        (target,) = rule["Targets"]
        assert target["RetryPolicy"] == {"MaximumRetryAttempts": 20, "MaximumEventAgeInSeconds": 3600}
        assert target["DeadLetterConfig"]["Arn"]["Fn::GetAtt"][0].startswith("NoticeFailures")


def test_the_canary_runs_each_minute_past_the_edge_with_a_key_of_its_own(templates: Templates) -> None:
    schedule = templates.one("AWS::Scheduler::Schedule", "watching")
    assert schedule["ScheduleExpression"] == "rate(1 minute)"
    function = templates.one(FUNCTION, "watching")
    assert function["Handler"] == f"{CANARY}.handler"
    assert set(function["Environment"]["Variables"]) >= {"TAKINGS_COLLECTOR_ADDRESS", "TAKINGS_CANARY_KEY_ARN"}
    assert "GenerateSecretString" in templates.one("AWS::SecretsManager::Secret", "watching")


def test_dashboards_are_as_many_as_the_tier_says_and_draw_every_signal(templates: Templates) -> None:
    dashboards = templates.resources("AWS::CloudWatch::Dashboard").values()
    assert len(dashboards) == SIZES[templates.tier].watching.dashboards
    texts = [whole(dashboard["DashboardBody"]) for dashboard in dashboards]
    charts = {widget["properties"]["title"] for text in texts for widget in json.loads(text)["widgets"]}
    assert charts == {signal.row.chart for signal in TABLE.drawn(deployed(templates)) if is_deployed(signal, templates)}


def test_a_share_is_drawn_as_one_line_of_its_hidden_metrics(all_templates: dict[str, Templates]) -> None:
    dashboard = all_templates["dev"].one("AWS::CloudWatch::Dashboard")
    widgets = json.loads(whole(dashboard["DashboardBody"]))["widgets"]
    (drawn,) = (
        widget["properties"]["metrics"]
        for widget in widgets
        if widget["properties"]["title"] == "Share of Athena's queries that fail"
    )
    *hidden, (figure,) = drawn
    dimensions = ["WorkGroup", "takings-dev-console", "QueryType", "DML", "QueryState"]
    assert [(line[:-1], line[-1]["id"], line[-1]["visible"]) for line in hidden] == [
        (["AWS/Athena", "TotalExecutionTime", *dimensions, "FAILED"], "failed0", False),
        (["AWS/Athena", "TotalExecutionTime", *dimensions, "SUCCEEDED"], "succeeded0", False),
    ]
    (row,) = (signal.row for signal in TABLE.drawn(SIZES["dev"]) if signal.name == "questions-failed")
    written = row.expression.replace("failed", "failed0").replace("succeeded", "succeeded0")
    assert figure["expression"].replace(" ", "") == written.replace(" ", "")


def test_the_dashboard_begins_with_latency_and_counts_on_no_metric_of_another_region(templates: Templates) -> None:
    first = next(iter(templates.resources("AWS::CloudWatch::Dashboard").values()))
    widgets = json.loads(whole(first["DashboardBody"]))["widgets"]
    assert widgets[0]["properties"]["title"] == "Latency of the API (p90)"
    regions = {
        line[0]: widget["properties"]["region"]
        for widget in widgets
        for line in widget["properties"]["metrics"]
        if isinstance(line[0], str)
    }
    assert {space for space, region in regions.items() if region == "us-east-1"} == {"AWS/CloudFront", "AWS/WAFV2"}


def whole(text: Any) -> str:
    """A text of a template with what CloudFormation fills in left as a word."""
    if isinstance(text, str):
        return text
    return "".join(part if isinstance(part, str) else "made-by-aws" for part in text["Fn::Join"][1])
