"""How far live, or another consumer, is behind the append log: what waits, for how long, and what was left out.

It looks at the files of the log and at the live store alone, so it says the same in any process.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.live.lines import received_at
from pipeline.live.store import Gap, LiveStore
from pipeline.streams.segments import LogReader, Position, numbers, path_of

_SAMPLE = 200  # entries that the mean size is of


@dataclass(frozen=True, slots=True)
class Backlog:
    """What a consumer has not read yet.

    Attributes
    ----------
    bytes, records : of all that waits; the records are estimated from the size of the first ones
    seconds : age of the oldest record after the position; 0 where none waits there
    gaps : what was left out so that what happens now is seen, oldest first
    """

    bytes: int = 0
    records: int = 0
    seconds: float = 0.0
    gaps: Sequence[Gap] = ()


def backlog(store: LiveStore, log: Path, now: datetime) -> Backlog:
    """The backlog of a store behind the log in the folder `log`."""
    return behind(log, store.position(), now, store.gaps())


def behind(log: Path, position: str | None, now: datetime, gaps: Sequence[Gap] = ()) -> Backlog:
    """What a consumer of the log has not read: all after its position, and the gaps before it."""
    reader = LogReader(log)
    after = bytes_between(log, position, None)
    left_out = sum(bytes_between(log, gap.start, gap.until) for gap in gaps)
    if not after + left_out:
        return Backlog(gaps=gaps)
    start = position if after else gaps[0].start
    sample = reader.read(start, _SAMPLE)
    if not sample.entries:  # an append is under way
        return Backlog(gaps=gaps)
    size = max(1, bytes_between(log, start, sample.position)) / len(sample.entries)
    oldest = received_at(sample.entries[0]) if after else None
    seconds = max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
    return Backlog(after + left_out, round((after + left_out) / size), seconds, gaps)


def bytes_between(log: Path, after: str | None, until: str | None) -> int:
    """Bytes of the log between two positions; None for its beginning and its end."""
    start = Position(0, 0) if after is None else Position.parse(after)
    stop = None if until is None else Position.parse(until)
    found = 0
    for number in numbers(log):
        if number < start.segment or (stop is not None and number > stop.segment):
            continue
        with suppress(FileNotFoundError):  # deleted meanwhile: every consumer had passed it
            size = stop.offset if stop and number == stop.segment else path_of(log, number).stat().st_size
            found += max(0, size - (start.offset if number == start.segment else 0))
    return found
