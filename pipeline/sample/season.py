"""The sample year's calendar: how busy each day is, which campaign runs, and when the incidents are.

Model
-----
- Traffic of a day = growth (+20 % a year, linear) × weekday × season (linear between the anchors of `SEASON`)
  × days around Black Friday (`BLACK_FRIDAY_TRAFFIC`) × the running campaign's lift.
- Hours follow each region's own clock: weekdays peak at lunch and in the evening, weekends in the afternoon and
  evening; stores keep opening hours.
- Incidents: one hour in which the collector was down (no web, app or marketplace event occurs or arrives), and two
  days on which one query ran away and Athena scanned eight times its usual bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Self
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from pipeline.sample.words import REGIONS

DAYS = 396  # 364 + 32: the last month, and the same weekdays a year earlier
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
YEARLY_GROWTH = 0.20

WEEKDAY = (0.93, 0.92, 0.95, 0.98, 1.00, 1.08, 1.14)  # Monday first
SEASON = (  # month, day, traffic relative to May
    (1, 1, 0.88), (1, 20, 0.80), (3, 1, 0.94), (5, 1, 1.00), (7, 15, 0.93), (9, 1, 0.98), (10, 15, 1.04),
    (11, 12, 1.12), (12, 10, 1.34), (12, 20, 1.30), (12, 25, 0.75), (12, 31, 0.88),
)  # fmt: skip
BLACK_FRIDAY_TRAFFIC = {-4: 1.15, -3: 1.15, -2: 1.25, -1: 1.5, 0: 3.2, 1: 1.7, 2: 1.6, 3: 2.3}  # days from Black Friday
BLACK_FRIDAY_CONVERSION = {-1: 1.2, 0: 1.5, 1: 1.3, 2: 1.25, 3: 1.4}

OUTAGE_DAYS_BEFORE_END, OUTAGE_HOUR = 24, 15
SPIKE_DAYS_BEFORE_END, SPIKE_DAYS, SPIKE_FACTOR = 17, 2, 8

_WEEKDAY_HOURS = (10, 6, 4, 3, 3, 5, 12, 24, 36, 44, 48, 54, 66, 60, 50, 48, 50, 58, 70, 86, 98, 92, 62, 28)
_WEEKEND_HOURS = (16, 9, 5, 4, 3, 4, 8, 16, 32, 52, 68, 76, 76, 78, 82, 84, 82, 80, 84, 92, 98, 88, 58, 30)
_STORE_HOURS = (0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 30, 52, 74, 70, 66, 72, 84, 90, 66, 24, 0, 0, 0, 0)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


class Columns:
    """Arrays of equal length as the fields of a dataclass."""

    def __getitem__(self, chosen: slice | Ints | Bools) -> Self:
        """The chosen rows."""
        return type(self)(**{name: values[chosen] for name, values in vars(self).items()})


@dataclass(frozen=True)
class Campaign:
    """A named campaign: its days (`end` not included), the share of visits it brings, its lifts and its discount."""

    name: str
    start: date
    end: date
    share: float
    traffic: float
    conversion: float
    discount_percent: int


NEWSLETTER = "newsletter"  # always on, between campaigns too
NEWSLETTER_SHARE = 0.05


@dataclass(frozen=True)
class Calendar:
    """The days before `end`; instants are milliseconds since `start`, midnight UTC.

    The arrays have one entry per local day, from the day before `start` to `end` included, because a region's day
    reaches into its neighbours in UTC.
    """

    start: date
    end: date
    traffic: Floats
    conversion: Floats
    months: Ints
    weekend: Bools
    campaigns: tuple[Campaign, ...]
    campaign: Ints
    discount_percent: Ints
    share: Floats
    offset_ms: Ints

    @property
    def length_ms(self) -> int:
        """Length of the whole span."""
        return DAYS * DAY_MS

    @property
    def outage(self) -> tuple[int, int]:
        """First instant of the collector's outage, and the first after it."""
        begin = (DAYS - OUTAGE_DAYS_BEFORE_END) * DAY_MS + OUTAGE_HOUR * HOUR_MS
        return begin, begin + HOUR_MS

    @property
    def spike_days(self) -> list[date]:
        """Days of the runaway query."""
        first = self.end - timedelta(days=SPIKE_DAYS_BEFORE_END)
        return [first + timedelta(days=n) for n in range(SPIKE_DAYS)]

    def instant(self, milliseconds: int) -> datetime:
        """An instant of the sample as an aware datetime."""
        return datetime.combine(self.start, time(), UTC) + timedelta(milliseconds=milliseconds)

    def black_fridays(self) -> list[date]:
        """Black Fridays inside the span."""
        days = (black_friday(year) for year in range(self.start.year, self.end.year + 1))
        return [day for day in days if self.start <= day < self.end]

    def instants(self, days: Ints, regions: Ints, stores: Bools, rng: np.random.Generator) -> Ints:
        """An instant on each local day (index into the arrays), by the hours of the region or of its stores."""
        kind = np.where(stores, 2, self.weekend[days].astype(np.int64))
        cells = np.cumsum(np.array([_WEEKDAY_HOURS, _WEEKEND_HOURS, _STORE_HOURS], dtype=np.float64), axis=1)
        running = (cells / cells[:, -1:] + np.arange(3)[:, None]).ravel()
        hours = np.minimum(np.searchsorted(running, kind + rng.random(days.size), side="right") - kind * 24, 23)
        within = hours * HOUR_MS + rng.integers(0, HOUR_MS, days.size)
        moments: Ints = (days - 1) * DAY_MS + within - self.offset_ms[regions, days]
        return moments


