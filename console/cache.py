"""Answers kept by (statement, data version): the same question on the same data is asked once.

The key is the bound SQL itself, row filter included, so an answer never crosses a row filter. A question that is being
asked by somebody else is waited for, not asked again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import replace

from console.engines import Result

Key = tuple[str, str, str]

CAPACITY_BYTES = 128 * 1024 * 1024  # some thousands of page answers
_OVERHEAD_BYTES = 1024  # what an answer weighs besides its rows and its SQL: an empty one is not free


class ResultCache:
    """A bounded cache, least recently used out first. Safe to use from several threads."""

    def __init__(self, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._capacity = capacity_bytes
        self._lock = threading.Lock()
        self._answers: OrderedDict[Key, Result] = OrderedDict()
        self._asking: dict[Key, Future[Result]] = {}
        self._bytes = 0

    def get(self, key: Key, ask: Callable[[], Result]) -> Result:
        """The kept answer, or the one `ask` gives; an exception of `ask` reaches everyone who waits and is not kept."""
        with self._lock:
            kept = self._answers.get(key)
            if kept is not None:
                self._answers.move_to_end(key)
                return replace(kept, statistics=kept.statistics.as_cached())
            waiting = self._asking.get(key)
            if waiting is None:
                mine: Future[Result] = Future()
                self._asking[key] = mine
        if waiting is not None:
            answer = waiting.result()
            return replace(answer, statistics=answer.statistics.as_cached())
        try:
            answer = ask()
        except BaseException as error:
            mine.set_exception(error)
            with self._lock:
                del self._asking[key]
            raise
        with self._lock:
            del self._asking[key]
            self._keep(key, answer)
        mine.set_result(answer)
        return answer

    def _keep(self, key: Key, answer: Result) -> None:
        if _weight(answer) > self._capacity:
            return
        self._answers[key] = answer
        self._bytes += _weight(answer)
        while self._bytes > self._capacity:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= _weight(oldest)

    def clear(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._answers.clear()
            self._bytes = 0


def _weight(answer: Result) -> int:
    """Bytes that an answer takes in memory, about."""
    return int(answer.table.nbytes) + len(answer.sql) + _OVERHEAD_BYTES
