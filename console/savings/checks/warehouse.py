"""Redshift Serverless: compute billed without a query, a base capacity that waits, and a missing usage limit."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console.asking.formatting import number, percent
from console.savings.facts import Warehouse, WarehouseHour
from console.savings.findings import Charges, Effort, Finding, Risk
from console.savings.judging import HOURS_A_MONTH, LEAST_HOURS, Case, Check, Kind, a_month, dollars_a_month

SMALLEST_BASE = 8  # RPU; some regions allow 4
LOW_USE = Decimal("0.25")  # of billed time with a query running, below which mostly the 60-second minimum is paid for
LIKELY_MAXIMUM = 512  # RPU a workgroup may grow to where no maximum is set
_PRICE = "redshift.rpu_hour"
_BILLING = "docs.aws.amazon.com/redshift/latest/mgmt/serverless-billing.html"
_CHARGES = Charges(("ServerlessUsage",))

_IDLE = Kind("idle", Effort.MEDIUM, Risk.LOW, _CHARGES, _BILLING)
_BASE = Kind("base", Effort.LOW, Risk.MEDIUM, _CHARGES, _BILLING)
_LIMIT = Kind("limit", Effort.LOW, Risk.LOW, _CHARGES, _BILLING)


def _billed(hours: Sequence[WarehouseHour]) -> Decimal:
    """RPU-seconds billed in these hours."""
    return sum((hour.rpu_seconds for hour in hours), Decimal(0))


def _idle(case: Case[Warehouse]) -> Finding | None:
    """Hours that are billed without a query."""
    warehouse, rates = case.facts, case.rates
    idle = [hour for hour in warehouse.hours if hour.rpu_seconds and not hour.queries]
    hours, seconds = len(warehouse.hours), _billed(idle)
    if hours < LEAST_HOURS or not seconds:
        return None
    rpu_hours = a_month(seconds, hours) / 3600
    return case.finding(
        _IDLE,
        f"Workgroup {warehouse.name} is billed in hours without a query",
        monthly=rates.cost({_PRICE: rpu_hours}),
        evidence=[
            case.measured(hours),
            ("Hours billed without a query", number(len(idle))),
            ("Share of billed RPU", percent(seconds / _billed(warehouse.hours), 0)),
        ],
        steps=[
            "Find what wakes it: select user_id, query_text, start_time from sys_query_history.",
            "Stop scheduled pings and dashboards that refresh at night; set automatic refresh of "
            "materialised views off where nobody reads them.",
        ],
        undo=["Turn the schedule or the refresh on again."],
        formula=f"{number(rpu_hours)} RPU-hours a month in hours without a query × {rates.text(_PRICE)}",
    )


def _base(case: Case[Warehouse]) -> Finding | None:
    """A base capacity above the smallest that mostly waits for a query to end."""
    warehouse, rates = case.facts, case.rates
    hours, base = len(warehouse.hours), warehouse.base_capacity
    asked = [hour for hour in warehouse.hours if hour.queries]
    billed = _billed(asked)
    if hours < LEAST_HOURS or base <= SMALLEST_BASE or not billed:
        return None
    use = min(sum((hour.query_seconds for hour in asked), Decimal(0)) * base / billed, Decimal(1))
    if use >= LOW_USE:
        return None
    waiting = a_month(billed * (1 - use), hours) / 3600
    resize = f"aws redshift-serverless update-workgroup --workgroup-name {warehouse.name} --base-capacity"
    return case.finding(
        _BASE,
        f"Workgroup {warehouse.name} waits with {base} RPU",
        monthly=rates.cost({_PRICE: waiting * (1 - Decimal(SMALLEST_BASE) / base)}),
        evidence=[
            case.measured(hours),
            ("Billed time with a query running", percent(use, 0)),
            ("Base capacity", f"{base} RPU"),
        ],
        steps=[
            f"{resize} {SMALLEST_BASE}",
            "Compare the time of the slowest queries for a week: less capacity makes large ones slower.",
        ],
        undo=[f"{resize} {base}"],
        formula=f"{number(waiting)} RPU-hours a month billed while no query ran × "
        f"(1 − {SMALLEST_BASE} ÷ {base}) × {rates.text(_PRICE)}",
    )


def _unlimited(case: Case[Warehouse]) -> Finding | None:
    """Nothing bounds what a workgroup may cost in a month."""
    warehouse = case.facts
    if warehouse.rpu_hour_limit is not None:
        return None
    most = warehouse.max_capacity or LIKELY_MAXIMUM
    exposed = case.rates.cost({_PRICE: most * HOURS_A_MONTH})
    used = a_month(_billed(warehouse.hours), len(warehouse.hours)) / 3600
    limit = max(int(used * 2) + 1, 10)
    return case.finding(
        _LIMIT,
        f"Workgroup {warehouse.name} has no usage limit",
        monthly=None,
        evidence=[
            ("Used", f"{number(used)} RPU-hours a month"),
            ("Nothing stops it before", f"{most} RPU × 730 h, {dollars_a_month(exposed)}"),
        ],
        steps=[
            f"aws redshift-serverless create-usage-limit --resource-arn {warehouse.resource} "
            f"--usage-type serverless-compute --amount {limit} --period monthly --breach-action emit-metric",
            "Set the action to deactivate once the alarm has proved quiet.",
        ],
        undo=["aws redshift-serverless delete-usage-limit --usage-limit-id ID"],
        formula="A limit saves only when use runs out of control; nothing until then.",
        unknown_because="a limit saves only when use runs out of control",
    )


check = Check(
    "warehouse",
    "Redshift RPU: idle use and usage limits",
    lambda inventory: inventory.warehouses,
    (_idle, _base, _unlimited),
)
