"""Brings the append log to the live store as it grows.

Where more waits than can be counted within a few seconds, what waits becomes a *gap*: live goes on with what arrives
now, and counts the gap behind it, oldest first, in turns. The store keeps position, gaps and counts in one
transaction, so every entry is counted once, whenever the process is killed.
"""

from __future__ import annotations

from datetime import UTC, datetime

from pipeline.embedded.metrics import FreshnessWindow
from pipeline.live.lines import received_at
from pipeline.live.store import Gap, SkippingLiveStore
from pipeline.streams import Batch
from pipeline.streams.log import AppendLog
from pipeline.streams.segments import LogReader, Position

BATCH_ENTRIES = 20_000  # the most that live takes at once: half a second of work, reached under backlog only
GAP_ENTRIES = 5_000  # at once of a gap: what arrives now waits for no more than that
SKIP_BYTES = 8 * 1024 * 1024  # some 20,000 entries: less is counted sooner than it is left out
SKIP_SECONDS = 3.0  # that the oldest may wait


class LiveFollower:
    """Follows the log for one live store. One thread at a time."""

    def __init__(
        self,
        log: AppendLog,
        store: SkippingLiveStore,
        freshness: FreshnessWindow,
        *,
        skip_bytes: int = SKIP_BYTES,
        skip_seconds: float = SKIP_SECONDS,
    ) -> None:
        self._log = log
        self._store = store
        self._freshness = freshness
        self._skip_bytes = skip_bytes
        self._skip_seconds = skip_seconds
        # entries of a gap are durable: the reader need not stop before the end of the log
        self._gap_reader = LogReader(log.folder, durable=lambda _segment: None)

    def step(self, wait_seconds: float) -> None:
        """Count what arrived, waiting for it where nothing else is to do, then a piece of the oldest gap."""
        gaps = self._store.gaps()
        self.follow(0.0 if gaps else wait_seconds)
        if gaps:
            gap = gaps[0]
            batch = self._gap_reader.read(gap.start, GAP_ENTRIES, until=gap.until)
            # nothing is left before its end, or somebody deleted it from the log
            self._store.catch_up(batch if batch.entries else Batch([], gap.until), gap)

    def follow(self, wait_seconds: float) -> bool:
        """Count the next entries after the position; whether there were any."""
        after = self._store.position()
        if not self._log.wait(after, wait_seconds):
            return False
        if self._log.bytes_after(after) > self._skip_bytes:
            after = self._skip(after)
        batch = self._log.read(after, BATCH_ENTRIES)
        if batch.entries:
            self._store.apply(batch, after=after)
            self._freshness.note(batch.entries)
        return bool(batch.entries)

    def passed(self) -> str | None:
        """The position before which everything is counted."""
        position = self._store.position()
        if position is None:
            return None
        starts = [Position.parse(gap.start) for gap in self._store.gaps()]
        return str(min([Position.parse(position), *starts]))

    def _skip(self, after: str | None) -> str | None:
        """Leave out what waits where its oldest entry waits too long; the position to go on from."""
        oldest = self._log.read(after, 1).entries
        since = received_at(oldest[0]) if oldest else None
        now = datetime.now(UTC)
        if since is None or (now - since).total_seconds() < self._skip_seconds:
            return after
        gap = Gap(after or str(Position(0, 0)), self._log.end, since, now)
        return gap.until if self._store.skip(gap, after=after) else after
