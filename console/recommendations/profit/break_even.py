"""Whether recommendations pay: what they brought, attributed and incremental, against what they cost. Pure arithmetic.

Attributed is what was bought after a click. Some of it would have been bought anyway, and how much of it, no figure of
the shop says: only customers who are shown nothing, a hold-out, do. What they bring less is *incremental*.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property

from console.finops.decimals import DIGITS, STEP, ZERO, difference
from console.recommendations.experiments.incremental import IncrementalMargin

MOST_UNKNOWN = Decimal("0.05")  # share of net revenue without a known margin, with which a loss is still called one


class Verdict(StrEnum):
    """Whether recommendations pay, as far as it is known."""

    PAYS = "pays"
    LOSES = "loses"
    OPEN = "open"  # the interval of the incremental margin holds the cost
    MARGIN_UNKNOWN = "margin unknown"  # the interval is below the cost, but much of what is sold has no known margin
    UNMEASURED = "unmeasured"  # no hold-out has said anything yet
    UNKNOWN = "unknown"  # what recommending costs is unknown


@dataclass(frozen=True)
class Balance:
    """Margin against cost, of the days whose cost is known.

    Attributes
    ----------
    days : how many those are
    clicks : on those days
    margin : attributed gross margin, where the cost of goods is known; None where it is of nothing
    cost : of recommending, in the currency of the margin; None where unknown
    measured : incremental margin over as many days; None without a hold-out that says something of them
    """

    days: int
    clicks: int
    margin: Decimal | None
    cost: Decimal | None
    measured: IncrementalMargin | None = None

    @property
    def left(self) -> Decimal | None:
        """Attributed margin − cost: what is left if all of it is incremental."""
        return None if self.margin is None or self.cost is None else difference(self.margin, self.cost)

    @property
    def incremental_left(self) -> Decimal | None:
        """Incremental margin − cost."""
        return None if self.measured is None or self.cost is None else difference(self.measured.value, self.cost)

    @property
    def incremental_left_interval(self) -> tuple[Decimal, Decimal] | None:
        """The interval of `incremental_left`: the cost is known, so it is the margin's, moved by the cost."""
        if self.measured is None or self.cost is None:
            return None
        return difference(self.measured.low, self.cost), difference(self.measured.high, self.cost)

    @property
    def break_even_share(self) -> Decimal | None:
        """The share of attributed margin that must be incremental for it to pay; above 1 it cannot.

        None where margin or cost is unknown, or where no margin is attributed.
        """
        if self.margin is None or self.cost is None or self.margin <= ZERO:
            return None
        return _quotient(self.cost, self.margin)

    @property
    def margin_per_click(self) -> Decimal | None:
        """Attributed margin of a click; None without clicks or where unknown."""
        return None if self.margin is None or not self.clicks else _quotient(self.margin, Decimal(self.clicks))

    @property
    def break_even_clicks(self) -> Decimal | None:
        """Clicks a day that pay the cost of a day, if all their attributed margin is incremental.

        None where unknown, or where a click brings nothing.
        """
        per_click = self.margin_per_click
        if per_click is None or per_click <= ZERO or self.cost is None or not self.days:
            return None
        return _quotient(self.cost, DIGITS.multiply(Decimal(self.days), per_click))

    @property
    def clicks_a_day(self) -> Decimal | None:
        """Clicks ÷ days; None without days."""
        return Decimal(self.clicks) / self.days if self.days else None

    @cached_property
    def verdict(self) -> Verdict:
        """Whether it pays."""
        if self.cost is None:
            return Verdict.UNKNOWN
        if self.measured is None:
            return Verdict.UNMEASURED
        if self.measured.low > self.cost:
            return Verdict.PAYS
        if self.measured.high >= self.cost:
            return Verdict.OPEN
        is_known = (self.measured.unknown_margin_share or ZERO) <= MOST_UNKNOWN
        return Verdict.LOSES if is_known else Verdict.MARGIN_UNKNOWN


def _quotient(amount: Decimal, by: Decimal) -> Decimal:
    """To 12 digits after the point, as unit costs are."""
    return DIGITS.divide(amount, by).quantize(STEP, context=DIGITS)
