"""A line on the disk for every call, written before the call is in a file of the lake: a killed process loses none.

Every batch has a file of its own, which its process keeps locked while it runs: when the lock is free, the process has
ended. A line is given to the operating system at once and not forced to the disk, so a killed process loses nothing,
and a machine that loses power loses a few seconds.
"""

from __future__ import annotations

import fcntl
import os
from datetime import date
from pathlib import Path

import msgspec

from console.metering import Call
from console.metering.calls import Batch, Calls
from console.metering.rows import ZONE

FOLDER = f"{ZONE}/journal"


class Journal:
    """The journals of all processes that meter into one lake folder; `folder` is made with the first line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, int] = {}

    def append(self, batch: Batch, call: Call) -> None:
        """Write one line; one thread at a time. Raises OSError where it cannot be written."""
        handle = self._open.get(batch.name)
        if handle is None:
            handle = self._open[batch.name] = self._begun(batch)
        line = msgspec.json.encode(call) + b"\n"
        if os.write(handle, line) != len(line):
            raise OSError(f"The line was not written whole: {self._path(batch)}")

    def forget(self, batch: Batch) -> None:
        """Remove the journal of a batch whose file holds all its calls."""
        handle = self._open.pop(batch.name, None)
        if handle is not None:
            self._path(batch).unlink(missing_ok=True)
            os.close(handle)

    def days(self) -> set[date]:
        """Days of which calls may be in a journal only."""
        return {_batch_of(path).day for path in self._folder.glob("*.jsonl")}

    def recover(self, calls: Calls) -> None:
        """Write the calls that ended processes left: each call once, however often this is begun.

        Raises OSError as the files do; what could not be kept stays here.
        """
        for path in sorted(self._folder.glob("*.jsonl")):
            try:
                with path.open("rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    if path.exists():  # else its own process, or another one that recovers, was faster
                        self._keep(calls, path, file.read())
                        path.unlink()
            except (BlockingIOError, FileNotFoundError):
                continue  # its process lives, or has just ended well

    def _keep(self, calls: Calls, path: Path, content: bytes) -> None:
        batch = _batch_of(path)
        for line in content.splitlines():
            try:
                batch.calls.append(msgspec.json.decode(line, type=Call))
            except msgspec.MsgspecError:
                continue  # torn: the disk was full, or the machine went down
        if calls.kept(batch) < len(batch.calls):  # the file has the first of these lines, or, after a full disk, more
            calls.keep(batch)

    def _begun(self, batch: Batch) -> int:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(batch)
        aside = path.with_suffix(".begun")  # nobody may find it before it is locked
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        fcntl.flock(handle, fcntl.LOCK_EX)
        aside.rename(path)
        return handle

    def _path(self, batch: Batch) -> Path:
        return self._folder / f"{batch.day.isoformat()}_{batch.name}.jsonl"


def _batch_of(path: Path) -> Batch:
    day, _, name = path.stem.partition("_")
    return Batch(date.fromisoformat(day), name)
