"""Commitment discounts: how much of the usage that could be covered is, and how much of what was bought is used.

*Coverage* is the list cost of covered usage ÷ the list cost of usage that a commitment could cover (FinOps Foundation
KPI library, *Percent of Compute Spend Covered by Commitment Discounts*, here over every service that sells them). List
cost, because it measures covered and uncovered usage alike. *Utilisation* is the effective cost of the used part of
commitments ÷ that of the used and the unused part, that is 1 − the *Percentage of Commitment Discount Waste* of the
same library, by FOCUS ``CommitmentDiscountStatus``.

FOCUS before 1.3 does not say which usage a commitment could cover, so `ELIGIBLE` does, by service and by words in the
usage type; usage of a kind that is covered somewhere counts too. Spot (``Dynamic``) never does.
Source: AWS, *What are Savings Plans?* and the pages on reserved instances, nodes and capacity of each service; Azure,
*Reservations*; Google Cloud, *Committed use discounts*.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.finops.decimals import DIGITS, total
from console.spend import part as parts
from console.spend.part import BillPart

ANY = ("",)
ELIGIBLE: dict[str, tuple[str, ...]] = {
    "AWS Lambda": ("GB-Second", "Provisioned-Concurrency"),
    "Amazon DynamoDB": ("CapacityUnit-Hrs",),
    "Amazon EC2 Container Service": ("Fargate",),
    "Amazon ElastiCache": ("NodeUsage",),
    "Amazon Elastic Compute Cloud": ("BoxUsage", "DedicatedUsage", "HostUsage", "HostBoxUsage"),
    "Amazon Elastic Compute Cloud - Compute": ("BoxUsage", "DedicatedUsage", "HostUsage", "HostBoxUsage"),
    "Amazon Elastic Container Service": ("Fargate",),
    "Amazon Elastic Container Service for Kubernetes": ("Fargate",),
    "Amazon Elastic Kubernetes Service": ("Fargate",),
    "Amazon MemoryDB": ("NodeUsage",),
    "Amazon OpenSearch Service": ("ESInstance",),
    "Amazon Redshift": ("Node:",),
    "Amazon Relational Database Service": ("InstanceUsage", "Multi-AZUsage"),
    "Amazon Relational Database Service (RDS)": ("InstanceUsage", "Multi-AZUsage"),
    "Amazon SageMaker": ANY,
    "Compute Engine": ("Core", "Ram", "CPU", "RAM"),
    "Virtual Machines": ANY,
}
COVERED, USED, UNUSED = "Committed", "Used", "Unused"
ON_DEMAND = ("Standard", "(none)")


@dataclass(frozen=True)
class PricedUsage:
    """Usage of one service and usage type under one pricing, summed; a cost is None where the basis is unknown."""

    service: str
    usage_type: str
    pricing_category: str
    status: str
    list_cost: Decimal | None
    effective_cost: Decimal | None

    @property
    def is_unused(self) -> bool:
        """Whether it is a commitment that was bought and not used."""
        return self.status == UNUSED

    @property
    def is_covered(self) -> bool:
        """Whether a commitment covers it."""
        return not self.is_unused and (self.status == USED or self.pricing_category == COVERED)


@dataclass(frozen=True)
class Commitments:
    """The covered, eligible, used and unused cost of a period.

    Attributes
    ----------
    covered, eligible : list cost of covered usage, and of all that a commitment could cover; None where a list cost is
        unknown
    used, unused : effective cost of commitments, used and not
    saved : list cost − effective cost of covered usage; None where unknown
    """

    covered: Decimal | None
    eligible: Decimal | None
    used: Decimal
    unused: Decimal
    saved: Decimal | None

    @property
    def coverage(self) -> Decimal | None:
        """Covered ÷ eligible; None where nothing is eligible, or the list cost unknown."""
        return self.covered / self.eligible if self.covered is not None and self.eligible else None

    @property
    def utilisation(self) -> Decimal | None:
        """Used ÷ (used + unused); None where there is no commitment."""
        bought = DIGITS.add(self.used, self.unused)
        return self.used / bought if bought else None

    @property
    def has_any(self) -> bool:
        """Whether there is a commitment at all."""
        return bool(self.used or self.unused or self.covered)


def question(scope: Scope, period: Period, part: BillPart) -> Question:
    """What to ask; filters on usage type, charge category and tag do not apply."""
    return parts.question(scope, "spend/commitments", period, part)


def measured(result: Result, currency: str) -> Commitments:
    """Coverage and utilisation of one currency."""
    return commitments(
        PricedUsage(
            row["service_name"],
            row["usage_type"],
            row["pricing_category"],
            row["commitment_discount_status"],
            None if row["charges_without_list_cost"] else row["list_cost"],
            row["effective_cost"],
        )
        for row in result.rows()
        if row["billing_currency"] == currency
    )


def commitments(usage: Iterable[PricedUsage]) -> Commitments:
    """Sums of one currency's usage; see the module for what counts."""
    rows = list(usage)
    covered = [row for row in rows if row.is_covered]
    kinds = {(row.service, row.usage_type) for row in covered}
    on_demand = [
        row
        for row in rows
        if not row.is_covered
        and not row.is_unused
        and row.pricing_category in ON_DEMAND
        and ((row.service, row.usage_type) in kinds or is_eligible(row.service, row.usage_type))
    ]
    covered_cost = _known([row.list_cost for row in covered])
    on_demand_cost = _known([row.list_cost for row in on_demand])
    used = total(row.effective_cost for row in covered)
    return Commitments(
        covered=covered_cost,
        eligible=None if covered_cost is None or on_demand_cost is None else DIGITS.add(covered_cost, on_demand_cost),
        used=used,
        unused=total(row.effective_cost for row in rows if row.is_unused),
        saved=None if covered_cost is None else DIGITS.subtract(covered_cost, used),
    )


def is_eligible(service: str, usage_type: str) -> bool:
    """Whether commitments are sold for this kind of usage."""
    return any(word in usage_type for word in ELIGIBLE.get(service, ()))


def _known(costs: list[Decimal | None]) -> Decimal | None:
    """The sum; None where one of them is unknown."""
    return None if None in costs else total(costs)
