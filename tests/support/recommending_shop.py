"""A shop whose pages draw recommendations of the real embedded platform; a front may answer in its place."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from starlette.applications import Starlette
from starlette.requests import Request as HttpRequest
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from pipeline.collecting import http as collecting
from pipeline.collecting.keys import FILE as KEYS
from pipeline.collecting.keys import KeyFile
from pipeline.embedded.pacing import PlatformOptions
from pipeline.embedded.platform import Platform
from pipeline.live.embedded import FILE as LIVE
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.recommend.models.model import DirectoryEntry, Model, Neighbours, RankedList
from pipeline.recommend.serving import http as recommending
from tests.support.browser_shop import PATIENCE, Seen, Shop, listening_port, scripts, served
from tests.support.given import Given
from tests.support.models import model

PATH = "/v1/recommendations"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<script src="/takings.js"></script><script src="/recommendations.js"></script>
<main><h1>Shop</h1><div id="for-you"></div></main>"""


@dataclass(kw_only=True)
class RecommendingShop(Shop):
    """A `Shop` with recommendations.

    Attributes
    ----------
    html, headers : of every page of the shop
    answers : given to requests for recommendations in the place of the platform's, the first one first
    """

    platform: Platform
    given: Given
    read_key: str
    html: str = PAGE
    headers: dict[str, str] = field(default_factory=dict)
    answers: list[ASGIApp] = field(default_factory=list)

    def publish(self, new: Model) -> None:
        """Put a model in the place of the one in use."""
        models = self.platform.recommending.models
        assert models is not None
        current = models.current()
        models.publish(new, after=current.card.version if current else None)

    @property
    def questions(self) -> Sequence[dict[str, str]]:
        """The parameters of all requests for recommendations."""
        return [dict(parse_qsl(urlsplit(seen.url).query)) for seen in self.asked]

    @property
    def asked(self) -> Sequence[Seen]:
        """All requests for recommendations."""
        return [seen for seen in self.seen if urlsplit(seen.url).path.startswith(PATH)]

    @property
    def sent(self) -> Sequence[Seen]:
        """All requests with events."""
        return [seen for seen in self.seen if urlsplit(seen.url).path == "/v1/events"]

    def wait_until(self, holds: Callable[[], Any]) -> None:
        """Wait until a condition holds, which is looked at after every request."""
        with self._news:
            assert self._news.wait_for(holds, PATIENCE), [(seen.url, seen.status) for seen in self.seen]

    def recommended(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind that the platform has stored, such as ``click``, each once."""
        found = {event["event_id"]: event for event in self.stored()}
        return [event for event in found.values() if event["event_type"] == f"recommendation_{kind}"]

    def answering(self, path: str) -> ASGIApp:
        if path.startswith(PATH) and self.answers:
            return self.answers.pop(0)
        return super().answering(path)

    async def any_page(self, _request: HttpRequest) -> Response:
        """Any page of the shop."""
        return HTMLResponse(self.html, headers=self.headers)


@contextmanager
def open_recommending_shop(folder: Path) -> Iterator[RecommendingShop]:
    """Serve a new lake with the model of `tests.support.models`, and a shop's pages on another origin."""
    given = Given(folder)
    root = given.lake.root
    keys = KeyFile(root / KEYS)
    _, key = keys.create("pages", namespace="shop", public=True)
    _, read_key = keys.create("lists", purpose="read", public=True)
    with listening_port() as (listening, port), closing(EmbeddedLiveStore(root / LIVE, "EUR")) as live:
        options = PlatformOptions(history_seconds=3600, reserve_bytes=0, origins=(f"http://127.0.0.1:{port}",))
        with Platform(given.lake, live=live, options=options) as platform:
            assert platform.collector is not None
            app = Starlette(routes=[*collecting.routes(platform), *recommending.routes(platform)])
            shop = RecommendingShop(
                platform.stream, platform.collector, app, key, port, platform=platform, given=given, read_key=read_key
            )
            shop.publish(model())
            pages = [
                *scripts(),
                Route("/v1/events", shop),
                Route(PATH, shop),
                Route("/{page:path}", shop.any_page),
            ]
            with served(pages, listening):
                yield shop


def recommend(shop: RecommendingShop, where: str = "#for-you", **options: object) -> str:
    """The call that draws a list, as JavaScript."""
    given = {"key": shop.read_key, "link": "/p/{product_id}", "timeout": 1000 * PATIENCE, **options}
    return f"takings.recommend({json.dumps(where)}, {json.dumps(given)})"


def best_sellers(names: Sequence[str], version: str = "20260303T040000Z-bbbb") -> Model:
    """A model that knows the products ``p1``, ``p2`` … by these names, all of one category, and that they sell."""
    places = range(len(names))
    return model(
        version,
        directory=tuple(DirectoryEntry(f"p{place + 1}", "Kitchen", names[place]) for place in places),
        neighbours={"for_you": tuple(Neighbours() for _ in places)},
        lists=(RankedList("best_sellers", "", tuple(places), tuple(float(len(names) - place) for place in places)),),
        prior=tuple(0.0 for _ in places),
    )
