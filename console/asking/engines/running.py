"""What engines share while a question runs: stopping it, waiting for it, its version of the data, and the cost of one
that gave no answer.

Whoever runs a question puts two things into the context around it: an event that says that nobody waits for the answer
any more (`stoppable`), and a function that is given the cost of a statement that was stopped, or whose result could not
be read (`reporting_costs_to`): an answer carries its own statistics, a failure carries none. Outside such contexts
nothing is stopped and nothing is reported. Questions that belong together are asked inside `one_version`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar

from catalogue.errors import QueryFailed
from console.asking.engines import Statistics

Found = TypeVar("Found")

TIMEOUT_SECONDS = 60.0  # of one statement; a page gives up long before, the workbench may need it

_stop: ContextVar[threading.Event | None] = ContextVar("stop", default=None)
_report: ContextVar[Callable[[Statistics], None] | None] = ContextVar("report", default=None)

Versions = dict[object, Any]
"""Whatever has versions → the one that is seen."""

_seen: ContextVar[Versions | None] = ContextVar("seen", default=None)


@contextmanager
def one_version(seen: Versions | None = None) -> Iterator[Versions]:
    """Questions asked inside see one version of the data: the one that the first of them saw.

    Gives the versions seen, by which another thread can go on with them: `seen`. Inside such a context another one
    without them changes nothing.
    """
    versions = seen if seen is not None else seen_versions()
    versions = {} if versions is None else versions
    token = _seen.set(versions)
    try:
        yield versions
    finally:
        _seen.reset(token)


def seen_versions() -> Versions | None:
    """The versions that the question of this thread sees; None where it may see the newest."""
    return _seen.get()


def stop_event() -> threading.Event:
    """The event that is set when nobody waits for the question that this thread answers."""
    event = _stop.get()
    return threading.Event() if event is None else event


@contextmanager
def stoppable(event: threading.Event) -> Iterator[None]:
    """Questions asked inside stop when `event` is set."""
    token = _stop.set(event)
    try:
        yield
    finally:
        _stop.reset(token)


def report_cost(statistics: Statistics) -> None:
    """Report what the question that this thread answers has cost, though it will have no answer."""
    report = _report.get()
    if report is not None:
        report(statistics)


@contextmanager
def reporting_costs_to(report: Callable[[Statistics], None]) -> Iterator[None]:
    """Questions asked inside that cost something and give no answer call `report`."""
    token = _report.set(report)
    try:
        yield
    finally:
        _report.reset(token)


def check_length(sql: str, longest: int, *, engine: str, where: str) -> None:
    """Raises QueryFailed for a statement of more bytes than an engine takes: long lists of values make one."""
    size = len(sql.encode())
    if size > longest:
        raise QueryFailed(
            f"The question has {size / 1000:,.0f} kB of SQL, more than {engine} takes",
            where=where,
            remedy="Choose fewer values in the filters.",
        )


def too_large(size: int, than: str, where: str) -> QueryFailed:
    """The failure of an answer of so many bytes; `than` says of what it is more."""
    return QueryFailed(
        f"The answer has {size / 2**20:,.0f} MB, more than {than}",
        where=where,
        remedy="Choose a shorter period or fewer columns.",
    )


def unreadable(error: Exception, remedy: str, *, engine: str, where: str) -> QueryFailed:
    """The failure of a result that arrived and cannot be read."""
    return QueryFailed(f"{engine}'s result cannot be read: {str(error).splitlines()[0]}", where=where, remedy=remedy)


def too_slow(seconds: float, where: str) -> QueryFailed:
    """The failure of a statement that was stopped when its time was up."""
    return QueryFailed(
        f"The query ran longer than {seconds:.0f} seconds and was stopped",
        where=where,
        remedy="Choose a shorter period, or fewer columns.",
    )


def unwanted(where: str) -> QueryFailed:
    """The failure of a statement that was stopped because no reader waits for its answer."""
    return QueryFailed("The query was stopped: nobody waits for it", where=where, remedy="Ask again.")


def poll(
    look: Callable[[], Found | None], pauses: Sequence[float], *, deadline: float, timeout_seconds: float, where: str
) -> Found:
    """What `look` finds, once it finds something.

    Parameters
    ----------
    look : None while the statement runs
    pauses : seconds between two looks; the last one is repeated
    deadline : when to give up, by `time.monotonic`
    timeout_seconds, where : for the failure

    Raises
    ------
    QueryFailed
        Time is up, nobody waits any more, or as `look` raises. The statement runs on: the caller stops it.
    """
    stop, following = stop_event(), iter(pauses)
    while True:
        found = look()
        if found is not None:
            return found
        if time.monotonic() >= deadline:
            raise too_slow(timeout_seconds, where)
        if stop.wait(next(following, pauses[-1])):
            raise unwanted(where)
