"""The sentences of the Spend page, made from its answer. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from console.asking import formatting as text
from console.asking.figures import Unit
from console.finops.charges import Basis
from console.finops.contents import Contents
from console.spend.answer import Spend
from console.spend.coverage import Commitments
from console.spend.part import DIMENSIONS, BillPart
from console.spend.summary import APART, APART_LABELS, SpendSums
from console.spend.tags import Tags


def apart(now: SpendSums, basis: Basis, currency: str) -> list[str]:
    """Usage and purchases, then tax, credits and corrections, which are never mixed into them, and the sum."""
    amounts = {
        f"Usage and purchases, {basis}": now.usage_and_purchases,
        **{APART_LABELS[kind]: now.apart(kind) for kind in APART},
        f"Spend, {basis}": now.spend,
    }
    return [f"{name}: {text.money(amount, currency)}" for name, amount in amounts.items()]


def commitments(now: Commitments, before: Commitments | None, currency: str) -> list[str]:
    """Coverage and utilisation, with what they are made of."""
    if not now.has_any:
        return ["No commitment discount covers anything in this period."]
    lines = []
    if now.coverage is not None and now.covered is not None and now.eligible is not None:
        change = text.change(now.coverage, before.coverage if before else None, Unit.PERCENT)
        lines.append(
            f"Coverage {text.percent(now.coverage)}{_against(change)}: {text.money(now.covered, currency)} of "
            f"{text.money(now.eligible, currency)} at list cost"
        )
    else:
        lines.append("Coverage unknown: the list cost is missing")
    if now.utilisation is not None:
        change = text.change(now.utilisation, before.utilisation if before else None, Unit.PERCENT)
        lines.append(
            f"Utilisation {text.percent(now.utilisation)}{_against(change)}: {text.money(now.used, currency)} used, "
            f"{text.money(now.unused, currency)} unused, at effective cost"
        )
    if now.saved is not None:
        lines.append(f"Saved against list cost: {text.money(now.saved, currency)}")
    return lines


def another_basis(known: Sequence[Basis]) -> str:
    """What to do where no charge has a cost in the basis chosen."""
    if not known:
        return "Import a bill that has costs."
    return f"Choose {' or '.join(known)}: the bill has these costs. Another basis needs a bill that has it."


def unallocated(tags: Tags, basis: Basis, currency: str) -> list[str]:
    """How much of the usage the chosen key does not allocate."""
    chosen = tags.chosen
    if chosen is None or chosen.unallocated is None:
        return []
    return [
        f"Unallocated by tag {chosen.key}, {basis}: {text.percent(chosen.unallocated)} of usage, "
        f"{text.money(chosen.untagged, currency)}"
    ]


def narrowed(part: BillPart, names: Mapping[str, str]) -> list[tuple[str, str]]:
    """What the bill is narrowed to, for exports."""
    lines = [
        (DIMENSIONS[name].title, ", ".join(names.get(value, value) for value in values))
        for name, values in part.narrowed.items()
        if values
    ]
    return lines + ([(f"Tag {part.tag[0]}", part.tag[1])] if part.tag else [])


def notes(answer: Spend, contents: Contents) -> tuple[str, ...]:
    """Remarks that belong to the whole page."""
    found = [f"Charges through {text.day(contents.last_day)}, days in UTC."]
    others = [text.money(amount, name) for name, amount in answer.other_currencies.items()]
    if others:
        found.append(f"Not in these figures: {', '.join(others)}.")
    if unknown := answer.now.unknown.get(answer.basis):
        found.append(
            f"The {answer.basis} cost of {text.count(unknown)} of {text.count(answer.now.charges)} charges is unknown "
            "and not in these figures."
        )
    if answer.breakdown.cut_off:
        rest = text.money(answer.breakdown.cut_off, answer.part.currency)
        found.append(f"{rest} belong to {answer.breakdown.title.lower()}s that are not listed, or to none.")
    beyond = {name for name, values in answer.part.narrowed.items() if values} - _OF_COMMITMENTS
    if beyond or answer.part.tag:
        found.append("Commitments and tag coverage follow the filters on service and account only.")
    return tuple(found)


_OF_COMMITMENTS = {"service", "account"}


def _against(change: str) -> str:
    return "" if change == text.UNKNOWN else f" ({change})"
