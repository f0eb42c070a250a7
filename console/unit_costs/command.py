"""``unit-costs``: what an order, a session, a customer, 1,000 events and a recommendation click cost."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalogue.errors import SettingsError
from console.cli import options, output
from console.cli.options import End, Format, Lake, Start

if TYPE_CHECKING:
    from console.unit_costs.answer import UnitCosts

COLUMNS = ("unit", "count", "unit_cost", "direct", "shared", "unallocated")
FUNCTION_COLUMNS = ("function", "direct", "shared", "cost", "unit", "count", "unit_cost")
DAY_COLUMNS = ("day", "kind", "effective_cost", "margin_after_cloud", "low", "high")


def unit_costs(
    context: typer.Context,
    lake: Lake = None,
    start: Start = None,
    end: End = None,
    by: Annotated[Literal["unit", "function", "day"], typer.Option()] = "unit",
    form: Format = "table",
) -> None:
    """Effective cost per order, session, event and click.

    By default of the last 28 days charged.
    """
    from console.finops import contents
    from console.unit_costs import answer as insight

    profile = options.profile(context, lake)
    scope = profile.scope()
    bill = contents.contents(scope)
    if bill.last_complete_day is None:
        raise SettingsError(
            "There is no cloud bill yet",
            where=str(profile.settings.lake),
            remedy="`python -m console spend import FILE`.",
        )
    answer = insight.unit_costs(
        scope,
        options.period(start, end, bill.last_complete_day),
        (),
        profile.allocation(),
        currency=bill.currency(None, scope.reporting_currency),
    )
    if by == "function":
        output.show(_functions(answer), FUNCTION_COLUMNS, form, under="functions")
    elif by == "day":
        output.show(_days(answer), DAY_COLUMNS, form, under="days")
    elif form == "json":
        output.json(_document(answer))
    else:
        output.show(_units(answer), COLUMNS, form, under="units")
    if form == "table":
        sys.stderr.write(f"{answer.now.period.label()} · effective cost, {answer.currency}\n")
        if answer.now.uncounted:
            sys.stderr.write(
                f"Days with charges before the first event or after the last one: {len(answer.now.uncounted)}. "
                "Nothing was counted then; they are in no figure.\n"
            )


def _units(answer: UnitCosts) -> list[dict[str, Any]]:
    return [{name: getattr(unit, name) for name in COLUMNS} for unit in answer.units]


def _functions(answer: UnitCosts) -> list[dict[str, Any]]:
    rows = [
        (record.title, record.direct, record.shared, record.total, record.unit, record.count, record.unit_cost)
        for record in answer.functions
    ]
    return [dict(zip(FUNCTION_COLUMNS, row, strict=True)) for row in rows]


def _days(answer: UnitCosts) -> list[dict[str, Any]]:
    """What is left of the margin by day, and of the days to come with the interval that holds it four times in five."""
    costs = answer.now.costs
    rows: list[tuple[object, ...]] = [
        (day, "known", costs[day].total if day in costs else None, margin if answer.has_margin else None, None, None)
        for day, margin in zip(answer.now.days, answer.now.margin_after_cloud, strict=True)
    ]
    rows += [(ahead.day, "expected", None, ahead.amount, ahead.low, ahead.high) for ahead in answer.ahead]
    return [dict(zip(DAY_COLUMNS, row, strict=True)) for row in rows]


def _document(answer: UnitCosts) -> dict[str, Any]:
    fitted, parts = answer.efficiency, answer.now.parts
    return {
        "first_day": answer.now.period.start.isoformat(),
        "last_day": answer.now.period.last_day.isoformat(),
        "basis": "effective",
        "currency": answer.currency,
        "days": len(answer.now.days),
        "days_with_charges": len(answer.now.costs),
        "days_with_charges_without_events": len(answer.now.uncounted),
        "effective_cost": None if parts is None else parts.total,
        "units": _units(answer),
        "functions": _functions(answer),
        "unallocated": [{"reason": reason, "cost": amount} for reason, amount in answer.unallocated],
        "margin_after_cloud": answer.figures[-1].value,
        "fixed_share": None if fitted is None else fitted.fixed_share,
        "fixed_cost_a_day": None if fitted is None else fitted.fixed,
        "cost_of_one_more_order": None if fitted is None else fitted.variable,
    }
