"""The collector behind a real HTTP server, and Segment's own client sending to it."""

from __future__ import annotations

import http.client
import json
import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette

from catalogue.errors import StreamUnavailable
from pipeline.collecting.collector import Collector
from pipeline.collecting.envelope import MAX_BODY
from pipeline.collecting.http import routes
from tests.support.collecting import SECRET, VIEW, ForgetfulShelf, Ring, Shelf

ORIGINS = ("https://shop.example",)


class Service:
    """What the routes stand on: a collector that may not have started yet."""

    def __init__(self, stream: Shelf) -> None:
        self.collector: Collector | None = Collector(
            stream,
            Ring(),
            reporting_currency="EUR",
            retention_days=None,
            origins=ORIGINS,
            now=lambda: datetime.now(UTC),
        )

    def unready(self) -> str | None:
        return None if self.collector else "The pipeline has not started."


@contextmanager
def running(config: uvicorn.Config) -> Iterator[int]:
    """A running server; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(config)
    started = threading.Event()
    server.install_signal_handlers = lambda: None
    begin = server.startup

    async def startup(*args: Any, **options: Any) -> None:
        await begin(*args, **options)
        started.set()

    server.startup = startup
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    assert started.wait(20)
    try:
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


def serving(service: Service) -> AbstractContextManager[int]:
    """The service's routes on a running server; gives its port."""
    app = Starlette(routes=routes(service, ORIGINS))
    return running(uvicorn.Config(app, log_level="critical", lifespan="off"))


