"""What a day would usually cost, from the days before it alone: the median of the same weekday, and its usual spread.

Because a day is judged by earlier days only, its judgement never changes when later days arrive: an anomaly found
today is the same anomaly tomorrow. Medians keep one bad week from becoming the new normal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Floats = NDArray[np.float64]

WEEK = 7
WEEKS = 6  # same weekdays looked back at
FEWEST_WEEKS = 3  # below, a weekday has no usual value
SPREAD_DAYS = 28
NORMAL = 1.4826  # median absolute deviation → standard deviation of a normal distribution


def baseline(values: Floats) -> tuple[Floats, Floats]:
    """Expected value and spread of every day, both NaN where fewer than `FEWEST_WEEKS` weeks went before.

    Parameters
    ----------
    values : series × days

    Returns
    -------
    expected : median of the last `WEEKS` same weekdays
    spread : 1.4826 × median absolute distance from the expected value over the last `SPREAD_DAYS` days; of as many as
        there are, and 0 where there are none
    """
    import numpy as np

    series, days = values.shape
    shifted = np.full((WEEKS, series, days), np.nan)
    for week in range(1, WEEKS + 1):
        back = week * WEEK
        if back < days:
            shifted[week - 1, :, back:] = values[:, :-back]
    distances = np.full((SPREAD_DAYS, series, days), np.nan)
    expected = _median(shifted)
    expected[np.isfinite(shifted).sum(axis=0) < FEWEST_WEEKS] = np.nan
    away = np.abs(values - expected)
    for back in range(1, min(SPREAD_DAYS, days - 1) + 1):
        distances[back - 1, :, back:] = away[:, :-back]
    spread = NORMAL * _median(distances)
    spread[np.isnan(spread) & np.isfinite(expected)] = 0.0
    return expected, spread


def _median(values: Floats) -> Floats:
    """The median of the numbers along the first axis; NaN where there is none.

    `numpy.nanmedian` warns of what has no number, and to silence a warning is not safe beside other threads.
    """
    import numpy as np

    ordered = np.sort(values, axis=0)  # NaN is sorted last
    numbers = np.count_nonzero(~np.isnan(values), axis=0)
    middle = np.stack([np.maximum(numbers - 1, 0) // 2, np.minimum(numbers // 2, len(values) - 1)])
    median: Floats = np.take_along_axis(ordered, middle, axis=0).mean(axis=0)
    return median


def runs(flagged: Flags) -> list[tuple[int, int]]:
    """Runs of consecutive flagged days, as (first, after the last)."""
    import numpy as np

    edges = np.flatnonzero(np.diff(np.concatenate(([0], flagged.astype(np.int8), [0]))))
    return [(int(begin), int(finish)) for begin, finish in zip(edges[::2], edges[1::2], strict=True)]
