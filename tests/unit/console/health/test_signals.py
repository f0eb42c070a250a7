"""The table of signals is whole, and a mistake in it is refused with its line."""

from __future__ import annotations

import ast
import re
from decimal import Decimal
from pathlib import Path

import pytest

from catalogue.errors import SettingsError
from catalogue.project_files import ROOT
from console.health import signal_file
from console.health.signal_file import SIGNALS
from console.health.signals import Signal
from console.tiers import tiers
from infra_cdk.bill.deployed import ALARMS_OF_NEW_VERSIONS
from pipeline.handlers import collector, recommendations
from pipeline.streams.kinesis_shards import CHANGES

TABLE = signal_file.load()
DEV, STARTUP, SCALE = tiers.load()
SIZES = (DEV, STARTUP, SCALE)
FILE = SIGNALS.read_text(encoding="utf-8")
HANDLERS = (ROOT / "pipeline" / "handlers", ROOT / "console" / "handlers")


def signal(name: str) -> Signal:
    return next(signal for signal in TABLE.signals if signal.name == name)


def anchors() -> set[str]:
    headings = re.findall(r"^## (.+)$", (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8"), re.MULTILINE)
    return {heading.lower().replace(" ", "-") for heading in headings}


def test_each_section_of_the_runbook_belongs_to_an_alarm_and_each_alarm_has_one() -> None:
    used = {signal.row.runbook for signal in TABLE.signals if signal.row.runbook}
    assert used | {composite.runbook for composite in TABLE.composites} == anchors()


def test_each_service_of_the_deployment_is_watched() -> None:
    assert {signal.row.namespace for signal in TABLE.signals} == set(TABLE.sources)
    assert set(TABLE.sources) == {
        "AWS/ApiGateway", "AWS/ApplicationELB", "AWS/Athena", "AWS/CloudFront", "AWS/DynamoDB", "AWS/ECS",
        "AWS/Events", "AWS/Firehose", "AWS/Kinesis", "AWS/Lambda", "AWS/Redshift-Serverless", "AWS/S3", "AWS/SNS",
        "AWS/SQS", "AWS/States", "AWS/WAFV2", "Glue", "Takings",
    }  # fmt: skip


def test_thresholds_are_in_the_unit_of_their_metric() -> None:
    assert signal("collector-5xx").threshold(DEV) == Decimal("0.05")  # a share
    assert signal("collector-duration").threshold(STARTUP) == 16_000  # milliseconds: 80 % of 20 seconds
    assert signal("live-duration").threshold(STARTUP) == 48_000  # of 60 seconds
    assert signal("stream-iterator-age").threshold(DEV) == 60_000  # milliseconds
    assert signal("stream-iterator-age-critical").threshold(DEV) == 12 * 3_600_000  # half of 24 hours
    assert signal("delivery-freshness").threshold(DEV) == 3 * DEV.lake.firehose_buffer_seconds  # seconds
    limit = STARTUP.warehouse.most_rpu_hours_per_day
    assert signal("warehouse-usage").threshold(STARTUP) == Decimal("0.8") * limit
    assert signal("warehouse-duration").row.unit == "microseconds"
    assert signal("questions-bytes").row.metric == "ProcessedBytes"


def test_what_is_only_drawn_has_no_threshold() -> None:
    with pytest.raises(ValueError, match="stream-records"):
        signal("stream-records").threshold(DEV)


def test_a_tier_has_the_alarms_of_its_own_parts_alone() -> None:
    by_tier = {tier.name: {alarm.resource.part for alarm in TABLE.alarms(tier)} for tier in SIZES}
    always = {"ingest", "data", "lake", "recommendations", "watching"}
    assert by_tier["dev"] == {*always, "edge"}
    assert by_tier["startup"] == by_tier["scale"] == {*always, "balancer", "warehouse", "jobs", "console"}
    assert "shards-errors" in {alarm.name for alarm in TABLE.alarms(SCALE)}
    assert "shards-errors" not in {alarm.name for alarm in TABLE.alarms(STARTUP)}


def test_the_tiers_page_prices_the_alarms_that_are_made() -> None:
    for tier in SIZES:
        composites = [composite for composite in TABLE.composites if TABLE.members(composite, tier)]
        assert (tier.name, tier.watching.alarms, tier.watching.composite_alarms) == (
            tier.name,
            TABLE.alarm_metrics(tier) + ALARMS_OF_NEW_VERSIONS,
            len(composites),
        )


def test_the_canary_runs_as_often_as_its_alarm_looks() -> None:
    for tier in SIZES:
        assert tier.watching.canary_runs_per_day * signal("canary-failures").row.period_seconds == 86_400


def test_a_function_behind_the_load_balancer_that_fails_counts_as_a_request_that_fails() -> None:
    share = signal("collector-balanced-5xx")
    summed = re.findall(r"FILL\((\w+), 0\)", share.row.expression)  # a minute without one of them has no data of it
    assert [metric.metric for metric in share.metrics if metric.id in summed] == [
        "HTTPCode_Target_5XX_Count", "LambdaUserError", "LambdaInternalError",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "known", "figure"),
    [
        ("questions-failed", {"failed": 12}, 1),  # all of them
        ("questions-failed", {"failed": 1, "succeeded": 19}, 0.05),
        ("questions-failed", {"failed": 9}, 0),  # too few to say
        ("questions-failed", {"succeeded": 30}, 0),
        ("collector-balanced-5xx", {"requests": 100, "failed": 7}, 0.07),
        ("collector-balanced-5xx", {"requests": 100, "errors": 1, "unreached": 2}, 0.03),
        ("collector-balanced-5xx", {"requests": 100}, 0),
    ],
)
def test_a_share_is_known_where_some_of_its_metrics_have_no_data(
    name: str, known: dict[str, int], figure: float
) -> None:
    row = signal(name).row
    # CloudWatch's arithmetic, as far as the table uses it: what is missing and not filled makes no figure
    functions = {
        "FILL": lambda value, filler: filler if value is None else value,
        "IF": lambda of, yes, no: yes if of else no,
    }
    metrics = {metric.id: known.get(metric.id) for metric in row.metrics}
    assert eval(row.expression, {"__builtins__": {}}, functions | metrics) == figure  # noqa: S307 - our own table


def test_names_of_resources_are_filled_into_the_dimensions() -> None:
    names = {"console": "takings-scale-console", "cluster": "takings-scale-cluster"}
    memory = signal("console-memory")
    assert memory.resources() == {"console", "cluster"}
    assert memory.dimensions(memory.metrics[0], names) == {
        "ServiceName": "takings-scale-console",
        "ClusterName": "takings-scale-cluster",
    }
    failed = signal("questions-failed")
    assert [failed.dimensions(metric, {"workgroup": "w"}) for metric in failed.metrics] == [
        {"WorkGroup": "w", "QueryType": "DML", "QueryState": "FAILED"},
        {"WorkGroup": "w", "QueryType": "DML", "QueryState": "SUCCEEDED"},
    ]


def emitted() -> set[str]:
    """The names of the metrics that the handlers add, as their code has them."""
    files = [file for folder in HANDLERS for file in folder.glob("*.py")]
    calls = (
        node
        for file in files
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "add_metric"
    )
    added = {str(call.args[0].value) for call in calls if isinstance(call.args[0], ast.Constant)}
    return added | set(collector.MEASURED.values()) | set(recommendations.MEASURED) | {CHANGES}


def own(tier: tiers.Tier) -> set[str]:
    return {
        metric.metric for drawn in TABLE.drawn(tier) if drawn.row.namespace == "Takings" for metric in drawn.metrics
    }


def test_every_metric_of_our_own_is_watched_and_priced() -> None:
    assert own(SCALE) == emitted()
    assert [(tier.name, tier.watching.custom_metrics) for tier in SIZES] == [
        (tier.name, len(own(tier))) for tier in SIZES
    ]


@pytest.mark.parametrize(
    ("before", "after", "reported"),
    [
        ('missing = "breaching"\n', "", "has an alarm, but no missing"),
        ('severity = "ticket"', 'severity = "chart"', "is only drawn, and has threshold"),
        ("datapoints = [5, 5]", "datapoints = [5, 3]", "5 of 3 periods cannot be"),
        ('of = ["api"]', 'of = ["apis"]', "There is no resource 'apis'"),
        ('namespace = "AWS/ApiGateway"', 'namespace = "AWS/Apis"', "has no source"),
        ('name = "collector-requests"', 'name = "collector-latency"', "Two signals are named 'collector-latency'"),
        ('composite = "ingestion-sick"\n', "", "must page through a composite"),
        ('tiers = ["startup", "scale"]', 'tiers = ["large"]', "There is no tier 'large'"),
        ('times = "timeout_seconds"', 'times = "stream.depth"', "is no number"),
        ('composite = "console-sick"', 'composite = "curation-sick"', "Composite 'console-sick' has no signal"),
        ('{ ApiId = "{of}" }', '{ ApiId = "{apis}" }', "There is no resource 'apis'"),
        ('statistic = "p90"\n', "", "lacks what its metric"),
        ('missing = "breaching"\n', 'missing = "breaching"\nregion = "us-east-1"\n', "alarm in another region"),
    ],
)
def test_a_mistake_is_refused_with_its_line(tmp_path: Path, before: str, after: str, reported: str) -> None:
    path = tmp_path / "signals.toml"
    damaged = (
        FILE.replace(before, after) if "sick" in before and "console" in before else FILE.replace(before, after, 1)
    )
    assert damaged != FILE
    path.write_text(damaged, encoding="utf-8")
    with pytest.raises(SettingsError) as refused:
        signal_file.load(path)
    assert reported in refused.value.what
    assert refused.value.where.startswith(f"{path}:")
    assert refused.value.remedy
