"""What a month will cost: charges booked so far, and the days to come with an interval.

The charges of every day go through the daily model (`smoothing`); what comes on the first of a month is expected again
on the next first; tax follows the other charges at the rate of the months before; credits are not expected. Retail
days (Black Friday, Christmas, public holidays) cost as much more or less as they did the last time, where that was more
than chance.

Amounts are decimals in and out. Floats are used inside the model alone, and its results are `rounded`.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from console.budgets.forecasting.baseline import baseline, runs
from console.budgets.forecasting.history import History, days_from, month_of, next_month
from console.budgets.forecasting.retail_days import DEFAULT_COUNTRY, RetailDay, retail_days
from console.finops.decimals import ZERO, rounded, total
from console.finops.smoothing import MODEL_DAYS, Projection, smooth

if TYPE_CHECKING:
    from console.budgets.forecasting.baseline import Flags, Floats

LEVEL = Decimal("0.8")  # share of months that the interval is made to hold
NORMAL_80 = 1.2816  # half-width in standard deviations
DEFAULT_WIDENING = 1.5  # of the model's own interval, until a backtest has shown how far off it is
SPIKE_DAYS = 4  # days out of line that are smoothed over once the days after them are back
PATTERN_RUNS = 4  # spikes within eight weeks that are how the bill is, not out of line: jobs that run now and then
PATTERN_DAYS = 28  # before and after a spike, for the same
BACK_DAYS = 3
OUT_OF_LINE = 4.0  # spreads
SMALLEST_SPREAD = 0.05  # of the expected value: a bill that never moved may move that far
UNUSUAL = 3.0  # spreads by which the days of an occasion have to differ together, to be expected again


@dataclass(frozen=True)
class DayForecast:
    """A day to come, without tax: what is expected and the interval."""

    day: date
    amount: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class Occasion:
    """A retail day ahead and how many times the usual it cost the last time; None where the bill has not seen one."""

    day: date
    name: str
    times: float | None


@dataclass(frozen=True)
class Forecast:
    """One month.

    Attributes
    ----------
    month : its first day
    as_of : the last day that counts as known; None without any
    booked : all charges of the month up to `as_of`, credits and tax included
    method, note : what made it, and why not the full model
    left_out : last days that are not settled and count as to come
    amount, low, high : the month's total; None where nothing is known. The interval holds the total in 4 of 5 months
    days : the days to come, without tax
    tax_to_come : part of `amount` that is expected to be booked as tax
    occasions : retail days among the days to come
    """

    month: date
    as_of: date | None
    booked: Decimal
    method: str
    note: str
    left_out: Sequence[date]
    amount: Decimal | None = None
    low: Decimal | None = None
    high: Decimal | None = None
    days: Sequence[DayForecast] = ()
    tax_to_come: Decimal = ZERO
    occasions: Sequence[Occasion] = ()

    @property
    def to_come(self) -> Decimal:
        """The month's total less what is booked."""
        return ZERO if self.amount is None else self.amount - self.booked


NOTHING = "No charges"
NEVER = "Nothing was ever charged for it. Check that the name is written as in the bill."
PENDING = "Not forecast yet"


def forecast(charges: History, *, country: str = DEFAULT_COUNTRY, widening: float = DEFAULT_WIDENING) -> Forecast:
    """The month of the day after the last settled one.

    Parameters
    ----------
    country : whose public holidays count, ISO 3166
    widening : factor on the model's interval, as `backtest` measures it

    Raises
    ------
    SettingsError
        No public holidays are known for the country.
    """
    known = charges.settled
    so_far = booked(charges)
    if not known or not charges.lines:
        return so_far
    start = charges.days[known - 1] + timedelta(days=1)
    coming = ahead(charges, known, (next_month(so_far.month) - start).days, country)
    factor = NORMAL_80 * widening
    least = 0.0 if (charges.split(known).daily >= 0).all() else float("-inf")
    days = [
        DayForecast(
            day,
            rounded(amount + fixed),
            rounded(max(amount - factor * spread, least) + fixed),
            rounded(amount + fixed + factor * spread),
        )
        for day, amount, fixed, spread in zip(
            days_from(start, len(coming.path.amounts)),
            coming.path.amounts,
            coming.monthly,
            coming.path.spreads,
            strict=True,
        )
    ]
    expected = total(day.amount for day in days)
    tax = rounded(coming.tax_on(float(expected)))
    wide = rounded(factor * float(coming.path.total_spreads[-1]) * (1 + coming.tax_rate))
    amount = total((so_far.booked, expected, tax))
    low, high = total((amount, -wide)), total((amount, wide))
    return replace(
        so_far,
        amount=amount,
        low=max(low, so_far.booked) if least == 0.0 else low,
        high=high,
        days=days,
        tax_to_come=tax,
        method=coming.path.method,
        note=_note(known),
        occasions=coming.occasions,
    )


def booked(charges: History) -> Forecast:
    """The same month with what is booked alone, without a forecast."""
    known = charges.settled
    if not known:
        first = charges.days[0] if charges.days else date.min
        return Forecast(month_of(first), None, ZERO, NOTHING, _note(0), charges.days)
    as_of = charges.days[known - 1]
    start = as_of + timedelta(days=1)
    month = month_of(start)
    method, note = (PENDING, _note(known)) if charges.lines else (NOTHING, NEVER)
    return Forecast(month, as_of, charges.between(month, start), method, note, charges.days[known:])


