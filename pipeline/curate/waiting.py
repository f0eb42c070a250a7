"""Counts what was acknowledged and is not curated yet: raw files that wait, and what the log holds beyond them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath

from pipeline.curate.curated_files import curated_names
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake
from pipeline.live.lines import received_at
from pipeline.raw.files import record_count
from pipeline.raw.writer import CONSUMER
from pipeline.streams import Kind
from pipeline.streams.checkpoints import CHECKPOINTS, STREAM, Checkpoints
from pipeline.streams.segments import LogReader, Position

_READ_ENTRIES = 20_000
_TRIES = 5  # a platform moves records from the log to raw files meanwhile, at most every few seconds
_FILE = "stream-"  # a raw file is named after its segment of the log


@dataclass(frozen=True)
class WaitingRecords:
    """Records that were acknowledged and are not curated yet.

    Attributes
    ----------
    events, refused : how many
    oldest : when the oldest of those still in the log was received; None where none is
    files : raw files that wait
    """

    events: int = 0
    refused: int = 0
    oldest: datetime | None = None
    files: int = 0

    @property
    def records(self) -> int:
        """Events and refused records."""
        return self.events + self.refused


def waiting(lake: Lake) -> WaitingRecords:
    """What waits, whether or not the lake's platform runs."""
    checkpoints = Checkpoints(lake.root / CHECKPOINTS)
    for _ in range(_TRIES):
        before = (checkpoints.load(CONSUMER), lake.state().get("raw_files"))
        found = _count(lake, before[0])
        if before == (checkpoints.load(CONSUMER), lake.state().get("raw_files")):
            break
    return found


def _count(lake: Lake, position: str | None) -> WaitingRecords:
    begun = Position(0, 0) if position is None else Position.parse(position)
    # files of a segment that the writer has not finished are counted in the log
    files = {
        area: [name for name in set(names) - curated_names(lake, names) if _segment(name) <= begun.segment]
        for area, names in ((area, lake.raw_files(area)) for area in (RAW_EVENTS, RAW_QUARANTINE))
    }
    counts: Counter[Kind] = Counter()
    for kind, area in ((Kind.EVENT, RAW_EVENTS), (Kind.REFUSED, RAW_QUARANTINE)):
        counts[kind] += sum(record_count(lake.root / name) for name in files[area])
    reader, oldest = LogReader(lake.root / STREAM), None
    while True:
        batch = reader.read(position, _READ_ENTRIES)
        if not batch.entries:
            break
        oldest = oldest or received_at(batch.entries[0])
        counts.update(entry.kind for entry in batch.entries)
        position = batch.position
    return WaitingRecords(counts[Kind.EVENT], counts[Kind.REFUSED], oldest, sum(map(len, files.values())))


def _segment(name: str) -> int:
    """The segment of the log that a raw file holds; 0 for a file from elsewhere."""
    stem = PurePosixPath(name).name.partition(".")[0]
    number = stem.removeprefix(_FILE)
    return int(number) if stem.startswith(_FILE) and number.isdecimal() else 0
