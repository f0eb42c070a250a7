"""What a check found: the saving, what it was judged by, how to take it and how to give it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from console.savings.inventory import Unread

HOURS_A_MONTH = Decimal(730)
"""Hours of a mean month, as AWS prices by the month are computed (8,760 ÷ 12)."""

DAYS_A_MONTH = HOURS_A_MONTH / 24
GIGABYTE = Decimal(10) ** 9
"""S3, Kinesis and CloudWatch meter in 2^30; decimal gigabytes keep an estimate 7 % above at most, and readable."""

LEAST_MONTHLY = Decimal("0.50")
"""Dollars a month below which a change costs more attention than it saves: such a finding is not made."""


class Effort(StrEnum):
    """What a saving asks of somebody: a command, a change with a test, or a project."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Risk(StrEnum):
    """What can go wrong: nothing a reader would notice, slower answers, or lost data and refused requests."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Evidence:
    """One figure that a finding was judged by."""

    name: str
    value: str


@dataclass(frozen=True)
class Charges:
    """The lines of the bill that a saving lowers.

    Attributes
    ----------
    usage_types : parts of their names, such as ``ShardHour``
    services : parts of their services' names, for usage types that several services share; empty for any
    """

    usage_types: tuple[str, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A saving.

    Attributes
    ----------
    key : the same on another day for the same resource and check
    check : the check's name
    monthly : US dollars a month; None where it is unknown, never 0
    unknown_because : what is missing where `monthly` is None
    steps, undo : commands or sentences, in order
    formula : how `monthly` was computed, with its figures
    sources : pages that state the prices and the rule
    charges : what to measure the realised saving on
    origin : who found it: ``takings`` or an AWS service
    also : who else recommends it
    """

    key: str
    check: str
    title: str
    resource: str
    monthly: Decimal | None
    effort: Effort
    risk: Risk
    evidence: tuple[Evidence, ...]
    steps: tuple[str, ...]
    undo: tuple[str, ...]
    formula: str
    sources: tuple[str, ...]
    charges: Charges
    unknown_because: str = ""
    origin: str = "takings"
    also: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What one check did: how many resources it looked at, what it found, and what it could not judge."""

    check: str
    title: str
    looked_at: int
    findings: tuple[Finding, ...]
    missing: tuple[Unread, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether it had anything to judge by: nothing there counts, a refused answer does not."""
        return bool(self.looked_at) or not self.missing


class Price(Protocol):
    """One price, see `console.finops.pricing.price_book`."""

    @property
    def amount(self) -> Decimal | None: ...
    @property
    def source(self) -> str: ...
    @property
    def as_of(self) -> date: ...


class Prices(Protocol):
    """Where prices are looked up."""

    def price(self, key: str, region: str) -> Price:
        """The price of a key in a region; its amount is None where it is unknown."""
        ...


class Rates:
    """Prices of one region, for one finding: remembers which were asked, and which of them are unknown."""

    def __init__(self, prices: Prices, region: str) -> None:
        self._prices = prices
        self._region = region
        self.asked: dict[str, Price] = {}

    def anew(self) -> Rates:
        """The same prices, none of them asked yet."""
        return Rates(self._prices, self._region)

    def amount(self, key: str) -> Decimal | None:
        """Dollars for one unit; None where unknown."""
        self.asked[key] = self._prices.price(key, self._region)
        return self.asked[key].amount

    def cost(self, quantities: Mapping[str, Decimal | int]) -> Decimal | None:
        """Σ quantity × price by key; None where the price of anything that is used is unknown."""
        total: Decimal | None = Decimal(0)
        for key, quantity in quantities.items():
            amount = self.amount(key)
            if not quantity:
                continue
            total = None if amount is None or total is None else total + amount * quantity
        return total

    @property
    def missing(self) -> tuple[str, ...]:
        """Keys whose price is unknown."""
        return tuple(key for key, price in self.asked.items() if price.amount is None)

    @property
    def sources(self) -> tuple[str, ...]:
        """The pages that state the prices, each with its day."""
        return tuple(
            dict.fromkeys(f"{price.source} (as of {price.as_of.isoformat()})" for price in self.asked.values())
        )

    def because(self) -> str:
        """Why a saving is unknown; empty where every price is known."""
        return f"no price for {', '.join(self.missing)} in {self._region}" if self.missing else ""

    def text(self, key: str) -> str:
        """A price as a formula writes it: ``$0.015``, or ``unknown``."""
        amount = self.amount(key)
        return "unknown" if amount is None else f"${amount:f}"


def is_worth(monthly: Decimal | None) -> bool:
    """Whether a saving is large enough to be told, or unknown and so not known to be small."""
    return monthly is None or monthly >= LEAST_MONTHLY


def a_month(total: Decimal | int, hours: int) -> Decimal:
    """What was measured over `hours`, for a mean month; 0 where nothing was measured."""
    return Decimal(total) * HOURS_A_MONTH / hours if hours else Decimal(0)


def figures(pairs: Sequence[tuple[str, str]]) -> tuple[Evidence, ...]:
    """Evidence from (name, value)."""
    return tuple(Evidence(name, value) for name, value in pairs)


def count(value: Decimal | int) -> str:
    """A figure in a sentence: ``12,403``, ``0.25``."""
    number = Decimal(value)
    if number == number.to_integral_value():
        return f"{number:,.0f}"
    return f"{number:,.2f}" if abs(number) >= 1 else f"{number:.3g}"


def size(value: Decimal | int) -> str:
    """Bytes in a sentence: ``12.4 GB``."""
    number = Decimal(value)
    for power, name in ((12, "TB"), (9, "GB"), (6, "MB"), (3, "kB")):
        if number >= Decimal(10) ** power:
            return f"{number / Decimal(10) ** power:,.1f} {name}"
    return f"{number:,.0f} B"


def dollars(value: Decimal | None) -> str:
    """Money in a sentence: ``$12.34``, ``unknown``."""
    return "unknown" if value is None else f"${value:,.2f}"


def percent(fraction: Decimal) -> str:
    """``12 %``."""
    return f"{fraction * 100:,.0f} %"
