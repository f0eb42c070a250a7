"""Periods, what they are compared with, and the retail calendar. Pure: no clock, no lake.

Dates are days in the lake's reporting time zone; every period is half-open, its end date not included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Self

from console.asking import formatting as text

YEAR_BY_WEEKDAY = 364  # 52 whole weeks: the same weekday a year earlier


@dataclass(frozen=True)
class Period:
    """Days from `start` (included) to `end` (not included)."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError(f"A period must end after it starts: {self.start} to {self.end}")

    @property
    def days(self) -> int:
        """Length in days."""
        return (self.end - self.start).days

    @property
    def last_day(self) -> date:
        """The last day included."""
        return self.end - timedelta(days=1)

    @property
    def dates(self) -> list[date]:
        """Every day, oldest first."""
        return [self.start + timedelta(days=number) for number in range(self.days)]

    def shifted(self, days: int) -> Period:
        """The same length, moved by `days` (negative: earlier)."""
        return Period(self.start + timedelta(days=days), self.end + timedelta(days=days))

    def label(self) -> str:
        """Short text such as ``1 – 30 Nov 2026``."""
        return text.days(self.start, self.last_day)


class Labelled(StrEnum):
    """A choice: its value is in links, its label is what a reader sees."""

    label: str

    def __new__(cls, value: str, label: str = "") -> Self:
        member = str.__new__(cls, value)
        member._value_, member.label = value, label
        return member


class Preset(Labelled):
    """Periods a reader picks by name; all end with the last day the lake has events for."""

    LAST_7_DAYS = "7d", "Last 7 days"
    LAST_28_DAYS = "28d", "Last 28 days"
    LAST_90_DAYS = "90d", "Last 90 days"
    THIS_MONTH = "month", "Month to date"
    LAST_MONTH = "last-month", "Last month"
    YEAR_TO_DATE = "ytd", "Year to date"
    LAST_12_MONTHS = "12m", "Last 12 months"
    ALL = "all", "All data"
    CUSTOM = "custom", "Custom dates"


def preset_period(preset: Preset, first_day: date, last_day: date) -> Period:
    """The period a preset means in a lake with events from `first_day` to `last_day` (both included).

    `Preset.CUSTOM` has no dates of its own and is refused with ValueError.
    """
    end = last_day + timedelta(days=1)
    month = last_day.replace(day=1)
    previous_month = (month - timedelta(days=1)).replace(day=1)
    starts = {
        Preset.LAST_7_DAYS: Period(end - timedelta(days=7), end),
        Preset.LAST_28_DAYS: Period(end - timedelta(days=28), end),
        Preset.LAST_90_DAYS: Period(end - timedelta(days=90), end),
        Preset.THIS_MONTH: Period(month, end),
        Preset.LAST_MONTH: Period(previous_month, month),
        Preset.YEAR_TO_DATE: Period(last_day.replace(month=1, day=1), end),
        Preset.LAST_12_MONTHS: Period(end - timedelta(days=YEAR_BY_WEEKDAY + 1), end),
        Preset.ALL: Period(first_day, end),
    }
    if preset not in starts:
        raise ValueError(f"{preset.value} has no dates of its own")
    return starts[preset]


def thanksgiving(year: int) -> date:
    """The fourth Thursday of November (United States)."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 21)


def black_friday(year: int) -> date:
    """The day after Thanksgiving."""
    return thanksgiving(year) + timedelta(days=1)


def easter(year: int) -> date:
    """Western Easter Sunday (anonymous Gregorian computus; Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    leap = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * leap) // 451
    month, day = divmod(h + leap - 7 * m + 114, 31)
    return date(year, month, day + 1)


class RetailEvent(Labelled):
    """Named days of high sales, on other dates every year."""

    BLACK_FRIDAY = "black-friday", "Black Friday"
    CYBER_WEEK = "cyber-week", "Cyber Week"
    CHRISTMAS = "christmas", "Christmas run-up"
    EASTER = "easter", "Easter run-up"
    VALENTINE = "valentine", "Valentine’s run-up"
    SINGLES_DAY = "singles-day", "Singles’ Day"


def retail_event(event: RetailEvent, year: int) -> Period:
    """The days of a named retail event in a year.

    Black Friday is Thursday to Sunday around the day after Thanksgiving, Cyber Week the Monday before to Cyber Monday,
    the run-ups end with the day itself.
    """
    day = timedelta(days=1)
    friday = black_friday(year)
    spans = {
        RetailEvent.BLACK_FRIDAY: Period(friday - day, friday + 3 * day),
        RetailEvent.CYBER_WEEK: Period(friday - 4 * day, friday + 4 * day),
        RetailEvent.CHRISTMAS: Period(date(year, 12, 1), date(year, 12, 25)),
        RetailEvent.EASTER: Period(easter(year) - 14 * day, easter(year) + day),
        RetailEvent.VALENTINE: Period(date(year, 2, 7), date(year, 2, 15)),
        RetailEvent.SINGLES_DAY: Period(date(year, 11, 11), date(year, 11, 12)),
    }
    return spans[event]


class Comparison(Labelled):
    """What a period is compared with."""

    PREVIOUS = "previous", "Previous period"
    YEAR = "year", "A year ago"
    EVENT = "event", "Retail event"


def event_in(period: Period) -> tuple[RetailEvent, int] | None:
    """The retail event with the most days in `period`, the shorter one on a tie; None where there is none."""
    found: dict[tuple[RetailEvent, int], tuple[int, int]] = {}
    for year in range(period.start.year, period.last_day.year + 1):
        for event in RetailEvent:
            span = retail_event(event, year)
            overlap = (min(span.end, period.end) - max(span.start, period.start)).days
            if overlap > 0:
                found[event, year] = (overlap, -span.days)
    return max(found, key=found.__getitem__, default=None)


def compared(period: Period, comparison: Comparison) -> Period | None:
    """The period to compare with; None where a retail event is asked for and `period` holds none.

    A retail event is aligned by its own day: the period is moved by as many days as lie between this year's event and
    last year's, so Black Friday meets Black Friday whatever its date.
    """
    if comparison is Comparison.PREVIOUS:
        return period.shifted(-period.days)
    if comparison is Comparison.YEAR:
        return period.shifted(-YEAR_BY_WEEKDAY)
    found = event_in(period)
    if found is None:
        return None
    event, year = found
    return period.shifted(-(retail_event(event, year).start - retail_event(event, year - 1).start).days)
