"""The parts of every check: the resources it judges, their prices, and the texts of its findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic, Protocol, TypeVar

from console.asking import formatting as text
from console.finops.pricing.price_book import Price, PriceBook
from console.savings.findings import Charges, Checked, Effort, Finding, Risk
from console.savings.inventory import Inventory, Read

HOURS_A_MONTH = Decimal(730)
"""Hours of a mean month, as AWS prices by the month are computed (8,760 ÷ 12)."""

DAYS_A_MONTH = HOURS_A_MONTH / 24
LEAST_HOURS = 7 * 24
"""Hours of use that a resource is judged by at least: shops are quiet on some days of the week."""

GIGABYTE = Decimal(10) ** 9
"""S3, Kinesis and CloudWatch bill by 2^30 bytes; decimal gigabytes are readable and at most 7 % too high."""

LEAST_MONTHLY = Decimal("0.50")
"""Dollars a month below which a finding is left out: the change would cost more attention than it saves."""


class Rates:
    """Prices of one region, for one finding: remembers which were asked, and which of them are unknown."""

    def __init__(self, prices: PriceBook, region: str) -> None:
        self._prices = prices
        self._region = region
        self._asked: dict[str, Price] = {}

    def amount(self, key: str) -> Decimal | None:
        """Dollars for one unit; None where unknown."""
        self._asked[key] = self._prices.price(key, self._region)
        return self._asked[key].amount

    def cost(self, quantities: Mapping[str, Decimal | int]) -> Decimal | None:
        """Σ quantity × price by key; None where the price of anything that is used is unknown."""
        total: Decimal | None = Decimal(0)
        for key, quantity in quantities.items():
            amount = self.amount(key)
            if not quantity:
                continue
            total = None if amount is None or total is None else total + amount * quantity
        return total

    def forget(self) -> None:
        """Start again: prices asked so far are no part of the finding."""
        self._asked.clear()

    @property
    def sources(self) -> tuple[str, ...]:
        """The pages that state the prices, each with its day."""
        return tuple(
            dict.fromkeys(f"{price.source} (as of {price.as_of.isoformat()})" for price in self._asked.values())
        )

    def missing(self) -> str:
        """Which prices are unknown, as a sentence; empty where every price is known."""
        keys = ", ".join(key for key, price in self._asked.items() if price.amount is None)
        return f"no price for {keys} in {self._region}" if keys else ""

    def text(self, key: str) -> str:
        """A price as a formula writes it: ``$0.015``, or ``unknown``."""
        amount = self.amount(key)
        return "unknown" if amount is None else f"${amount:f}"


class Resource(Protocol):
    """What a finding is made on."""

    @property
    def resource(self) -> str: ...


FactT = TypeVar("FactT", bound=Resource)


@dataclass(frozen=True)
class Kind:
    """A kind of saving.

    Attributes
    ----------
    name : with the check and the resource it makes the key of a finding
    charges : what a saving of this kind lowers
    page : states the rule
    """

    name: str
    effort: Effort
    risk: Risk
    charges: Charges
    page: str = ""


@dataclass(frozen=True)
class Case(Generic[FactT]):
    """One resource that a rule judges: its facts, the inventory it is part of, and the prices."""

    check: str
    facts: FactT
    inventory: Inventory
    rates: Rates

    def a_month(self, total: Decimal | int) -> Decimal:
        """What was measured over the inventory's period, for a mean month."""
        return a_month(total, 24 * self.inventory.period.days)

    def measured(self, hours: int | None = None) -> tuple[str, str]:
        """The evidence that says over which days, and over how many hours of them, use was measured."""
        days = self.inventory.period.label()
        return "Measured", days if hours is None else f"{days}, {text.number(hours)} hours"

    def finding(
        self,
        kind: Kind,
        title: str,
        *,
        monthly: Decimal | None,
        evidence: Sequence[tuple[str, str]],
        steps: Sequence[str],
        undo: Sequence[str],
        formula: str,
        unknown_because: str = "",
        origin: str = "takings",
    ) -> Finding:
        """The finding on this resource; where `monthly` is None, `unknown_because` says what but a price is missing."""
        return Finding(
            key=f"{self.check}.{kind.name}/{self.facts.resource}",
            check=self.check,
            title=title,
            resource=self.facts.resource,
            monthly=monthly,
            effort=kind.effort,
            risk=kind.risk,
            evidence=tuple(evidence),
            steps=tuple(steps),
            undo=tuple(undo),
            formula=formula,
            sources=(*self.rates.sources, kind.page) if kind.page else self.rates.sources,
            charges=kind.charges,
            unknown_because=(unknown_because or self.rates.missing()) if monthly is None else "",
            origin=origin,
        )


@dataclass(frozen=True)
class Check(Generic[FactT]):
    """One check: which facts it needs, and the rules that each of them is judged by.

    Attributes
    ----------
    facts : picks them out of the inventory
    rules : pure functions; each gives at most one finding on a resource
    looked_at : how many there were to look at, where that is not the number of facts
    """

    name: str
    title: str
    facts: Callable[[Inventory], Read[FactT]]
    rules: tuple[Callable[[Case[FactT]], Finding | None], ...]
    looked_at: Callable[[Inventory], int] | None = None

    def __call__(self, inventory: Inventory, prices: PriceBook) -> Checked:
        """The findings of the rules, by resource, without those below `LEAST_MONTHLY`."""
        read = self.facts(inventory)
        made = [
            rule(Case(self.name, facts, inventory, Rates(prices, inventory.region)))
            for facts in read.items
            for rule in self.rules
        ]
        findings = tuple(finding for finding in made if finding is not None and is_worth(finding.monthly))
        looked_at = self.looked_at(inventory) if self.looked_at else len(read.items)
        return Checked(self.name, self.title, looked_at, findings, read.missing)


def is_worth(monthly: Decimal | None) -> bool:
    """Whether a saving is large enough to show, or unknown and so not known to be small."""
    return monthly is None or monthly >= LEAST_MONTHLY


def a_month(total: Decimal | int, hours: int) -> Decimal:
    """What was measured over `hours`, for a mean month; 0 where nothing was measured."""
    return Decimal(total) * HOURS_A_MONTH / hours if hours else Decimal(0)


def dollars(value: Decimal | None) -> str:
    """Money in a sentence: ``$12.34``, ``unknown``."""
    return "unknown" if value is None else text.money(value, "USD")


def dollars_a_month(value: Decimal | None) -> str:
    """Money a month in a sentence: ``$12.34 a month``."""
    return f"{dollars(value)} a month"
