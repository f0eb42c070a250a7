"""The hashes that one shard brought in the last hour, kept in memory between batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pipeline.live.rollup import DUPLICATE_WINDOW

WINDOW_HASHES = 500_000  # of one shard in memory: 50 MB, half an hour at 250 events a second


@dataclass(slots=True)
class SeenHashes:
    """The hashes of one shard, in batches, oldest first; valid as long as the shard's position is `position`."""

    position: str | None
    batches: deque[tuple[datetime, frozenset[int]]] = field(default_factory=deque)
    size: int = 0

    def known(self, wanted: Sequence[int]) -> set[int]:
        """Those of the hashes that were seen."""
        asked = set(wanted)
        return {known for _, batch in self.batches for known in asked & batch}

    def add(self, at: datetime, fresh: Iterable[int]) -> None:
        """Remember hashes, and forget those beyond the window."""
        batch = frozenset(fresh)
        self.batches.append((at, batch))
        self.size += len(batch)
        while self.batches and (at - self.batches[0][0] > DUPLICATE_WINDOW or self.size > WINDOW_HASHES):
            self.size -= len(self.batches.popleft()[1])
