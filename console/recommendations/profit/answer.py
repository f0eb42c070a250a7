"""What came of recommendations, and do they pay?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.asking.engines import Result
from console.asking.figures import Figure
from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices, question
from console.recommendations.experiments.incremental import IncrementalMargin
from console.recommendations.profit.break_even import Balance
from console.recommendations.profit.charged import Charged, charged, charged_questions
from console.recommendations.profit.days import UNNAMED, Outcomes, Rows, outcomes, sales_of
from console.recommendations.profit.drift import Shift, click_rate_shift, compared_days
from console.recommendations.profit.figures import balance_figures, outcome_figures
from console.recommendations.profit.holdout import Holdout
from console.recommendations.profit.outcomes import added
from console.sales.answer import Compared
from console.unit_costs.allocation import Allocation

SHOWN, ATTRIBUTED = "recommendations/by_day", "recommendations/attributed_by_day"
BY_SURFACE, BY_MODEL = "recommendations/by_surface", "recommendations/by_model"
NO_HOLDOUT = Holdout()


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
    hold_out: Holdout
    currency: str
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing came of recommendations, their cost is unknown, and there is no hold-out."""
        has_holdout = self.hold_out.measured is not None or bool(self.hold_out.problem)
        return self.now.is_empty and self.cost.cost is None and not has_holdout


def profit(
    scope: Scope,
    period: Period,
    comparisons: Sequence[Compared],
    slices: Slices,
    allocation: Allocation,
    hold_out: Holdout = NO_HOLDOUT,
) -> Profit:
    """What came of recommendations in a period, against comparisons, and what is left after their cost.

    Parameters
    ----------
    allocation : the rules that give the bill's charges to business functions
    hold_out : what one says of the period
    """
    ahead = [
        asked for days in (period, *(before for _, before in comparisons[:1]))
        for asked in charged_questions(scope, days, slices, allocation)
    ]  # fmt: skip
    with scope.ahead(ahead) as inside:
        return _profit(inside, period, comparisons, slices, allocation, hold_out)


def _profit(
    scope: Scope,
    period: Period,
    comparisons: Sequence[Compared],
    slices: Slices,
    allocation: Allocation,
    hold_out: Holdout,
) -> Profit:
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
    balance = _balance(now, cost, scope.reporting_currency, hold_out.measured)
    return Profit(
        now=now,
        before=before,
        figures=outcome_figures(now, before, scope.reporting_currency),
        balance_figures=balance_figures(
            now, balance, cost, before[:1], earlier, scope.reporting_currency, hold_out.problem
        ),
        surfaces=_records(by_surface.rows(), "surface"),
        models=_records(by_model.rows(), "model"),
        drift=click_rate_shift(outcomes("", eight_weeks, weeks.rows(), (), ()).by_day, period.end),
        cost=cost,
        balance=balance,
        hold_out=hold_out,
        currency=scope.reporting_currency,
        results=[
            by_surface, by_model, weeks, *of_periods, *cost.results, *(earlier.results if earlier else ()),
            *hold_out.results,
        ],
    )  # fmt: skip


_OF_A_PERIOD = (SHOWN, ATTRIBUTED, "sales/net_revenue_by_day")


def _records(rows: Rows, dimension: str) -> list[OutcomeRecord]:
    """The rows of `BY_SURFACE` or `BY_MODEL`, the one with the most impressions first."""
    found = [(row[dimension] or UNNAMED, sales_of(row, row["impressions"], row["clicks"])) for row in rows]
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


def _balance(now: Outcomes, cost: Charged, currency: str, measured: IncrementalMargin | None) -> Balance:
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
