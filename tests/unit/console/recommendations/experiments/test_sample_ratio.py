"""Sample-ratio mismatch, against scipy's distributions, and looked at every day."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import dirichlet_multinomial, multinomial

from console.recommendations.experiments.sample_ratio import ALARM, CONCENTRATION, log_bayes_factor, mismatch


@given(
    counts=st.lists(st.integers(0, 50_000), min_size=2, max_size=4).filter(any),
    weights=st.lists(st.integers(1, 20), min_size=4, max_size=4),
)
def test_the_bayes_factor_is_that_of_two_known_distributions(counts: list[int], weights: list[int]) -> None:
    shares = np.array(weights[: len(counts)]) / sum(weights[: len(counts)])
    expected = dirichlet_multinomial.logpmf(counts, CONCENTRATION * shares, sum(counts)) - multinomial.logpmf(
        counts, sum(counts), shares
    )
    assert log_bayes_factor(counts, list(shares)) == pytest.approx(expected, rel=1e-6, abs=1e-5)


def test_customers_in_their_shares_are_no_mismatch() -> None:
    assert mismatch([[9, 1], [900, 100], [90_000, 10_000]], [0.9, 0.1]) == [1.0, 1.0, 1.0]


def test_a_twentieth_of_the_customers_of_one_half_missing_is_found_within_ten_thousand() -> None:
    days = [[day * 500, day * 475] for day in range(1, 31)]
    found = mismatch(days, [0.5, 0.5])
    assert found[0] > ALARM > found[-1]
    assert next(sum(day) for day, p in zip(days, found, strict=True) if p < ALARM) < 25_000


def test_a_mismatch_that_was_seen_is_not_forgotten() -> None:
    found = mismatch([[500, 300], [5_000, 5_000]], [0.5, 0.5])
    assert found[0] < ALARM
    assert found[1] == found[0]


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.1, 0.9), (0.2, 0.3, 0.5)])
def test_looked_at_daily_one_experiment_in_a_hundred_or_fewer_raises_a_false_alarm(shares: tuple[float, ...]) -> None:
    rng = np.random.default_rng(3)
    experiments = np.cumsum(rng.multinomial(200, shares, size=(600, 90)), axis=1).tolist()
    false = sum(mismatch(days, shares)[-1] < ALARM for days in experiments)
    assert false / len(experiments) <= ALARM
