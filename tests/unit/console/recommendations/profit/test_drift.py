"""Whether a click rate falls: what is found again, what does not disturb it, and how often it is wrong."""

from __future__ import annotations

import random
from datetime import date, timedelta
from statistics import median

import pytest

from console.recommendations.profit.drift import FEWEST_PAIRS, click_rate_shift, compared_days, shift
from console.recommendations.profit.outcomes import Outcome

END = date(2026, 11, 30)


def days(count: int = 56) -> list[date]:
    """The days before `END`, oldest first."""
    return [END - timedelta(days=number) for number in range(count, 0, -1)]


def test_a_fall_of_one_point_is_found_whatever_the_weekday_does() -> None:
    by_weekday = [0.03, 0.031, 0.032, 0.033, 0.06, 0.08, 0.07]
    rates = {day: by_weekday[day.weekday()] - (0.01 if n >= 28 else 0) for n, day in enumerate(days())}
    found = shift(rates, END)
    assert found is not None
    assert (found.change, found.low, found.high) == pytest.approx((-0.01, -0.01, -0.01))
    assert found.falls
    assert not found.rises
    assert found.pairs == 28
    assert found.before - found.now == pytest.approx(0.01)


def test_some_days_far_out_do_not_make_a_fall() -> None:
    chance = random.Random(3)
    rates = {day: 0.03 + chance.gauss(0, 0.002) for day in days()}
    for day in days()[-3:]:  # an outage of three days takes a tenth of the mean
        rates[day] = 0.0
    found = shift(rates, END)
    assert found is not None
    assert not found.falls
    assert abs(found.change) < 0.0015


def test_the_interval_holds_the_shift_in_about_95_of_100_cases() -> None:
    chance = random.Random(5)
    held = 0
    for _ in range(400):
        rates = {day: 0.04 + chance.gauss(-0.003 if n >= 28 else 0, 0.005) for n, day in enumerate(days())}
        found = shift(rates, END)
        assert found is not None
        held += found.low <= -0.003 <= found.high
    assert 0.92 * 400 <= held <= 0.985 * 400


def test_the_estimate_is_the_median_of_all_means_of_two_differences() -> None:
    chance = random.Random(8)
    rates = {day: chance.random() for day in days()}
    differences = [rates[day] - rates[day - timedelta(days=28)] for day in days(28)]
    means = [(one + other) / 2 for place, one in enumerate(differences) for other in differences[place:]]
    found = shift(rates, END)
    assert found is not None
    assert found.change == pytest.approx(median(means))
    assert sum(mean < found.low for mean in means) == sum(mean > found.high for mean in means)


def test_days_with_few_impressions_are_left_out_and_too_few_pairs_say_nothing() -> None:
    outcomes = {day: Outcome(impressions=100, clicks=3) for day in days()}
    for day in days(28)[FEWEST_PAIRS:]:
        outcomes[day] = Outcome(impressions=49, clicks=49)
    found = click_rate_shift(outcomes, END)
    assert found is not None
    assert (found.pairs, found.change, found.now) == (FEWEST_PAIRS, 0, 0.03)
    outcomes[days(28)[0]] = Outcome(impressions=10, clicks=10)
    assert click_rate_shift(outcomes, END) is None
    assert click_rate_shift({}, END) is None


def test_what_is_compared_are_eight_weeks_that_end_with_the_period() -> None:
    assert compared_days(END).dates == days()
