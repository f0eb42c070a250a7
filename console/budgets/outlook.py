"""Work that takes a second or two, done once for the same answers in the background and waited for a moment.

A page asks, draws what it knows, and asks again; everyone who asks for the same thing shares one piece of work.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as StillWorking
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from console.budgets.forecasting.backtest import Backtest, backtest
from console.budgets.forecasting.forecast import Forecast, forecast
from console.budgets.forecasting.history import History

Answer = TypeVar("Answer")

FAILURE_SECONDS = 10.0  # a page looks again every second: it has to see the failure, and not the next attempt
KEPT = 128  # answers: some hundred kilobytes each at most


class Background:
    """Runs work in one thread and keeps its answers, the least recently asked for out first."""

    def __init__(self, kept: int = KEPT, clock: Callable[[], float] = time.monotonic) -> None:
        self._kept, self._clock = kept, clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, Future[Any]] = OrderedDict()
        self._asked: dict[Hashable, float] = {}
        self._workers: ThreadPoolExecutor | None = None

    def ask(
        self, key: Hashable, work: Callable[[], Answer], *, failure_seconds: float = FAILURE_SECONDS
    ) -> Future[Answer]:
        """The answer to `key`, which `work` gives where nobody has asked before.

        Parameters
        ----------
        failure_seconds : how long after it was asked a failure is the answer; then it is tried again
        """
        with self._lock:
            found = self._answers.get(key)
            if found is not None and not self._is_over(key, found, failure_seconds):
                self._answers.move_to_end(key)
                return found
            if self._workers is None:  # the first question starts the thread, importing this module does not
                self._workers = ThreadPoolExecutor(1, thread_name_prefix="outlook")
            asked = self._workers.submit(work)
            self._answers[key], self._asked[key] = asked, self._clock()
            while len(self._answers) > self._kept:
                oldest, unwanted = self._answers.popitem(last=False)
                self._asked.pop(oldest, None)
                unwanted.cancel()
        return asked

    def _is_over(self, key: Hashable, found: Future[Any], failure_seconds: float) -> bool:
        """Whether it failed, so long ago that it is tried again."""
        failed = found.done() and (found.cancelled() or found.exception() is not None)
        return failed and self._clock() - self._asked.get(key, 0.0) >= failure_seconds

    def kept(self, key: Hashable, work: Callable[[], Answer]) -> Answer:
        """The answer to `key`, which `work` gives at once, in the caller's own thread, where it is not kept yet."""
        with self._lock:
            found: Future[Answer] | None = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
        if found is not None:
            return found.result()
        done: Future[Answer] = Future()
        done.set_result(work())
        with self._lock:
            self._answers[key] = done
        return done.result()

    def forget(self) -> None:
        """Forget every answer."""
        with self._lock:
            self._answers.clear()


BACKGROUND = Background()


@dataclass(frozen=True)
class Outlook:
    """A month's forecast with the interval that the backtest calls for, and the backtest on the same charges."""

    forecast: Forecast
    backtest: Backtest


def expect(charges: History, country: str) -> Forecast:
    """The month's forecast, with an interval that no backtest has widened or narrowed; raises as `forecast`."""
    with _one_thread():
        return forecast(charges, country=country)


def outlook(charges: History, country: str) -> Outlook:
    """The month's forecast and how good such forecasts have been; raises as `forecast` and `backtest`."""
    with _one_thread():
        tested = backtest(charges, country=country)
        return Outlook(forecast(charges, country=country, widening=tested.widening), tested)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Linear algebra in one thread: on matrices this small, more of them spend eight times the processor on waiting."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield


def wait(asked: Future[Answer], seconds: float | None) -> Answer | None:
    """The answer, if it is there within so many seconds; raises what the work raised. None waits for good."""
    try:
        return asked.result(seconds)
    except StillWorking:
        return None
