"""Sums of costs that stay exact: Python's default context rounds at 28 digits, and a cost may have 38."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import reduce

ZERO = Decimal(0)
STEP = Decimal("0.000000000001")  # the last digit of decimal(38, 12)
MONEY_STEP = Decimal("0.0001")  # to which amounts that were estimated in floats are rounded
DIGITS = Context(prec=100, rounding=ROUND_HALF_EVEN)  # a product of two costs has at most 76


def total(amounts: Iterable[Decimal | None]) -> Decimal:
    """The sum, to the last digit; an amount that is unknown adds nothing."""
    return reduce(DIGITS.add, (amount for amount in amounts if amount is not None), ZERO)


def rounded(value: float, step: Decimal = MONEY_STEP) -> Decimal:
    """A float as a decimal, rounded to a multiple of `step`."""
    return Decimal(repr(float(value))).quantize(step, context=DIGITS)


def difference(amount: Decimal, other: Decimal) -> Decimal:
    """`amount` − `other`, to the last digit."""
    return DIGITS.subtract(amount, other)
