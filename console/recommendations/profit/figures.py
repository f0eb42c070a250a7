"""The tiles of *Profit and loss*: what came of recommendations, and what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Better, Change, Figure, Number, Unit
from console.finops.decimals import difference
from console.recommendations.profit.break_even import Balance
from console.recommendations.profit.charged import Charged
from console.recommendations.profit.days import Outcomes
from console.recommendations.profit.outcomes import NOTHING, Outcome, added


def outcome_figures(now: Outcomes, before: Sequence[Outcomes], currency: str) -> list[Figure]:
    """Impressions to net revenue, against every comparison."""

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


def balance_figures(
    now: Outcomes,
    balance: Balance,
    cost: Charged,
    before: Sequence[Outcomes],
    earlier: Charged | None,
    currency: str,
    problem: str,
) -> list[Figure]:
    """Margin, cost and what is left, of the days whose cost is known.

    `problem` says why a hold-out says nothing; empty where there is none.
    """
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
            _change(before, earlier) if cost.is_whole else (),
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
            Figure("Incremental margin", None, Unit.MONEY, currency, note=problem or "Unknown without a hold-out"),
            Figure(
                "Left, if all is incremental", balance.left, Unit.MONEY, currency,
                series=[_left(now.by_day.get(day, NOTHING), by_day.get(day)) for day in days]
                if balance.left is not None else (),
            ),
        ]  # fmt: skip
    share = balance.break_even_share
    note = "of attributed margin must be incremental" if share is not None else ""
    return [*figures, Figure("Break-even", share, Unit.PERCENT, note=note, better=Better.LOWER)]


def _change(before: Sequence[Outcomes], earlier: Charged | None) -> Sequence[Change]:
    """Against the cost of the first comparison; nothing where some of its days are unknown, which is no change."""
    return [Change(before[0].label, earlier.total)] if before and earlier is not None and earlier.is_whole else ()


def _left(outcome: Outcome, cost: Decimal | None) -> Decimal | None:
    margin = outcome.gross_margin
    return None if margin is None or cost is None else difference(margin, cost)
