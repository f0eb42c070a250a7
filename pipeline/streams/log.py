"""The append log: the embedded profile's stream, durable on one disk.

Entries go to the end of the newest segment. Threads that append at the same time are served by one write and one
fsync (group commit): the first to get the write lock writes for all that wait. `append` returns after the fsync and not
before, so every event that a request was answered 202 for is on disk.

- The disk is full: the partial write is cut off again, `StreamFull` is raised, and the log goes on when there is room.
- fsync failed: the kernel may have dropped the pages and call the next fsync a success (Rebello et al., "Can
  Applications Recover from fsync Failures?", USENIX ATC 2020). Nothing of the write is acknowledged, it is cut off, and
  the log refuses every append until it is opened again.
- The process was killed: opening cuts what is torn at the end, counts it, and begins a new segment. A segment is never
  written again once another one follows it.

One process writes a log at a time; any number may read it with `LogReader`.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from catalogue.errors import StreamFull, StreamUnavailable, TakingsError
from catalogue.files import fsync_path
from pipeline.streams import Batch, Entry
from pipeline.streams.frames import encode
from pipeline.streams.segments import Damage, LogReader, Position, TornTail, cut_torn_tail, numbers, path_of

SEGMENT_BYTES = 16 * 1024 * 1024  # some 40,000 events: what the raw writer turns into one file, in memory
RESERVE_BYTES = 64 * 1024 * 1024  # kept free on the disk, so that a full log can still be emptied into the lake
KEEP_SECONDS = 15 * 60.0  # how far back a consumer can be replayed, and duplicates are recognised after a restart
KEEP_BYTES = 256 * 1024 * 1024

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_CLOSED = "The append log is closed"
_START_AGAIN = "Check the disk, then start again."
_sync = getattr(os, "fdatasync", os.fsync)


class _AppendGroup:
    """Appends that are written together."""

    __slots__ = ("done", "failure", "frames")

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.done = False
        # kept until the write succeeded, so that nothing is acknowledged where the writing thread is interrupted
        self.failure: TakingsError | None = StreamUnavailable(
            "The write was broken off", remedy="Send the events again."
        )


@dataclass(frozen=True)
class LogStatus:
    """What there is to know about a log.

    Attributes
    ----------
    end : position behind the last durable entry
    stored_bytes : bytes of all segments kept
    torn : what was cut when the log was opened
    damage : stored bytes that failed their checksum when they were read
    refusal : why the log refuses appends until it is opened again; None while it takes them
    """

    end: str
    segments: int
    stored_bytes: int
    torn: TornTail
    damage: tuple[Damage, ...]
    refusal: str | None


class AppendLog:
    """A durable log in a folder. Fills the `Stream` port. Safe to use from several threads.

    Parameters
    ----------
    folder : made where it is missing
    segment_bytes : a segment that would grow larger is followed by a new one
    reserve_bytes : free space of the disk that appends leave alone

    Raises
    ------
    StreamUnavailable
        Another process writes this log, or the folder cannot be read or written.
    """

    def __init__(self, folder: Path, *, segment_bytes: int = SEGMENT_BYTES, reserve_bytes: int = RESERVE_BYTES) -> None:
        self.folder = folder
        self._segment_bytes = segment_bytes
        self._reserve_bytes = reserve_bytes
        self._gathering = threading.Lock()
        self._group = _AppendGroup()
        self._writing = threading.Lock()  # held while a group is written
        self._arrived = threading.Condition()
        self._refusal: str | None = None
        self._damage: dict[Position, Damage] = {}
        self._reader = LogReader(folder, durable=self._durable, on_damage=self._note_damage)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._lock = (folder / ".lock").open("a")
        except OSError as error:
            raise self._open_error(error) from error
        self._lock_folder()
        try:
            known = numbers(folder)
            self.torn = cut_torn_tail(path_of(folder, known[-1])) if known else TornTail(0, 0)
            self._handle, self._end = self._create_segment(known[-1] if known else 0)
        except OSError as error:
            self._lock.close()
            raise self._open_error(error) from error

    def _open_error(self, error: OSError) -> StreamUnavailable:
        return StreamUnavailable(
            f"The append log cannot be opened: {error.strerror}",
            where=str(self.folder),
            remedy="Free the disk or mend its permissions, then start again.",
        )

    def _lock_folder(self) -> None:
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock.close()
            raise StreamUnavailable(
                "Another process writes this append log",
                where=str(self.folder),
                remedy="Stop it, or name another lake with --lake DIR.",
            ) from error

    def _create_segment(self, last: int) -> tuple[int, Position]:
        """Create the segment that follows `last`."""
        number = max(last + 1, int(time.time() * 1000))
        path = path_of(self.folder, number)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o644)
        try:
            fsync_path(self.folder)
        except OSError:
            os.close(handle)
            path.unlink()  # only the newest segment may be unfinished: no empty one may follow it
            raise
        return handle, Position(number, 0)

    def append(self, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        frames = encode(entries)
        with self._gathering:
            group = self._group
            group.frames.append(frames)
        with self._writing:
            if not group.done:
                self._commit()
        if group.failure is not None:
            failure = group.failure
            raise type(failure)(failure.what, where=failure.where, remedy=failure.remedy) from failure

    def _commit(self) -> None:
        """Write what all waiting threads gathered. The caller holds the write lock."""
        with self._gathering:
            group, self._group = self._group, _AppendGroup()
        try:
            self._write(b"".join(group.frames))
            group.failure = None
        except (StreamFull, StreamUnavailable) as failure:
            group.failure = failure
        finally:
            group.done = True
            group.frames.clear()

    def _write(self, data: bytes) -> None:
        if self._refusal is not None:
            raise StreamUnavailable(self._refusal, where=str(self.folder), remedy=_START_AGAIN)
        try:
            self._check_free_space(len(data))
            if self._end.offset and self._end.offset + len(data) > self._segment_bytes:
                self._start_next_segment()
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            self._undo_write()
            raise self._write_error(error) from error
        try:
            _sync(self._handle)
        except OSError as error:
            self._refusal = f"The disk did not confirm a write ({error.strerror}), so the append log stopped"
            self._undo_write()
            raise StreamUnavailable(self._refusal, where=str(self.folder), remedy=_START_AGAIN) from error
        with self._arrived:
            self._end = Position(self._end.segment, self._end.offset + len(data))
            self._arrived.notify_all()

    def _check_free_space(self, size: int) -> None:
        if self._reserve_bytes:
            disk = os.statvfs(self.folder)
            if disk.f_bavail * disk.f_frsize < self._reserve_bytes + size:
                raise self._full_error(f"less than {self._reserve_bytes // 1024**2:,} MiB are free")

    def _full_error(self, reason: str) -> StreamFull:
        return StreamFull(
            f"The disk of the append log is full: {reason}",
            where=str(self.folder),
            remedy="Free space; events are taken again at once.",
        )

    def _write_error(self, error: OSError) -> StreamFull | StreamUnavailable:
        if error.errno in _NO_ROOM:
            return self._full_error(str(error.strerror))
        return StreamUnavailable(
            f"The append log cannot be written: {error.strerror}", where=str(self.folder), remedy="Check the disk."
        )

    def _undo_write(self) -> None:
        """Remove what a failed write left behind the last durable entry."""
        try:
            os.ftruncate(self._handle, self._end.offset)
        except OSError as error:
            self._refusal = f"A partial write could not be cut off ({error.strerror}), so the append log stopped"

    def _start_next_segment(self) -> None:
        """Begin a new segment. The caller holds the write lock."""
        handle, end = self._create_segment(self._end.segment)
        os.close(self._handle)
        with self._arrived:
            self._handle, self._end = handle, end
            self._arrived.notify_all()

    def seal(self) -> None:
        """Begin a new segment where the newest one holds entries, so that those become complete.

        Raises
        ------
        StreamFull, StreamUnavailable
            Another file cannot be made; the newest segment goes on.
        """
        with self._writing:
            if not self._end.offset:
                return
            try:
                self._start_next_segment()
            except OSError as error:
                raise self._write_error(error) from error

    def sealed(self, after: str | None) -> list[int]:
        """Complete segments, oldest first, that hold entries after a position."""
        start = Position(0, 0) if after is None else Position.parse(after)
        found = [number for number in numbers(self.folder) if start.segment <= number < self._end.segment]
        return [
            number
            for number in found
            if number > start.segment or path_of(self.folder, number).stat().st_size > start.offset
        ]

    def read(self, after: str | None, limit: int) -> Batch:
        return self._reader.read(after, limit)

    def read_segment(self, segment: int) -> Batch:
        """All entries of one segment; of a complete one they are always the same."""
        return self._reader.read_segment(segment)

    def wait(self, after: str | None, seconds: float) -> bool:
        """Whether there is an entry after a position, waiting up to `seconds` for one."""
        with self._arrived:
            return self._arrived.wait_for(lambda: self._has_after(after), seconds)

    def _has_after(self, after: str | None) -> bool:
        end = self._end
        if after is None:
            return end.offset > 0 or len(numbers(self.folder)) > 1
        position = Position.parse(after)
        return position < end if position.segment == end.segment else bool(self.sealed(after)) or end.offset > 0

    def bytes_after(self, position: str | None) -> int:
        """Durable bytes that a consumer at a position has not read yet."""
        start, end = Position(0, 0) if position is None else Position.parse(position), self._end
        waiting = 0
        for number in numbers(self.folder):
            if number >= start.segment:
                size = end.offset if number == end.segment else path_of(self.folder, number).stat().st_size
                waiting += size - (start.offset if number == start.segment else 0)
        return waiting

    def release(self, passed: str | None, *, keep_seconds: float = KEEP_SECONDS, keep_bytes: int = KEEP_BYTES) -> int:
        """Delete segments that every consumer has passed and that are outside the replay window.

        Parameters
        ----------
        passed : the smallest position of all consumers; None deletes nothing
        keep_seconds, keep_bytes : the replay window; it ends where either is exceeded

        Returns
        -------
        int
            Segments deleted.
        """
        if passed is None:
            return 0
        limit = min(Position.parse(passed).segment, self._end.segment)
        kept = numbers(self.folder)
        size = sum(path_of(self.folder, number).stat().st_size for number in kept)
        oldest_begin = (time.time() - keep_seconds) * 1000
        deleted = 0
        for number, following in pairwise(kept):
            # the last entry of a segment is older than the beginning of the next one
            if number >= limit or (following > oldest_begin and size <= keep_bytes):
                break
            path = path_of(self.folder, number)
            size -= path.stat().st_size
            path.unlink()
            deleted += 1
        return deleted

    @property
    def end(self) -> str:
        """Position behind the last durable entry."""
        return str(self._end)

    @property
    def refusal(self) -> str | None:
        """Why every append is refused until the log is opened again; None while they are taken."""
        return self._refusal

    @property
    def status(self) -> LogStatus:
        """Size, position, and what was torn or damaged."""
        kept = numbers(self.folder)
        sizes = sum(path_of(self.folder, number).stat().st_size for number in kept)
        return LogStatus(self.end, len(kept), sizes, self.torn, tuple(self._damage.values()), self._refusal)

    def _durable(self, segment: int) -> int | None:
        end = self._end
        return end.offset if end.segment == segment else None

    def _note_damage(self, damage: Damage) -> None:
        self._damage[damage.at] = damage

    def close(self) -> None:
        """Close the log; an append after this is refused."""
        with self._writing:
            if self._refusal != _CLOSED:
                self._refusal = _CLOSED
                os.close(self._handle)
                self._lock.close()
