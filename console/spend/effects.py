"""What changed between two periods: quantity, price, new and gone, adding up to the change to the last digit. Pure.

A *line* is what has one price: a service, usage type, region, account and pricing unit. Where it was charged in both
periods with a quantity, its cost is unit price × quantity, and its change is split by Bennet's two indicators
(T. L. Bennet, *The Theory of Measurement of Changes in Cost of Living*, Journal of the Royal Statistical Society, 1920;
W. E. Diewert, *Index Number Theory Using Differences Rather Than Ratios*, 2005)::

    quantity effect = (quantity now − quantity before) × (price before + price now) ÷ 2
    price effect    = (price now − price before) × (quantity before + quantity now) ÷ 2

They add up exactly, favour neither period and neither factor, and swap signs where the periods are swapped; the usual
price-volume analysis, which takes the old price and the new quantity, has none of the last three. The quantity effect
is rounded to the last digit that a cost has, and the price effect is the rest of the change. A difference that rounding
of the charges alone can cause is no price effect.

A line that is there in one period only is new or gone. What has no price of its own (tax, credits, corrections,
purchases, usage without a quantity) is named by its kind. So is a line that was charged in both periods and has
a cost in one only: whether it changed is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from console.finops.decimals import DIGITS, STEP, ZERO, difference, total

TWO = Decimal(2)


class Effect(StrEnum):
    """The reasons for a change, in the order they are shown."""

    QUANTITY = "Quantity"
    PRICE = "Price"
    NEW = "New"
    GONE = "Gone"
    UNMEASURED = "Usage without quantity"
    PURCHASES = "Purchases and fees"
    TAX = "Tax"
    CREDITS = "Credits"
    CORRECTIONS = "Refunds and corrections"
    UNKNOWN = "Cost unknown in one period"


_BY_KIND = {
    "Purchase": Effect.PURCHASES,
    "Tax": Effect.TAX,
    "Credit": Effect.CREDITS,
    "Correction": Effect.CORRECTIONS,
}
USAGE = "Usage"


@dataclass(frozen=True)
class PricedLine:
    """The charges of one service, usage type, region, account and pricing unit, in two periods.

    Attributes
    ----------
    kind : ``Usage``, ``Purchase``, ``Tax``, ``Credit`` or ``Correction``
    cost, cost_before : in one basis and currency; None where the basis is unknown, which adds nothing
    quantity, quantity_before : in `pricing_unit`; None where nothing is measured
    charges, charges_before : charge rows; 0 where the line is not there at all
    """

    service: str
    usage_type: str
    region: str
    account: str
    pricing_unit: str
    kind: str
    cost: Decimal | None
    cost_before: Decimal | None
    quantity: Decimal | None
    quantity_before: Decimal | None
    charges: int
    charges_before: int

    @property
    def change(self) -> Decimal:
        """Cost now − cost before."""
        return difference(self.cost or ZERO, self.cost_before or ZERO)

    @property
    def unit_price(self) -> Decimal | None:
        """Cost ÷ quantity now; None without a quantity."""
        return _price(self.cost, self.quantity)

    @property
    def unit_price_before(self) -> Decimal | None:
        """Cost ÷ quantity before; None without a quantity."""
        return _price(self.cost_before, self.quantity_before)


Moved = tuple[PricedLine, Mapping[Effect, Decimal]]  # a line with its effects


@dataclass(frozen=True)
class ChangeSplit:
    """A change and its effects, which add up to it exactly. An effect of 0 is left out."""

    before: Decimal
    now: Decimal
    effects: Mapping[Effect, Decimal]

    @property
    def change(self) -> Decimal:
        """Now − before."""
        return difference(self.now, self.before)


def split_line(line: PricedLine) -> dict[Effect, Decimal]:
    """The effects of one line; they add up to its change exactly."""
    if line.kind in _BY_KIND:
        return _without_zeros({_BY_KIND[line.kind]: line.change})
    if not line.charges_before:
        return _without_zeros({Effect.NEW: line.change})
    if not line.charges:
        return _without_zeros({Effect.GONE: line.change})
    if (line.cost is None) != (line.cost_before is None):
        return _without_zeros({Effect.UNKNOWN: line.change})
    quantity = _quantity_effect(line)
    if quantity is None:
        return _without_zeros({Effect.UNMEASURED: line.change})
    price = difference(line.change, quantity)
    if abs(price) <= (line.charges + line.charges_before) * STEP:  # what rounding each charge can make of one price
        quantity, price = line.change, ZERO
    return _without_zeros({Effect.QUANTITY: quantity, Effect.PRICE: price})


def added(lines: Sequence[Moved]) -> ChangeSplit:
    """The effects of all lines together; they add up to the change of the total exactly."""
    amounts: dict[Effect, list[Decimal]] = {}
    for _, effects in lines:
        for effect, amount in effects.items():
            amounts.setdefault(effect, []).append(amount)
    return ChangeSplit(
        before=total(line.cost_before for line, _ in lines),
        now=total(line.cost for line, _ in lines),
        effects=_without_zeros({effect: total(amounts[effect]) for effect in Effect if effect in amounts}),
    )


def movers(lines: Iterable[Moved]) -> list[Moved]:
    """Lines whose cost changed, with their effects, the largest change first, whichever its direction."""
    changed = [(line, effects, line.change) for line, effects in lines if effects]
    ranked = sorted((moved for moved in changed if moved[2]), key=lambda moved: (-abs(moved[2]), _order(moved[0])))
    return [(line, effects) for line, effects, _ in ranked]


def _order(line: PricedLine) -> tuple[str, ...]:
    return line.service, line.usage_type, line.region, line.account, line.kind


def _quantity_effect(line: PricedLine) -> Decimal | None:
    """(quantity − before) × (price before + price) ÷ 2, to the last digit of a cost; None where there is no price.

    With price = cost ÷ quantity it is (cost before × quantity ÷ before − cost before + cost − cost × before ÷ quantity)
    ÷ 2, which divides as late as it can.
    """
    cost, before = line.cost, line.cost_before
    quantity, quantity_before = line.quantity, line.quantity_before
    if cost is None or before is None or quantity is None or quantity_before is None:
        return None
    if quantity <= 0 or quantity_before <= 0:
        return None
    at_old_price = DIGITS.divide(DIGITS.multiply(before, quantity), quantity_before)
    at_new_price = DIGITS.divide(DIGITS.multiply(cost, quantity_before), quantity)
    both = DIGITS.add(DIGITS.subtract(at_old_price, before), DIGITS.subtract(cost, at_new_price))
    return DIGITS.divide(both, TWO).quantize(STEP, context=DIGITS)


def _price(cost: Decimal | None, quantity: Decimal | None) -> Decimal | None:
    return DIGITS.divide(cost, quantity) if cost is not None and quantity else None


def _without_zeros(effects: Mapping[Effect, Decimal]) -> dict[Effect, Decimal]:
    return {effect: amount for effect, amount in effects.items() if amount}