@dataclass(frozen=True)
class Coming:
    """The days after the known ones: everyday charges, charges of first days, and how tax will follow."""

    path: Projection
    monthly: Floats
    tax_rate: float
    taxed: float
    tax_booked: float
    occasions: Sequence[Occasion]

    def tax_on(self, more: float) -> float:
        """Tax still to be booked this month where `more` is charged; what is booked already is never taken back."""
        return max(self.tax_rate * (self.taxed + more) - self.tax_booked, 0.0)


def ahead(charges: History, known: int, count: int, country: str = DEFAULT_COUNTRY) -> Coming:
    """The `count` days after the first `known` ones, judged from those alone."""
    import numpy as np

    split = charges.split(known)
    start = charges.days[known - 1] + timedelta(days=1)
    days = days_from(start, count)
    calendar = retail_days(charges.days[0], days[-1], country)
    places = {calendar[day]: place for place, day in enumerate(charges.days[:known]) if day in calendar}
    special = np.zeros(known, dtype=bool)
    special[list(places.values())] = True
    missing = np.array([day in charges.missing for day in charges.days[:known]], dtype=bool)
    expected, spread = (series[0] for series in baseline(np.where(missing, np.nan, split.daily)[None, :]))
    spread = np.maximum(spread, SMALLEST_SPREAD * np.abs(expected))
    cleaned = _cleaned(split.daily, expected, spread, special, missing)
    path = smooth(cleaned, count, min(charges.days[known - 1].day, known))

    places_of: dict[str, list[int]] = {}
    for day, place in places.items():
        places_of.setdefault(day.name, []).append(place)
    seen = {name for name, when in places_of.items() if _was_unusual(split.daily, expected, spread, when)}
    occasions = [
        Occasion(day, calendar[day].name, _times(split.daily, expected, places.get(calendar[day]), seen, calendar[day]))
        for day in days
        if day in calendar
    ]
    lifts = np.ones(count)
    for occasion in occasions:
        lifts[(occasion.day - start).days] = occasion.times or 1.0
    amounts = path.amounts * lifts
    if (split.daily >= 0).all():
        amounts = np.maximum(amounts, 0.0)
    # one year's occasion says little about the next one: half of what it adds is uncertain, and adds to every sum
    unsure = np.abs(amounts - path.amounts) / 2
    path = Projection(
        amounts,
        np.hypot(path.spreads, unsure),
        np.hypot(path.total_spreads, np.sqrt(np.cumsum(unsure**2))),
        path.method,
    )
    last_first = next((float(split.monthly[place]) for place in range(known - 1, -1, -1) if charges.firsts[place]), 0.0)
    monthly = np.array([last_first if day.day == 1 else 0.0 for day in days])
    month = month_of(start)
    current = np.array([day >= month for day in charges.days[:known]], dtype=bool)
    taxable = split.daily + split.monthly
    before, tax_before = float(taxable[~current].sum()), float(split.tax[~current].sum())
    taxed, booked = float(taxable[current].sum()), float(split.tax[current].sum())
    rate = tax_before / before if before > 0 else booked / taxed if taxed > 0 else 0.0
    return Coming(path, monthly, max(rate, 0.0), taxed, booked, occasions)


def _cleaned(values: Floats, expected: Floats, spread: Floats, special: Flags, missing: Flags) -> Floats:
    """The values the model learns from: retail days, days without data and short spikes are replaced by the usual.

    A spike is over when `BACK_DAYS` days after it are back in line: until then it may be a new level. Spikes that
    recur are kept: they are part of what the bill costs.
    """
    import numpy as np

    usual = np.isfinite(expected)
    out = usual & (np.abs(values - np.where(usual, expected, 0.0)) > OUT_OF_LINE * np.where(usual, spread, 1.0))
    replaced = (special | missing) & usual
    spikes = runs(out)
    for first, after in spikes:
        near = sum(abs(other - first) < PATTERN_DAYS for other, _ in spikes)
        if after - first <= SPIKE_DAYS and after + BACK_DAYS <= values.size and near < PATTERN_RUNS:
            replaced[first:after] = True
    cleaned = np.where(replaced, expected, values)
    unknown = missing & ~usual
    if unknown.any() and not unknown.all():
        cleaned[unknown] = np.median(cleaned[~unknown])
    return cleaned


def _was_unusual(values: Floats, expected: Floats, spread: Floats, places: Sequence[int]) -> bool:
    """Whether the days of an occasion together were further from the usual than chance explains."""
    known = [place for place in places if expected[place] > 0]
    away = sum(float(values[place] - expected[place]) for place in known)
    # the occasion's own days swell the spread of those after them: the smallest is the one before it began
    return bool(known) and abs(away) > UNUSUAL * min(float(spread[place]) for place in known) * len(known) ** 0.5


def _times(values: Floats, expected: Floats, place: int | None, seen: Collection[str], day: RetailDay) -> float | None:
    """How many times the usual a retail day cost the last time; 1 where its occasion was not unusual."""
    if place is None or not expected[place] > 0:
        return None
    return float(max(values[place], 0.0) / expected[place]) if day.name in seen else 1.0


def _note(known: int) -> str:
    if known >= MODEL_DAYS:
        return ""
    return f"The model needs {MODEL_DAYS} days of charges; there {'is' if known == 1 else 'are'} {known}."
