"""What insights give to pages: figures with their comparisons and the values of their sparklines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

Number = Decimal | int | float


class Unit(StrEnum):
    """How a number reads."""

    MONEY = "money"
    COUNT = "count"
    PERCENT = "percent"  # a fraction: 0.031 reads 3.1 %
    RATIO = "ratio"  # 2.4 reads 2.40


class Better(StrEnum):
    """Which way is good; decides the colour of a change, never its sign."""

    HIGHER = "higher"
    LOWER = "lower"
    NEITHER = "neither"


@dataclass(frozen=True)
class Change:
    """A comparison with another period: `value` is that period's own figure."""

    label: str
    value: Number | None


@dataclass(frozen=True)
class Figure:
    """One number of a page.

    Attributes
    ----------
    name : its term, as on the Definitions page
    value : None where it is unknown (shown as a dash, never as 0)
    unit, currency : how it reads; currency only for money
    changes : at most two comparisons
    series : the figure by day over the period, oldest first, for the sparkline
    better : which way is good
    note : a short caveat, such as the share for which a margin is unknown
    """

    name: str
    value: Number | None
    unit: Unit
    currency: str = ""
    changes: Sequence[Change] = field(default_factory=tuple)
    series: Sequence[Number | None] = field(default_factory=tuple)
    better: Better = Better.HIGHER
    note: str = ""


def relative_change(value: Number | None, base: Number | None) -> float | None:
    """(value − base) ÷ |base|; None where either is unknown or the base is 0."""
    if value is None or base is None or base == 0:
        return None
    return float((Decimal(str(value)) - Decimal(str(base))) / abs(Decimal(str(base))))
