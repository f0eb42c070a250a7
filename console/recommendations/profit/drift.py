"""Whether a rate falls: the last four weeks against the four before, robustly and with an interval. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from math import floor, sqrt
from statistics import median

from console.asking.periods import Period
from console.recommendations.profit.outcomes import NORMAL_95, Outcome

WEEKS_DAYS = 28  # four weeks: each day is compared with the same weekday
FEWEST_IMPRESSIONS = 50  # of a day whose rate counts: below, one click is two points
FEWEST_PAIRS = 8  # with fewer, the interval would be everything that was measured


@dataclass(frozen=True)
class Shift:
    """How a daily rate moved from the four weeks before to the last four weeks.

    Attributes
    ----------
    before, now : median of the days
    change : estimated shift of a day's rate, with its interval of 95 % from `low` to `high`
    pairs : days that were compared
    """

    before: float
    now: float
    change: float
    low: float
    high: float
    pairs: int

    @property
    def falls(self) -> bool:
        """Whether the rate fell by more than days differ anyway."""
        return self.high < 0

    @property
    def rises(self) -> bool:
        """Whether it rose by more than days differ anyway."""
        return self.low > 0


def compared_days(end: date) -> Period:
    """The eight weeks before `end`, which is not included."""
    return Period(end - timedelta(days=2 * WEEKS_DAYS), end)


def click_rate_shift(by_day: Mapping[date, Outcome], end: date) -> Shift | None:
    """How the click rate moved; None for fewer than `FEWEST_PAIRS` pairs of days with enough impressions."""
    rates = {
        day: outcome.clicks / outcome.impressions
        for day, outcome in by_day.items()
        if outcome.impressions >= FEWEST_IMPRESSIONS
    }
    return shift(rates, end)


def shift(rates: Mapping[date, float], end: date) -> Shift | None:
    """The shift of each of the last 28 days before `end` against the day 28 days before it.

    The pairs are of one weekday, so that a weekly pattern says nothing. The estimate is the median of the means of all
    pairs of differences (J. L. Hodges and E. L. Lehmann 1963), which up to 29 % of the days may be out of line with,
    and the interval is the one of the signed-rank test (J. W. Tukey 1949), with its normal approximation. It takes the
    days for independent of each other.
    """
    weeks = timedelta(days=WEEKS_DAYS)
    days = [end - timedelta(days=number) for number in range(1, WEEKS_DAYS + 1)]
    pairs = [(rates[day - weeks], rates[day]) for day in days if day in rates and day - weeks in rates]
    count = len(pairs)
    if count < FEWEST_PAIRS:
        return None
    differences = [now - before for before, now in pairs]
    means = sorted((differences[i] + differences[j]) / 2 for i in range(count) for j in range(i, count))
    spread = sqrt(count * (count + 1) * (2 * count + 1) / 24)
    place = max(1, floor(count * (count + 1) / 4 - NORMAL_95 * spread))  # of the interval's end, from either end
    return Shift(
        before=median(before for before, _ in pairs),
        now=median(now for _, now in pairs),
        change=median(means),
        low=means[place - 1],
        high=means[-place],
        pairs=count,
    )
