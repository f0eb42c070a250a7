"""Alarms made of the table of signals (`console.health`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch

from console.health.signals import Composite, Metric, Signal
from infra_cdk.parts.stack import InstallationStack

COMPARISONS = {
    ">": "GreaterThanThreshold",
    ">=": "GreaterThanOrEqualToThreshold",
    "<": "LessThanThreshold",
}
MISSING = {"not_breaching": "notBreaching", "breaching": "breaching", "ignore": "ignore"}
STATISTICS = ("Sum", "Average", "Minimum", "Maximum", "SampleCount")
RUNBOOK = "docs/runbook.md"


def alarm(
    stack: InstallationStack, signal: Signal, names: Mapping[str, str], actions: Sequence[str]
) -> cloudwatch.CfnAlarm:
    """The alarm of a signal.

    Parameters
    ----------
    names : of the resources, by their names in the table
    actions : ARNs of what it notifies by itself; none where a composite alarm does
    """
    row = signal.row
    needed, periods = row.datapoints or (1, 1)
    of = cloudwatch.CfnAlarm
    common: dict[str, Any] = {
        "alarm_name": stack.installation.name(signal.name),
        "alarm_description": f"{row.meaning}. What to do: {RUNBOOK}#{row.runbook}",
        "threshold": float(signal.threshold(stack.installation.tier)),
        "comparison_operator": COMPARISONS[str(row.comparison)],
        "datapoints_to_alarm": needed,
        "evaluation_periods": periods,
        "treat_missing_data": MISSING[str(row.missing)],
        "alarm_actions": list(actions),
    }
    if row.expression:
        queries = [
            of.MetricDataQueryProperty(
                id=metric.id,
                return_data=False,
                metric_stat=of.MetricStatProperty(
                    metric=of.MetricProperty(
                        namespace=row.namespace,
                        metric_name=metric.metric,
                        dimensions=_dimensions(signal, metric, names),
                    ),
                    period=row.period_seconds,
                    stat=metric.statistic,
                ),
            )
            for metric in signal.metrics
        ]
        whole = of.MetricDataQueryProperty(id="figure", expression=row.expression, label=row.chart, return_data=True)
        return of(stack, _construct_id(signal.name), metrics=[*queries, whole], **common)
    (metric,) = signal.metrics
    statistic: dict[str, Any] = {
        "statistic" if metric.statistic in STATISTICS else "extended_statistic": metric.statistic
    }
    return of(
        stack,
        _construct_id(signal.name),
        namespace=row.namespace,
        metric_name=metric.metric,
        dimensions=_dimensions(signal, metric, names),
        period=row.period_seconds,
        **statistic,
        **common,
    )


def composite_alarm(
    stack: InstallationStack, composite: Composite, members: Iterable[cloudwatch.CfnAlarm], actions: Sequence[str]
) -> cloudwatch.CfnCompositeAlarm:
    """An alarm that notifies where any member is in alarm, and when none is any more."""
    singles = list(members)
    made = cloudwatch.CfnCompositeAlarm(
        stack,
        _construct_id(composite.name),
        alarm_name=stack.installation.name(composite.name),
        alarm_description=f"{composite.title}. What to do: {RUNBOOK}#{composite.runbook}",
        alarm_rule=" OR ".join(f'ALARM("{single.alarm_name}")' for single in singles),
        alarm_actions=list(actions),
        ok_actions=list(actions),
    )
    for single in singles:
        made.node.add_dependency(single)
    return made


def _dimensions(
    signal: Signal, metric: Metric, names: Mapping[str, str]
) -> list[cloudwatch.CfnAlarm.DimensionProperty]:
    return [
        cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value)
        for name, value in signal.dimensions(metric, names).items()
    ]


def _construct_id(name: str) -> str:
    return "".join(word.title() for word in [*name.split("-"), "alarm"])