def black_friday(year: int) -> date:
    """The day after the fourth Thursday of November."""
    first = date(year, 11, 1)
    return first + timedelta(days=(3 - first.weekday()) % 7 + 22)


def calendar(end: date) -> Calendar:
    """The calendar of the `DAYS` days before `end`."""
    start = end - timedelta(days=DAYS)
    days = [start + timedelta(days=n) for n in range(-1, DAYS + 1)]
    campaigns = tuple(c for year in range(start.year - 1, end.year + 1) for c in _campaigns(year))
    running = np.array([next((i for i, c in enumerate(campaigns) if c.start <= day < c.end), -1) for day in days])
    lift = np.array([campaigns[i].traffic if i >= 0 else 1.0 for i in running])
    selling = np.array([campaigns[i].conversion if i >= 0 else 1.0 for i in running])
    from_friday = [(day - black_friday(day.year)).days for day in days]
    growth = 1 + YEARLY_GROWTH * np.arange(len(days)) / 365
    weekday = np.array([WEEKDAY[day.weekday()] for day in days])
    friday = np.array([BLACK_FRIDAY_TRAFFIC.get(distance, 1.0) for distance in from_friday])
    return Calendar(
        start=start,
        end=end,
        traffic=growth * weekday * _season(days) * friday * lift,
        conversion=selling * np.array([BLACK_FRIDAY_CONVERSION.get(distance, 1.0) for distance in from_friday]),
        months=np.array([day.month for day in days]),
        weekend=np.array([day.weekday() >= 5 for day in days]),
        campaigns=campaigns,
        campaign=running,
        discount_percent=np.array([campaigns[i].discount_percent if i >= 0 else 0 for i in running]),
        share=np.array([campaigns[i].share if i >= 0 else 0.0 for i in running]),
        offset_ms=np.array([[_offset(region.time_zone, day) for day in days] for region in REGIONS]),
    )


def _campaigns(year: int) -> list[Campaign]:
    friday = black_friday(year)
    monday, after = friday - timedelta(days=4), friday + timedelta(days=4)
    return [
        Campaign(f"january-sale-{year}", date(year, 1, 2), date(year, 1, 16), 0.35, 1.12, 1.15, 15),
        Campaign(f"valentine-{year}", date(year, 2, 7), date(year, 2, 15), 0.20, 1.08, 1.08, 0),
        Campaign(f"spring-refresh-{year}", date(year, 3, 20), date(year, 4, 3), 0.25, 1.15, 1.12, 10),
        Campaign(f"summer-sale-{year}", date(year, 6, 18), date(year, 7, 2), 0.30, 1.18, 1.15, 15),
        Campaign(f"back-to-school-{year}", date(year, 8, 18), date(year, 9, 6), 0.22, 1.10, 1.08, 5),
        Campaign(f"black-friday-{year}", monday, after, 0.55, 1.00, 1.10, 20),
        Campaign(f"christmas-{year}", date(year, 12, 5), date(year, 12, 21), 0.25, 1.08, 1.10, 0),
    ]


def _season(days: list[date]) -> Floats:
    """Traffic relative to May by the time of the year."""
    years = range(days[0].year - 1, days[-1].year + 2)
    at = [date(year, month, day).toordinal() for year in years for month, day, _ in SEASON]
    season: Floats = np.interp([day.toordinal() for day in days], at, [value for _, _, value in SEASON] * len(years))
    return season


def _offset(zone: str, day: date) -> int:
    """Milliseconds that local noon is ahead of UTC (one offset a day is enough: clocks change at night)."""
    offset = datetime.combine(day, time(12), ZoneInfo(zone)).utcoffset() or timedelta()
    return int(offset.total_seconds() * 1000)
