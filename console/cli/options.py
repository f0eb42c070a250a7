"""Options that several commands have, and the profile and the period that they name."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from catalogue.command_line import LAKE_HELP
from catalogue.errors import BindingError
from console.asking.periods import Period

if TYPE_CHECKING:
    from console.wiring import Profile

LAST_DAYS = 28  # of a period that no option names

Lake = Annotated[str | None, typer.Option("--lake", metavar="DIR", help=LAKE_HELP)]
Format = Annotated[Literal["table", "json", "csv"], typer.Option("--format", help="how the answer is written")]
Start = Annotated[str | None, typer.Option("--start", metavar="DATE", help="first day, included")]
End = Annotated[str | None, typer.Option("--end", metavar="DATE", help="day after the last one, not included")]


def profile(context: typer.Context, lake: str | None = None) -> Profile:
    """The profile of this process, on the lake that ``--lake`` names."""
    wiring: Any = context.obj  # what `console.__main__` gives every command
    made: Profile = wiring.on_lake(lake)
    return made


def of_group(context: typer.Context, name: str) -> Any:
    """An option that was given before the name of an action."""
    assert context.parent is not None  # noqa: S101 - an action is always called by its group
    return context.parent.params[name]


def period(start: str | None, end: str | None, last: date) -> Period:
    """The period that the options name; by default it ends with `last` and is `LAST_DAYS` long.

    Raises BindingError where an option is no date, or the period ends before it starts.
    """
    after = _date(end, "--end") if end is not None else last + timedelta(days=1)
    first = _date(start, "--start") if start is not None else after - timedelta(days=LAST_DAYS)
    if after <= first:
        raise ends_too_early(first, after)
    return Period(first, after)


def ends_too_early(start: date, end: date) -> BindingError:
    """What is wrong with a period that ends before it starts."""
    return BindingError(
        f"The period ends ({end}) before it starts ({start})",
        where="--end",
        remedy="--end is the day after the last one.",
    )


def _date(text: str, option: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BindingError(f"{text!r} is no date", where=option, remedy="Write it like 2026-01-31.") from error
