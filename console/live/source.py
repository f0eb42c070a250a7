"""The port of the Live page, which gives one snapshot of what is happening right now.

Its adapter is `stored.py`, over any live store of the pipeline.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Protocol

ZERO = Decimal(0)
HOUR_MINUTES = 60
FUNNEL_MINUTES = 30
RATE_SECONDS = 120


@dataclass(frozen=True)
class Minute:
    """The counts of one minute; `sessions` are the distinct sessions of this minute alone."""

    at: datetime
    events: int = 0
    sessions: int = 0
    orders: int = 0
    net_revenue: Decimal = ZERO


@dataclass(frozen=True)
class RecentActivity:
    """The counts of a product or a channel over the last half hour, and its net revenue in the reporting currency."""

    name: str
    events: int
    views: int
    carts: int
    orders: int
    units: int
    net_revenue: Decimal
    sessions: int


@dataclass(frozen=True)
class RecentOrder:
    """One order, with the lines that have arrived so far; its id is unique within its namespace."""

    order_id: str
    at: datetime
    amount: Decimal
    currency: str
    lines: int
    units: int
    channel: str
    region: str
    namespace: str = ""


@dataclass(frozen=True)
class RecordCounts:
    """Records received and their verdicts. `received` is counted on its own, before the verdicts."""

    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0

    @property
    def holds(self) -> bool:
        """Whether the conservation law holds."""
        return self.received == self.accepted + self.duplicates + self.quarantined


@dataclass(frozen=True)
class Freshness:
    """Percentiles of the seconds from reception to this page, over the last minutes; at most 10 % too high."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Snapshot:
    """What is happening right now.

    Attributes
    ----------
    now : when the snapshot was taken
    since : when live received its first batch; None before that
    minutes : the last `HOUR_MINUTES`, oldest first; the last one is incomplete
    rates : records received in each of the last `RATE_SECONDS`, oldest first; the current second is left out
    funnel : distinct sessions by step (view, cart, checkout, purchase) in the last `FUNNEL_MINUTES`
    sessions : distinct sessions in that time
    is_estimate : whether there were so many sessions that their number is estimated, to about 3 %
    products, channels : by net revenue, then by events, over that time
    orders : the latest ones, newest first
    hour, total : counts of the last hour, and since `since`
    freshness : None if nothing arrived in the last minutes
    """

    now: datetime
    since: datetime | None = None
    minutes: Sequence[Minute] = ()
    rates: Sequence[int] = ()
    funnel: Mapping[str, int] = field(default_factory=dict)
    sessions: int = 0
    is_estimate: bool = False
    products: Sequence[RecentActivity] = ()
    channels: Sequence[RecentActivity] = ()
    orders: Sequence[RecentOrder] = ()
    hour: RecordCounts = RecordCounts()
    total: RecordCounts = RecordCounts()
    freshness: Freshness | None = None


class LiveSource(Protocol):
    """Gives snapshots. Safe to call from several threads, every second, for many readers."""

    def snapshot(self, regions: tuple[str, ...] | None) -> Snapshot:
        """What is happening in the regions that the reader may see (None: all regions).

        Record counts, rates and freshness are of everything received: a refused record has no region.

        Raises
        ------
        SourceError
            The source did not answer.
        """
        ...
