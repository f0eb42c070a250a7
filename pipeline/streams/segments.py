"""The files of an append log: their names, positions in them, reading them in order, and cutting what is torn.

A segment's number is the millisecond it was begun (or one more than the last number, whichever is larger), so numbers
always grow, even where somebody deletes the folder, and show how old a segment is.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalogue.errors import StreamUnavailable
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.streams import Batch, Entry, Kind
from pipeline.streams.frames import End, count_marks, decode, next_frame

CHUNK_BYTES = 1024 * 1024  # read at a time: some thousand entries
DAMAGED = "damaged_entry"  # reason of what a failed checksum leaves in the quarantine
_SUFFIX = ".log"


@dataclass(frozen=True, order=True, slots=True)
class Position:
    """A place in the log: the segment's number and the bytes before it. Written ``segment:offset``."""

    segment: int
    offset: int

    def __str__(self) -> str:
        return f"{self.segment}:{self.offset}"

    @classmethod
    def parse(cls, text: str) -> Position:
        """Read what `str` wrote.

        Raises
        ------
        StreamUnavailable
            The text is no position.
        """
        segment, _, offset = text.partition(":")
        if not (segment.isdecimal() and offset.isdecimal()):
            raise StreamUnavailable(
                f"{text!r} is not a position of the append log",
                remedy="Delete the checkpoint: its consumer starts again from the oldest entry.",
            )
        return cls(int(segment), int(offset))


def path_of(folder: Path, segment: int) -> Path:
    """The file of a segment."""
    return folder / f"{segment:015d}{_SUFFIX}"


def numbers(folder: Path) -> list[int]:
    """The segments of a log, oldest first."""
    return sorted(int(path.stem) for path in folder.glob(f"*{_SUFFIX}") if path.stem.isdecimal())


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes that were stored and fail their checksum now."""

    at: Position
    length: int


class LogReader:
    """Reads a log folder, in any process, beside its writer.

    Damaged bytes are never skipped silently: they are returned as one refused entry with the bytes in it, so that they
    end in the lake's quarantine, and are reported once to `on_damage`.

    Parameters
    ----------
    durable : returns how many bytes of a segment are known to be on disk; None where it is not being written.
        Without it, reading ends before the first entry at the end of the log that is not whole yet.
    """

    def __init__(
        self,
        folder: Path,
        *,
        durable: Callable[[int], int | None] | None = None,
        on_damage: Callable[[Damage], None] | None = None,
    ) -> None:
        self._folder = folder
        self._durable = durable
        self._on_damage = on_damage

    def end(self) -> str:
        """Where the log ends; cheap, and different whenever something was appended."""
        for segment in reversed(numbers(self._folder)):
            with suppress(FileNotFoundError):
                return str(Position(segment, path_of(self._folder, segment).stat().st_size))
        return ""

    def read(self, after: str | None, limit: int, *, until: str | None = None) -> Batch:
        """Up to `limit` entries after a position (None: from the oldest kept); an empty batch where there are none.

        `until` is the position after the last entry wanted.
        """
        position = Position(0, 0) if after is None else Position.parse(after)
        stop = None if until is None else Position.parse(until)
        entries: list[Entry] = []
        segments = [number for number in numbers(self._folder) if number >= position.segment]
        for place, segment in enumerate(segments):
            if stop is not None and stop <= Position(segment, 0):
                break
            if segment > position.segment:
                position = Position(segment, 0)
            is_last = place == len(segments) - 1
            while len(entries) < limit:
                part = self._part(position, limit - len(entries), is_last=is_last, stop=stop)
                if part is None:
                    break
                found, position = part
                entries += found
            if len(entries) >= limit:
                break
        return Batch(entries, str(position))

    def read_segment(self, segment: int) -> Batch:
        """All entries of a complete segment; see `read`."""
        entries: list[Entry] = []
        position = Position(segment, 0)
        while part := self._part(position, CHUNK_BYTES, is_last=False):
            found, position = part
            entries += found
        return Batch(entries, str(position))

    def _part(
        self, position: Position, limit: int, *, is_last: bool, stop: Position | None = None
    ) -> tuple[list[Entry], Position] | None:
        """Some entries from a place in a segment, and the place after them; None at the segment's end."""
        known = self._durable(position.segment) if self._durable else None
        still_written = is_last and self._durable is None
        try:
            with path_of(self._folder, position.segment).open("rb") as file:
                stored = file.seek(0, 2) if known is None else known
                if stop is not None and stop.segment == position.segment:
                    stored = min(stored, stop.offset)
                size = CHUNK_BYTES
                while position.offset < stored:
                    size = min(size, stored - position.offset)
                    file.seek(position.offset)
                    data = file.read(size)
                    frames = decode(data, limit)
                    if frames.entries:
                        return frames.entries, Position(position.segment, position.offset + frames.stop)
                    whole = size == stored - position.offset
                    if not whole and frames.end is End.CUT:
                        size *= 2
                        continue
                    if not whole:
                        size = stored - position.offset
                        continue
                    following = next_frame(data, 1)
                    if following is None and still_written:
                        return None
                    return self._damaged(position, data[:following])
        except FileNotFoundError:
            return None  # deleted meanwhile: every consumer had passed it
        return None

    def _damaged(self, position: Position, data: bytes) -> tuple[list[Entry], Position]:
        if self._on_damage:
            self._on_damage(Damage(position, len(data)))
        detail = f"{len(data):,} bytes of the append log at {position} fail their checksum."
        begun = datetime.fromtimestamp(position.segment / 1000, UTC)
        line = quarantine_line(
            data, Rejection(DAMAGED, detail), origin=f"stream:{position}", received_at=begun, source="stream"
        )
        return [Entry(Kind.REFUSED, "", line)], Position(position.segment, position.offset + len(data))


@dataclass(frozen=True, slots=True)
class TornTail:
    """What was cut: an append that was under way when the writer died, never acknowledged.

    Attributes
    ----------
    records : entries that began in these bytes
    """

    bytes: int
    records: int


def cut_torn_tail(path: Path) -> TornTail:
    """Cut everything behind the last whole entry of a segment, and put the rest on disk.

    Damaged bytes *before* a whole entry are no torn tail. They stay, and reading reports them.

    Raises
    ------
    OSError
        The file cannot be read or written.
    """
    data = path.read_bytes()
    sound = 0
    following: int | None = 0
    while following is not None:
        sound = decode(data, len(data), following).stop
        following = next_frame(data, sound)
    torn = data[sound:]
    handle = os.open(path, os.O_RDWR)
    try:
        if torn:
            os.ftruncate(handle, sound)
        # whole entries that no fsync covered yet are about to be read: they have to last from now on
        os.fsync(handle)
    finally:
        os.close(handle)
    return TornTail(len(torn), count_marks(torn))
