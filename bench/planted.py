"""Sample bills with incidents planted in them, and how many of them are found."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pyarrow.parquet as parquet

from console.budgets.forecasting.anomalies import Anomaly, UsageCost
from console.budgets.forecasting.history import Charged, History, history
from pipeline.lake import RAW_SPEND, Lake
from pipeline.sample import generate

END = date(2026, 11, 23)
EVENTS = 60_000  # the bill has the same size for any number; fewer make its days noisier
WARM_UP = 60  # days before an incident is planted: a baseline needs some weeks
SHARE_OF_BILL = Decimal("0.02")  # usage types below are too small to matter
_COLUMNS = ("ChargePeriodStart", "ServiceName", "ChargeCategory", "UsageType", "BilledCost")


class Incident(NamedTuple):
    """What went wrong: a service, on which days, and how many times its usual cost."""

    service: str
    start: date
    end: date
    factor: int


@dataclass(frozen=True)
class Bill:
    """A sample bill: its charges, its usage by usage type, and the incidents in it."""

    charges: History
    usage: tuple[UsageCost, ...]
    incidents: tuple[Incident, ...]


def sample_bill(seed: int, end: date = END, events: int = EVENTS) -> Bill:
    """The bill of one sample year with the incident that every sample year has; billed cost."""
    with TemporaryDirectory() as folder:
        lake = Lake.create(Path(folder) / "lake")
        report = generate(lake, events=events, end=end, seed=seed)
        rows = parquet.read_table(next((lake.root / RAW_SPEND).rglob("*.parquet")), columns=list(_COLUMNS)).to_pylist()
    charges = history(
        Charged(row["ChargePeriodStart"].date(), row["ServiceName"], row["ChargeCategory"], row["BilledCost"])
        for row in rows
    )
    usage = tuple(
        UsageCost(row["ChargePeriodStart"].date(), row["ServiceName"], row["UsageType"] or "", row["BilledCost"])
        for row in rows
        if row["ChargeCategory"] == "Usage"
    )
    spike = report.incidents["spend_spike"]
    assert isinstance(spike, dict)
    days = [date.fromisoformat(day) for day in spike["days"]]
    return Bill(charges, usage, (Incident(spike["service"], days[0], days[-1], spike["factor"]),))


def with_incidents(bill: Bill, count: int, seed: int) -> Bill:
    """The same bill with more incidents: a usage type that matters costs 3 to 8 times as much for 1 to 5 days."""
    chance = random.Random(seed)
    totals: dict[tuple[str, str], Decimal] = {}
    for charge in bill.usage:
        totals[charge.service, charge.usage_type] = (
            totals.get((charge.service, charge.usage_type), Decimal(0)) + charge.amount
        )
    least = SHARE_OF_BILL * sum(totals.values(), Decimal(0))
    worth = sorted(name for name, amount in totals.items() if amount >= least)
    first = bill.charges.days[0] + timedelta(days=WARM_UP)
    room = (bill.incidents[0].start - first).days - 10
    planted: list[tuple[Incident, str]] = []
    while len(planted) < count:
        service, usage_type = chance.choice(worth)
        start = first + timedelta(days=chance.randrange(room))
        one = Incident(service, start, start + timedelta(days=chance.randrange(5)), chance.randrange(3, 9))
        apart = all(other.service != service or abs((other.start - start).days) > 60 for other, _ in planted)
        # usage that a commitment covers is billed nothing: many times nothing is no incident
        billed = any(charge.amount > 0 for charge in bill.usage if charge[:3] == (start, service, usage_type))
        if apart and billed and service != bill.incidents[0].service:
            planted.append((one, usage_type))
    usage = [
        charge._replace(
            amount=charge.amount * next((one.factor for one, name in planted if _hits(one, name, charge)), 1)
        )
        for charge in bill.usage
    ]
    return replace(bill, usage=tuple(usage), incidents=(*bill.incidents, *(one for one, _ in planted)))


def _hits(incident: Incident, usage_type: str, charge: UsageCost) -> bool:
    """Whether a charge is of the incident's usage, on one of its days."""
    is_its_usage = (incident.service, usage_type) == (charge.service, charge.usage_type)
    return is_its_usage and incident.start <= charge.day <= incident.end


def precision_and_recall(found: Sequence[Anomaly], incidents: Sequence[Incident]) -> tuple[float, float]:
    """Share of what was found that is an incident, and of the incidents that were found on their first day."""
    hits = [one for one in found if any(_same(one, incident) for incident in incidents)]
    seen = [incident for incident in incidents if any(_same(one, incident) for one in found)]
    return len(hits) / len(found) if found else 1.0, len(seen) / len(incidents)


def _same(found: Anomaly, incident: Incident) -> bool:
    return found.service == incident.service and found.start == incident.start
