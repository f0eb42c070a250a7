"""``recommendations --profit``: what came of recommendations, what they cost, and whether they pay; as on the page."""

from __future__ import annotations

import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import typer

from catalogue.errors import LakeMissing
from console.cli import options, output

if TYPE_CHECKING:
    from console.asking.figures import Figure
    from console.recommendations.coverage.answer import Coverage
    from console.recommendations.profit.answer import Profit

COLUMNS = ("figure", "value", "currency", "note")


def show(context: typer.Context, lake: str | None, start: str | None, end: str | None, form: str) -> None:
    """Print the figures of a period, by default of the last 28 days of the lake."""
    from console.asking import contents
    from console.asking.slices import Slices
    from console.recommendations.coverage import answer as covered
    from console.recommendations.profit import answer
    from console.recommendations.profit.holdout import holdout

    profile = options.profile(context, lake)
    scope, source = profile.scope(), profile.recommendations
    last = contents.contents(scope).last_complete_day
    if last is None:
        raise LakeMissing("The lake is empty", where="recommendations --profit", remedy="Fill it, then ask again.")
    period = options.period(start, end, last)
    everything = Slices()
    hold_out = holdout(scope, source.experiments(), everything, period)
    found = answer.profit(scope, period, (), everything, profile.allocation(), hold_out)
    shown = covered.coverage(scope, period, (), everything, source.catalogue())
    if form == "json":
        output.json(document(found, shown))
        return
    is_table = form == "table"
    figures = [*found.figures, *found.balance_figures, *shown.figures]
    rows = [
        (figure.name, _short(figure) if is_table else figure.value, figure.currency, figure.note) for figure in figures
    ]
    output.show([dict(zip(COLUMNS, row, strict=True)) for row in rows], COLUMNS, form, under="figures")
    if is_table:
        said = [period.label(), *_said(found)]
        sys.stderr.writelines(f"{line}\n" for line in said)


def _short(figure: Figure) -> str:
    from console.asking import formatting as text

    return text.exact(figure.value, figure.unit, figure.currency)


def document(found: Profit, shown: Coverage) -> dict[str, Any]:
    """The whole answer as plain values; what is unknown is null."""
    whole, balance, cost, measured = found.now.whole, found.balance, found.cost.cost, found.balance.measured
    interval = whole.click_rate_interval or (None, None)
    return {
        "first_day": found.now.period.start.isoformat(),
        "last_day": found.now.period.last_day.isoformat(),
        "currency": found.currency,
        "impressions": whole.impressions,
        "clicks": whole.clicks,
        "click_rate": whole.click_rate,
        "click_rate_low": interval[0],
        "click_rate_high": interval[1],
        "attributed_orders": whole.orders,
        "attributed_net_revenue": whole.net_revenue,
        "share_of_net_revenue": found.now.share_of_net_revenue,
        "surfaces": [asdict(record) for record in found.surfaces],
        "models": [asdict(record) for record in found.models],
        "balance": {
            "days": balance.days,
            "attributed_gross_margin": balance.margin,
            "cost": balance.cost,
            "left_if_all_is_incremental": balance.left,
            "incremental_margin": None if measured is None else asdict(measured) | {"period": measured.period.label()},
            "left": balance.incremental_left,
            "break_even_share": balance.break_even_share,
            "break_even_clicks_a_day": balance.break_even_clicks,
            "verdict": balance.verdict.value,
        },
        "cost": {
            "currency": None if cost is None else cost.currency,
            "effective_cost": None if cost is None else cost.total,
            "lines": [] if cost is None else [asdict(line) for line in cost.lines],
            "days_without_charges": found.cost.days_without_charges,
            "days_without_events": found.cost.days_without_events,
            "unknown_because": found.cost.problem,
        },
        "drift": None if found.drift is None else asdict(found.drift),
        "coverage": {
            "available": shown.available,
            "shown": shown.shown,
            "share": shown.share,
            "never_shown": [asdict(product) for product in shown.never_shown],
        },
        "said": _said(found),
    }


def _said(found: Profit) -> list[str]:
    """The sentences of the page."""
    from console.recommendations.profit import words

    if found.is_empty:
        return [f"{words.NOTHING}."]
    headline, why = words.verdict(found)
    return [f"Does it pay? {headline}. {why}", *words.break_even(found), *words.notes(found)]
