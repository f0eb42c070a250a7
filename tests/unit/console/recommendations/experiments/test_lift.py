"""The lift of a variant, on literal customers, as properties, and in simulated experiments that are looked at daily."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from console.recommendations.experiments import lift
from console.recommendations.experiments.confidence_sequence import standard_errors
from console.recommendations.experiments.lift import LEAST_ACTIVE, Estimate
from console.recommendations.experiments.sample import Sample
from tests.unit.console.recommendations.experiments.samples import Simulated, sample_of, simulated

EXPERIMENTS = 240
FALSE_ALARMS = 0.05

outcomes = st.lists(
    st.one_of(st.just(0.0), st.floats(-50, 500).map(lambda amount: round(amount, 2))), min_size=3, max_size=60
)


@given(outcomes)
def test_counts_and_sums_have_the_mean_and_the_variance_of_the_customers(found: list[float]) -> None:
    sample = sample_of(found)
    assert sample.mean == pytest.approx(statistics.fmean(found), abs=1e-9)
    assert sample.variance == pytest.approx(statistics.variance(found), rel=1e-6, abs=1e-6)


def test_two_days_together_are_the_customers_of_both() -> None:
    assert sample_of([0, 2.5]) + sample_of([4]) == sample_of([0, 2.5, 4])


def test_a_lift_of_literal_customers() -> None:
    one = sample_of([0.0] * 60 + [10.0] * 40)
    control = sample_of([0.0] * 70 + [10.0] * 30)
    found = lift.difference(one, control)
    assert found is not None
    error = math.sqrt(
        statistics.variance([0.0] * 60 + [10.0] * 40) / 100  # the larger variance, its own
        + (statistics.variance([0.0] * 60 + [10.0] * 40) + statistics.variance([0.0] * 70 + [10.0] * 30)) / 2 / 100
    )
    assert found.value == pytest.approx(1.0)
    assert found.high - found.value == pytest.approx(standard_errors(200) * error)
    assert found.value - found.low == pytest.approx(standard_errors(200) * error)


def test_nothing_is_said_before_both_have_twenty_buyers() -> None:
    enough, one_short = sample_of([0.0, *[5.0] * LEAST_ACTIVE]), sample_of([0.0, *[5.0] * (LEAST_ACTIVE - 1)])
    for pair in ((enough, one_short), (one_short, enough), (enough, Sample())):
        assert lift.difference(*pair) is None
        assert lift.relative(*pair) is None
        assert lift.customers_needed(*pair, effect=0.05) is None
    assert lift.difference(enough, enough) is not None


def test_no_relative_lift_is_given_as_long_as_the_control_may_bring_nothing() -> None:
    often = sample_of([20.0] * 400 + [21.0] * 400)
    mixed = sample_of([-100.0, 100.0] * 400)
    assert lift.difference(often, mixed) is not None
    assert lift.relative(often, mixed) is None
    assert lift.relative(mixed, often) is not None


@given(outcomes, outcomes, st.integers(1, 200))
def test_the_ends_of_the_relative_lift_are_the_ratios_that_are_just_not_refuted(
    one: list[float], control: list[float], times: int
) -> None:
    first, base = sample_of(one * times), sample_of(control * times)
    found = lift.relative(first, base)
    assume(found is not None and found.high - found.low > 1e-6)
    assert found is not None
    width = standard_errors(first.customers + base.customers)
    pooled = ((first.customers - 1) * first.variance + (base.customers - 1) * base.variance) / (
        first.customers + base.customers - 2
    )
    for end in (found.low, found.high):
        ratio = 1 + end
        error = math.sqrt(
            max(first.variance, pooled) / first.customers + ratio**2 * max(base.variance, pooled) / base.customers
        )
        assert abs(first.mean - ratio * base.mean) == pytest.approx(width * error, rel=1e-6, abs=1e-9)
    assert found.low <= found.value <= found.high


@given(outcomes, outcomes, st.integers(1, 200))
def test_the_relative_lift_may_be_chance_where_the_difference_may_be(
    one: list[float], control: list[float], times: int
) -> None:
    first, base = sample_of(one * times), sample_of(control * times)
    difference, relative = lift.difference(first, base), lift.relative(first, base)
    assume(difference is not None and relative is not None)
    assert difference is not None
    assert relative is not None
    assume(min(abs(difference.low), abs(difference.high)) > 1e-6)  # the last digits may differ
    assert difference.holds_zero == relative.holds_zero


def test_with_the_customers_needed_the_lift_is_known_as_well_as_wanted() -> None:
    one, control = sample_of([0.0] * 90 + [30.0] * 10), sample_of([0.0] * 880 + [30.0] * 120)
    one = Sample(*(4 * count for count in vars(one).values()))
    needed = lift.customers_needed(one, control, 0.1)
    assert needed is not None
    assert needed > 0
    grown = (1400 + needed) / 1400
    one, control = (
        Sample(round(s.customers * grown), s.total * grown, s.squares * grown, round(s.active * grown))
        for s in (one, control)
    )
    found = lift.difference(one, control)
    assert found is not None
    assert found.high - found.value == pytest.approx(0.1 * control.mean, rel=0.01)
    assert lift.customers_needed(one, control, 0.1) == pytest.approx(0, abs=30)


def test_fewer_customers_are_needed_for_a_larger_effect_and_none_for_one_that_is_known() -> None:
    one, control = sample_of([0.0] * 900 + [30.0] * 100), sample_of([0.0] * 880 + [30.0] * 120)
    needed = [lift.customers_needed(one, control, effect) for effect in (0.02, 0.05, 0.2, 10.0)]
    assert needed == sorted(needed, reverse=True)  # type: ignore[type-var]
    assert needed[-1] == 0


def alarms(experiments: list[Simulated], look: Callable[[Sample, Sample], Estimate | None]) -> float:
    """The share of experiments in which an interval misses the truth on any day."""
    missed = 0
    for experiment in experiments:
        looks = (look(one, control) for one, control in zip(experiment.one, experiment.control, strict=True))
        missed += any(not found.low <= experiment.truth <= found.high for found in looks if found is not None)
    return missed / len(experiments)


def looked_at_once(one: Sample, control: Sample) -> Estimate | None:
    """The usual interval, which is meant for one look on a day that was fixed before."""
    if not lift.can_compare(one, control):
        return None
    value = one.mean - control.mean
    half = 1.96 * math.sqrt(one.variance / one.customers + control.variance / control.customers)
    return Estimate(value, value - half, value + half)


@pytest.mark.parametrize(
    ("control_share", "effect", "spread"),
    [(0.5, 0.0, 1.0), (0.1, 0.0, 1.5), (0.1, 0.2, 1.0), (0.1, -0.2, 1.5), (0.9, 0.2, 1.0)],
)
def test_looked_at_daily_the_interval_holds_the_truth_on_all_days_and_a_usual_one_does_not(
    control_share: float, effect: float, spread: float
) -> None:
    experiments = list(simulated(EXPERIMENTS, seed=5, control_share=control_share, effect=effect, spread=spread))
    assert alarms(experiments, lift.difference) <= FALSE_ALARMS
    assert alarms(experiments, looked_at_once) > 2 * FALSE_ALARMS


def test_an_effect_is_found() -> None:
    experiments = list(simulated(40, seed=6, a_day=1_000, spread=1.0, effect=0.4))
    found = [lift.difference(experiment.one[-1], experiment.control[-1]) for experiment in experiments]
    assert sum(estimate is not None and estimate.low > 0 for estimate in found) >= 30


def test_the_relative_lift_holds_the_truth_on_all_days_too() -> None:
    missed = 0
    for experiment in simulated(EXPERIMENTS, seed=7, control_share=0.1, effect=0.2):
        looks = (lift.relative(*pair) for pair in zip(experiment.one, experiment.control, strict=True))
        missed += any(not found.low <= 0.2 <= found.high for found in looks if found is not None)
    assert missed / EXPERIMENTS <= FALSE_ALARMS
