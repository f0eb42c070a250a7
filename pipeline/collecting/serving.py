"""The HTTP server of collector and console: uvicorn, with the time-outs that it has not.

Each connection costs a socket, and a sender that never ends its request would hold it for good ("slow loris"). So a
head must arrive in `HEAD_SECONDS`, and a body at `BODY_RATE`; a connection without a request is closed after
`IDLE_SECONDS`, and above `MAX_CONNECTIONS` new ones are closed at once. A websocket, once it is one, has none of these.
"""

from __future__ import annotations

import asyncio
import logging
import resource
from collections.abc import Sequence
from enum import Enum
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_SECONDS = 10.0  # from the first byte of a request, or the connection, to the end of its headers
IDLE_SECONDS = 15  # of a connection between two requests; our own senders send again within
BODY_SECONDS = 20.0  # between two looks at how much of a body has arrived
BODY_RATE = 500  # bytes a second that must arrive between them, as Apache's mod_reqtimeout has it
MAX_CONNECTIONS = 4_000  # some 20 KiB each
SPARE_FILES = 200  # of the files that a process may have open: for the lake, its log and its queries
# The longest that the event loop waits for a thread that computes, in place of Python's 5 ms: it waits for one in each
# turn, before it may look at what has arrived, and whoever writes a group waits for the loop in turn.
SWITCH_SECONDS = 0.0005


class _Phase(Enum):
    """What of a request has arrived on a connection."""

    HEAD = "head"  # nothing, or a part of the head
    BODY = "body"  # the head, and a part of the body
    WHOLE = "whole"  # all of it: it is being answered, or was


class TimedProtocol(HttpToolsProtocol):
    """A connection that is closed where its sender is too slow."""

    head_seconds, body_seconds = HEAD_SECONDS, BODY_SECONDS
    max_connections = MAX_CONNECTIONS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.access_log = False  # which uvicorn has on where anybody gave its logger a handler, as Streamlit does
        self._phase = _Phase.HEAD
        self._timed: _Phase | None = None  # the phase that the timer is for
        self._timer: asyncio.TimerHandle | None = None
        self._arrived = 0  # bytes since the last look at the body

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's own
        super().connection_made(transport)
        if len(self.connections) > self.max_connections:
            transport.abort()
            return
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._arrived += len(data)
        if self._phase is _Phase.WHOLE:
            self._phase = _Phase.HEAD  # of the next request, even where the parser skips empty lines before it
        super().data_received(data)
        if self._phase is _Phase.WHOLE:
            self._stop_timer()
        elif self._timed is not self._phase:
            self._start_timer()

    def on_message_begin(self) -> None:
        self._phase = _Phase.HEAD
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._phase = _Phase.BODY
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._phase, self._timed = _Phase.WHOLE, None
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        self._phase = _Phase.WHOLE
        super().handle_websocket_upgrade()

    def _start_timer(self) -> None:
        self._stop_timer()
        if self.transport.is_closing():
            return
        self._timed, self._arrived = self._phase, 0
        if self._phase is _Phase.HEAD:
            self._timer = self.loop.call_later(self.head_seconds, self.transport.close)
        else:
            self._timer = self.loop.call_later(self.body_seconds, self._look_at_body)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._timed = None

    def _look_at_body(self) -> None:
        """Close the connection where too little of its body arrived, unless it is the app that does not read on."""
        if self._arrived < BODY_RATE * self.body_seconds and not self.flow.read_paused:
            self.transport.close()
        else:
            self._start_timer()


def _is_warning(record: logging.LogRecord) -> bool:
    """Whether uvicorn has to say something. Its lesser lines hold the address and the headers of a websocket's request.

    A filter, since Streamlit sets the level of uvicorn's loggers to its own when it starts.
    """
    return record.levelno >= logging.WARNING


def options(trusted_proxies: Sequence[str] = ()) -> dict[str, Any]:
    """How an app is served: options of `uvicorn.run`. Neither a request's address nor anything else of it is logged.

    Parameters
    ----------
    trusted_proxies : addresses or networks of proxies, whose ``X-Forwarded-For`` names the sender
    """
    logging.getLogger("uvicorn.error").addFilter(_is_warning)
    open_files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    TimedProtocol.max_connections = max(1, min(MAX_CONNECTIONS, open_files - SPARE_FILES))
    return {
        "http": TimedProtocol,
        "timeout_keep_alive": IDLE_SECONDS,
        "proxy_headers": bool(trusted_proxies),
        "forwarded_allow_ips": list(trusted_proxies),
        "log_level": "warning",
        "access_log": False,
    }
