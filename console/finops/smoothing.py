"""The daily model: the mean of three forecasts with a weekly season, weighed with the mean of the month so far, its
spread, and simpler methods for few days.

The three are exponential smoothing with weekday effects, ETS(A,N,A), the same without, ETS(A,N,N), both of
statsmodels, and the median of the last six same weekdays; ETS(A,N,N) gets the medians' weekday pattern on top. Each is
wrong in its own way, and their mean was the best of twenty candidates on easy and on hard bills alike
(docs/decisions/0006). They know no trend and lag behind a bill that grows: a clear trend is taken out before, and the
days to come stay where it has led. Where charges come in bursts, the last days say little about the rest of a month:
the month's own mean counts for more, the more of it has passed. Floats in, floats out.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

WEEK = 7
WEEKS = 6  # same weekdays whose median is taken
MODEL_DAYS = 28  # four of each weekday: below, weekday effects are noise
FEW_DAYS = 7
RECENT_DAYS = 14
CREDIBLE_DAYS = 7  # of a month, after which its mean counts as much as the three models: below a week, it is noise
TREND_WEEKS = 8
CHANCE = 0.05  # significance level of a trend
MOST_STEPS = 100  # of the optimiser; it needs some twenty

MODEL = "Mean of ETS(A,N,A), ETS(A,N,N) and weekday medians"
WITHOUT_MEDIANS = "Mean of ETS(A,N,A) and ETS(A,N,N)"
AND_SO_FAR = ", weighed with the month's mean so far"
RECENT = f"Mean of the last {RECENT_DAYS} days"
MEAN = "Mean of the known days"
CONSTANT = "Amount of every day so far"


@dataclass(frozen=True)
class Projection:
    """The days to come.

    Attributes
    ----------
    amounts : expected value of each day
    spreads : standard deviation of each day
    total_spreads : standard deviation of the sum of the first 1, 2, … days
    method : what made it
    """

    amounts: Floats
    spreads: Floats
    total_spreads: Floats
    method: str


def smooth(values: Floats, ahead: int, so_far: int = 0) -> Projection:
    """The next `ahead` days after `values`, one value a day, at least one value.

    `so_far` of the last values belong to the current month; 0 ignores the month.
    """
    import numpy as np

    if not np.ptp(values):
        level, nothing = np.full(ahead, values[-1]), np.zeros(ahead)
        return Projection(level, nothing, nothing, CONSTANT)
    if values.size < MODEL_DAYS:
        recent = values[-RECENT_DAYS:] if values.size >= FEW_DAYS else values
        return _mean(recent, ahead, RECENT if values.size >= FEW_DAYS else MEAN)
    return _combined(values, ahead, min(so_far, values.size))


def weights(level: float, season: float, ahead: int) -> Floats:
    """How an error carries over into the days after it: 1 for its own day, then α, with γ added every seventh day.

    Hyndman, Koehler, Ord, Snyder: Forecasting with Exponential Smoothing (2008), table 6.1, ETS(A,N,A).
    """
    import numpy as np

    carried = np.full(ahead, level)
    carried[::WEEK] += season
    carried[0] = 1.0
    return carried


def spreads(carried: Floats, error: float) -> tuple[Floats, Floats]:
    """Standard deviation of each day, and of the sum up to each day, by the weights of its errors.

    The variance of day h is σ²·Σ c². The sum up to h holds each error with all that it carries over: σ²·Σ (Σ c)²
    (the same book, section 6.6).
    """
    import numpy as np

    return error * np.sqrt(np.cumsum(carried**2)), error * np.sqrt(np.cumsum(np.cumsum(carried) ** 2))


def weekday_medians(values: Floats, ahead: int) -> Floats:
    """The median of the last `WEEKS` same weekdays, for each day to come; at least one week of values."""
    import numpy as np

    return np.resize(np.median(_weeks(values), axis=0), ahead)


def strength(values: Floats) -> float:
    """How much of the last weeks' variation is the weekday's, 0 to 1.

    1 − variance around the weekday medians ÷ variance (Wang, Smith, Hyndman, 2006).
    """
    import numpy as np

    weeks = _weeks(values)
    varies = float(weeks.var())
    return max(0.0, 1 - float((weeks - np.median(weeks, axis=0)).var()) / varies) if varies else 0.0


def _weeks(values: Floats) -> Floats:
    """The last `WEEKS` weeks, or as many as there are, one a row, each beginning with the weekday after the last."""
    count = min(values.size // WEEK, WEEKS)
    return values[-count * WEEK :].reshape(count, WEEK)


def trend(values: Floats) -> float:
    """The growth from one day to the next over the last `TREND_WEEKS` weeks; 0 unless it is significant.

    The median slope between weeks (Sen, 1968), where Kendall's rank test gives a p-value below `CHANCE`.
    """
    import numpy as np
    from scipy.stats import kendalltau, theilslopes

    if values.size < TREND_WEEKS * WEEK:
        return 0.0
    weeks = values[-TREND_WEEKS * WEEK :].reshape(TREND_WEEKS, WEEK).mean(axis=1)
    if not np.ptp(weeks) or not kendalltau(np.arange(TREND_WEEKS), weeks).pvalue < CHANCE:
        return 0.0
    return float(theilslopes(weeks).slope) / WEEK


def _combined(values: Floats, ahead: int, so_far: int) -> Projection:
    import numpy as np

    # charged on fewer than half of its days: the medians are 0, but the expected charge is not
    now_and_then = not weekday_medians(values, ahead).any() and bool(values[-WEEK * WEEKS :].any())
    if not now_and_then:
        ago = np.minimum(np.arange(values.size)[::-1], TREND_WEEKS * WEEK - 1)
        values = values + trend(values) * ago
    seasonal, plain = _ets(values, ahead, seasonal=True), _ets(values, ahead, seasonal=False)
    medians = weekday_medians(values, WEEK)
    week = strength(values) * (medians - medians.mean())
    if now_and_then:
        amounts, carried = (seasonal.amounts + plain.amounts) / 2, (seasonal.carried + plain.carried) / 2
    else:
        # ETS(A,N,N) knows no weekdays: it is given the medians' week, as far as there is one
        amounts = (seasonal.amounts + plain.amounts + np.resize(week + medians, ahead)) / 3
        # an error of today moves the mean by a third of what it moves each part; the medians hardly move
        carried = (seasonal.carried + plain.carried) / 3
    method = WITHOUT_MEDIANS if now_and_then else MODEL
    if so_far:
        # credibility (Bühlmann, 1967): a mean of n days counts n ÷ (n + k), and one day moves it by 1 ÷ n
        weight = so_far / (so_far + CREDIBLE_DAYS)
        level = float((values[-so_far:] - np.resize(week[::-1], so_far)[::-1]).mean())
        amounts = (1 - weight) * amounts + weight * (level + np.resize(week, ahead))
        carried = (1 - weight) * carried + weight / so_far
        method += AND_SO_FAR
    carried[0] = 1.0
    return Projection(amounts, *spreads(carried, seasonal.error), method)


@dataclass(frozen=True)
class _Ets:
    amounts: Floats
    carried: Floats
    error: float


def _ets(values: Floats, ahead: int, *, seasonal: bool) -> _Ets:
    import numpy as np
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    scale = float(np.abs(values).max())  # the optimiser's steps are absolute: a bill in millions fits as one in cents
    season = {"seasonal": "add", "seasonal_periods": WEEK} if seasonal else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a fit that stops early is still a forecast, and the backtest measures it
        model = ETSModel(values / scale, error="add", initialization_method="heuristic", **season)
        fitted = model.fit(disp=False, maxiter=MOST_STEPS)
        amounts = np.asarray(fitted.forecast(ahead)) * scale
    found = dict(zip(fitted.param_names, fitted.params, strict=True))
    carried = weights(float(found["smoothing_level"]), float(found.get("smoothing_seasonal", 0.0)), ahead)
    return _Ets(amounts, carried, math.sqrt(max(float(fitted.mse), 0.0)) * scale)


def _mean(values: Floats, ahead: int, method: str) -> Projection:
    """The mean for every day; its own uncertainty, σ²/n, is common to all days of a sum."""
    import numpy as np

    error = float(values.std(ddof=1)) if values.size > 1 else 0.0
    steps = np.arange(1, ahead + 1)
    day = np.full(ahead, error * math.sqrt(1 + 1 / values.size))
    return Projection(
        np.full(ahead, float(values.mean())), day, error * np.sqrt(steps + steps**2 / values.size), method
    )
