"""Redshift Serverless: compute billed while nothing was asked, minimum charges, and a missing usage limit."""

from __future__ import annotations

from decimal import Decimal

from console.savings.facts import Warehouse
from console.savings.findings import (
    HOURS_A_MONTH,
    Charges,
    Checked,
    Effort,
    Finding,
    Prices,
    Rates,
    Risk,
    a_month,
    count,
    dollars,
    figures,
    is_worth,
    percent,
)
from console.savings.inventory import Inventory

NAME, TITLE = "warehouse", "Redshift RPU: idle use and usage limits"
LEAST_HOURS = 7 * 24
SMALLEST_BASE = 8  # RPU; some regions allow 4
LOW_USE = Decimal("0.25")  # of billed time with a query running, below which the 60-second minimum is what is paid for
LIKELY_MAXIMUM = 512  # RPU a workgroup may grow to where no maximum is set
_BILLING = "docs.aws.amazon.com/redshift/latest/mgmt/serverless-billing.html"
_CHARGES = Charges(("ServerlessUsage",))


def check(inventory: Inventory, prices: Prices) -> Checked:
    """For each workgroup: hours billed without a query, a base capacity that waits, and no limit."""
    findings: list[Finding] = []
    for warehouse in inventory.warehouses.items:
        found = (
            _idle(warehouse, inventory, prices),
            _base(warehouse, inventory, prices),
            _unlimited(warehouse, inventory, prices),
        )
        findings += [each for each in found if each is not None and is_worth(each.monthly)]
    return Checked(NAME, TITLE, len(inventory.warehouses.items), tuple(findings), inventory.warehouses.missing)


def _idle(warehouse: Warehouse, inventory: Inventory, prices: Prices) -> Finding | None:
    hours = len(warehouse.hours)
    without = sum((hour.rpu_seconds for hour in warehouse.hours if not hour.queries), Decimal(0))
    if hours < LEAST_HOURS or not without:
        return None
    rates = Rates(prices, inventory.region)
    rpu_hours = a_month(without, hours) / 3600
    billed = sum((hour.rpu_seconds for hour in warehouse.hours), Decimal(0))
    return Finding(
        key=f"{NAME}.idle/{warehouse.resource}",
        check=NAME,
        title=f"Workgroup {warehouse.name} is billed in hours without a query",
        resource=warehouse.resource,
        monthly=rates.cost({"redshift.rpu_hour": rpu_hours}),
        effort=Effort.MEDIUM,
        risk=Risk.LOW,
        evidence=figures(
            [
                ("Measured", f"{inventory.period.label()}, {count(hours)} hours"),
                (
                    "Hours billed without a query",
                    count(sum(1 for h in warehouse.hours if h.rpu_seconds and not h.queries)),
                ),
                ("Share of billed RPU", percent(without / billed)),
            ]
        ),
        steps=(
            "Find what wakes it: select user_id, query_text, start_time from sys_query_history.",
            "Stop scheduled pings and dashboards that refresh at night; set automatic refresh of "
            "materialised views off where nobody reads them.",
        ),
        undo=("Turn the schedule or the refresh on again.",),
        formula=f"{count(rpu_hours)} RPU-hours a month in hours without a query × {rates.text('redshift.rpu_hour')}",
        sources=(*rates.sources, _BILLING),
        charges=_CHARGES,
        unknown_because=rates.because(),
    )


def _base(warehouse: Warehouse, inventory: Inventory, prices: Prices) -> Finding | None:
    hours = len(warehouse.hours)
    asked = [hour for hour in warehouse.hours if hour.queries]
    billed = sum((hour.rpu_seconds for hour in asked), Decimal(0))
    if hours < LEAST_HOURS or warehouse.base_capacity <= SMALLEST_BASE or not billed:
        return None
    use = min(sum((hour.query_seconds for hour in asked), Decimal(0)) * warehouse.base_capacity / billed, Decimal(1))
    if use >= LOW_USE:
        return None
    rates = Rates(prices, inventory.region)
    waiting = a_month(billed * (1 - use), hours) / 3600
    share = 1 - Decimal(SMALLEST_BASE) / warehouse.base_capacity
    return Finding(
        key=f"{NAME}.base/{warehouse.resource}",
        check=NAME,
        title=f"Workgroup {warehouse.name} waits with {warehouse.base_capacity} RPU",
        resource=warehouse.resource,
        monthly=rates.cost({"redshift.rpu_hour": waiting * share}),
        effort=Effort.LOW,
        risk=Risk.MEDIUM,
        evidence=figures(
            [
                ("Measured", f"{inventory.period.label()}, {count(hours)} hours"),
                ("Billed time with a query running", percent(use)),
                ("Base capacity", f"{warehouse.base_capacity} RPU"),
            ]
        ),
        steps=(
            f"aws redshift-serverless update-workgroup --workgroup-name {warehouse.name} "
            f"--base-capacity {SMALLEST_BASE}",
            "Compare the time of the slowest queries for a week: less capacity makes large ones slower.",
        ),
        undo=(
            f"aws redshift-serverless update-workgroup --workgroup-name {warehouse.name} "
            f"--base-capacity {warehouse.base_capacity}",
        ),
        formula=f"{count(waiting)} RPU-hours a month billed while no query ran × (1 − {SMALLEST_BASE} ÷ "
        f"{warehouse.base_capacity}) × {rates.text('redshift.rpu_hour')}",
        sources=(*rates.sources, _BILLING),
        charges=_CHARGES,
        unknown_because=rates.because(),
    )


def _unlimited(warehouse: Warehouse, inventory: Inventory, prices: Prices) -> Finding | None:
    if warehouse.rpu_hour_limit is not None:
        return None
    rates = Rates(prices, inventory.region)
    most = warehouse.max_capacity or LIKELY_MAXIMUM
    exposed = rates.cost({"redshift.rpu_hour": most * HOURS_A_MONTH})
    used = a_month(sum((hour.rpu_seconds for hour in warehouse.hours), Decimal(0)), len(warehouse.hours)) / 3600
    limit = max(int(used * 2) + 1, 10)
    return Finding(
        key=f"{NAME}.limit/{warehouse.resource}",
        check=NAME,
        title=f"Workgroup {warehouse.name} has no usage limit",
        resource=warehouse.resource,
        monthly=None,
        effort=Effort.LOW,
        risk=Risk.LOW,
        evidence=figures(
            [
                ("Used", f"{count(used)} RPU-hours a month"),
                ("Nothing stops it before", f"{most} RPU × 730 h, {dollars(exposed)} a month"),
            ]
        ),
        steps=(
            f"aws redshift-serverless create-usage-limit --resource-arn {warehouse.resource} "
            f"--usage-type serverless-compute --amount {limit} --period monthly --breach-action emit-metric",
            "Set the action to deactivate once the alarm has proved quiet.",
        ),
        undo=("aws redshift-serverless delete-usage-limit --usage-limit-id ID",),
        formula="A limit saves what a runaway would have cost: nothing until it happens.",
        sources=(*rates.sources, _BILLING),
        charges=_CHARGES,
        unknown_because="a limit saves only when something runs away",
    )
