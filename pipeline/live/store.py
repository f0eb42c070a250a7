"""The port of the live store: applies each batch of the stream once, and answers minutes, flows and recent items."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from pipeline.live.documents import Document, Flow, Item
from pipeline.streams import Batch

SHARD = "log"  # the one shard of the embedded append log


class BatchSizeError(ValueError):
    """A batch changes more than one transaction of the store can hold; in two parts it may fit."""


@dataclass(frozen=True, slots=True)
class Totals:
    """The counts of the conservation law since the first batch was applied; `since` is None before it."""

    flow: Flow
    since: datetime | None


@dataclass(slots=True)
class Head:
    """The position of a shard, its totals since `since`, and the regions seen."""

    position: str | None
    since: datetime
    totals: Flow = field(default_factory=Flow)
    regions: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of the stream that was left out, to be counted later, so that what happens now is seen at once.

    Attributes
    ----------
    start, until : positions before its first entry and after its last
    since, till : when its first and its last entry were received
    """

    start: str
    until: str
    since: datetime
    till: datetime


def totals_of(heads: Iterable[Head]) -> Totals:
    """The totals of all shards."""
    whole, since = Flow(), None
    for head in heads:
        whole = whole.plus(head.totals)
        since = min(since or head.since, head.since)
    return Totals(whole, since)


class LiveStore(Protocol):
    """Keeps live. One writer per shard at a time; any number of readers, from several threads.

    A store remembers, for each shard, the position up to which it has applied. `apply` moves it in the same
    all-or-nothing change that adds the counts, so a batch that is given again changes nothing, and neither does a
    writer that was killed in the middle.
    """

    def position(self, shard: str = SHARD) -> str | None:
        """Where the shard's next batch starts; None where nothing was applied: the oldest entry kept."""
        ...

    def apply(self, batch: Batch, *, after: str | None, shard: str = SHARD) -> bool:
        """Add a batch that was read after the position `after`.

        Returns
        -------
        bool
            False where the shard's position is not `after`: the batch was applied before, and nothing is changed.

        Raises
        ------
        StreamUnavailable
            The store cannot be reached or written; nothing is changed, and the batch may be given again.
        BatchSizeError
            One change of the store cannot hold it; nothing is changed, and its parts may be given one after the other.
        """
        ...

    def gaps(self) -> Sequence[Gap]:
        """What was left out and is not counted yet, oldest first."""
        ...

    def documents(self, since: int) -> Sequence[tuple[int, str, Document]]:
        """(minute, region, document) from a minute on, in order; one pair may come once for each shard."""
        ...

    def flows(self, since: int) -> Sequence[tuple[int, Flow]]:
        """(minute, flow) from a minute on, in order; a minute may come once for each shard."""
        ...

    def totals(self) -> Totals:
        """The counts of everything ever applied."""
        ...

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        """The products a customer viewed, put into the cart or bought, each once, newest first."""
        ...


class SkippingLiveStore(LiveStore, Protocol):
    """A live store that can leave out a stretch of its one shard and count it later, each entry once all the same."""

    def skip(self, gap: Gap, *, after: str | None) -> bool:
        """Move the position from `after` to the end of the gap, and remember the gap; False as with `apply`."""
        ...

    def catch_up(self, batch: Batch, gap: Gap) -> bool:
        """Add a batch that was read from the start of a gap, which begins after it from then on.

        Returns False where the gap has been moved or closed meanwhile, and nothing is changed.
        """
        ...
