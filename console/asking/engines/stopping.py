"""How a question under way learns that nobody waits for it any more.

Whoever runs a question puts an event into the context around it; an engine that can stop what it started waits on that
event between two looks at the service. Outside such a context nothing ever stops.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


def stop_event() -> threading.Event:
    """Set when the question that this thread answers is not wanted any more."""
    event = _current.get()
    return threading.Event() if event is None else event


@contextmanager
def stoppable(event: threading.Event) -> Iterator[None]:
    """Questions asked inside stop when `event` is set."""
    token = _current.set(event)
    try:
        yield
    finally:
        _current.reset(token)
