"""The cost of recommending in some days as the console's bill has it, or why it is unknown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.asking.slices import Slices
from console.finops.contents import contents
from console.recommendations.profit.costs import RECOMMENDING, RecommendingCost, nothing_charged, recommending_cost
from console.unit_costs.allocation import Allocation
from console.unit_costs.answer import restricted
from console.unit_costs.days import charges_of, measured, questions


@dataclass(frozen=True)
class Charged:
    """What the bill says of recommending in a period.

    Attributes
    ----------
    cost : None where it is unknown
    problem, remedy : why it is unknown, and what to do; empty where it is known
    days_without_charges : days of the period that have no charge yet
    days_without_events : days that are charged but lie before the first event of the lake or after its last one
    """

    cost: RecommendingCost | None = None
    problem: str = ""
    remedy: str = ""
    days_without_charges: int = 0
    days_without_events: int = 0
    results: Sequence[Result] = ()

    @property
    def total(self) -> Decimal | None:
        """All of it; None where unknown."""
        return None if self.cost is None else self.cost.total

    @property
    def is_whole(self) -> bool:
        """Whether the cost of every day is known."""
        return self.cost is not None and not self.days_without_charges and not self.days_without_events


def charged_questions(scope: Scope, period: Period, slices: Slices, allocation: Allocation) -> list[Question]:
    """What `charged` asks, to be asked ahead; nothing where it does not ask."""
    if _refused(scope, slices, allocation):
        return []
    bill = contents(scope)
    return [] if bill.is_empty else questions(period, allocation, bill.currency(None, scope.reporting_currency))


def charged(scope: Scope, period: Period, slices: Slices, allocation: Allocation) -> Charged:
    """The cost of recommending in a period, by the rules of unit costs.

    It is unknown, and said why, where the reader sees or chose a part of the shop: the bill is of all of it.
    """
    refused = _refused(scope, slices, allocation)
    if refused is not None:
        return refused
    bill = contents(scope)
    if bill.is_empty:
        return Charged(
            problem="There is no cloud bill yet.",
            remedy="Import it: python -m console spend import FILE.",
            results=bill.results,
        )
    currency = bill.currency(None, scope.reporting_currency)
    results = scope.ask_all(questions(period, allocation, currency))
    costs = measured("", period, results, allocation, currency)
    asked = (*bill.results, *results)
    missing = period.days - len(costs.costs) - len(costs.uncounted)
    if costs.uncounted and not costs.costs:
        return Charged(
            problem="The days that are charged are before the lake's first event or after its last one.",
            remedy="Choose days with events, or fill the lake.",
            days_without_charges=missing,
            days_without_events=len(costs.uncounted),
            results=asked,
        )
    if not costs.costs:
        return Charged(
            problem="The bill has no charge for these days.",
            remedy=f"It has charges from {text.day(bill.first_day)} to {text.day(bill.last_day)}: choose days that it "
            "covers, or import a newer one.",
            days_without_charges=missing,
            results=asked,
        )
    charges = charges_of(results[0].rows(), currency)
    found = recommending_cost(charges, allocation, costs.counts, list(costs.costs), currency)
    if nothing_charged(found):
        return Charged(
            problem="Nothing in the bill of these days is allocated to recommending.",
            remedy=f"Activate the cost allocation tag “{allocation.tag_key}”, or change the rules in "
            f"{allocation.path.name}.",
            days_without_charges=missing,
            days_without_events=len(costs.uncounted),
            results=asked,
        )
    return Charged(found, days_without_charges=missing, days_without_events=len(costs.uncounted), results=asked)


def _refused(scope: Scope, slices: Slices, allocation: Allocation) -> Charged | None:
    """Why there can be no cost whatever the bill says; None where there can."""
    if refusal := restricted(scope):
        return Charged(problem=f"{refusal}.", remedy="Ask somebody who sees all regions.")
    if slices != Slices():
        return Charged(problem="The cloud’s bill is of the whole shop.", remedy="Clear the filters to see the cost.")
    if RECOMMENDING not in allocation.functions:
        return Charged(
            problem=f"{allocation.path.name} has no function named {RECOMMENDING}.",
            remedy=f"Add [function.{RECOMMENDING}], and a rule that gives it its charges.",
        )
    return None
