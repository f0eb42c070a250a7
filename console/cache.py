"""Answers kept by (statement, data version): the same question on the same data is asked once, for everybody.

The key is the bound SQL itself, row filter included, so an answer never crosses a row filter. Questions run side by
side in threads of the cache; who asks what is being asked already waits for that answer. A question that nobody waits
for any more is told to stop (`console.engines.stopping`).

Where the engine takes seconds, answers of the version before may be served at once while the new one is asked for in
the background (``stale_seconds``); such an answer says that it is stale, and why it could not be renewed.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from functools import partial

from console.engines import Result, Statistics
from console.engines.stopping import stoppable

Key = tuple[str, str, str]  # dialect, bound SQL, data version

CAPACITY_BYTES = 128 * 1024 * 1024  # some thousands of page answers
WORKERS = 16  # questions asked at once, those of all readers together
CHECK_SECONDS = 0.1  # between two looks whether whoever waits is still there
RENEW_AGAIN_SECONDS = 30.0  # after a failure in the background: a service that is down is not asked at every click
_OVERHEAD_BYTES = 1024  # what an answer weighs besides its rows and its SQL: an empty one is not free


@dataclass
class _Kept:
    """An answer, and when it was last known to be that of the current version."""

    answer: Result
    asked_at: float
    current_at: float
    failure: str = ""
    failed_at: float = float("-inf")


@dataclass
class _Flight:
    """A question under way, and how many wait for it."""

    in_background: bool
    future: Future[Result] = field(default_factory=Future)
    stop: threading.Event = field(default_factory=threading.Event)
    waiting: int = 0
    is_unbilled: bool = False  # who asked first left: its cost is told to the next one


def _nothing() -> None:
    """Whoever waits stays."""


class Asked:
    """A question that was asked; the answer may still be on its way."""

    def __init__(self, future: Future[Result], bill: Callable[[], bool], leave: Callable[[], None]) -> None:
        self._future = future
        self._bill = bill
        self._leave = leave
        self._is_waiting = True

    def result(self, check: Callable[[], None] = _nothing) -> Result:
        """The answer, waited for, once; raises what the engine raises.

        Parameters
        ----------
        check : called several times a second meanwhile; what it raises ends the waiting
        """
        try:
            while not wait([self._future], CHECK_SECONDS).done:
                check()
            answer = self._future.result()
            return answer if self._bill() else replace(answer, statistics=answer.statistics.as_cached())
        finally:
            self.leave()

    def leave(self) -> None:
        """Wait no more; does nothing where the answer was given."""
        if self._is_waiting:
            self._is_waiting = False
            self._leave()


class ResultCache:
    """A bounded cache, least recently used out first. Safe to use from several threads.

    Parameters
    ----------
    stale_seconds : how long after an answer was last known to be current it may be served for a newer version, while
        that one is asked for; 0 for never
    """

    def __init__(
        self,
        capacity_bytes: int = CAPACITY_BYTES,
        *,
        stale_seconds: float = 0.0,
        workers: int = WORKERS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._capacity = capacity_bytes
        self._stale_seconds = stale_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: OrderedDict[Key, _Kept] = OrderedDict()
        self._latest: dict[tuple[str, str], Key] = {}
        self._asking: dict[Key, _Flight] = {}
        self._bytes = 0
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ask")

    def get(self, key: Key, ask: Callable[[], Result], check: Callable[[], None] = _nothing) -> Result:
        """The kept answer, or the one `ask` gives; an exception of `ask` reaches everyone who waits and is not kept."""
        return self.start(key, ask).result(check)

    def start(self, key: Key, ask: Callable[[], Result], renewed: Callable[[Result], None] | None = None) -> Asked:
        """Ask, and come back at once.

        Parameters
        ----------
        renewed : told of an answer that was asked for in the background, by the thread that asked
        """
        with self._lock:
            now = self._clock()
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                kept.current_at = now
                return _at_once(kept.answer, kept.answer.statistics.as_cached())
            stale = self._stale(key, now)
            if stale is not None:
                if key not in self._asking and now - stale.failed_at >= RENEW_AGAIN_SECONDS:
                    self._take_off(key, _Flight(in_background=True), ask, renewed)
                return _at_once(stale.answer, stale.answer.statistics.as_stale(stale.failure))
            flight = self._asking.get(key)
            is_first = flight is None
            if flight is None:
                flight = _Flight(in_background=False)
                self._take_off(key, flight, ask, None)
            flight.waiting += 1
        return Asked(flight.future, partial(self._bill, flight, is_first), partial(self._leave, key, flight, is_first))

    def _stale(self, key: Key, now: float) -> _Kept | None:
        """The answer of an earlier version, where it may still be served."""
        earlier = self._latest.get(key[:2])
        kept = None if earlier is None else self._kept.get(earlier)
        if kept is None or now - kept.current_at >= self._stale_seconds:
            return None
        return kept

    def _take_off(
        self, key: Key, flight: _Flight, ask: Callable[[], Result], renewed: Callable[[Result], None] | None
    ) -> None:
        self._asking[key] = flight
        self._pool.submit(self._fly, key, flight, ask, renewed, self._clock())

    def _fly(
        self,
        key: Key,
        flight: _Flight,
        ask: Callable[[], Result],
        renewed: Callable[[Result], None] | None,
        asked_at: float,
    ) -> None:
        try:
            if flight.stop.is_set():
                raise CancelledError  # its turn came too late: nobody is left to see this
            with stoppable(flight.stop):
                answer = ask()
            if renewed is not None:
                renewed(answer)
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is waited for
            with self._lock:
                self._land(key, flight)
                if flight.in_background:
                    self._note_failure(key, str(error))
            flight.future.set_exception(error)
            return
        with self._lock:
            self._land(key, flight)
            self._keep(key, answer, asked_at)
        flight.future.set_result(answer)

    def _land(self, key: Key, flight: _Flight) -> None:
        if self._asking.get(key) is flight:
            del self._asking[key]

    def _bill(self, flight: _Flight, is_first: bool) -> bool:
        """Whether this reader is told what the answer cost: the first one who stayed is."""
        with self._lock:
            billed = is_first or flight.is_unbilled
            flight.is_unbilled = False
            return billed

    def _leave(self, key: Key, flight: _Flight, is_first: bool) -> None:
        with self._lock:
            flight.waiting -= 1
            if flight.future.done():
                return
            flight.is_unbilled = flight.is_unbilled or is_first
            if flight.waiting == 0 and not flight.in_background:
                flight.stop.set()
                self._land(key, flight)  # who asks from now on gets an answer, not the stop

    def _note_failure(self, key: Key, failure: str) -> None:
        earlier = self._latest.get(key[:2])
        kept = None if earlier is None else self._kept.get(earlier)
        if kept is not None:
            kept.failure, kept.failed_at = failure, self._clock()

    def _keep(self, key: Key, answer: Result, asked_at: float) -> None:
        if _weight(answer) > self._capacity or key in self._kept:
            return
        self._kept[key] = _Kept(answer, asked_at, asked_at)
        self._bytes += _weight(answer)
        latest = self._latest.get(key[:2])
        if latest is None or self._kept[latest].asked_at <= asked_at:
            self._latest[key[:2]] = key
        while self._bytes > self._capacity:
            oldest, kept = self._kept.popitem(last=False)
            self._bytes -= _weight(kept.answer)
            if self._latest.get(oldest[:2]) == oldest:
                del self._latest[oldest[:2]]

    def settle(self) -> None:
        """Wait until nothing is under way."""
        while True:
            with self._lock:
                flights = [flight.future for flight in self._asking.values()]
            if not flights:
                return
            wait(flights)

    def close(self) -> None:
        """Stop what is under way, and wait for it; nothing may be asked any more."""
        with self._lock:
            for flight in self._asking.values():
                flight.stop.set()
        self._pool.shutdown(wait=True)

    def clear(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._kept.clear()
            self._latest.clear()
            self._bytes = 0


def _at_once(answer: Result, statistics: Statistics) -> Asked:
    """A question whose answer is there."""
    future: Future[Result] = Future()
    future.set_result(replace(answer, statistics=statistics))
    return Asked(future, lambda: True, _nothing)


def _weight(answer: Result) -> int:
    """Bytes that an answer takes in memory, about."""
    return int(answer.table.nbytes) + len(answer.sql) + _OVERHEAD_BYTES
