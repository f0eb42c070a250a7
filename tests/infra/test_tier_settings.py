"""The stacks have the sizes that the tiers' file says, which the bill is estimated from."""

from __future__ import annotations

import pytest

from console.tiers import tiers
from console.tiers.live_table import USED_SHARE
from tests.infra.templates import Templates

pytestmark = pytest.mark.infra

SIZES = {tier.name: tier for tier in tiers.load()}


def _function(templates: Templates, purpose: str) -> dict[str, object]:
    name = f"takings-{templates.tier}-{purpose}"
    (found,) = [
        function
        for function in templates.resources("AWS::Lambda::Function").values()
        if function.get("FunctionName") == name
    ]
    return found


def test_collector_and_live_have_memory_time_and_concurrency_of_their_tier(templates: Templates) -> None:
    tier = SIZES[templates.tier]
    collector, live = _function(templates, "collector"), _function(templates, "live")
    assert (collector["MemorySize"], collector["Timeout"]) == (
        tier.collector.memory_megabytes,
        tier.collector.timeout_seconds,
    )
    assert collector.get("ReservedConcurrentExecutions", 0) == tier.collector.reserved_concurrency
    assert (live["MemorySize"], live["Timeout"]) == (tier.live.memory_megabytes, tier.live.timeout_seconds)
    variables = collector["Environment"]["Variables"]  # type: ignore[index]
    assert variables["TAKINGS_METRICS_SECONDS"] == str(tier.watching.metrics_every_seconds)
    assert variables["POWERTOOLS_LOG_LEVEL"] == tier.collector.log_level


def test_the_live_table_is_charged_as_its_tier_says(templates: Templates) -> None:
    size = SIZES[templates.tier].live
    (table,) = [
        table
        for table in templates.resources("AWS::DynamoDB::Table", "data").values()
        if table["TableName"] == f"takings-{templates.tier}-live"
    ]
    targets = {
        target["ScalableDimension"]: (target["MinCapacity"], target["MaxCapacity"])
        for target in templates.resources("AWS::ApplicationAutoScaling::ScalableTarget", "data").values()
    }
    if size.capacity == "on_demand":
        assert table["BillingMode"] == "PAY_PER_REQUEST"
        assert targets == {}
        return
    assert table.get("BillingMode", "PROVISIONED") == "PROVISIONED"
    assert targets == {
        "dynamodb:table:WriteCapacityUnits": (size.least_write_units, size.most_write_units),
        "dynamodb:table:ReadCapacityUnits": (size.least_read_units, size.most_read_units),
    }
    policies = templates.resources("AWS::ApplicationAutoScaling::ScalingPolicy", "data").values()
    used = {policy["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] for policy in policies}
    assert used == {USED_SHARE * 100}


def test_maintenance_runs_as_often_as_its_tier_says(templates: Templates) -> None:
    (expression,) = [
        schedule["ScheduleExpression"]
        for schedule in templates.resources("AWS::Scheduler::Schedule", "lake").values()
        if "maintain" in str(schedule["Name"])
    ]
    days = SIZES[templates.tier].curation.maintenance_every_days
    assert expression == f"cron(20 2 1/{days} * ? *)"
