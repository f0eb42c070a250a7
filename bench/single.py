"""Requests of one event, which is what browsers send: how many a second are durable, and how long they take.

The sender is one thread that does nothing but exchange bytes, since it shares the machine's cores. The same sender
measures a bare echo, and an echo that writes each group of requests with one fsync, in the same run.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

CONNECTIONS = 64
STALLED_SECONDS = 10.0  # without any answer

_BODY = (
    b'{"event_id":"%016d","event_type":"product_view","occurred_at":"%s","customer_id":"c%07d",'
    b'"session_id":"s%07d","product_id":"p%04d","channel":"web","device":"mobile"}'
)


@dataclass
class Exchange:
    """What was sent in some seconds, one request an event.

    Attributes
    ----------
    latencies : seconds from the moment when each request was due to its answer
    sender_share : of one core, that the sender took
    """

    requests: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    sender_share: float = 0.0

    @property
    def rate(self) -> float:
        """Requests a second."""
        return self.requests / self.seconds


def requests(key: str, run: int) -> Iterator[bytes]:
    """Requests of new events without end."""
    occurred_at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()).encode()
    size = len(_BODY % (0, occurred_at, 0, 0, 0))
    head = (
        f"POST /v1/events HTTP/1.1\r\nhost: localhost\r\nx-write-key: {key}\r\norigin: http://shop.example\r\n"
        f"content-type: application/json\r\ncontent-length: {size}\r\n\r\n"
    ).encode()
    first = run * 10**12
    for number in count():
        visitor = number // 6
        yield head + _BODY % (first + number, occurred_at, visitor, visitor, number % 5000)


def exchange(
    address: str,
    bodies: Iterator[bytes],
    *,
    seconds: float,
    rate: float | None = None,
    connections: int = CONNECTIONS,
    success: bytes = b"HTTP/1.1 202",
) -> Exchange:
    """Send requests over kept-alive connections: as many as are answered, or at a steady rate.

    Parameters
    ----------
    success : how every answer must begin

    Raises
    ------
    RuntimeError
        A request was refused, or nothing is answered.
    """
    parts = urlsplit(address)
    selector = selectors.DefaultSelector()
    idle: deque[socket.socket] = deque()
    for _ in range(connections):
        connection = socket.create_connection((parts.hostname or "", parts.port or 80))
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        selector.register(connection, selectors.EVENT_READ)
        idle.append(connection)
    due: dict[socket.socket, float] = {}
    found = Exchange()
    clock: Callable[[], float] = time.perf_counter
    begun, used = clock(), time.process_time()
    last = begun
    sent = 0
    while True:
        now = clock()
        is_over = now - begun >= seconds
        if is_over and not due:
            break
        while idle and not is_over and (rate is None or begun + sent / rate <= now):
            connection = idle.popleft()
            due[connection] = now if rate is None else begun + sent / rate
            sent += 1
            connection.send(next(bodies))
        wait = 0.1 if rate is None or not idle else max(0.0, begun + sent / rate - clock())
        for chosen, _ in selector.select(min(wait, 0.1)):
            connection = chosen.fileobj  # type: ignore[assignment] # it is the socket that was registered
            answer = connection.recv(65536)
            if not answer.startswith(success):
                raise RuntimeError(f"Refused: {answer[:400]!r}")
            while not _is_whole(answer):
                answer += connection.recv(65536)
            last = clock()
            found.latencies.append(last - due.pop(connection))
            idle.append(connection)
        if clock() - last > STALLED_SECONDS:
            raise RuntimeError(f"No answer for {STALLED_SECONDS:.0f} s")
    found.requests, found.seconds = sent, last - begun
    found.sender_share = (time.process_time() - used) / found.seconds
    for connection in idle:
        connection.close()
    selector.close()
    return found


def _is_whole(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length)
