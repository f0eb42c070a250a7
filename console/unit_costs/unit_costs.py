"""The cost of one unit, and the part of a day's cost that does not depend on volume. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.finops.decimals import DIGITS, STEP, ZERO, difference, rounded, total

FEWEST_DAYS = 8  # a straight line through fewer days says nothing
CONFIDENCE = 0.9  # of the interval that the slope must lie above 0 in


@dataclass(frozen=True)
class Parts:
    """An amount split three ways; `total` is their sum, to the last digit."""

    direct: Decimal = ZERO
    shared: Decimal = ZERO
    unallocated: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The whole amount."""
        return total((self.direct, self.shared, self.unallocated))


def per_unit(cost: Parts, count: int, units: int = 1) -> Parts | None:
    """The cost of `units` of something of which there were `count`; None where there was none.

    Quotients are rounded to 12 digits; direct and unallocated are rounded, and shared is what is left of the rounded
    whole, so that the parts still add up.
    """
    if not count:
        return None

    def quotient(amount: Decimal) -> Decimal:
        return DIGITS.divide(DIGITS.multiply(amount, Decimal(units)), Decimal(count)).quantize(STEP, context=DIGITS)

    direct, unallocated = quotient(cost.direct), quotient(cost.unallocated)
    shared = difference(quotient(cost.total), total((direct, unallocated)))
    if not cost.shared:  # nothing is shared: what rounding leaves is no shared cost
        return Parts(total((direct, shared)), ZERO, unallocated)
    return Parts(direct, shared, unallocated)


@dataclass(frozen=True)
class Efficiency:
    """A day's cost as a straight line over its volume: ``cost = fixed + variable × volume``.

    Attributes
    ----------
    fixed : what a day costs without any volume
    variable : what one more unit costs
    fixed_share : fixed ÷ cost at the usual (median) volume; None where cost does not follow volume
    low, high : the interval that holds `variable` with 90 % confidence
    days : how many days the line is fitted to
    """

    fixed: Decimal
    variable: Decimal
    fixed_share: Decimal | None
    low: Decimal
    high: Decimal
    days: int

    def unit_cost(self, volume: Decimal) -> Decimal | None:
        """What one unit costs at a daily volume: fixed ÷ volume + variable."""
        return self.fixed / volume + self.variable if volume else None


def efficiency(volumes: Sequence[int], costs: Sequence[Decimal]) -> Efficiency | None:
    """The line through the days; None for fewer than `FEWEST_DAYS` days with volume, or days all of one volume.

    The slope is the median of the slopes between all pairs of days, and the intercept the median cost less the slope
    times the median volume: up to 29 % of the days may be out of line, such as the days of monthly charges (H. Theil
    1950, P. K. Sen 1968; scipy.stats.theilslopes). Where the interval of the slope holds 0, cost does not follow volume
    in these days, and there is no fixed share.
    """
    import numpy as np
    from scipy.stats import theilslopes

    pairs = [(volume, cost) for volume, cost in zip(volumes, costs, strict=True) if volume > 0]
    if len(pairs) < FEWEST_DAYS or len({volume for volume, _ in pairs}) < 2:
        return None
    x = np.array([float(volume) for volume, _ in pairs])
    y = np.array([float(cost) for _, cost in pairs])
    slope, intercept, low, high = (float(value) for value in theilslopes(y, x, alpha=CONFIDENCE))
    usual = intercept + slope * float(np.median(x))
    share = None
    if low > 0 and usual > 0:
        share = Decimal(str(round(min(max(intercept / usual, 0.0), 1.0), 6)))
    fixed, per_unit, least, most = (rounded(value, STEP) for value in (intercept, slope, low, high))
    return Efficiency(fixed, per_unit, share, least, most, len(pairs))
