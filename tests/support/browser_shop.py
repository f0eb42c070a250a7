"""A shop's page and a real collector behind a front that takes notes and may answer in the collector's place."""

from __future__ import annotations

import json
import socket
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipeline.collecting.collector import Collector
from pipeline.collecting.http import routes
from pipeline.collecting.keys import KeyFile
from pipeline.streams import Kind
from pipeline.streams.log import AppendLog
from tests.support.paths import ROOT

TRACKER = ROOT / "tracker"
PATIENCE = 20.0  # seconds until a test gives up


@dataclass(frozen=True)
class Seen:
    """One request to the collector, and how it was answered."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    status: int
    at: float

    @property
    def events(self) -> list[dict[str, Any]]:
        return json.loads(self.body)

    @property
    def ids(self) -> list[str]:
        return [event["event_id"] for event in self.events]

    @property
    def types(self) -> list[str]:
        return [event["event_type"] for event in self.events]

    @property
    def by_beacon(self) -> bool:
        """A beacon cannot ask to read the answer; a fetch of ours always does."""
        return self.headers.get("sec-fetch-mode") == "no-cors"


@dataclass
class Shop:
    """The page stands on one origin (127.0.0.1), the collector on another (localhost), as in real life.

    `script` holds answers (status, headers) that the front gives in the collector's place, first one first.
    """

    log: AppendLog
    collector: Collector
    collecting: ASGIApp
    key: str
    port: int
    script: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    seen: list[Seen] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    @property
    def endpoint(self) -> str:
        return f"http://localhost:{self.port}/v1/events"

    def wait_for(self, requests: int) -> Sequence[Seen]:
        """All requests, as soon as there are so many; fails where they do not come."""
        with self._news:
            came = self._news.wait_for(lambda: len(self.seen) >= requests, PATIENCE)
            assert came, f"{len(self.seen)} requests came, not {requests}"
            return list(self.seen)

    def wait_for_events(self, events: int) -> list[str]:
        """The ids that the collector stored, as soon as there are so many."""
        with self._news:
            came = self._news.wait_for(lambda: len(self.stored()) >= events, PATIENCE)
            assert came, f"{len(self.stored())} events are stored, not {events}"
        return [event["event_id"] for event in self.stored()]

    def stored(self) -> list[dict[str, Any]]:
        """Every event on the stream, duplicates included. A refused record fails the test."""
        entries = self.log.read(None, 10_000).entries
        refused = [json.loads(entry.line) for entry in entries if entry.kind is not Kind.EVENT]
        assert not refused, f"the contract refused {refused}"
        return [json.loads(entry.line) for entry in entries]

    def copies(self) -> Counter[str]:
        """How often each event id is on the stream."""
        return Counter(event["event_id"] for event in self.stored())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer from the script, else as the collector's own routes do; note it down."""
        request = HttpRequest(scope, receive)
        body = await request.body()

        async def again() -> Message:
            return {"type": "http.request", "body": body}

        async def noted(message: Message) -> None:
            # noted before it is sent: what a browser has been answered, a test can look up
            if message["type"] == "http.response.start":
                with self._news:
                    headers = dict(request.headers)
                    status, url = message["status"], str(request.url)
                    self.seen.append(Seen(request.method, url, headers, body.decode(), status, monotonic()))
                    self._news.notify_all()
            await send(message)

        await self.answering(request.url.path)(scope, again, noted)

    def answering(self, _path: str) -> ASGIApp:
        """What answers the next request to a path."""
        if not self.script:
            return self.collecting
        status, headers = self.script.pop(0)
        shared = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "retry-after"}
        return Response(status_code=status, headers=headers | shared)


@dataclass
class Platform:
    """What the collector's routes stand on."""

    collector: Collector

    def unready(self) -> str | None:
        return None


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """Serve a shop on a free port of the loopback."""
    with listening_port() as (listening, port):
        log = AppendLog(folder / "log", reserve_bytes=0)
        keys = KeyFile(folder / "keys.json")
        _, secret = keys.create("shop")
        origins = [f"http://127.0.0.1:{port}"]
        collector = Collector(log, keys, reporting_currency="EUR", retention_days=30, origins=origins)
        collecting = Starlette(routes=routes(Platform(collector)))
        shop = Shop(log, collector, collecting, secret, port)

        async def page(_request: HttpRequest) -> Response:
            return HTMLResponse('<!doctype html><title>Shop</title><script src="/takings.js"></script>')

        pages = [Route("/", page), *scripts(), Route("/v1/events", shop)]
        with closing(log), served(pages, listening):
            yield shop


@contextmanager
def listening_port() -> Iterator[tuple[socket.socket, int]]:
    """A socket on a free port of the loopback: who connects before the server takes over waits, and is not refused."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield listening, listening.getsockname()[1]


def scripts() -> list[BaseRoute]:
    """The files of `tracker/`, and no icon."""

    async def script(request: HttpRequest) -> Response:
        return Response((TRACKER / request.url.path[1:]).read_bytes(), media_type="text/javascript")

    files = [Route(f"/{path.name}", script) for path in TRACKER.glob("*.js")]
    return [*files, Route("/favicon.ico", lambda _request: Response(status_code=204))]


@contextmanager
def served(pages: Sequence[BaseRoute], listening: socket.socket) -> Iterator[None]:
    """Serve these routes while the block runs."""
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=pages), log_level="warning", lifespan="off"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        server.force_exit = True
        thread.join()


def initialise(shop: Shop, **options: object) -> str:
    """The call that starts the tracker, as JavaScript."""
    return f"takings.init({json.dumps({'endpoint': shop.endpoint, 'key': shop.key, 'consent': True, **options})})"
