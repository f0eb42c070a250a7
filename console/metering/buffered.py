"""Calls kept in memory for some seconds and written in batches, from a thread of their own."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

from catalogue.clock import utc_now
from console.metering import Call
from console.metering.calls import Batch, booked_on
from console.metering.journal import Journal

FLUSH_SECONDS = 5.0  # how long a call takes to show on the Own cost page; without a journal a killed process loses it
BATCH_CALLS = 2_000  # in one file: it is written anew with every flush, some 100 KB in some milliseconds
CAPACITY = 100_000  # calls in memory while nothing can be written: some 50 MB
UPKEEP_SECONDS = 3600.0  # days are closed within the hour

_LOG = logging.getLogger(__name__)

Keep = Callable[[Batch], None]


@dataclass
class _Growing:
    """A batch in memory: how many of its calls are in its file, and whether all of them are in its journal."""

    batch: Batch
    kept: int = 0
    is_noted: bool = False
    is_full: bool = False

    @property
    def waiting(self) -> int:
        return len(self.batch.calls) - self.kept


class BufferedMeter:
    """A `Meter` that writes every few seconds; the thread starts with the first call. Safe to use from several threads.

    Parameters
    ----------
    keep : lets the file of a batch hold all its calls, or raises; what it could not keep is tried again
    grows : whether a file may be written anew as its batch grows, while somebody reads it; else a batch that was tried
        to be written gets no more calls
    journal : has every call at once; None where a killed process may lose what was not written yet
    upkeep : called with the first call and then every hour; what it raises is logged
    """

    def __init__(
        self,
        keep: Keep,
        *,
        grows: bool = True,
        journal: Journal | None = None,
        upkeep: Callable[[], object] = lambda: None,
        flush_seconds: float = FLUSH_SECONDS,
        capacity: int = CAPACITY,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._keep = keep
        self._grows = grows
        self._journal = journal
        self._upkeep = upkeep
        self._flush_seconds = flush_seconds
        self._capacity = capacity
        self._batch_calls = max(1, min(BATCH_CALLS, capacity // 2))
        self._now = now
        self._growing: list[_Growing] = []
        self._changing = threading.Lock()
        self._writing = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._troubles: set[str] = set()

    def record(self, call: Call) -> None:
        """Keep one call; where nothing could be written for long, the oldest are forgotten."""
        with self._changing:
            self._add(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def flush(self) -> None:
        """Write what is kept, now. A failure is logged once, until a batch is written again."""
        with self._writing:
            with self._changing:
                self._end_days()
                for growing in self._growing:
                    growing.is_full = growing.is_full or not self._grows
                begun = [
                    (growing, replace(growing.batch, calls=list(growing.batch.calls)))
                    for growing in self._growing
                    if growing.waiting
                ]
            for growing, batch in begun:
                if not self._tried("written, and are kept in memory", partial(self._keep, batch)):
                    break
                growing.kept = len(batch.calls)
            with self._changing:
                for growing in [growing for growing in self._growing if growing.is_full and not growing.waiting]:
                    self._growing.remove(growing)
                    if self._journal is not None:
                        self._tried("noted at once", partial(self._journal.forget, growing.batch))

    def close(self) -> None:
        """Write the rest and end the thread."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        with self._changing:
            for growing in self._growing:
                growing.is_full = True
        self.flush()

    def _add(self, call: Call) -> None:
        day = booked_on(call.called_at, self._now())
        growing = next((growing for growing in self._growing if growing.batch.day == day and not growing.is_full), None)
        if growing is None:
            growing = _Growing(Batch.begun(day, self._now()), is_noted=self._journal is not None)
            self._growing.append(growing)
        growing.batch.calls.append(call)
        if growing.is_noted and self._journal is not None:
            growing.is_noted = self._tried("noted at once", partial(self._journal.append, growing.batch, call))
        if len(growing.batch.calls) >= self._batch_calls:
            growing.is_full = True
            self._bound()

    def _bound(self) -> None:
        """Forget the oldest batches that could not be written, where there are too many; their journals stay."""
        while sum(growing.waiting for growing in self._growing) > self._capacity:
            self._growing.remove(next(growing for growing in self._growing if growing.waiting))

    def _end_days(self) -> None:
        """Batches of days that get no more calls are full; what is in neither file nor journal counts on a later day.

        A journal keeps its day from being closed, so what it holds is written to its own day, however late.
        """
        for growing in list(self._growing):
            if growing.batch.day < booked_on(datetime.min.replace(tzinfo=UTC), self._now()):
                growing.is_full = True
                if not growing.is_noted:
                    late = growing.batch.calls[growing.kept :]
                    del growing.batch.calls[growing.kept :]
                    for call in late:
                        self._add(call)

    def _tried(self, what: str, do: Callable[[], object]) -> bool:
        """Whether `do` succeeded; a failure is logged once until it succeeds again."""
        try:
            do()
        except Exception as error:  # noqa: BLE001 - a page does not fail because its meter does
            if what not in self._troubles:
                _LOG.warning("The console's own calls cannot be %s: %s", what, error)
            self._troubles.add(what)
            return False
        self._troubles.discard(what)
        return True

    def _run(self) -> None:
        due = time.monotonic()
        while True:
            if time.monotonic() >= due:
                self._tried("put in order", self._upkeep)
                due = time.monotonic() + UPKEEP_SECONDS
            if self._stop.wait(self._flush_seconds):
                return
            self.flush()
