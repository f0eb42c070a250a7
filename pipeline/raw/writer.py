"""Turns each complete segment of the append log into files of the raw zone, exactly once.

::

    raw/events/dt=2026-03-01/hour=12/stream-000001772366400123.jsonl.zst
    raw/quarantine/dt=2026-03-01/hour=12/stream-000001772366400123.jsonl.zst

Hours are those of `received_at`. A segment never changes, and a file's name says which segment it holds: a writer that
is killed between a file and its checkpoint finds the file when it comes back, and leaves it. Files appear by rename,
after fsync.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from catalogue.files import atomic_write, fsync_path
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake
from pipeline.streams import Entry, Kind
from pipeline.streams.checkpoints import Checkpoints
from pipeline.streams.log import AppendLog

CONSUMER = "raw"
COMPRESSION_LEVEL = 3

_AREAS = {Kind.EVENT: RAW_EVENTS, Kind.REFUSED: RAW_QUARANTINE}
_UNKNOWN_HOUR = "1970-01-01T00"  # a line without a readable received_at goes with the one before it, else here


class _ReceivedLine(msgspec.Struct):
    received_at: str


_DECODER = msgspec.json.Decoder(_ReceivedLine)


class RawWriter:
    """A consumer of the log. Call it from one thread.

    Parameters
    ----------
    workshop : folder on the lake's own disk where files are written before they appear
    """

    def __init__(self, log: AppendLog, lake: Lake, checkpoints: Checkpoints, *, workshop: Path) -> None:
        self._log = log
        self._lake = lake
        self._checkpoints = checkpoints
        self._workshop = workshop

    @property
    def position(self) -> str | None:
        """Behind the last entry in the raw zone; None before the first one."""
        return self._checkpoints.load(CONSUMER)

    def flush(self) -> int:
        """Bring every entry stored so far into the raw zone; returns how many that were.

        Raises
        ------
        StreamFull, OSError
            The disk refuses; what is not in the raw zone stays in the log.
        """
        self._log.seal()
        return self.write()

    def write(self) -> int:
        """Bring complete segments into the raw zone; returns the number of entries."""
        return sum(self._write_segment(number) for number in self._log.sealed(self.position))

    def _write_segment(self, number: int) -> int:
        # all of the segment, whatever the checkpoint says: a file is a segment
        batch = self._log.read_segment(number)
        for place, lines in _by_place(batch.entries).items():
            self._publish(f"{place}/stream-{number:015d}.jsonl.zst", lines)
        self._checkpoints.save(CONSUMER, batch.position)
        return len(batch.entries)

    def _publish(self, target: str, lines: list[bytes]) -> None:
        import pyarrow as pa

        place = self._lake.root / target
        if place.exists():
            return
        packed = pa.Codec("zstd", COMPRESSION_LEVEL).compress(b"\n".join(lines) + b"\n", asbytes=True)
        self._workshop.mkdir(parents=True, exist_ok=True)
        _make_folders(place.parent)
        atomic_write(place, packed, aside=self._workshop / "raw-file")


def _by_place(entries: Sequence[Entry]) -> dict[str, list[bytes]]:
    """Lines by the folder of the raw zone they belong in, in their order."""
    places: dict[str, list[bytes]] = {}
    hour = _UNKNOWN_HOUR
    for entry in entries:
        with suppress(msgspec.MsgspecError):
            hour = _DECODER.decode(entry.line).received_at[: len(_UNKNOWN_HOUR)]
        place = f"{_AREAS[entry.kind]}/dt={hour[:10]}/hour={hour[11:]}"
        places.setdefault(place, []).append(entry.line)
    return places


def _make_folders(folder: Path) -> None:
    """Make a folder and those above it, so that they last."""
    if not folder.exists():
        _make_folders(folder.parent)
        folder.mkdir(exist_ok=True)
        fsync_path(folder.parent)
