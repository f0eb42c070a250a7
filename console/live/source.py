"""The port of the Live page: what is happening right now, as one snapshot.

Adapter: `stored.py`, over any live store of the pipeline.
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
    """One minute of what happened: distinct sessions are those of this minute alone."""

    at: datetime
    events: int = 0
    sessions: int = 0
    orders: int = 0
    net_revenue: Decimal = ZERO


@dataclass(frozen=True)
class Moving:
    """A product, or a channel, over the last half hour. Revenue is net, in the reporting currency."""

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
    """One order of the feed, as far as its lines have arrived."""

    order_id: str
    at: datetime
    amount: Decimal
    currency: str
    lines: int
    units: int
    channel: str
    region: str


@dataclass(frozen=True)
class Flow:
    """received = accepted + duplicates + quarantined. `received` is counted on its own, before anything is decided."""

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
    """Seconds from reception to being visible here, of the events of the last minutes, at most 10 % too high."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Snapshot:
    """What is happening right now.

    Attributes
    ----------
    now : when the snapshot was taken
    since : when live received its first batch; None where it never did
    minutes : the last `HOUR_MINUTES`, oldest first; the last one is under way
    rates : entries received in each of the last `RATE_SECONDS`, oldest first; the second under way is left out
    funnel : distinct sessions by step (view, cart, checkout, purchase) in the last `FUNNEL_MINUTES`
    sessions : distinct sessions in that time
    is_estimate : whether so many sessions were seen that their number is estimated, within some 3 %
    products, channels : by net revenue, then by events, over that time
    orders : the latest ones, newest first
    hour, total : the conservation law of the last hour, and since `since`
    freshness : None where nothing arrived in the last minutes
    """

    now: datetime
    since: datetime | None = None
    minutes: Sequence[Minute] = ()
    rates: Sequence[int] = ()
    funnel: Mapping[str, int] = field(default_factory=dict)
    sessions: int = 0
    is_estimate: bool = False
    products: Sequence[Moving] = ()
    channels: Sequence[Moving] = ()
    orders: Sequence[RecentOrder] = ()
    hour: Flow = Flow()
    total: Flow = Flow()
    freshness: Freshness | None = None


class LiveSource(Protocol):
    """Says what is happening. Safe to call from several threads, every second, for many readers."""

    def snapshot(self, regions: tuple[str, ...] | None) -> Snapshot:
        """What is happening in the regions that the reader may see (None: in all).

        Flow, rates and freshness are of everything received: a refused record has no region.

        Raises
        ------
        SourceError
            The source did not answer.
        """
        ...
