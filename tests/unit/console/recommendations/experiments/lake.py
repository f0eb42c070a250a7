"""A lake of literal customers who came into an experiment, and the experiment."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from console.recommendations.source import ExperimentRecord, VariantRecord
from pipeline.recommend.experiments.experiment import Experiment, Variant
from tests.support.lake_rows import Rows

STARTED = datetime(2026, 3, 1, 9, tzinfo=UTC)
FIRST_DAY = date(2026, 3, 2)  # the first whole one
LAST_DAY = date(2026, 3, 30)  # the last complete one: the clock of the lake says 31 March, noon
HALVES = (Variant(name="a", share=0.5), Variant(name="b", share=0.5))
TENTH = (Variant(name="holdout", share=0.1, is_holdout=True), Variant(name="shown", share=0.9))


def experiment(
    *variants: Variant, name: str = "spring", started_at: datetime = STARTED, ended_at: datetime | None = None
) -> ExperimentRecord:
    """An experiment of some variants, halves where there is none, as the console gets it."""
    made = Experiment(name=name, variants=variants or HALVES, started_at=started_at, ended_at=ended_at)
    return ExperimentRecord(
        name,
        [VariantRecord(one.name, one.share, one.surface, one.model, one.is_holdout) for one in made.variants],
        made.bounds(),
        started_at,
        ended_at,
    )


@dataclass(frozen=True)
class Visit:
    """A customer's visit, and what they bought on that day; None for nothing."""

    customer: str
    day: date
    spent: str | None = None
    cost: str | None = None


def lake_of(folder: Path, visits: Sequence[Visit], last_day: date = LAST_DAY) -> Rows:
    """A lake with those visits, whose events go to `last_day`."""
    rows = Rows(folder)
    rows.table(
        "daily_customers",
        [
            {"session_date": visit.day, "customer_id": visit.customer, "session_month": visit.day.replace(day=1)}
            for visit in visits
        ],
    )
    rows.table(
        "orders",
        [
            {
                "order_id": f"o{place}",
                "customer_id": visit.customer,
                "order_date": visit.day,
                "net_revenue": Decimal(visit.spent),
                "net_revenue_with_cost": Decimal(visit.spent if visit.cost else 0),
                "cost": Decimal(visit.cost) if visit.cost else None,
            }
            for place, visit in enumerate(visits)
            if visit.spent is not None
        ],
    )
    rows.table("events", [])
    rows.table("daily_events", [{"event_date": last_day, "event_type": "product_view", "events": 1}])
    return rows


def customers_of(record: ExperimentRecord, variant: str, count: int) -> list[str]:
    """Some customers who are given a variant."""
    made = Experiment(
        name=record.name,
        variants=tuple(Variant(name=one.name, share=one.share) for one in record.variants),
        started_at=record.started_at,
    )
    found: list[str] = []
    number = 0
    while len(found) < count:
        if made.variant_of(f"c{number}").name == variant:
            found.append(f"c{number}")
        number += 1
    return found


def busy(record: ExperimentRecord, counts: dict[str, int], spent: dict[str, str]) -> list[Visit]:
    """By variant, so many customers, spread over the days; each second one buys for what the variant's customers do."""
    days = (LAST_DAY - FIRST_DAY).days - 5
    return [
        Visit(customer, FIRST_DAY + timedelta(days=place % days), spent[name] if place % 2 else None, "1")
        for name, count in counts.items()
        for place, customer in enumerate(customers_of(record, name, count))
    ]
