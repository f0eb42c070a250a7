"""How much more a customer of one variant brings than one of another, with an interval that may be looked at any day.

Customers come one after the other and are given a variant by chance, so the difference of the means is the mean over
all of them of an influence function whose variance is σ₁² ÷ π₁ + σ₀² ÷ π₀, with the shares π of the two variants
(Waudby-Smith et al., section 3, without covariates). What `confidence_sequence` needs follows from it: t is the
customers of both variants together, and the standard error the usual √(s₁² ÷ n₁ + s₀² ÷ n₀).

Amounts are skewed: a small hold-out without a large order yet has, by chance, too small a mean and too small a variance
at once, and would seem sure of it. So neither variance is taken below the pooled one of both. Simulated (4 % buy, for
log-normal amounts; a tenth held out), that lowers false alarms from 15 % of the experiments to below 1 %. It costs
width only where the variances differ.

The relative lift inverts the same interval: it holds every r for which "the mean is 1 + r times the control's" is not
refuted, that is |m₁ − (1 + r) m₀| ≤ w √(s₁² ÷ n₁ + (1 + r)² s₀² ÷ n₀) (Fieller 1954). Unlike the delta method, which is
its first order, it never contradicts the difference: the one holds 0 where the other does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from console.recommendations.experiments.confidence_sequence import ALPHA, customers_until, standard_errors
from console.recommendations.experiments.sample import Sample

LEAST_ACTIVE = 20  # customers with an outcome in each variant: the sums of fewer are too far from normal


@dataclass(frozen=True)
class Estimate:
    """A value with the interval that holds the true one, on all days together, in 95 of 100 experiments."""

    value: float
    low: float
    high: float

    @property
    def holds_zero(self) -> bool:
        """Whether it may be nothing but chance."""
        return self.low <= 0 <= self.high


def can_compare(one: Sample, control: Sample) -> bool:
    """Whether enough is known of both for an interval."""
    return min(one.active, control.active) >= LEAST_ACTIVE


def difference(one: Sample, control: Sample, alpha: float = ALPHA) -> Estimate | None:
    """Mean outcome of one variant − the control's, per customer; None before `can_compare`."""
    if not can_compare(one, control):
        return None
    value = one.mean - control.mean
    half = _width(one, control, alpha) * math.sqrt(sum(_errors_squared(one, control)))
    return Estimate(value, value - half, value + half)


def relative(one: Sample, control: Sample, alpha: float = ALPHA) -> Estimate | None:
    """Mean outcome of one variant ÷ the control's − 1; None before `can_compare`, or while the control's may be 0."""
    if not can_compare(one, control):
        return None
    squared = _width(one, control, alpha) ** 2
    error_one, error_control = _errors_squared(one, control)
    # a r² − 2 b r + c ≤ 0 for the ratio r of the means
    a = control.mean**2 - squared * error_control
    b = one.mean * control.mean
    c = one.mean**2 - squared * error_one
    if a <= 0 or control.mean <= 0:
        return None
    root = math.sqrt(max(0.0, b * b - a * c))
    return Estimate(one.mean / control.mean - 1, (b - root) / a - 1, (b + root) / a - 1)


def customers_needed(one: Sample, control: Sample, effect: float, alpha: float = ALPHA) -> int | None:
    """Further customers of both variants until the difference is known to ± `effect` of the control's mean.

    Variances and shares are taken to stay as they are. None before `can_compare`, or without a mean above 0.
    """
    if not can_compare(one, control) or control.mean <= 0:
        return None
    customers = one.customers + control.customers
    variance = customers * sum(_errors_squared(one, control))
    return max(0, customers_until(effect * control.mean, variance, alpha) - customers)


def _width(one: Sample, control: Sample, alpha: float) -> float:
    return standard_errors(one.customers + control.customers, alpha)


def _errors_squared(one: Sample, control: Sample) -> tuple[float, float]:
    """The squared standard error of each mean."""
    freedom = one.customers + control.customers - 2
    pooled = ((one.customers - 1) * one.variance + (control.customers - 1) * control.variance) / freedom
    return max(one.variance, pooled) / one.customers, max(control.variance, pooled) / control.customers
