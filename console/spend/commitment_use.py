"""How much of the usage is covered by commitments, and how much of the commitments is used."""

from __future__ import annotations

from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.spend import part as parts
from console.spend.coverage import Commitments, PricedUsage, commitments
from console.spend.part import BillPart


def question(scope: Scope, period: Period, part: BillPart) -> Question:
    """What to ask; filters on usage type, charge category and tag do not apply."""
    return parts.question(scope, "spend/commitments", period, part)


def measured(result: Result, currency: str) -> Commitments:
    """Coverage and utilisation of one currency."""
    columns = (result.table[name].to_pylist() for name in _COLUMNS)
    return commitments(
        PricedUsage(service, usage_type, pricing, status, None if unknown else list_cost, effective_cost)
        for money, service, usage_type, pricing, status, list_cost, effective_cost, unknown in zip(
            *columns, strict=True
        )
        if money == currency
    )


_COLUMNS = (
    "billing_currency",
    "service_name",
    "usage_type",
    "pricing_category",
    "commitment_discount_status",
    "list_cost",
    "effective_cost",
    "charges_without_list_cost",
)
