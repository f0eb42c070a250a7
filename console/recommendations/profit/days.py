"""What came of recommendations in a period, day by day."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from console.asking.figures import Number
from console.asking.periods import Period
from console.finops.decimals import difference, total
from console.recommendations.profit.outcomes import Outcome, added

UNNAMED = "(none)"
Rows = Sequence[Mapping[str, Any]]
_Key = TypeVar("_Key", date, str)


@dataclass(frozen=True)
class Outcomes:
    """What came of recommendations in a period, day by day; a day on which nothing did is missing.

    Attributes
    ----------
    by_day_of_surface : surface → day → what was shown and clicked, without sales
    net_revenue : of the whole shop, in the same slices
    """

    label: str
    period: Period
    by_day: Mapping[date, Outcome]
    by_day_of_surface: Mapping[str, Mapping[date, Outcome]]
    net_revenue: Decimal

    @property
    def whole(self) -> Outcome:
        """All of it."""
        return added(self.by_day.values())

    @property
    def is_empty(self) -> bool:
        """Whether nothing was shown, clicked or attributed."""
        return not self.by_day

    @property
    def share_of_net_revenue(self) -> Decimal | None:
        """Attributed ÷ all net revenue; None where nothing was earned."""
        return self.whole.net_revenue / self.net_revenue if self.net_revenue > 0 else None

    def daily(self, value: Callable[[Outcome], Number | None]) -> list[Number | None]:
        """A figure by day; a day without anything has what nothing has."""
        return [value(self.by_day.get(day, Outcome())) for day in self.period.dates]


def outcomes(label: str, period: Period, shown: Rows, attributed: Rows, sales: Rows) -> Outcomes:
    """The rows of ``recommendations/by_day`` and ``attributed_by_day`` and ``sales/net_revenue_by_day``, added up."""
    by_surface: dict[str, list[tuple[date, Outcome]]] = {}
    for row in shown:
        of_day = row["event_date"], Outcome(row["impressions"], row["clicks"])
        by_surface.setdefault(row["surface"] or UNNAMED, []).append(of_day)
    by_day = [of_day for surface in by_surface.values() for of_day in surface]
    by_day += [(row["order_date"], sales_of(row)) for row in attributed]
    return Outcomes(
        label=label,
        period=period,
        by_day=_summed(by_day),
        by_day_of_surface={surface: _summed(found) for surface, found in by_surface.items()},
        net_revenue=total(row["net_revenue"] for row in sales),
    )


def sales_of(row: Mapping[str, Any], impressions: int = 0, clicks: int = 0) -> Outcome:
    """The attributed sales of a row, with what was shown and clicked."""
    with_cost = difference(row["net_revenue"], row["net_revenue_without_cost"])
    return Outcome(impressions, clicks, row["orders"], row["net_revenue"], with_cost, row["cost"])


def _summed(found: Iterable[tuple[_Key, Outcome]]) -> dict[_Key, Outcome]:
    parts: dict[_Key, list[Outcome]] = {}
    for key, outcome in found:
        parts.setdefault(key, []).append(outcome)
    return {key: added(several) for key, several in parts.items()}
