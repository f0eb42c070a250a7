"""Work of a second or two, done in the background once for everyone who asks the same.

A page asks, draws what it knows, and asks again; everyone who asks for the same thing shares one piece of work.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWorking
from dataclasses import dataclass
from typing import Any, TypeVar

Answer = TypeVar("Answer")

FAILURE_SECONDS = 10.0  # a page asks again every second: it must show the failure before the next attempt
CAPACITY = 128  # answers: some hundred kilobytes each at most


@dataclass(frozen=True)
class _Work:
    """One piece of work, and when it was asked for."""

    future: Future[Any]
    asked_at: float

    @property
    def has_failed(self) -> bool:
        return self.future.done() and (self.future.cancelled() or self.future.exception() is not None)


class Background:
    """Runs work in one thread and keeps at most `capacity` answers, the least recently asked for out first."""

    def __init__(self, capacity: int = CAPACITY, clock: Callable[[], float] = time.monotonic) -> None:
        self._capacity, self._clock = capacity, clock
        self._lock = threading.Lock()
        self._works: OrderedDict[Hashable, _Work] = OrderedDict()
        self._workers: ThreadPoolExecutor | None = None

    def ask(
        self, key: Hashable, work: Callable[[], Answer], *, failure_seconds: float = FAILURE_SECONDS
    ) -> Future[Answer]:
        """The answer to `key`, which `work` gives in the background where nobody has asked before.

        A failure is the answer for `failure_seconds` after it was asked; then it is tried again.
        """
        with self._lock:
            found = self._works.get(key)
            if found is None or (found.has_failed and self._clock() - found.asked_at >= failure_seconds):
                if self._workers is None:  # the first question starts the thread, importing this module does not
                    self._workers = ThreadPoolExecutor(1, thread_name_prefix="background")
                found = self._keep(key, self._workers.submit(work))
            self._works.move_to_end(key)
        return found.future

    def answer(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        """The answer to `key`, which `work` gives at once, in the caller's own thread, where it is not kept yet."""
        with self._lock:
            found = self._works.get(key)
            if found is not None:
                self._works.move_to_end(key)
        if found is None:
            done: Future[Answer] = Future()
            done.set_result(work())
            with self._lock:
                found = self._keep(key, done)
        answer: Answer = found.future.result()
        return answer

    def _keep(self, key: Hashable, future: Future[Any]) -> _Work:
        """Keep one more piece of work; the oldest are forgotten above the capacity, and cancelled if not yet begun."""
        work = self._works[key] = _Work(future, self._clock())
        self._works.move_to_end(key)
        while len(self._works) > self._capacity:
            self._works.popitem(last=False)[1].future.cancel()
        return work

    def forget(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._works.clear()


BACKGROUND = Background()


def wait(asked: Future[Answer], seconds: float | None) -> Answer | None:
    """The answer, if it is there within so many seconds; raises what the work raised. None waits without a limit."""
    try:
        return asked.result(seconds)
    except StillWorking:
        return None
