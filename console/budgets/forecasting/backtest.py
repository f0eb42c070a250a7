"""How good the forecast has been: made again on past days from what was known then, and compared with what was charged.

The target is what a month is charged, before credits and corrections, which nobody can forecast. A month that is not
over counts up to its last settled day; one with days missing is no target. Two simple methods are in the same table:
the *run-rate* (charged so far ÷ days so far × days of the month) and *last month* (as much as the whole month before).

How much tax was booked by a past day is not kept: the month's tax as it is now is taken pro rata to the charges so far,
for the forecast and for the run-rate alike. Tax to come follows the months before, as it does in the forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from console.budgets.forecasting.forecast import DEFAULT_WIDENING, LEVEL, NORMAL_80, ahead
from console.budgets.forecasting.history import History, days_of_month, month_of, next_month
from console.budgets.forecasting.retail_days import DEFAULT_COUNTRY
from console.finops.smoothing import MODEL_DAYS

if TYPE_CHECKING:
    from console.budgets.forecasting.baseline import Floats

EVERY_DAYS = 3  # between two origins: neighbouring days give nearly the same forecast
FEWEST_DAYS = 20  # of a month that is not over, to be a target
MOST_MISSING = 3  # days without data in a target and the month before it: more, and its total is not known
FEWEST_ORIGINS = 10  # before the interval is widened or narrowed by what they show
HORIZONS = ((1, 7), (8, 14), (15, 21), (22, 31))  # days left of the month
TIGHTEST, WIDEST = 1.0, 6.0  # of the widening


@dataclass(frozen=True)
class Origin:
    """One forecast made again: `known` is the last day it knew, `left` the days then left of the target."""

    known: date
    month: date
    left: int
    actual: float
    forecast: float
    spread: float
    widening: float
    run_rate: float
    last_month: float

    @property
    def held(self) -> bool:
        """Whether the interval, as it would have been drawn on that day, held the actual total."""
        return abs(self.actual - self.forecast) <= NORMAL_80 * self.widening * self.spread + 1e-9


@dataclass(frozen=True)
class BacktestRow:
    """One horizon of the table; every error is a fraction.

    Attributes
    ----------
    mape, wape : of the forecast: mean absolute percentage error, and Σ|error| ÷ Σ|actual|
    covered : share of origins whose interval held the actual total
    """

    horizon: str
    origins: int
    mape: float
    run_rate_mape: float
    last_month_mape: float
    wape: float
    run_rate_wape: float
    last_month_wape: float
    covered: float


@dataclass(frozen=True)
class Backtest:
    """All origins, the table by horizon with one row for all of them last, and what it says about the interval."""

    origins: Sequence[Origin]
    rows: Sequence[BacktestRow]
    widening: float
    needs: str = ""

    @property
    def overall(self) -> BacktestRow | None:
        """The row of all origins."""
        return self.rows[-1] if self.rows else None


def backtest(charges: History, *, country: str = DEFAULT_COUNTRY, every: int = EVERY_DAYS) -> Backtest:
    """The backtest: every month that has a whole month before it, forecast again from every `every`-th of its days.

    Raises
    ------
    SettingsError
        No public holidays are known for the country.
    """
    origins: list[Origin] = []
    for month, first, last in _months(charges):
        earlier = [origin for origin in origins if origin.month < month]
        widening = measured_widening(earlier)
        for known in range(first + 1, last, every):
            if known >= MODEL_DAYS:
                origins.append(_origin(charges, month, first, known, last, widening, country))
    needs = "" if origins else "A backtest needs a whole month of charges and most of another one after it."
    return Backtest(origins, scored(origins), measured_widening(origins), needs)


def scored(origins: Sequence[Origin]) -> Sequence[BacktestRow]:
    """Errors by horizon and, last, of all origins; a horizon without any has no row."""
    groups = [
        (f"{low} to {high} days", [origin for origin in origins if low <= origin.left <= high])
        for low, high in HORIZONS
    ]
    return [_row(name, chosen) for name, chosen in [*groups, ("All", origins)] if chosen]


def measured_widening(origins: Sequence[Origin]) -> float:
    """The factor on the model's interval with which it would have held `LEVEL` of these origins.

    Split conformal prediction: the ⌈(n + 1) · level⌉-th smallest of |error| ÷ spread (Lei et al., 2018).
    """
    ratios = sorted(abs(origin.actual - origin.forecast) / origin.spread for origin in origins if origin.spread > 0)
    if len(ratios) < FEWEST_ORIGINS:
        return DEFAULT_WIDENING
    rank = min(-int(-(len(ratios) + 1) * LEVEL // 1), len(ratios))
    return float(min(max(ratios[rank - 1] / NORMAL_80, TIGHTEST), WIDEST))


def _months(charges: History) -> list[tuple[date, int, int]]:
    """Months to forecast again, as (month, position of its first day, position after its last known day)."""
    found = []
    settled = charges.settled
    places = {day: place for place, day in enumerate(charges.days)}
    for first in (place for place, day in enumerate(charges.days) if day.day == 1):
        month = charges.days[first]
        last = min(first + len(days_of_month(month)), settled)
        before = month_of(month - timedelta(days=1))
        unknown = sum(before <= day < next_month(month) for day in charges.missing)
        if before in places and last - first >= FEWEST_DAYS and unknown <= MOST_MISSING:
            found.append((month, first, last))
    return found


def _origin(charges: History, month: date, first: int, known: int, last: int, widening: float, country: str) -> Origin:
    coming = ahead(charges, known, last - known, country)
    whole = charges.split(len(charges.days))
    charged: Floats = whole.daily + whole.monthly
    end = first + len(days_of_month(month))
    final, so_far = float(charged[first:last].sum()), float(charged[first:known].sum())
    taxed, tax = float(charged[first:end].sum()), float(whole.tax[first:end].sum())
    rate = tax / taxed if taxed > 0 else 0.0  # days that are not settled are taxed too, and no part of the target
    accrued = rate * so_far
    more = float((coming.path.amounts + coming.monthly).sum())
    coming = replace(coming, tax_booked=accrued)  # so much was booked then, not the whole month's
    before = first - (month - month_of(month - timedelta(days=1))).days
    length = min(last - first, first - before)  # a month that is not over is compared with as many days of the last
    return Origin(
        known=charges.days[known - 1],
        month=month,
        left=last - known,
        actual=final * (1 + rate),
        forecast=so_far + accrued + more + coming.tax_on(more),
        spread=float(coming.path.total_spreads[-1]) * (1 + coming.tax_rate),
        widening=widening,
        run_rate=(so_far + accrued) / (known - first) * (last - first),
        last_month=float((charged + whole.tax)[before : before + length].sum()),
    )


def _row(name: str, origins: Sequence[Origin]) -> BacktestRow:
    (mape, wape), (run_rate_mape, run_rate_wape), (last_month_mape, last_month_wape) = (
        _errors([(origin.actual, getattr(origin, method)) for origin in origins])
        for method in ("forecast", "run_rate", "last_month")
    )
    held = sum(origin.held for origin in origins) / len(origins)
    return BacktestRow(
        name, len(origins), mape, run_rate_mape, last_month_mape, wape, run_rate_wape, last_month_wape, held
    )


def _errors(pairs: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """MAPE and WAPE of (actual, forecast) pairs; a month without charges has no percentage and is left out of MAPE."""
    relative = [abs(forecast - actual) / abs(actual) for actual, forecast in pairs if actual]
    weight = sum(abs(actual) for actual, _ in pairs)
    return (
        sum(relative) / len(relative) if relative else 0.0,
        sum(abs(forecast - actual) for actual, forecast in pairs) / weight if weight else 0.0,
    )
