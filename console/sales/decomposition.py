"""Why revenue changed: an exact split into traffic × conversion × order value. Pure arithmetic.

Net revenue is sessions × (orders ÷ sessions) × (net revenue ÷ orders). Each factor's part of a change is its Shapley
value: its effect averaged over every order in which the three factors can change (L. Shapley, *A value for n-person
games*, 1953). The parts add up to the change exactly, favour no factor, and need no residual.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

CENT = Decimal("0.01")


@dataclass(frozen=True)
class SalesTotals:
    """A period's sessions, placed orders and net revenue."""

    sessions: int
    orders: int
    net_revenue: Decimal


@dataclass(frozen=True)
class Contribution:
    """What one factor contributed to the change, in money rounded to the cent."""

    name: str
    amount: Decimal


TRAFFIC = "Traffic"
CONVERSION = "Conversion"
ORDER_VALUE = "Order value"
ORDERS = "Orders"


def split(now: SalesTotals, before: SalesTotals) -> list[Contribution]:
    """The parts of ``now.net_revenue − before.net_revenue``; rounded to cents, they still add up to it.

    Three parts where both periods have sessions and orders. Two (orders, order value) where a period has no sessions:
    the sender records purchases only. One (orders) where a period has no orders.
    """
    change = now.net_revenue - before.net_revenue
    if not now.orders or not before.orders:
        return _to_cents([(ORDERS, Fraction(change))], change)
    value = (Fraction(before.net_revenue) / before.orders, Fraction(now.net_revenue) / now.orders)
    if not now.sessions or not before.sessions:
        count = (Fraction(before.orders), Fraction(now.orders))
        return _to_cents(
            [
                (ORDERS, (count[1] - count[0]) * (value[0] + value[1]) / 2),
                (ORDER_VALUE, (value[1] - value[0]) * (count[0] + count[1]) / 2),
            ],
            change,
        )
    traffic = (Fraction(before.sessions), Fraction(now.sessions))
    conversion = (Fraction(before.orders, before.sessions), Fraction(now.orders, now.sessions))
    return _to_cents(
        [
            (TRAFFIC, _shapley(traffic, conversion, value)),
            (CONVERSION, _shapley(conversion, traffic, value)),
            (ORDER_VALUE, _shapley(value, traffic, conversion)),
        ],
        change,
    )


Pair = tuple[Fraction, Fraction]


def _shapley(own: Pair, other: Pair, third: Pair) -> Fraction:
    """Effect of one factor of a product of three, averaged over the six orders in which they can change."""
    same = (other[0] * third[0] + other[1] * third[1]) / 3
    mixed = (other[0] * third[1] + other[1] * third[0]) / 6
    return (own[1] - own[0]) * (same + mixed)


def _to_cents(parts: Sequence[tuple[str, Fraction]], change: Decimal) -> list[Contribution]:
    """Round each part to the cent and give what rounding left over to the largest part."""
    rounded = [_cents(amount) for _, amount in parts]
    left = change.quantize(CENT, ROUND_HALF_EVEN) - sum(rounded, Decimal(0))
    largest = max(range(len(parts)), key=lambda index: abs(parts[index][1]))
    rounded[largest] += left
    return [Contribution(name, amount) for (name, _), amount in zip(parts, rounded, strict=True)]


def _cents(amount: Fraction) -> Decimal:
    return Decimal(round(amount * 100)) / 100
