"""Redshift Serverless workgroups, what was billed and when something was asked."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from console.savings.aws.metrics import HOUR, Metric, Metrics
from console.savings.aws.reading import Account, Collected, ServiceReader
from console.savings.facts import Warehouse, WarehouseHour
from console.savings.inventory import Read, Unread

_NAMESPACE = "AWS/Redshift-Serverless"
_MICROSECONDS = Decimal(10) ** 6  # the unit of QueryDuration
_MONTHLY = {"daily": Decimal("30.4"), "weekly": Decimal("4.35"), "monthly": Decimal(1)}


def read(account: Account, metrics: Metrics) -> Read[Warehouse]:
    """All workgroups of the region."""
    redshift = account.reader("redshift-serverless")
    found: Collected[Warehouse] = Collected()
    for workgroup in redshift.items("list_workgroups", "workgroups"):
        name = workgroup["workgroupName"]
        with found.part(f"workgroup {name}"):
            hours = _hours(name, metrics, workgroup.get("creationDate"))
            found.items.append(
                Warehouse(
                    name=name,
                    resource=workgroup["workgroupArn"],
                    base_capacity=int(workgroup.get("baseCapacity") or 128),  # AWS's own default
                    max_capacity=workgroup.get("maxCapacity"),
                    rpu_hour_limit=_limit(redshift, workgroup["workgroupArn"]),
                    hours=hours or (),
                )
            )
            if hours is None:
                found.missing.append(
                    Unread(
                        f"queries of workgroup {name}",
                        "CloudWatch has compute and no query durations of it",
                        "They appear some minutes after its first query.",
                    )
                )
    return found.read()


def _limit(redshift: ServiceReader, resource: str) -> Decimal | None:
    """The smallest limit on compute, for a month; None where there is none."""
    limits: list[dict[str, Any]] = list(
        redshift.items("list_usage_limits", "usageLimits", resourceArn=resource, usageType="serverless-compute")
    )
    return min((Decimal(limit["amount"]) * _MONTHLY[limit.get("period", "monthly")] for limit in limits), default=None)


def _hours(name: str, metrics: Metrics, created: datetime | None) -> tuple[WarehouseHour, ...] | None:
    """Hour by hour; None where compute was billed and nothing says when a query ran.

    CloudWatch counts a query when it ends. The longest of those that ended in an hour ran in the hours before, too.
    """
    durations = metrics.known(_NAMESPACE, "QueryDuration", {"Workgroup": name})
    compute = Metric(_NAMESPACE, "ComputeSeconds", {"Workgroup": name})
    asked = [
        compute,
        *(replace(metric, statistic=name) for name in ("Sum", "SampleCount", "Maximum") for metric in durations),
    ]
    billed, *series = metrics.hourly(asked, since=created)
    if any(billed) and not durations:
        return None
    many = len(durations)
    durations_summed, counted, longest = series[:many], series[many : 2 * many], series[2 * many :]
    queries = [int(sum((values[hour] for values in counted), Decimal(0))) for hour in range(len(billed))]
    for hour in range(len(billed)):
        seconds = max((values[hour] for values in longest), default=Decimal(0)) / _MICROSECONDS
        for before in range(max(hour - math.ceil(seconds / HOUR), 0), hour):
            queries[before] = max(queries[before], 1)
    return tuple(
        WarehouseHour(
            rpu_seconds=billed[hour],
            queries=queries[hour],
            query_seconds=sum((values[hour] for values in durations_summed), Decimal(0)) / _MICROSECONDS,
        )
        for hour in range(len(billed))
    )
