"""What came of recommendations, and do they pay?"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.figures import Better, Change, Figure, Number, Unit
from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices, question
from console.finops.decimals import difference, total
from console.recommendations.profit.break_even import Balance, Incremental
from console.recommendations.profit.charged import Charged, charged
from console.recommendations.profit.drift import Shift, click_rate_shift, compared_days
from console.recommendations.profit.outcomes import Outcome, added
from console.sales.answer import Compared
from console.unit_costs.allocation import Allocation

SHOWN, ATTRIBUTED = "recommendations/by_day", "recommendations/attributed_by_day"
BY_SURFACE, BY_MODEL = "recommendations/by_surface", "recommendations/by_model"
UNNAMED = "(none)"


@dataclass(frozen=True)
class OutcomeRecord:
    """One line of a table: what came of one surface or one model; rates are fractions, None where unknown."""

    name: str
    impressions: int
    clicks: int
    click_rate: Decimal | None
    click_rate_low: float | None
    click_rate_high: float | None
    orders: int
    net_revenue: Decimal
    revenue_per_thousand: Decimal | None
    gross_margin: Decimal | None


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


@dataclass(frozen=True)
class Profit:
    """The answer of the part *Profit and loss*.

    Attributes
    ----------
    figures, balance_figures : what came of recommendations; what is left of it
    drift : of the click rate; None for too few days
    cost : what the bill says
    balance : of the days whose cost is known, or of all days where it is not
    """

    now: Outcomes
    before: Sequence[Outcomes]
    figures: Sequence[Figure]
    balance_figures: Sequence[Figure]
    surfaces: Sequence[OutcomeRecord]
    models: Sequence[OutcomeRecord]
    drift: Shift | None
    cost: Charged
    balance: Balance
    currency: str
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing came of recommendations in the period."""
        return self.now.is_empty


def profit(
    scope: Scope,
    period: Period,
    comparisons: Sequence[Compared],
    slices: Slices,
    allocation: Allocation,
    measured: Incremental | None = None,
) -> Profit:
    """What came of recommendations in a period, against comparisons, and what is left after their cost.

    Parameters
    ----------
    allocation : the rules that give the bill's charges to business functions
    measured : what the newest hold-out says; None without one
    """
    asked = [("This period", period), *comparisons]
    eight_weeks = compared_days(period.end)
    by_surface, by_model, weeks, *of_periods = scope.ask_all(
        [
            question(scope, BY_SURFACE, period, slices),
            question(scope, BY_MODEL, period, slices),
            question(scope, SHOWN, eight_weeks, slices),
            *(question(scope, query, days, slices) for _, days in asked for query in _OF_A_PERIOD),
        ]
    )
    size = len(_OF_A_PERIOD)
    now, *before = (
        outcomes(label, days, *(result.rows() for result in of_periods[place * size : (place + 1) * size]))
        for place, (label, days) in enumerate(asked)
    )
    cost = charged(scope, period, slices, allocation)
    earlier = charged(scope, comparisons[0][1], slices, allocation) if comparisons else None
    balance = _balance(now, cost, scope.reporting_currency, measured)
    return Profit(
        now=now,
        before=before,
        figures=_figures(now, before, scope.reporting_currency),
        balance_figures=_balance_figures(now, balance, cost, before[:1], earlier, scope.reporting_currency),
        surfaces=_records(by_surface.rows()),
        models=_records(by_model.rows()),
        drift=click_rate_shift(outcomes("", eight_weeks, weeks.rows(), (), ()).by_day, period.end),
        cost=cost,
        balance=balance,
        currency=scope.reporting_currency,
        results=[
            by_surface, by_model, weeks, *of_periods, *cost.results, *(earlier.results if earlier else ()),
        ],
    )  # fmt: skip


_OF_A_PERIOD = (SHOWN, ATTRIBUTED, "sales/net_revenue_by_day")
_Rows = Sequence[Mapping[str, Any]]
_Key = TypeVar("_Key", date, str)


def outcomes(label: str, period: Period, shown: _Rows, attributed: _Rows, sales: _Rows) -> Outcomes:
    """The rows of `SHOWN`, `ATTRIBUTED` and those of net revenue by day, added up."""
    by_surface: dict[str, list[tuple[date, Outcome]]] = {}
    for row in shown:
        of_day = row["event_date"], Outcome(row["impressions"], row["clicks"])
        by_surface.setdefault(row["surface"] or UNNAMED, []).append(of_day)
    by_day = [of_day for surface in by_surface.values() for of_day in surface]
    by_day += [(row["order_date"], _sales(row)) for row in attributed]
    return Outcomes(
        label=label,
        period=period,
        by_day=_summed(by_day),
        by_day_of_surface={surface: _summed(found) for surface, found in by_surface.items()},
        net_revenue=total(row["net_revenue"] for row in sales),
    )


def _sales(row: Mapping[str, Any], impressions: int = 0, clicks: int = 0) -> Outcome:
    with_cost = difference(row["net_revenue"], row["net_revenue_without_cost"])
    return Outcome(impressions, clicks, row["orders"], row["net_revenue"], with_cost, row["cost"])


