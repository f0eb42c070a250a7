"""Bootstrap intervals over customers."""

import math

import numpy as np
import pytest

from pipeline.recommend.evaluation import intervals


def test_the_interval_of_a_mean_is_the_normal_one_where_customers_are_many():
    values = np.random.default_rng(1).normal(0.5, 0.2, 4000)
    found = intervals.of_mean(values, seed=2)
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - half, abs=half / 5)
    assert found.high == pytest.approx(values.mean() + half, abs=half / 5)


def test_customers_who_are_all_alike_leave_no_doubt():
    assert intervals.of_mean(np.full(10, 0.25), seed=1) == (0.25, 0.25, 0.25)


def test_the_same_seed_draws_the_same_customers():
    values = np.random.default_rng(1).random(50)
    assert intervals.of_mean(values, seed=3) == intervals.of_mean(values, seed=3)
    assert intervals.of_mean(values, seed=3) != intervals.of_mean(values, seed=4)


def test_a_small_lead_with_every_customer_is_sure_though_customers_differ_much():
    hard_or_easy = np.tile([0.0, 1.0], 50)
    better = hard_or_easy + 0.01
    alone = intervals.of_mean(better, seed=1)
    assert alone.low < hard_or_easy.mean() < alone.high  # the intervals of the two overlap
    paired = intervals.of_difference(better, hard_or_easy, seed=1)
    assert paired.low > 0
    assert paired.mean == pytest.approx(0.01)


def test_lists_of_other_customers_are_not_compared():
    with pytest.raises(ValueError, match="same customers"):
        intervals.of_difference(np.ones(3), np.ones(4), seed=1)


def test_nobody_gives_no_number():
    assert all(math.isnan(number) for number in intervals.of_mean(np.array([]), seed=1))
