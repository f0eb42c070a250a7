"""``own-cost``: what this console itself costs, by page, person, day and question, and a month at that rate."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from console.cli import output, period

if TYPE_CHECKING:
    from console.asking.periods import Period
    from console.own_cost.answer import Cost, OwnCost

COLUMNS = ("name", "calls", "cached", "unpriced", "bytes_scanned", "dollars", "saved")
TIMED = ("page", "person", "question")  # what the time that was waited is known for
BY = {"page": "by_page", "person": "by_viewer", "day": "by_day", "question": "by_question", "kind": "by_kind"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Declare the command."""
    command = commands.add_parser("own-cost", help="what this console's own questions cost, and who asked them")
    command.add_argument("--lake", metavar="DIR", help="lake folder (default: $TAKINGS_LAKE, else ./lake)")
    period.add(command, last="to today")
    command.add_argument("--by", choices=tuple(BY), default="page", help="default: page")
    command.add_argument("--format", choices=output.FORMATS, default="table", help="default: table")


def run(parsed: argparse.Namespace) -> int:
    """Answer the command."""
    from console import settings, wiring
    from console.own_cost import answer as insight

    scope = wiring.profile(settings.chosen(parsed.lake)).scope()
    asked = period.chosen(parsed, scope.today)
    answer = insight.own_cost(scope, asked)
    if parsed.format == "json":
        output.json(_document(answer, asked))
    else:
        columns = (*COLUMNS, "seconds") if parsed.by in TIMED else COLUMNS
        output.show(_rows(answer, parsed.by), columns, parsed.format, under=parsed.by)
    if parsed.format == "table":
        rate = "unknown" if answer.run_rate is None else f"${answer.run_rate:.2f}"
        sys.stderr.write(f"{asked.label()} · ${answer.total.dollars:.6f}, a month at this rate {rate}\n")
    return 0


def _rows(answer: OwnCost, by: str) -> list[dict[str, Any]]:
    costs: Sequence[Cost] = getattr(answer, BY[by])
    return [_row(each) | ({"seconds": round(each.seconds, 3)} if by in TIMED else {}) for each in costs]


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
