"""Appends of many requests, written together: group commit for a server whose requests run in one event loop.

A stream is written by one call at a time. Whoever appends meanwhile joins the group that is written next, so that a
thousand requests of one event each cost a few dozen writes, and no thread each.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from catalogue.errors import StreamFull, StreamUnavailable, TakingsError
from pipeline.streams import Entry, Stream


class _Group:
    """Entries that are written together."""

    __slots__ = ("done", "entries", "failure")

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.done = asyncio.Event()
        # kept until the write succeeded, so that nothing is acknowledged where the writer is interrupted
        self.failure: TakingsError | None = StreamUnavailable(
            "The write was broken off", remedy="Send the events again."
        )


class GroupedAppends:
    """Appends to a stream from coroutines of one event loop.

    Parameters
    ----------
    stream : its `append` is called in a thread, never twice at the same time
    """

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self._gathering = _Group()
        self._writer: asyncio.Task[None] | None = None

    async def append(self, entries: Sequence[Entry]) -> None:
        """Store all entries; they are durable when this returns. Raises as `Stream.append`, for the whole group."""
        if not entries:
            return
        group = self._gathering
        group.entries += entries
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_groups())
        await group.done.wait()
        if group.failure is not None:
            failure = group.failure
            raise type(failure)(failure.what, where=failure.where, remedy=failure.remedy) from failure

    async def _write_groups(self) -> None:
        """Write one group after the other, until nobody waits."""
        loop = asyncio.get_running_loop()
        try:
            while self._gathering.entries:
                group, self._gathering = self._gathering, _Group()
                try:
                    await loop.run_in_executor(None, self.stream.append, group.entries)
                    group.failure = None
                except (StreamFull, StreamUnavailable) as failure:
                    group.failure = failure
                finally:
                    group.done.set()
        finally:
            # after a failure without a name, which ends this task, whoever waits in the next group still gets a writer
            self._writer = asyncio.create_task(self._write_groups()) if self._gathering.entries else None
