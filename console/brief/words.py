"""The sentences of the Brief, made from its figures. Pure functions, so that tests read what readers read."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Unit, relative_change
from console.brief.answer import Brief
from console.brief.cloud import Cloud
from console.products.answer import Product
from console.sales.answer import Slice
from console.sales.decomposition import CONVERSION, ORDER_VALUE, ORDERS, TRAFFIC, Contribution

_MORE_OR_LESS = {
    TRAFFIC: ("more visits", "fewer visits"),
    CONVERSION: ("better conversion", "weaker conversion"),
    ORDER_VALUE: ("larger orders", "smaller orders"),
    ORDERS: ("more orders", "fewer orders"),
}
WORD_JOINER = "\u2060"  # a minus sign may not end a line
STEADY = 0.005  # a smaller change is called none


def headline(brief: Brief, currency: str) -> str:
    """Net revenue of the period, and how it compares, in one sentence."""
    now = brief.now.sums.net_revenue
    amount = text.compact(now, Unit.MONEY, currency)
    took = f"We took {amount} net in {text.counted(brief.now.daily.period.days, 'day')}"
    before = brief.before
    if before is None:
        return f"{took}."
    base = before.sums.net_revenue
    relative = relative_change(now, base)
    if relative is None:
        return f"{took}; there is nothing to compare it with."
    against = _against(before.label)
    if abs(relative) < STEADY:
        return f"{took}, about as much as {against}."
    word = "more" if relative > 0 else "less"
    difference = text.compact(abs(now - base), Unit.MONEY, currency)
    return f"{took}: {difference} ({text.percent(abs(relative))}) {word} than {against}."


def why(parts: Sequence[Contribution], currency: str) -> str:
    """The factors that changed net revenue, the strongest first; empty if none did."""
    moved = sorted((part for part in parts if part.amount), key=lambda part: -abs(part.amount))
    if not moved:
        return ""
    pieces = []
    for part in moved:
        more, less = _MORE_OR_LESS[part.name]
        pieces.append(f"{more if part.amount > 0 else less} {_amount(part.amount, currency)}")
    return _sentence(_listed(pieces))


def where(slices: Sequence[Slice], currency: str) -> str:
    """The slices that gained and lost most; empty if none changed."""
    changed = [(part.name, part.change) for part in slices if part.change]
    pieces = []
    if changed:
        name, most = max(changed, key=lambda pair: pair[1])
        if most > 0:
            pieces.append(f"{name} gained most ({_amount(most, currency)})")
        name, least = min(changed, key=lambda pair: pair[1])
        if least < 0:
            pieces.append(f"{name} lost most ({_amount(least, currency)})")
    return _sentence(", ".join(pieces))


def bill(cloud: Cloud | None, label: str) -> str:
    """What the cloud cost, its share of net revenue, and what is wrong with the bill; empty without a bill."""
    if cloud is None or cloud.cost is None:
        return ""
    words = f"The cloud cost {text.money(cloud.cost, cloud.currency)} (effective)"
    if cloud.share is not None:
        words += f", {_share(cloud.share)} of net revenue"
        if cloud.share_before is not None:
            words += f", compared with {_share(cloud.share_before)} {_during(label)}"
    elif cloud.before is not None:
        words += f", compared with {text.money(cloud.before, cloud.currency)} {_during(label)}"
    overview = cloud.overview
    if overview is None or overview.is_pending:
        return f"{words}."
    if overview.ended is not None:
        return f"{words}; the bill ends on {text.day(overview.ended)}."
    unusual = len(overview.late_anomalies)
    if unusual:
        at_stake = text.money(overview.money_at_stake, cloud.currency)
        words += f"; {at_stake} of the last four weeks' bill {'is' if unusual == 1 else 'are'} unusual"
    over = len(overview.off_budget)
    if over:
        words += f"; {text.counted(over, 'budget is', 'budgets are')} off track"
    if not unusual and not over:
        words += "; nothing in it is unusual" + (" and every budget is on track" if overview.statuses else "")
    return f"{words}."


def paragraphs(answer: Brief, currency: str) -> list[str]:
    """The sentences below the headline: why and where net revenue changed, and what the cloud cost."""
    changed = [where(answer.by_category, currency), where(answer.by_region, currency)] if answer.before else []
    cloud = bill(answer.cloud, answer.before.label if answer.before else "")
    return [why(answer.parts, currency), *changed, cloud]


def mover(product: Product, currency: str) -> str:
    """A product whose net revenue changed: its name, the change, and its net revenue now."""
    now = text.compact(product.net_revenue, Unit.MONEY, currency)
    return f"{product.name}: {_amount(product.change, currency)} to {now}"


def _share(share: Decimal) -> str:
    return text.percent(share, 2 if share < Decimal("0.01") else 1)


def _against(label: str) -> str:
    return {"Previous period": "the period before", "A year ago": "a year ago"}.get(label, label)


def _during(label: str) -> str:
    """When the comparison was: "in the period before", "a year ago"."""
    return _against(label) if label == "A year ago" else f"in {_against(label)}"


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
