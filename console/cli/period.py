"""The days that a command speaks of: ``--start`` and ``--end``, and the last weeks where they are not given."""

from __future__ import annotations

import argparse
from datetime import date, timedelta
from typing import TYPE_CHECKING

from catalogue.errors import BindingError

if TYPE_CHECKING:
    from console.asking.periods import Period

LAST_DAYS = 28


def add(command: argparse.ArgumentParser, *, last: str) -> None:
    """Declare the two options; `last` says which days are the last ones, such as "charged"."""
    command.add_argument("--start", metavar="DATE", help=f"first day, included (default: the last {LAST_DAYS} {last})")
    command.add_argument("--end", metavar="DATE", help="day after the last one, not included")


def chosen(parsed: argparse.Namespace, last: date) -> Period:
    """The period asked for; it ends with `last`, and is `LAST_DAYS` long, where nothing else is said.

    Raises
    ------
    BindingError
        An option is no date, or the period ends before it starts.
    """
    from console.asking.periods import Period

    dates: dict[str, date] = {}
    for name in ("start", "end"):
        written = getattr(parsed, name)
        if written is None:
            continue
        try:
            dates[name] = date.fromisoformat(written)
        except ValueError as error:
            raise BindingError(
                f"{written!r} is no date", where=f"--{name}", remedy="Write it like 2026-01-31."
            ) from error
    end = dates.get("end", last + timedelta(days=1))
    start = dates.get("start", end - timedelta(days=LAST_DAYS))
    if end <= start:
        raise BindingError(
            f"The period ends ({end}) before it starts ({start})",
            where="--end",
            remedy="--end is the day after the last one.",
        )
    return Period(start, end)
