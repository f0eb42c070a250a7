"""Calls kept in memory for some seconds and handed on in batches, from a thread of their own."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Callable, Sequence

from console.metering import Call

FLUSH_SECONDS = 5.0  # how long a call takes to show on the Own cost page; a killed process loses as much
CAPACITY = 100_000  # calls in memory while nothing can be written: some 50 MB

_LOG = logging.getLogger(__name__)

Write = Callable[[Sequence[Call]], None]


class BufferedMeter:
    """A `Meter` that writes every few seconds; the thread starts with the first call. Safe to use from several threads.

    Parameters
    ----------
    write : keeps a batch for good, or raises; what it could not keep is tried again with the next batch
    """

    def __init__(self, write: Write, *, flush_seconds: float = FLUSH_SECONDS, capacity: int = CAPACITY) -> None:
        self._write = write
        self._flush_seconds = flush_seconds
        self._capacity = capacity
        self._calls: list[Call] = []
        self._changing = threading.Lock()
        self._writing = threading.Lock()
        self._starting = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._failing = False

    def record(self, call: Call) -> None:
        """Keep one call; where nothing could be written for long, the oldest are forgotten."""
        with self._changing:
            self._calls.append(call)
            del self._calls[: -self._capacity]
        if self._thread is None:
            self._start()

    def flush(self) -> None:
        """Write what is kept, now. A failure is logged once, until a batch is written again."""
        with self._writing:
            with self._changing:
                batch, self._calls = self._calls, []
            if not batch:
                return
            try:
                self._write(batch)
            except Exception as error:  # noqa: BLE001 - a page does not fail because its meter does
                if not self._failing:
                    _LOG.warning("The console's own calls cannot be written, and are kept in memory: %s", error)
                self._failing = True
                with self._changing:
                    self._calls = [*batch, *self._calls][-self._capacity :]
                return
            self._failing = False

    def close(self) -> None:
        """Write the rest and end the thread."""
        self._stop.set()
        thread = self._thread
        if thread is not None:
            thread.join()
        self.flush()

    def _start(self) -> None:
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="meter", daemon=True)
                self._thread.start()
                atexit.register(self.close)

    def _run(self) -> None:
        while not self._stop.wait(self._flush_seconds):
            self.flush()
