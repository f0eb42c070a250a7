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
PROMPT_SECONDS = 2.0  # the page asks every second: what is no further behind is up to date


@dataclass(frozen=True)
class Minute:
    """The counts of one minute; `sessions` are the distinct sessions of this minute alone.

    `is_complete` is False where records that were received in it wait to be counted.
    """

    at: datetime
    events: int = 0
    sessions: int = 0
    orders: int = 0
    net_revenue: Decimal = ZERO
    is_complete: bool = True


@dataclass(frozen=True)
class Waiting:
    """What was received and is not counted on this page yet.

    Attributes
    ----------
    records : how many, estimated
    seconds : how far the newest part of the page is behind now; 0 where it is not
    left_out : (from, to) of the reception of records that were left out so that what happens now is shown
    per_second : records counted a second; None where it is not known yet
    seconds_left : until all is counted at the pace of the last seconds; None where the number of waiting ones
        grows or the pace is not known yet
    """

    records: int = 0
    seconds: float = 0.0
    left_out: Sequence[tuple[datetime, datetime]] = ()
    per_second: float | None = None
    seconds_left: float | None = None

    @property
    def is_late(self) -> bool:
        """Whether figures of the present are incomplete."""
        return self.seconds > PROMPT_SECONDS or bool(self.left_out)


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
    rates : records received in each of the last `RATE_SECONDS`, oldest first; the current second is left out, and a
        second of which records wait is None
    funnel : distinct sessions by step (view, cart, checkout, purchase) in the last `FUNNEL_MINUTES` that took the step
        and all before it
    skipped : those that took the step but not all before it
    sessions : distinct sessions in that time
    is_estimate : whether there were so many sessions that their number is estimated, to about 3 %
    products, channels : by net revenue, then by events, over that time
    orders : the latest ones, newest first
    hour, total : counts of the last hour, and since `since`
    freshness : None if nothing arrived in the last minutes
    waiting : None where the source does not know what waits
    uncurated : what the lake's tables do not hold yet; None where the source does not know it
    newest : the second in which the newest record counted was received, within the last hour
    """

    now: datetime
    since: datetime | None = None
    minutes: Sequence[Minute] = ()
    rates: Sequence[int | None] = ()
    funnel: Mapping[str, int] = field(default_factory=dict)
    skipped: Mapping[str, int] = field(default_factory=dict)
    sessions: int = 0
    is_estimate: bool = False
    products: Sequence[RecentActivity] = ()
    channels: Sequence[RecentActivity] = ()
    orders: Sequence[RecentOrder] = ()
    hour: RecordCounts = RecordCounts()
    total: RecordCounts = RecordCounts()
    freshness: Freshness | None = None
    waiting: Waiting | None = None
    uncurated: Waiting | None = None
    newest: datetime | None = None


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
