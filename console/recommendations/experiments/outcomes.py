"""What the customers of an experiment's variants did, by the day they came into it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from console.asking.figures import Unit
from console.finops.decimals import total
from console.recommendations.experiments.sample import Sample
from console.recommendations.source import VariantRecord


class Outcome(StrEnum):
    """What is compared, per customer within the first `WINDOW_DAYS` days."""

    NET_REVENUE = "net revenue"
    GROSS_MARGIN = "gross margin"
    ORDERS = "orders"
    BUYERS = "buyers"

    @property
    def heading(self) -> str:
        """Its name in a heading."""
        return "Share of buyers" if self is Outcome.BUYERS else f"{self.capitalize()} per customer"

    @property
    def unit(self) -> Unit:
        """How its mean reads."""
        if self is Outcome.BUYERS:
            return Unit.PERCENT
        return Unit.RATIO if self is Outcome.ORDERS else Unit.MONEY


WINDOW_DAYS = 7  # in which an outcome counts, the day of entry included; as in queries/recommendations


@dataclass(frozen=True)
class VariantOutcomes:
    """What a variant's customers did.

    Attributes
    ----------
    days : by outcome, a sample of each day of entry
    net_revenue, gross_margin : of all of them together; margin is that of lines whose cost is known
    net_revenue_without_cost : the part of net revenue whose margin is unknown
    """

    variant: VariantRecord
    days: Mapping[Outcome, Sequence[Sample]]
    customers: int
    buyers: int
    orders: int
    net_revenue: Decimal
    gross_margin: Decimal
    net_revenue_without_cost: Decimal

    @property
    def has_known_margin(self) -> bool:
        """Whether any of its net revenue is of lines whose cost is known."""
        return self.net_revenue_without_cost != self.net_revenue or self.gross_margin != 0

    def whole(self, outcome: Outcome) -> Sample:
        """All customers together."""
        return sum(self.days[outcome], Sample())


def entry_days(start: date, end: date) -> list[date]:
    """The days of entry from `start` to the day before `end`."""
    return [start + timedelta(days=number) for number in range((end - start).days)]


def by_variant(
    rows: Iterable[Mapping[str, Any]], variants: Sequence[VariantRecord], days: Sequence[date]
) -> list[VariantOutcomes]:
    """The rows of ``recommendations/experiment_outcomes`` by variant, in the order of the experiment."""
    found: list[dict[date, Mapping[str, Any]]] = [{} for _ in variants]
    for row in rows:
        found[row["variant"]][row["entry_date"]] = row
    return [_outcomes(variant, mine, days) for variant, mine in zip(variants, found, strict=True)]


def _outcomes(variant: VariantRecord, rows: Mapping[date, Mapping[str, Any]], days: Sequence[date]) -> VariantOutcomes:
    return VariantOutcomes(
        variant,
        {outcome: [_sample(rows.get(day), outcome) for day in days] for outcome in Outcome},
        *(sum(row[name] for row in rows.values()) for name in ("customers", "buyers", "orders")),
        *(
            total(row[name] for row in rows.values())
            for name in ("net_revenue", "gross_margin", "net_revenue_without_cost")
        ),
    )


def _sample(row: Mapping[str, Any] | None, outcome: Outcome) -> Sample:
    if row is None:
        return Sample()
    if outcome is Outcome.BUYERS:
        return Sample(row["customers"], row["buyers"], row["buyers"], row["buyers"])
    name = outcome.value.replace(" ", "_")
    return Sample(row["customers"], float(row[name]), float(row[f"{name}_squared"]), row["buyers"])
