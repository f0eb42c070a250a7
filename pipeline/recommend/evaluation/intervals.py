"""How sure a mean over customers is: bootstrap intervals, of a method and of the difference between two."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from pipeline.recommend.evaluation.metrics import PerCustomer

LEVEL = 0.95
RESAMPLES = 1000
_NUMBERS_AT_ONCE = 4_000_000  # bounds memory: 32 MB of drawn customers


class Interval(NamedTuple):
    """A mean and the interval that holds it with a probability of `LEVEL`."""

    mean: float
    low: float
    high: float


def of_mean(values: PerCustomer, *, seed: int, resamples: int = RESAMPLES) -> Interval:
    """The mean over customers with its percentile bootstrap interval (Efron 1979): customers are drawn with
    replacement, as many as there are. Every interval is NaN where there is no customer.

    Two calls with the same seed and as many customers draw the same customers.
    """
    count = len(values)
    if not count:
        return Interval(float("nan"), float("nan"), float("nan"))
    random = np.random.default_rng(seed)
    rows = max(1, _NUMBERS_AT_ONCE // count)
    means: list[float] = []
    while len(means) < resamples:
        drawn = random.integers(count, size=(min(rows, resamples - len(means)), count))
        means.extend(values[drawn].mean(axis=1))
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, (tail, 1 - tail))
    return Interval(float(values.mean()), float(low), float(high))


def of_difference(values: PerCustomer, others: PerCustomer, *, seed: int, resamples: int = RESAMPLES) -> Interval:
    """By how much `values` are above `others`, customer by customer. Above zero: better beyond chance.

    Paired, so that what makes a customer easy or hard for both drops out.
    """
    if len(values) != len(others):
        raise ValueError("Two methods can be compared only on the same customers.")
    return of_mean(values - others, seed=seed, resamples=resamples)
