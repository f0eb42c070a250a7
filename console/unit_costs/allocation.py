"""Which business function each charge serves: rules applied day by day, to the last digit. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_DOWN, Decimal
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from console.finops.decimals import DIGITS, STEP, ZERO, difference, total

BY_DIRECT = "direct"  # the driver that splits like the direct costs of the day
EVENT_TYPES = (
    "product_view", "cart_add", "cart_remove", "checkout_start", "purchase", "refund", "search",
    "recommendation_impression", "recommendation_click",
)  # fmt: skip
COUNTS = (
    "orders", "first_orders", "sessions", "sessions_with_view", "sessions_with_cart", "sessions_with_purchase",
    "customers", "events", *EVENT_TYPES,
)  # fmt: skip
CONDITIONS = ("service", "usage_type", "account", "category", "tag")
NO_RULE = "No rule fits"

Counts = Mapping[str, int]


@dataclass(frozen=True)
class Charge:
    """What was charged on one day for what a rule can look at; a text is empty where the bill says nothing."""

    day: date
    service: str
    usage_type: str
    account: str
    category: str
    tag: str
    amount: Decimal


@dataclass(frozen=True)
class BusinessFunction:
    """A part of the business: its heading, and the count its cost is divided by."""

    name: str
    title: str
    unit: str


@dataclass(frozen=True)
class Rule:
    """One rule.

    Attributes
    ----------
    conditions : name of `CONDITIONS` → patterns of which one must fit
    function : the function of a direct cost; empty for a shared one
    driver : what splits a shared cost; empty where `shares` do
    shares : function → fixed share; they add up to 1
    """

    name: str
    conditions: Mapping[str, tuple[str, ...]]
    function: str = ""
    driver: str = ""
    shares: Mapping[str, Decimal] = field(default_factory=dict)

    def fits(self, charge: Charge) -> bool:
        """Whether all conditions hold."""
        return all(
            any(fnmatchcase(getattr(charge, name), pattern) for pattern in patterns)
            for name, patterns in self.conditions.items()
        )


@dataclass(frozen=True)
class Allocation:
    """A file of rules."""

    path: Path
    tag_key: str
    functions: Mapping[str, BusinessFunction]
    drivers: Mapping[str, Mapping[str, tuple[str, ...]]]
    rules: Sequence[Rule]

    def rule_for(self, charge: Charge) -> Rule | None:
        """The first rule that fits."""
        return next((rule for rule in self.rules if rule.fits(charge)), None)


@dataclass(frozen=True)
class DayCosts:
    """One day, allocated: direct and shared cost by function, and what is unallocated with the reason."""

    direct: Mapping[str, Decimal]
    shared: Mapping[str, Decimal]
    unallocated: Mapping[str, Decimal]

    @cached_property
    def total(self) -> Decimal:
        """Everything charged that day."""
        return total((*self.direct.values(), *self.shared.values(), *self.unallocated.values()))


def allocate(charges: Iterable[Charge], allocation: Allocation, counts: Mapping[date, Counts]) -> dict[date, DayCosts]:
    """Every charge given to functions, day by day. The parts of a day add up to its charges, to the last digit.

    Parameters
    ----------
    counts : day → name of `COUNTS` → how many; a count that is missing is 0
    """
    days: dict[date, list[Charge]] = {}
    for charge in charges:
        days.setdefault(charge.day, []).append(charge)
    known: dict[_Kind, Rule | None] = {}  # days share the kinds of their charges: each is judged once
    return {day: _of_day(found, allocation, counts.get(day, {}), known) for day, found in sorted(days.items())}


_Kind = tuple[str, str, str, str, str]  # what a rule looks at


def _of_day(
    charges: Sequence[Charge], allocation: Allocation, counts: Counts, known: dict[_Kind, Rule | None]
) -> DayCosts:
    direct: dict[str, Decimal] = {}
    waiting: dict[str, tuple[Rule, Decimal]] = {}  # shared costs by rule: split once they are all known
    unallocated: dict[str, Decimal] = {}
    for charge in charges:
        kind = (charge.service, charge.usage_type, charge.account, charge.category, charge.tag)
        if kind not in known:
            known[kind] = allocation.rule_for(charge)
        rule = known[kind]
        if rule is None:
            _add(unallocated, NO_RULE, charge.amount)
        elif rule.function:
            _add(direct, rule.function, charge.amount)
        else:
            _, before = waiting.get(rule.name, (rule, ZERO))
            waiting[rule.name] = (rule, DIGITS.add(before, charge.amount))
    shared: dict[str, Decimal] = {}
    for rule, amount in waiting.values():
        weights = _weights(rule, allocation, counts, direct)
        if not any(weights.values()):
            _add(unallocated, f"{rule.name}: nothing to split by that day", amount)
            continue
        for name, part in split(amount, weights).items():
            _add(shared, name, part)
    return DayCosts(direct, shared, unallocated)


def _weights(
    rule: Rule, allocation: Allocation, counts: Counts, direct: Mapping[str, Decimal]
) -> Mapping[str, Decimal]:
    if rule.shares:
        return rule.shares
    if rule.driver == BY_DIRECT:
        return {name: max(amount, ZERO) for name, amount in direct.items()}
    return {
        name: Decimal(sum(counts.get(count, 0) for count in counted))
        for name, counted in allocation.drivers[rule.driver].items()
    }


def split(amount: Decimal, weights: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """An amount in parts by weight, to the last digit; what rounding leaves goes to the heaviest.

    Raises
    ------
    ValueError
        No weight is above 0, or one is below.
    """
    whole = total(weights.values())
    if whole <= 0 or min(weights.values()) < 0:
        raise ValueError(f"Nothing to split by: {dict(weights)}")
    parts = {
        name: DIGITS.divide(DIGITS.multiply(amount, weight), whole).quantize(STEP, ROUND_DOWN, context=DIGITS)
        for name, weight in weights.items()
    }
    heaviest = max(weights, key=lambda name: (weights[name], name))
    parts[heaviest] = total((parts[heaviest], difference(amount, total(parts.values()))))
    return {name: part for name, part in parts.items() if part}


def _add(sums: dict[str, Decimal], name: str, amount: Decimal) -> None:
    sums[name] = DIGITS.add(sums.get(name, ZERO), amount)
