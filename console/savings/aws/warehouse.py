"""Redshift Serverless workgroups, what was billed and when something was asked."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from console.savings import Read, Unread
from console.savings.aws.metrics import Metric, Metrics
from console.savings.aws.reading import Account, Reader, Refused
from console.savings.facts import Warehouse, WarehouseHour

ACTIONS = ("redshift-serverless:ListWorkgroups", "redshift-serverless:ListUsageLimits")
_NAMESPACE = "AWS/Redshift-Serverless"
_MICROSECONDS = Decimal(10) ** 6  # the unit of QueryDuration
_MONTHLY = {"daily": Decimal("30.4"), "weekly": Decimal("4.35"), "monthly": Decimal(1)}


def read(account: Account, metrics: Metrics) -> Read[Warehouse]:
    """All workgroups of the region."""
    redshift = account.reader("redshift-serverless")
    found: list[Warehouse] = []
    missing: list[Unread] = []
    for workgroup in redshift.items("list_workgroups", "workgroups"):
        name = workgroup["workgroupName"]
        try:
            hours = _hours(name, metrics)
            found.append(
                Warehouse(
                    name=name,
                    resource=workgroup["workgroupArn"],
                    base_capacity=int(workgroup.get("baseCapacity") or 128),  # AWS's own default
                    max_capacity=workgroup.get("maxCapacity"),
                    rpu_hour_limit=_limit(redshift, workgroup["workgroupArn"]),
                    hours=hours or (),
                )
            )
        except Refused as error:
            missing.append(error.unread(f"workgroup {name}"))
            continue
        if hours is None:
            missing.append(
                Unread(
                    f"queries of workgroup {name}",
                    "CloudWatch has compute and no query durations of it",
                    "They appear some minutes after its first query.",
                )
            )
    return Read(tuple(found), tuple(missing))


def _limit(redshift: Reader, resource: str) -> Decimal | None:
    """The smallest limit on compute, for a month; None where there is none."""
    limits: list[dict[str, Any]] = list(
        redshift.items("list_usage_limits", "usageLimits", resourceArn=resource, usageType="serverless-compute")
    )
    return min((Decimal(each["amount"]) * _MONTHLY[each.get("period", "monthly")] for each in limits), default=None)


def _hours(name: str, metrics: Metrics) -> tuple[WarehouseHour, ...] | None:
    """Hour by hour; None where compute was billed and nothing tells when a query ran."""
    durations = metrics.known(_NAMESPACE, "QueryDuration", {"Workgroup": name})
    compute = Metric(_NAMESPACE, "ComputeSeconds", {"Workgroup": name})
    series = metrics.hourly([compute, *durations, *(replace(each, statistic="SampleCount") for each in durations)])
    billed, told, counted = series[0], series[1 : 1 + len(durations)], series[1 + len(durations) :]
    if any(billed) and not durations:
        return None
    return tuple(
        WarehouseHour(
            rpu_seconds=billed[hour],
            queries=int(sum((each[hour] for each in counted), Decimal(0))),
            query_seconds=sum((each[hour] for each in told), Decimal(0)) / _MICROSECONDS,
        )
        for hour in range(len(billed))
    )
