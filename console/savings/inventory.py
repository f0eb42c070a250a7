"""The resources that are checked for savings, and the port that reads them.

::

    InventorySource ──► Inventory (facts: what there is and how it is used) ─┐
    price book ──────────────────────────────────────────────────────────────┼─► checks ─► findings
    Cost Optimization Hub, Compute Optimizer ──► recommendations ────────────┘

A check is a pure function of facts and prices. If its facts could not be read, it is *not judged*, with the reason:
that is never shown as a check that found nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, Protocol, TypeVar

from console.asking.periods import Period
from console.savings import facts

FactT_co = TypeVar("FactT_co", covariant=True)


@dataclass(frozen=True)
class Unread:
    """Facts that could not be read: which, why, and what would help."""

    what: str
    reason: str
    remedy: str = ""


@dataclass(frozen=True)
class Read(Generic[FactT_co]):
    """The facts of one kind that were read, and what could not be read."""

    items: tuple[FactT_co, ...] = ()
    missing: tuple[Unread, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether there is anything to judge by: an empty answer counts, a refused one does not."""
        return bool(self.items) or not self.missing


@dataclass(frozen=True)
class Inventory:
    """The stack's resources and how they were used.

    Attributes
    ----------
    taken_at : when it was read, with offset
    period : the days that use was measured over
    origin : where it was read, as shown to readers: an AWS account and region, or the lake folder
    is_sample : whether the resources are made up from the sample's bill
    queries, stored_tables : queries that Athena logged; tables of the lake with their files
    """

    taken_at: datetime
    period: Period
    region: str
    origin: str
    is_sample: bool = False
    streams: Read[facts.Stream] = Read()
    warehouses: Read[facts.Warehouse] = Read()
    queries: Read[facts.AthenaQuery] = Read()
    stored_tables: Read[facts.StoredTable] = Read()
    buckets: Read[facts.Bucket] = Read()
    log_groups: Read[facts.LogGroup] = Read()
    functions: Read[facts.Function] = Read()
    nat_gateways: Read[facts.NatGateway] = Read()
    web_acls: Read[facts.WebAcl] = Read()
    crawlers: Read[facts.Crawler] = Read()
    capacity_tables: Read[facts.CapacityTable] = Read()
    recommendations: Read[facts.Recommendation] = Read()


class InventorySource(Protocol):
    """Reads the stack's resources."""

    def inventory(self) -> Inventory:
        """The resources and how they were used.

        Raises
        ------
        SourceError
            Nothing could be read at all; what one service alone refuses is in the inventory as `Unread`.
        """
        ...
