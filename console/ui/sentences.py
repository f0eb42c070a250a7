"""The Brief in words: facts in, sentences out. Pure, so that a test reads them as a reader does."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console.insights.brief import Brief
from console.insights.decomposition import CONVERSION, ORDER_VALUE, ORDERS, TRAFFIC, Part
from console.insights.figures import Unit, relative_change
from console.insights.products import Product
from console.insights.sales import Slice
from console.ui import formatting as text

_GAINED = {
    TRAFFIC: "more visits",
    CONVERSION: "better conversion",
    ORDER_VALUE: "larger orders",
    ORDERS: "more orders",
}
_LOST = {
    TRAFFIC: "fewer visits",
    CONVERSION: "weaker conversion",
    ORDER_VALUE: "smaller orders",
    ORDERS: "fewer orders",
}
WORD_JOINER = "\u2060"  # a minus sign may not end a line
STEADY = 0.005  # a change below half a percent reads as none


def headline(brief: Brief, currency: str) -> str:
    """What happened, in one sentence."""
    now = brief.now.sums.net_revenue
    amount = text.compact(now, Unit.MONEY, currency)
    days = brief.now.daily.period.days
    took = f"We took {amount} net in {days} day{'' if days == 1 else 's'}"
    before = brief.before
    if before is None:
        return f"{took}."
    base = before.sums.net_revenue
    relative = relative_change(now, base)
    if relative is None:
        return f"{took}; there is nothing to hold it against."
    against = _against(before.label)
    if abs(relative) < STEADY:
        return f"{took}, about as much as {against}."
    word = "more" if relative > 0 else "less"
    difference = text.compact(abs(now - base), Unit.MONEY, currency)
    return f"{took}: {difference} ({text.percent(abs(relative))}) {word} than {against}."


def why(parts: Sequence[Part], currency: str) -> str:
    """Which factor moved revenue, the strongest first; empty where nothing did."""
    moved = sorted((part for part in parts if part.amount), key=lambda part: -abs(part.amount))
    if not moved:
        return ""
    pieces = []
    for part in moved:
        words = (_GAINED if part.amount > 0 else _LOST)[part.name]
        pieces.append(f"{words} {_amount(part.amount, currency)}")
    return _sentence(_listed(pieces))


def where(slices: Sequence[Slice], currency: str) -> str:
    """Which slices gained and lost most; empty where none changed."""
    gains = [each for each in slices if (each.change or 0) > 0]
    losses = [each for each in slices if (each.change or 0) < 0]
    pieces = []
    if gains:
        best = max(gains, key=lambda each: each.change or 0)
        pieces.append(f"{best.name} gained most ({_amount(best.change, currency)})")
    if losses:
        worst = min(losses, key=lambda each: each.change or 0)
        pieces.append(f"{worst.name} lost most ({_amount(worst.change, currency)})")
    return _sentence(", ".join(pieces))


def mover(product: Product, currency: str) -> str:
    """One product that moved: its name, by how much, and from what."""
    now = text.compact(product.net_revenue, Unit.MONEY, currency)
    return f"{product.name}: {_amount(product.change, currency)} to {now}"


def _against(label: str) -> str:
    return {"Previous period": "the period before", "A year ago": "a year ago"}.get(label, label)


def _amount(value: Decimal | None, currency: str) -> str:
    amount = value or Decimal(0)
    words = ("+" if amount > 0 else "") + text.compact(amount, Unit.MONEY, currency)
    return words.replace(text.MINUS, text.MINUS + WORD_JOINER)


def _listed(pieces: Sequence[str]) -> str:
    if len(pieces) == 1:
        return pieces[0]
    return f"{', '.join(pieces[:-1])} and {pieces[-1]}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}." if words else ""
