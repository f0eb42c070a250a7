"""What a line of the bill is made of: a quantity is a product of named factors."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from console.asking.engines.prices import TERABYTE
from console.tiers.sizing import DAYS, GIGA, HOURS


@dataclass(frozen=True)
class Factor:
    """One part of a quantity: a number, what it counts, and whether it divides."""

    value: Decimal
    what: str
    divides: bool = False


Row = tuple[str, str, str, tuple[Factor, ...]]  # service, what is charged, key of its price, factors


def times(value: Decimal | int, what: str) -> Factor:
    """A factor that multiplies."""
    return Factor(Decimal(value), what)


def per(value: Decimal | int, what: str) -> Factor:
    """A factor that divides."""
    return Factor(Decimal(value), what, divides=True)


A_MONTH, HOURS_A_MONTH = times(DAYS, "days"), times(HOURS, "hours")
PER_GB, PER_TB = per(GIGA, "bytes a GB"), per(TERABYTE, "bytes a TB")
