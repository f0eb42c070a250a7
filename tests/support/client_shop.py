"""The embedded platform behind a real server that loses its first answers, as networks do, for others' own clients."""

from __future__ import annotations

import gzip
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.routing import BaseRoute, Mount
from starlette.types import Message, Receive, Scope, Send

from pipeline.collecting.http import routes
from pipeline.collecting.keys import FILE as KEYS
from pipeline.collecting.keys import KeyFile
from pipeline.embedded.pacing import PlatformOptions
from pipeline.embedded.platform import Platform
from tests.support.given import Given

_MESSAGE = re.compile(rb'"(?:messageId|eid)":\s*"([^"]+)"')  # of Segment's and of Snowplow's libraries


@dataclass
class LossyCollector:
    """The collector's routes; what names messages for the first time is stored, and answered as if it were not."""

    platform: Platform
    known: set[bytes] = field(default_factory=set)
    lost: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self._app = Starlette(routes=routes(self.platform))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await HttpRequest(scope, receive).body()
        names = set(_MESSAGE.findall(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body))
        loses = bool(names - self.known)
        self.known |= names
        self.lost += loses

        async def again() -> Message:
            return {"type": "http.request", "body": body}

        async def lossy(message: Message) -> None:
            if loses and message["type"] == "http.response.start":
                message = message | {"status": 503}
            await send(message)

        await self._app(scope, again, lossy)
        with self.news:
            self.news.notify_all()


@dataclass
class ClientShop:
    """A lake that takes events at `address` with the write key `key`; the page is on another origin."""

    port: int
    key: str
    platform: Platform
    given: Given
    collector: LossyCollector

    @property
    def address(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def page(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def counts(self) -> dict[str, int]:
        """What the collector counted, answers aside."""
        assert self.platform.collector is not None
        return {name: n for name, n in self.platform.collector.counts().items() if n and not name.startswith("http_")}

    def rows(self, table: str, *columns: str) -> list[tuple[Any, ...]]:
        """Rows of a curated table, after all that was received was curated."""
        self.platform.curate()
        return [tuple(row.values()) for row in self.given.rows(table, *columns)]


# what `tests/clients/visit.json` becomes when each of its messages is sent twice
COUNTS = {"received": 12, "accepted": 6, "duplicates": 6, "ignored": 4}
ORDER = [("order-1", "customer-7", Decimal("44.8500"), Decimal("19.9000"), Decimal("24.9500"))]
ORDER_COLUMNS = ("order_id", "customer_id", "gross_revenue", "refunds", "net_revenue")


@contextmanager
def open_client_shop(folder: Path, pages: list[BaseRoute] | None = None) -> Iterator[ClientShop]:
    """Serve a new lake on a free port of the loopback, beside `pages` of a shop on another origin."""
    given = Given(folder)
    lake = given.lake
    _, key = KeyFile(lake.root / KEYS).create("shop")
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()  # who connects before the server takes over waits, and is not refused
        port = listening.getsockname()[1]
        options = PlatformOptions(history_seconds=3600, reserve_bytes=0, origins=(f"http://127.0.0.1:{port}",))
        with Platform(lake, options=options) as platform:
            collector = LossyCollector(platform)
            app = Starlette(routes=[*(pages or []), Mount("/", app=collector)])
            server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off"))
            thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
            thread.start()
            try:
                yield ClientShop(port, key, platform, given, collector)
            finally:
                server.should_exit = server.force_exit = True
                thread.join()
