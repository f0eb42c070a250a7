"""Samples of literal and of simulated customers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from console.recommendations.experiments.sample import Sample, running

AMOUNT = 3.5  # mean of the logarithm of what a buyer spends


def sample_of(outcomes: Sequence[float]) -> Sample:
    """The sample of some customers' outcomes."""
    return Sample(
        len(outcomes), sum(outcomes), sum(outcome * outcome for outcome in outcomes), sum(o != 0 for o in outcomes)
    )


@dataclass(frozen=True)
class Simulated:
    """An experiment looked at every day: for each day, all customers up to it, and the true difference of the means."""

    one: list[Sample]
    control: list[Sample]
    truth: float


def simulated(
    experiments: int,
    *,
    seed: int,
    days: int = 60,
    a_day: int = 300,
    control_share: float = 0.5,
    buyers: float = 0.04,
    spread: float = 1.5,
    effect: float = 0.0,
) -> Iterator[Simulated]:
    """Experiments of a shop where few buy, and few of those spend much (log-normal, `spread` of the logarithm)."""
    rng = np.random.default_rng(seed)
    mean = buyers * np.exp(AMOUNT + spread**2 / 2)
    for _ in range(experiments):
        size = (days, a_day)
        in_control = rng.random(size) < control_share
        spent = np.where(rng.random(size) < buyers, rng.lognormal(AMOUNT, spread, size), 0.0)
        spent = np.where(in_control, spent, spent * (1 + effect))
        yield Simulated(_running(spent, ~in_control), _running(spent, in_control), float(mean * effect))


def returning(
    shops: int, *, seed: int, days: int = 84, customers: int = 2_000, control_share: float = 0.1
) -> Iterator[list[tuple[Sample, Sample]]]:
    """Shops without any effect whose customers come again: by day, what all who had come had brought by then.

    The customers who may be shown something, and the hold-out.
    """
    rng = np.random.default_rng(seed)
    for _ in range(shops):
        size = (days, customers)
        held = rng.random(customers) < control_share
        came = rng.random(size) < np.minimum(0.9, 0.05 * rng.gamma(1, 1, customers))  # some come daily, many once
        bought = came & (rng.random(size) < 0.15)
        spent = np.cumsum(np.where(bought, rng.lognormal(AMOUNT, 1.2, size), 0.0), axis=0)
        seen, active = np.maximum.accumulate(came, axis=0), np.maximum.accumulate(bought, axis=0)
        yield [
            (_sample(spent[day], seen[day] & ~held, active[day]), _sample(spent[day], seen[day] & held, active[day]))
            for day in range(days)
        ]


def _sample(spent: np.ndarray, of: np.ndarray, active: np.ndarray) -> Sample:
    kept = spent[of]
    return Sample(int(of.sum()), float(kept.sum()), float((kept**2).sum()), int((of & active).sum()))


def _running(spent: np.ndarray, of: np.ndarray) -> list[Sample]:
    kept = np.where(of, spent, 0.0)
    days = zip(of.sum(1), kept.sum(1), (kept**2).sum(1), (kept > 0).sum(1), strict=True)
    return running(
        Sample(int(count), float(total), float(squares), int(active)) for count, total, squares, active in days
    )
