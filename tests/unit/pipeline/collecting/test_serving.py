"""Senders that are too slow lose their connection; whoever sends beside them is answered."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket

from pipeline.collecting import http as collecting_http
from pipeline.collecting import serving
from pipeline.collecting.limits import TokenBuckets
from tests.support.collecting import SECRET, VIEW, Shelf, collector, write_key
from tests.unit.pipeline.collecting.test_http import Service, running

LIMIT = 0.4  # seconds: of the time-outs in these tests
PATIENCE = 20.0
HEAD = f"POST /v1/events HTTP/1.1\r\nhost: localhost\r\nx-write-key: {SECRET}\r\n".encode()


class HastyProtocol(serving.TimedProtocol):
    head_seconds = body_seconds = LIMIT
    max_connections = 8


async def echo(websocket: WebSocket) -> None:
    await websocket.accept()
    while (text := await websocket.receive_text()) != "end":
        await websocket.send_text(text)
    await websocket.close()


@contextmanager
def hasty_server(idle: float = PATIENCE) -> Iterator[int]:
    options = serving.options() | {"http": HastyProtocol, "timeout_keep_alive": idle, "lifespan": "off"}
    routes = [*collecting_http.routes(Service(Shelf())), WebSocketRoute("/socket", echo)]
    with running(uvicorn.Config(Starlette(routes=routes), **options)) as port:
        yield port


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    with hasty_server() as number:
        yield number


def connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)


def trickle(connection: socket.socket, data: bytes, ended: threading.Event) -> float:
    """Send a byte every 50 milliseconds until the server closes; the seconds that took."""
    begun = time.monotonic()
    for byte in data * 1000:
        if time.monotonic() - begun > PATIENCE:
            break
        try:
            connection.send(bytes([byte]))
            connection.settimeout(0.05)
            if connection.recv(65536) == b"":
                break
        except TimeoutError:
            continue
        except OSError:
            break
    ended.set()
    return time.monotonic() - begun


def is_closed(connection: socket.socket) -> bool:
    """Whether the server closes the connection, waited for."""
    try:
        while connection.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def sent(port: int, headers: Mapping[str, str] | None = None) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("POST", "/v1/events", json.dumps(VIEW).encode(), {"X-Write-Key": SECRET, **(headers or {})})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize(
    ("before", "trickled"),
    [
        (HEAD, b"x-more: a\r\n"),
        (b"", b"\r\n"),
        (HEAD + b"content-length: 100000\r\n\r\n", b" "),
        (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"1\r\n \r\n"),
    ],
    ids=["head", "empty lines", "body", "chunks"],
)
def test_who_trickles_is_closed_and_the_next_one_is_answered(port: int, before: bytes, trickled: bytes) -> None:
    ended = threading.Event()
    with connected(port) as slow:
        slow.sendall(before)
        seconds: list[float] = []
        thread = threading.Thread(target=lambda: seconds.append(trickle(slow, trickled, ended)))
        thread.start()
        assert sent(port) == 202
        thread.join()
    assert LIMIT / 2 < seconds[0] < PATIENCE


@pytest.mark.parametrize("start", [b"", b"POST /v1/eve", HEAD + b"content-length: 9\r\n\r\n{"])
def test_who_says_nothing_more_is_closed(port: int, start: bytes) -> None:
    with connected(port) as silent:
        silent.sendall(start)
        assert is_closed(silent)


def test_a_connection_without_a_request_is_closed_and_empty_lines_do_not_keep_it() -> None:
    with hasty_server(idle=1) as port, connected(port) as idle, connected(port) as empty:
        for connection in (idle, empty):
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        empty.sendall(b"\r\n")
        assert is_closed(idle)
        assert is_closed(empty)


def test_a_body_that_keeps_its_pace_is_taken_however_long_it_takes(port: int) -> None:
    body = json.dumps(VIEW).encode() + b" " * 3000
    with connected(port) as steady:
        steady.sendall(HEAD + f"content-length: {len(body)}\r\n\r\n".encode())
        begun = time.monotonic()
        for at in range(0, len(body), 150):
            steady.sendall(body[at : at + 150])
            threading.Event().wait(0.06)  # this is the pace: 2,500 bytes a second
        assert time.monotonic() - begun > 2 * LIMIT
        assert steady.recv(65536).startswith(b"HTTP/1.1 202")


def test_a_collectors_body_has_a_last_moment_and_is_answered_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collecting_http, "BODY_SECONDS", 0.2)
    options = serving.options() | {"lifespan": "off"}
    app = Starlette(routes=collecting_http.routes(Service(Shelf())))
    with running(uvicorn.Config(app, **options)) as port, connected(port) as late:
        late.sendall(HEAD + b"content-length: 9\r\n\r\n{")
        answer = late.recv(65536)
        assert answer.startswith(b"HTTP/1.1 408")
        assert b'"code":"request_timeout"' in answer
        assert is_closed(late)


def test_a_websocket_is_not_cut(port: int) -> None:
    from websockets.sync.client import connect

    with connect(f"ws://127.0.0.1:{port}/socket") as websocket:
        threading.Event().wait(3 * LIMIT)  # what is tested is that time passes
        websocket.send("still here")
        assert websocket.recv(PATIENCE) == "still here"
        websocket.send("end")


def test_above_the_limit_a_connection_is_closed_at_once_and_below_it_is_answered_again() -> None:
    with hasty_server() as port:
        held = [connected(port) for _ in range(HastyProtocol.max_connections)]
        for connection in held:
            connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
            assert connection.recv(65536).startswith(b"HTTP/1.1 200")
        with connected(port) as refused:
            assert is_closed(refused)
        held[0].close()
        held[1].sendall(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n")
        assert held[1].recv(65536).startswith(b"HTTP/1.1 200")
        assert sent(port) == 202
        for connection in held:
            connection.close()


@pytest.mark.parametrize(
    ("trusted", "statuses"),
    [
        (("127.0.0.1/32",), {"203.0.113.9": 202, "198.51.100.7, 203.0.113.9": 429, "203.0.113.10": 202}),
        ((), {"203.0.113.9": 202, "203.0.113.10": 429}),
    ],
)
def test_a_proxy_names_the_sender_where_it_is_trusted(trusted: tuple[str, ...], statuses: dict[str, int]) -> None:
    class Public:
        collector = collector(
            Shelf(), write_key("page", SECRET, public=True), network_limits=TokenBuckets(rate=1e-6, size=1)
        )

        def unready(self) -> str | None:
            return None

    app = Starlette(routes=collecting_http.routes(Public()))
    with running(uvicorn.Config(app, **serving.options(trusted), lifespan="off")) as port:
        answered = {chain: sent(port, {"X-Forwarded-For": chain}) for chain in statuses}
    assert answered == statuses