def _summed(found: Iterable[tuple[_Key, Outcome]]) -> dict[_Key, Outcome]:
    parts: dict[_Key, list[Outcome]] = {}
    for key, outcome in found:
        parts.setdefault(key, []).append(outcome)
    return {key: added(several) for key, several in parts.items()}


def _records(rows: _Rows) -> list[OutcomeRecord]:
    """The rows of `BY_SURFACE` or `BY_MODEL`, the one with the most impressions first."""
    found = [(row["dimension"] or UNNAMED, _sales(row, row["impressions"], row["clicks"])) for row in rows]
    records = []
    for name, outcome in sorted(found, key=lambda item: (-item[1].impressions, item[0])):
        low, high = outcome.click_rate_interval or (None, None)
        records.append(
            OutcomeRecord(
                name, outcome.impressions, outcome.clicks, outcome.click_rate, low, high, outcome.orders,
                outcome.net_revenue, outcome.revenue_per_thousand, outcome.gross_margin,
            )
        )  # fmt: skip
    return records


def _balance(now: Outcomes, cost: Charged, currency: str, measured: Incremental | None) -> Balance:
    """Margin and cost of the same days; a cost in another currency cannot be taken from the margin."""
    is_known = cost.cost is not None and cost.cost.currency == currency
    days = list(cost.cost.by_day) if cost.cost is not None and is_known else now.period.dates
    sums = added(outcome for day, outcome in now.by_day.items() if day in set(days))
    return Balance(
        days=len(days),
        clicks=sums.clicks,
        margin=sums.gross_margin,
        cost=cost.total if is_known else None,
        measured=None if measured is None else measured.over(len(days)),
    )


def _figures(now: Outcomes, before: Sequence[Outcomes], currency: str) -> list[Figure]:
    def figure(name: str, unit: Unit, value: Callable[[Outcome], Number | None], note: str = "") -> Figure:
        changes = [Change(other.label, None if other.is_empty else value(other.whole)) for other in before]
        series = now.daily(value)
        of = currency if unit is Unit.MONEY else ""
        return Figure(name, value(now.whole), unit, of, changes, series, Better.HIGHER, note)

    low_high = now.whole.click_rate_interval
    interval = f"{text.percent(low_high[0])} to {text.percent(low_high[1])}" if low_high else ""
    share = now.share_of_net_revenue
    return [
        figure("Impressions", Unit.COUNT, lambda one: one.impressions),
        figure("Clicks", Unit.COUNT, lambda one: one.clicks),
        figure("Click rate", Unit.PERCENT, lambda one: one.click_rate, interval),
        figure("Attributed orders", Unit.COUNT, lambda one: one.orders),
        figure(
            "Attributed net revenue",
            Unit.MONEY,
            lambda one: one.net_revenue,
            "" if share is None else f"{text.percent(share)} of all net revenue",
        ),
    ]


def _balance_figures(
    now: Outcomes,
    balance: Balance,
    cost: Charged,
    before: Sequence[Outcomes],
    earlier: Charged | None,
    currency: str,
) -> list[Figure]:
    """Margin, cost and what is left, of the days whose cost is known."""
    by_day = cost.cost.by_day if cost.cost is not None else {}
    days = now.period.dates
    unknown = added(outcome for day, outcome in now.by_day.items() if not by_day or day in by_day).unknown_margin_share
    missing = f"{text.counted(cost.days_without_charges, 'day')} not charged" if cost.days_without_charges else ""
    figures = [
        Figure(
            "Attributed gross margin", balance.margin, Unit.MONEY, currency,
            series=now.daily(lambda one: one.gross_margin),
            note=f"Margin unknown for {text.percent(unknown)} of attributed net revenue" if unknown else "",
        ),
        Figure(
            "Cost of recommending", cost.total, Unit.MONEY, cost.cost.currency if cost.cost else currency,
            [Change(before[0].label, earlier.total)] if before and earlier and earlier.total is not None else (),
            [by_day.get(day) for day in days], Better.LOWER, missing or cost.problem,
        ),
    ]  # fmt: skip
    if balance.measured is not None:
        measured, interval = balance.measured, balance.incremental_left_interval
        figures += [
            Figure(
                "Incremental margin", measured.value, Unit.MONEY, currency,
                note=f"{text.money(measured.low, currency)} to {text.money(measured.high, currency)}",
            ),
            Figure(
                "Left after cost", balance.incremental_left, Unit.MONEY, currency,
                note=f"{text.money(interval[0], currency)} to {text.money(interval[1], currency)}" if interval else "",
            ),
        ]  # fmt: skip
    else:
        figures += [
            Figure("Incremental margin", None, Unit.MONEY, currency, note="Unknown without a hold-out"),
            Figure(
                "Left, if all is incremental", balance.left, Unit.MONEY, currency,
                series=[_left(now.by_day.get(day, Outcome()), by_day.get(day)) for day in days]
                if balance.left is not None else (),
            ),
        ]  # fmt: skip
    share = balance.break_even_share
    note = "of attributed margin must be incremental" if share is not None else ""
    return [*figures, Figure("Break-even", share, Unit.PERCENT, note=note, better=Better.LOWER)]


def _left(outcome: Outcome, cost: Decimal | None) -> Decimal | None:
    margin = outcome.gross_margin
    return None if margin is None or cost is None else difference(margin, cost)
