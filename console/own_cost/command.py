"""``own-cost``: what this console itself costs, by page, person, day and question, and a month at that rate."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from console.cli import options, output
from console.cli.options import End, Format, Lake, Start

if TYPE_CHECKING:
    from console.asking.periods import Period
    from console.own_cost.answer import Cost, OwnCost

COLUMNS = ("name", "calls", "cached", "unpriced", "bytes_scanned", "dollars", "saved")
TIMED = ("page", "person", "question")  # the time that people waited is known for these
BY = {"page": "by_page", "person": "by_viewer", "day": "by_day", "question": "by_question", "kind": "by_kind"}

By = Literal["page", "person", "day", "question", "kind"]


def own_cost(
    context: typer.Context,
    lake: Lake = None,
    start: Start = None,
    end: End = None,
    by: Annotated[By, typer.Option()] = "page",
    form: Format = "table",
) -> None:
    """What this console costs, and who asked for it.

    By default in the last 28 days to today.
    """
    from console.own_cost import answer as insight

    scope = options.profile(context, lake).scope()
    asked = options.period(start, end, scope.today)
    answer = insight.own_cost(scope, asked)
    if form == "json":
        output.json(_document(answer, asked))
        return
    output.show(_rows(answer, by), (*COLUMNS, "seconds") if by in TIMED else COLUMNS, form, under=by)
    if form == "table":
        rate = "unknown" if answer.run_rate is None else f"${answer.run_rate:.2f}"
        sys.stderr.write(f"{asked.label()} · ${answer.total.dollars:.6f}, a month at this rate {rate}\n")


def _rows(answer: OwnCost, by: str) -> list[dict[str, Any]]:
    costs: Sequence[Cost] = getattr(answer, BY[by])
    return [_row(cost) | ({"seconds": round(cost.seconds, 3)} if by in TIMED else {}) for cost in costs]


def _row(cost: Cost) -> dict[str, Any]:
    return {name: getattr(cost, name) for name in COLUMNS}


def _document(answer: OwnCost, asked: Period) -> dict[str, Any]:
    return {
        "first_day": asked.start.isoformat(),
        "last_day": asked.last_day.isoformat(),
        "currency": "USD",
        "total": {name: value for name, value in _row(answer.total).items() if name != "name"},
        "monthly_run_rate": answer.run_rate,
        "by": {by: _rows(answer, by) for by in BY},
    }
