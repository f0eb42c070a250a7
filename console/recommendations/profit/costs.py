"""What recommending costs: what the allocation of unit costs gives to it, split as the bill allows. Pure arithmetic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from console.finops.decimals import ZERO, total
from console.unit_costs.allocation import Allocation, Charge, Counts, allocate

RECOMMENDING = "recommending"  # the business function of `unit_costs/allocation.toml`
TRAINING, SERVING, SHARED = "Training", "Serving", "Shared"
_TRAINING_SERVICES = ("AWS Glue",)  # the job that learns is all of it that recommending is charged for


@dataclass(frozen=True)
class CostLine:
    """What recommending costs in one service, or by one rule that shares a cost among functions.

    Attributes
    ----------
    purpose : TRAINING or SERVING of a direct cost, SHARED of a part of what several functions use
    name : the service, or the rule
    """

    purpose: str
    name: str
    amount: Decimal


@dataclass(frozen=True)
class RecommendingCost:
    """The effective cost of recommending, in the bill's currency.

    Attributes
    ----------
    by_day : day → cost; a day without any charge is missing: its cost is unknown
    lines : the same amount by service and rule, largest first within a purpose
    """

    currency: str
    by_day: Mapping[date, Decimal]
    lines: Sequence[CostLine]

    @property
    def total(self) -> Decimal:
        """All of it."""
        return total(self.by_day.values())

    def of(self, purpose: str) -> Decimal:
        """The part for one purpose."""
        return total(line.amount for line in self.lines if line.purpose == purpose)


def recommending_cost(
    charges: Sequence[Charge],
    allocation: Allocation,
    counts: Mapping[date, Counts],
    days: Sequence[date],
    currency: str,
) -> RecommendingCost:
    """The part of the charges that the rules give to recommending; the lines add up to it, to the last digit.

    Parameters
    ----------
    charges : in `currency`
    counts : day → name of a count → how many, which drivers split by
    days : with charges that can be split; charges of others are left out
    """
    known = set(days)
    rules = [(charge, allocation.rule_for(charge)) for charge in charges if charge.day in known]
    direct = [charge for charge, rule in rules if rule is not None and rule.function]
    sums: dict[tuple[str, str], Decimal] = {}
    for charge, rule in rules:
        if rule is not None and rule.function == RECOMMENDING:
            place = (TRAINING if charge.service in _TRAINING_SERVICES else SERVING, charge.service)
            sums[place] = total((sums.get(place), charge.amount))
    for rule in allocation.rules:
        shared = [charge for charge, fitting in rules if fitting is rule and not rule.function]
        if shared:  # a driver may look at the direct costs of the day, so these are always there
            split = allocate([*direct, *shared], allocation, counts)
            sums[SHARED, rule.name] = total(day.shared.get(RECOMMENDING) for day in split.values())
    every = allocate([charge for charge, _ in rules], allocation, counts)
    by_day = {
        day: total((costs.direct.get(RECOMMENDING), costs.shared.get(RECOMMENDING))) for day, costs in every.items()
    }
    order = (TRAINING, SERVING, SHARED)
    lines = [CostLine(purpose, name, amount) for (purpose, name), amount in sums.items() if amount]
    lines.sort(key=lambda line: (order.index(line.purpose), -line.amount, line.name))
    return RecommendingCost(currency, by_day, lines)


def nothing_charged(cost: RecommendingCost) -> bool:
    """Whether the bill names no cost of recommending at all, which is not the same as a cost of 0."""
    return all(amount == ZERO for amount in cost.by_day.values())
