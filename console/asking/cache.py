"""Answers kept by (statement, data version): the same question on the same data is asked once, for everybody.

The key is the bound SQL itself, row filter included, so an answer never crosses a row filter. Questions run side by
side in threads of the cache; who asks what is being asked already waits for that answer. A question that nobody waits
for any more is told to stop (`console.asking.engines.running`).

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

from console.asking.engines import Result, Statistics
from console.asking.engines.running import stoppable

Key = tuple[str, str, str]  # dialect, bound SQL, data version
Untold = Callable[[Result], None]

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
    """A question under way, how many wait for it, and who is told what it cost: one of them, else `untold`."""

    in_background: bool
    untold: Untold
    future: Future[Result] = field(default_factory=Future)
    stop: threading.Event = field(default_factory=threading.Event)
    waiting: int = 0
    payer: object = None  # who asked first, while he waits; after him whoever takes the answer
    is_told: bool = False
    answer: Result | None = None


def _nothing() -> None:
    """Whoever waits stays."""


def _nobody(answer: Result) -> None:
    """Nobody keeps account."""


class Asked:
    """A question that was asked; the answer may still be on its way."""

    def __init__(self, future: Future[Result], bill: Callable[[], bool], leave: Callable[[], None]) -> None:
        self._future = future
        self._bill = bill
        self._leave = leave
        self._is_waiting = True

    @property
    def is_waiting(self) -> bool:
        """Whether the answer was neither taken nor given up."""
        return self._is_waiting

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

    def start(self, key: Key, ask: Callable[[], Result], untold: Untold = _nobody) -> Asked:
        """Ask, and come back at once.

        Parameters
        ----------
        untold : told of an answer that was paid for and that no reader took, for it was asked for in the background
            or all had left; by the thread that asked, or by the last one who left
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
                    self._take_off(key, _Flight(in_background=True, untold=untold), ask)
                return _at_once(stale.answer, stale.answer.statistics.as_stale(stale.failure))
            reader, flight = object(), self._asking.get(key)
            if flight is None:
                flight = _Flight(in_background=False, untold=untold, payer=reader)
                self._take_off(key, flight, ask)
            flight.waiting += 1
        return Asked(flight.future, partial(self._bill, flight, reader), partial(self._leave, key, flight, reader))

    def _stale(self, key: Key, now: float) -> _Kept | None:
        """The answer of an earlier version, where it may still be served."""
        earlier = self._latest.get(key[:2])
        kept = None if earlier is None else self._kept.get(earlier)
        if kept is None or now - kept.current_at >= self._stale_seconds:
            return None
        return kept

    def _take_off(self, key: Key, flight: _Flight, ask: Callable[[], Result]) -> None:
        # in this order: where no thread can be had, nobody must wait for what was never asked
        self._pool.submit(self._fly, key, flight, ask, self._clock())
        self._asking[key] = flight

    def _fly(self, key: Key, flight: _Flight, ask: Callable[[], Result], asked_at: float) -> None:
        try:
            if flight.stop.is_set():
                raise CancelledError  # its turn came too late: nobody is left to see this
            with stoppable(flight.stop):
                answer = ask()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is waited for
            with self._lock:
                self._land(key, flight)
                if flight.in_background:
                    self._note_failure(key, str(error))
            flight.future.set_exception(error)
            return
        with self._lock:
            self._keep(key, answer, asked_at)
            flight.answer = answer
            is_untold = self._is_untold(flight)
        try:
            if is_untold:
                flight.untold(answer)
        finally:
            with self._lock:
                self._land(key, flight)
            flight.future.set_result(answer)

    def _land(self, key: Key, flight: _Flight) -> None:
        if self._asking.get(key) is flight:
            del self._asking[key]

    def _bill(self, flight: _Flight, reader: object) -> bool:
        """Whether this reader is told what the answer cost: the first one who stayed is."""
        with self._lock:
            if flight.is_told or flight.payer not in (None, reader):
                return False
            flight.is_told = True
            return True

    def _is_untold(self, flight: _Flight) -> bool:
        """Whether the answer is there and nobody who waits will be told its cost: then it is told elsewhere, once."""
        if flight.answer is None or flight.is_told or flight.waiting:
            return False
        flight.is_told = True
        return True

    def _leave(self, key: Key, flight: _Flight, reader: object) -> None:
        with self._lock:
            flight.waiting -= 1
            if flight.payer is reader:
                flight.payer = None
            answer, is_untold = flight.answer, self._is_untold(flight)
            if answer is None and flight.waiting == 0 and not flight.in_background:
                flight.stop.set()
                self._land(key, flight)  # who asks from now on gets an answer, not the stop
        if answer is not None and is_untold:
            flight.untold(answer)

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
