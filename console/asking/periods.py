"""Periods, what they are compared with, and the retail calendar. Pure: no clock, no lake.

Dates are days in the lake's reporting time zone; every period is half-open, its end date not included.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

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

    def shifted(self, days: int) -> Period:
        """The same length, moved by `days` (negative: earlier)."""
        return Period(self.start + timedelta(days=days), self.end + timedelta(days=days))

    def label(self) -> str:
        """Short text such as ``1 – 30 Nov 2026``."""
        return text.days(self.start, self.last_day)


class Preset(StrEnum):
    """Periods a reader picks by name; all end with the last day the lake has events for."""

    LAST_7_DAYS = "7d"
    LAST_28_DAYS = "28d"
    LAST_90_DAYS = "90d"
    THIS_MONTH = "month"
    LAST_MONTH = "last-month"
    YEAR_TO_DATE = "ytd"
    LAST_12_MONTHS = "12m"
    ALL = "all"
    CUSTOM = "custom"


PRESET_LABELS = {
    Preset.LAST_7_DAYS: "Last 7 days",
    Preset.LAST_28_DAYS: "Last 28 days",
    Preset.LAST_90_DAYS: "Last 90 days",
    Preset.THIS_MONTH: "Month to date",
    Preset.LAST_MONTH: "Last month",
    Preset.YEAR_TO_DATE: "Year to date",
    Preset.LAST_12_MONTHS: "Last 12 months",
    Preset.ALL: "All data",
    Preset.CUSTOM: "Custom dates",
}


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


class RetailEvent(StrEnum):
    """Named days of high sales, on other dates every year."""

    BLACK_FRIDAY = "black-friday"
    CYBER_WEEK = "cyber-week"
    CHRISTMAS = "christmas"
    EASTER = "easter"
    VALENTINE = "valentine"
    SINGLES_DAY = "singles-day"


RETAIL_EVENT_LABELS = {
    RetailEvent.BLACK_FRIDAY: "Black Friday",
    RetailEvent.CYBER_WEEK: "Cyber Week",
    RetailEvent.CHRISTMAS: "Christmas run-up",
    RetailEvent.EASTER: "Easter run-up",
    RetailEvent.VALENTINE: "Valentine’s run-up",
    RetailEvent.SINGLES_DAY: "Singles’ Day",
}


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


class Comparison(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    YEAR = "year"
    EVENT = "event"


COMPARISON_LABELS = {
    Comparison.PREVIOUS: "Previous period",
    Comparison.YEAR: "A year ago",
    Comparison.EVENT: "Retail event",
}


def event_in(period: Period) -> tuple[RetailEvent, int] | None:
    """The retail event with the most days in `period`, the shorter one on a tie; None where there is none."""
    best: tuple[int, int, RetailEvent, int] | None = None
    for year in range(period.start.year, period.last_day.year + 1):
        for event in RetailEvent:
            span = retail_event(event, year)
            overlap = (min(span.end, period.end) - max(span.start, period.start)).days
            if overlap > 0:
                candidate = (overlap, -span.days, event, year)
                if best is None or candidate[:2] > best[:2]:
                    best = candidate
    return None if best is None else (best[2], best[3])


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
