"""One thing that stays when the stacks go: what it is, where, and what it costs a month."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal

from console.finops.pricing import price_book
from infra_cdk.deploying.clients import Clients
from infra_cdk.installation import Installation

HOURS = 730  # of a month, as in the estimates of the tiers
GIGABYTE = Decimal(1024**3)  # as AWS bills storage
Progress = Callable[[str], None]
"""Is given a line of progress."""


@dataclass(frozen=True)
class Kept:
    """One thing.

    Attributes
    ----------
    kind : such as ``bucket``
    monthly_usd : US dollars a month at the price book's prices; None where the price is unknown
    note : what the cost follows from, such as ``12.4 GB`` or ``2 shards``
    identity : what AWS calls it where that is not its name, such as a key's id
    """

    kind: str
    name: str
    region: str
    monthly_usd: Decimal | None
    note: str
    identity: str = ""

    @property
    def title(self) -> str:
        """``bucket takings-dev-lake-…``."""
        return f"{self.kind} {self.name}"


Find = Callable[[Clients, Installation, str], Iterable[Kept]]
"""What there is of a kind in a region."""
Delete = Callable[[Clients, Kept, Progress], str]
"""Deletes one thing; returns what remains to be said, such as a day on which it is gone."""


@dataclass(frozen=True)
class Kind:
    """A kind of things: how they are found and deleted."""

    name: str
    find: Find
    delete: Delete


def cost(key: str, quantity: Decimal | int) -> Decimal | None:
    """US dollars of a quantity, at a price of the book."""
    return price_book.load().price(key).cost(Decimal(quantity))


def gigabytes(size: int | Decimal) -> Decimal:
    """Bytes as gigabytes."""
    return Decimal(size) / GIGABYTE


def size_text(size: int | Decimal) -> str:
    """``12.4 GB``; ``under 0.1 GB``."""
    amount = gigabytes(size)
    return f"{amount:,.1f} GB" if amount >= Decimal("0.1") else ("under 0.1 GB" if size else "empty")
