"""The Brief in words: facts in, sentences out. Pure, so that a test reads them as a reader does."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console.asking.figures import Unit, relative_change
from console.brief.answer import Brief
from console.brief.cloud import Cloud
from console.kit import formatting as text
from console.products.answer import Product
from console.sales.answer import Slice
from console.sales.decomposition import CONVERSION, ORDER_VALUE, ORDERS, TRAFFIC, Part

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


def bill(cloud: Cloud | None, label: str) -> str:
    """What the cloud cost, its share of what the shop took, and whether the bill needs somebody; empty without one."""
    if cloud is None or cloud.cost is None:
        return ""
    words = f"The cloud cost {text.money(cloud.cost, cloud.currency)} (effective)"
    if cloud.share is not None:
        words += f", {_share(cloud.share)} of net revenue"
        if cloud.share_before is not None:
            words += f" after {_share(cloud.share_before)} in {_against(label)}"
    elif cloud.before is not None:
        words += f" after {text.money(cloud.before, cloud.currency)} in {_against(label)}"
    standing = cloud.standing
    if standing is None or standing.is_pending:
        return f"{words}."
    if standing.ended is not None:
        return f"{words}; the bill ends on {text.day(standing.ended)}."
    unusual = len(standing.open_anomalies)
    if unusual:
        at_stake = text.money(standing.money_at_stake, cloud.currency)
        words += f"; {at_stake} of the last four weeks' bill {'is' if unusual == 1 else 'are'} unusual"
    over = len(standing.off_budget)
    if over:
        words += f"; {over} budget{'' if over == 1 else 's'} will not hold"
    if not unusual and not over:
        words += "; nothing in it is unusual" + (" and every budget holds" if standing.statuses else "")
    return f"{words}."


def paragraphs(answer: Brief, currency: str) -> list[str]:
    """The sentences below the headline: why and where net revenue changed, and what the cloud cost."""
    changed = [where(answer.by_category, currency), where(answer.by_region, currency)] if answer.before else []
    cloud = bill(answer.cloud, answer.before.label if answer.before else "")
    return [why(answer.parts, currency), *changed, cloud]


def mover(product: Product, currency: str) -> str:
    """One product that moved: its name, by how much, and from what."""
    now = text.compact(product.net_revenue, Unit.MONEY, currency)
    return f"{product.name}: {_amount(product.change, currency)} to {now}"


def _share(share: Decimal) -> str:
    return text.percent(share, 2 if share < Decimal("0.01") else 1)


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
