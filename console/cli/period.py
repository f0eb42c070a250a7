"""The period of a command: ``--start`` and ``--end``, and the last weeks where they are not given."""

from __future__ import annotations

from datetime import date, timedelta

from catalogue.errors import BindingError
from console.asking.periods import Period

LAST_DAYS = 28


def chosen(start: str | None, end: str | None, last: date) -> Period:
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
