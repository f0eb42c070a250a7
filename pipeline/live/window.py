"""What one shard has seen in the last hour, as a process that lives between batches remembers it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipeline.live.rollup import DUPLICATE_WINDOW

WINDOW_HASHES = 500_000  # of one shard in memory: 50 MB, half an hour at 250 events a second


@dataclass(slots=True)
class Window:
    """The hashes of one shard, in batches, oldest first; true as long as the head stands at `position`."""

    position: str | None
    batches: deque[tuple[datetime, frozenset[int]]]
    size: int

    def known(self, wanted: Sequence[int]) -> set[int]:
        """Those of the hashes that were seen."""
        asked = set(wanted)
        return {each for _, batch in self.batches for each in asked & batch}

    def add(self, at: datetime, fresh: Iterable[int]) -> None:
        """Remember hashes, and forget those beyond the window."""
        batch = frozenset(fresh)
        self.batches.append((at, batch))
        self.size += len(batch)
        while self.batches and (at - self.batches[0][0] > DUPLICATE_WINDOW or self.size > WINDOW_HASHES):
            self.size -= len(self.batches.popleft()[1])
