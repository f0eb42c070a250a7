"""Answers kept by statement and data version: the same question on the same data is asked once, for everybody.

The key is the bound SQL itself, row filter included, so an answer never crosses a row filter. Questions run side by
side in threads of the cache; a reader who asks what is being asked already waits for that answer. A question
that no reader waits for is stopped (`console.asking.engines.running`).

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
Unclaimed = Callable[[Result], None]

CAPACITY_BYTES = 128 * 1024 * 1024  # a few thousand page answers
WORKERS = 16  # questions asked at once, those of all readers together
CHECK_SECONDS = 0.1  # how often to check that the reader still waits
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
class _Run:
    """A question under way, how many wait for it, and who gets its cost: one of them, else `unclaimed`."""

    in_background: bool
    unclaimed: Unclaimed
    future: Future[Result] = field(default_factory=Future)
    stop: threading.Event = field(default_factory=threading.Event)
    waiting: int = 0
    payer: object = None  # the reader who asked first, while it waits; then None: the first to take the answer pays
    is_claimed: bool = False
    answer: Result | None = None


def keep_waiting() -> None:
    """The default check: keep waiting."""


def _unreported(answer: Result) -> None:
    """The default of `unclaimed`: the cost is not reported."""


class Asked:
    """A question that was asked; the answer may still be on its way."""

    def __init__(self, future: Future[Result], claim_cost: Callable[[], bool], leave: Callable[[], None]) -> None:
        self._future = future
        self._claim_cost = claim_cost
        self._leave = leave
        self.is_waiting = True  # until the answer is taken or given up

    def result(self, check: Callable[[], None] = keep_waiting) -> Result:
        """The answer, waited for, once; raises what the engine raises.

        `check` is called several times a second meanwhile; what it raises ends the waiting.
        """
        try:
            while not wait([self._future], CHECK_SECONDS).done:
                check()
            answer = self._future.result()
            return answer if self._claim_cost() else replace(answer, statistics=answer.statistics.as_cached())
        finally:
            self.leave()

    def leave(self) -> None:
        """Stop waiting; does nothing once the answer was given."""
        if self.is_waiting:
            self.is_waiting = False
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
        self._latest: dict[tuple[str, str], _Kept] = {}  # of the versions of a statement
        self._asking: dict[Key, _Run] = {}
        self._bytes = 0
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="ask")

    def start(self, key: Key, ask: Callable[[], Result], unclaimed: Unclaimed = _unreported) -> Asked:
        """The question, asked in another thread; comes back at once.

        `unclaimed` is called with an answer that was paid for and that no reader took, because it was asked for in the
        background or all had left; by the thread that asked, or by the last one who left.
        """
        with self._lock:
            now = self._clock()
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
                kept.current_at = now
                return _at_once(kept.answer, kept.answer.statistics.as_cached())
            stale = self._latest.get(key[:2])
            if stale is not None and now - stale.current_at < self._stale_seconds:
                if key not in self._asking and now - stale.failed_at >= RENEW_AGAIN_SECONDS:
                    self._submit(key, _Run(in_background=True, unclaimed=unclaimed), ask)
                return _at_once(stale.answer, stale.answer.statistics.as_stale(stale.failure))
            reader, run = object(), self._asking.get(key)
            if run is None:
                run = _Run(in_background=False, unclaimed=unclaimed, payer=reader)
                self._submit(key, run, ask)
            run.waiting += 1
        return Asked(run.future, partial(self._claim_cost, run, reader), partial(self._leave, key, run, reader))

    def _submit(self, key: Key, run: _Run, ask: Callable[[], Result]) -> None:
        # in this order: if the pool refuses, no reader may wait for a question that was never asked
        self._pool.submit(self._run, key, run, ask, self._clock())
        self._asking[key] = run

    def _run(self, key: Key, run: _Run, ask: Callable[[], Result], asked_at: float) -> None:
        try:
            if run.stop.is_set():
                raise CancelledError  # it waited in the queue until its last reader left
            with stoppable(run.stop):
                answer = ask()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the answer is waited for
            with self._lock:
                self._finish(key, run)
                earlier = self._latest.get(key[:2])
                if run.in_background and earlier is not None:
                    earlier.failure, earlier.failed_at = str(error), self._clock()
            run.future.set_exception(error)
            return
        with self._lock:
            self._keep(key, answer, asked_at)
            run.answer = answer
            is_unclaimed = self._take_unclaimed(run)
        try:
            if is_unclaimed:
                run.unclaimed(answer)
        finally:
            with self._lock:
                self._finish(key, run)
            run.future.set_result(answer)

    def _finish(self, key: Key, run: _Run) -> None:
        if self._asking.get(key) is run:
            del self._asking[key]

    def _claim_cost(self, run: _Run, reader: object) -> bool:
        """Whether this reader is given the cost of the answer: the first one that still waits is."""
        with self._lock:
            if run.is_claimed or run.payer not in (None, reader):
                return False
            run.is_claimed = True
            return True

    def _take_unclaimed(self, run: _Run) -> bool:
        """Whether the answer is there and nobody who waits gets its cost; true once, for who reports it then."""
        if run.answer is None or run.is_claimed or run.waiting:
            return False
        run.is_claimed = True
        return True

    def _leave(self, key: Key, run: _Run, reader: object) -> None:
        with self._lock:
            run.waiting -= 1
            if run.payer is reader:
                run.payer = None
            answer, is_unclaimed = run.answer, self._take_unclaimed(run)
            if answer is None and run.waiting == 0 and not run.in_background:
                run.stop.set()
                self._finish(key, run)  # who asks from now on gets a new run, not the stopped one
        if answer is not None and is_unclaimed:
            run.unclaimed(answer)

    def _keep(self, key: Key, answer: Result, asked_at: float) -> None:
        if _weight(answer) > self._capacity or key in self._kept:
            return
        new = self._kept[key] = _Kept(answer, asked_at, asked_at)
        self._bytes += _weight(answer)
        if self._latest.get(key[:2], new).asked_at <= asked_at:
            self._latest[key[:2]] = new
        while self._bytes > self._capacity:
            oldest, kept = self._kept.popitem(last=False)
            self._bytes -= _weight(kept.answer)
            if self._latest.get(oldest[:2]) is kept:
                del self._latest[oldest[:2]]

    def settle(self) -> None:
        """Wait until nothing is under way."""
        while True:
            with self._lock:
                runs = [run.future for run in self._asking.values()]
            if not runs:
                return
            wait(runs)

    def close(self) -> None:
        """Stop what is under way, and wait for it; nothing may be asked any more."""
        with self._lock:
            for run in self._asking.values():
                run.stop.set()
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
    return Asked(future, lambda: True, keep_waiting)


def _weight(answer: Result) -> int:
    """Bytes that an answer takes in memory, about."""
    return int(answer.table.nbytes) + len(answer.sql) + _OVERHEAD_BYTES
