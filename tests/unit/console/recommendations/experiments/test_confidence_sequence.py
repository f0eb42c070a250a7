"""The interval that holds at every look, against the paper's formula and other people's functions."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import lambertw

from console.recommendations.experiments.confidence_sequence import (
    ALPHA,
    PLANNED_CUSTOMERS,
    customers_until,
    standard_errors,
)


def by_the_paper(customers: int, rho: float, alpha: float) -> float:
    """Theorem 2.2 with σ̂ = 1, in standard errors, written as it is printed there."""
    t = customers
    margin = math.sqrt(2 * (t * rho**2 + 1) / (t**2 * rho**2) * math.log(math.sqrt(t * rho**2 + 1) / alpha))
    return margin * math.sqrt(t)


@pytest.mark.parametrize("alpha", [0.05, 0.025, 0.05 / 3])
@pytest.mark.parametrize("customers", [10, 1_000, PLANNED_CUSTOMERS, 3_000_000])
def test_the_width_is_that_of_the_paper_with_its_rho(customers: int, alpha: float) -> None:
    rho = math.sqrt((-lambertw(-(alpha**2) * math.exp(-1), -1).real - 1) / PLANNED_CUSTOMERS)
    assert standard_errors(customers, alpha) == pytest.approx(by_the_paper(customers, rho, alpha), rel=1e-9)


def test_no_other_rho_is_narrower_at_the_planned_number_of_customers() -> None:
    best = minimize_scalar(lambda log: by_the_paper(PLANNED_CUSTOMERS, math.exp(log), ALPHA), bounds=(-9, -1))
    assert standard_errors(PLANNED_CUSTOMERS) == pytest.approx(best.fun, rel=1e-9)


def test_looking_at_any_day_costs_half_as_much_width_again_as_looking_once() -> None:
    assert [round(standard_errors(size), 2) for size in (1_000, 10_000, 100_000)] == [3.82, 3.04, 3.25]


@given(half_width=st.floats(1e-3, 1e3), variance=st.floats(1e-3, 1e6), alpha=st.sampled_from([0.05, 0.05 / 3]))
def test_the_customers_needed_are_the_fewest_that_are_enough(half_width: float, variance: float, alpha: float) -> None:
    needed = customers_until(half_width, variance, alpha)

    def width(customers: int) -> float:
        return standard_errors(customers, alpha) * math.sqrt(variance / customers)

    assert width(needed) <= half_width
    assert needed == 1 or width(needed - 1) > half_width
