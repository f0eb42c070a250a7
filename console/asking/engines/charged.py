"""How an engine tells what it was charged for a question that it gave no answer to.

An answer carries its own statistics; a failure carries none. Whoever runs a question puts a function into the context
around it, and the engine tells it what a statement cost that was stopped, or whose result could not be read. Outside
such a context nobody is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from console.asking.engines import Statistics

_current: ContextVar[Callable[[Statistics], None] | None] = ContextVar("charged", default=None)


def charged(statistics: Statistics) -> None:
    """Tell what the question that this thread answers has cost, though it will have no answer."""
    told = _current.get()
    if told is not None:
        told(statistics)


@contextmanager
def charging(told: Callable[[Statistics], None]) -> Iterator[None]:
    """Questions asked inside that cost something and give no answer tell `told`."""
    token = _current.set(told)
    try:
        yield
    finally:
        _current.reset(token)