def ask(port: int, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        sent = {"X-Write-Key": SECRET} | {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, path, body, sent, encode_chunked=not isinstance(body, bytes | None))
        response = connection.getresponse()
        return response.status, {name.lower(): value for name, value in response.getheaders()}, response.read()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture(scope="module")
def service(shelf: Shelf) -> Service:
    return Service(shelf)


@pytest.fixture(scope="module")
def port(service: Service) -> Iterator[int]:
    with serving(service) as number:
        yield number


@pytest.fixture(autouse=True)
def _fresh(service: Service, shelf: Shelf):
    shelf.entries.clear()
    shelf.failure = None
    service.__init__(shelf)


def test_an_event_is_stored_and_its_verdict_told(port: int, shelf: Shelf):
    status, headers, body = ask(port, "POST", "/v1/events", json.dumps(VIEW).encode())
    assert (status, headers["content-type"], json.loads(body)["accepted"]) == (202, "application/json", 1)
    assert len(shelf.entries) == 1


def test_a_page_that_leaves_sends_its_key_in_the_address(port: int):
    status, _, _ = ask(
        port, "POST", f"/v1/events?key={SECRET}", json.dumps(VIEW).encode(), X_Write_Key="", Content_Type="text/plain"
    )
    assert status == 202


def test_a_body_without_a_declared_length_is_stopped_at_its_bound(port: int, shelf: Shelf):
    chunks = (b" " * 65536 for _ in range(3 * MAX_BODY // 65536))
    status, _, body = ask(port, "POST", "/v1/events", chunks, Transfer_Encoding="chunked")
    assert (status, json.loads(body)["code"], shelf.entries) == (413, "too_large", [])


def test_a_wrong_key_is_told_after_the_body_was_sent_but_not_kept(port: int):
    status, headers, _ = ask(port, "POST", "/v1/events", b" " * MAX_BODY, X_Write_Key="wrong")
    assert (status, "www-authenticate" in headers) == (401, True)


def test_the_process_tells_whether_it_lives_and_whether_it_can_take_events(port: int, service: Service):
    assert ask(port, "GET", "/healthz")[0] == 200
    assert ask(port, "GET", "/readyz")[0] == 200
    assert ask(port, "HEAD", "/readyz")[2] == b""
    service.collector = None
    assert ask(port, "GET", "/healthz")[0] == 200
    status, headers, body = ask(port, "GET", "/readyz")
    assert (status, headers["retry-after"], json.loads(body)["message"]) == (503, "1", "The pipeline has not started.")
    status, headers, _ = ask(port, "POST", "/v1/events", json.dumps(VIEW).encode())
    assert (status, headers["retry-after"]) == (503, "1")
    assert ask(port, "POST", "/healthz")[0] == 405


def test_a_page_can_read_that_its_body_is_too_long_and_that_the_collector_is_starting(port: int, service: Service):
    chunks = (b" " * 65536 for _ in range(2 * MAX_BODY // 65536))
    sent = {"Origin": ORIGINS[0], "Transfer_Encoding": "chunked"}
    too_long = ask(port, "POST", "/v1/events", chunks, **sent)
    service.collector = None
    starting = ask(port, "POST", "/v1/events", b"{}", Origin=ORIGINS[0])
    foreign = ask(port, "POST", "/v1/events", b"{}", Origin="https://other.example")
    preflight = ask(port, "OPTIONS", "/v1/events", Origin=ORIGINS[0])
    allowed = [answer[1].get("access-control-allow-origin") for answer in (too_long, starting, foreign, preflight)]
    assert [answer[0] for answer in (too_long, starting, foreign, preflight)] == [413, 503, 503, 204]
    assert allowed == [ORIGINS[0], ORIGINS[0], None, ORIGINS[0]]
    assert preflight[1]["access-control-allow-methods"] == "POST"


def test_requests_at_the_same_time_are_all_stored_or_all_refused_with_503(port: int, service: Service, shelf: Shelf):
    def send(number: int) -> int:
        return ask(port, "POST", "/v1/events", json.dumps(VIEW | {"event_id": f"e{number}"}).encode())[0]

    shelf.failure = StreamUnavailable("The disk did not confirm a write")
    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(send, range(40))) == {503}
        shelf.failure = None
        assert set(pool.map(send, range(40))) == {202}
    assert {event["event_id"] for event in shelf.events()} == {f"e{number}" for number in range(40)}
    assert service.collector.counts() == {
        "http_503": 40, "http_202": 40, "received": 40, "accepted": 40,
        "duplicates": 0, "quarantined": 0, "ignored": 0, "rounded": 0,
    }  # fmt: skip


def order(client: Any) -> None:
    products = [{"product_id": "p1", "price": 19.9, "quantity": 2}, {"product_id": "p2", "price": 5}]
    client.track("c1", "Product Viewed", {"product_id": "p1", "price": 19.9, "currency": "EUR"})
    client.track("c1", "Order Completed", {"order_id": "o1", "currency": "EUR", "products": products})
    client.page("c1", "Shop", "Thanks")
    client.identify("c1", {"plan": "gold"})


@pytest.mark.parametrize("packed", [False, True])
def test_segments_python_client_sends_an_order(port: int, shelf: Shelf, packed: bool):
    from segment.analytics.client import Client

    errors: list[Any] = []
    client = Client(
        SECRET,
        host=f"http://127.0.0.1:{port}",
        gzip=packed,
        upload_interval=0.05,
        on_error=lambda *what: errors.append(what),
    )
    order(client)
    client.shutdown()
    assert errors == []
    assert [(event["event_type"], event.get("order_id"), event["source"]) for event in shelf.events()] == [
        ("product_view", None, "segment"),
        ("purchase", "o1", "segment"),
        ("purchase", "o1", "segment"),
    ]
    assert shelf.refused() == []


def test_segments_client_tries_again_after_a_503_and_it_is_no_second_order(port: int, service: Service, shelf: Shelf):
    """The worst of all failures: the stream has stored the batch, and the sender is told that it has not."""
    from segment.analytics.client import Client

    stream = ForgetfulShelf()
    service.__init__(stream)
    errors: list[Any] = []
    client = Client(
        SECRET, host=f"http://127.0.0.1:{port}", upload_interval=0.05, on_error=lambda *what: errors.append(what)
    )
    logging.getLogger("segment").setLevel(logging.CRITICAL)
    order(client)
    client.flush()
    client.shutdown()
    assert errors == []
    assert stream.attempts == 2
    bought = [event for event in stream.events() if event["event_type"] == "purchase"]
    assert len(bought) == 4
    assert {event["event_id"] for event in bought[:2]} == {event["event_id"] for event in bought[2:]}
    assert len({event["event_id"] for event in bought}) == 2


def test_segments_client_hears_of_a_wrong_key_and_gives_up(port: int):
    from segment.analytics.client import Client

    errors: list[Any] = []
    client = Client(
        "wrong", host=f"http://127.0.0.1:{port}", upload_interval=0.05, on_error=lambda error, _: errors.append(error)
    )
    logging.getLogger("segment").setLevel(logging.CRITICAL)
    client.track("c1", "Product Viewed", {"product_id": "p1"})
    client.shutdown()
    assert [(error.status, error.code) for error in errors] == [(401, "unauthorized")]
