"""The collector's routes for an ASGI server: it reads the body up to its limit, and stores it in a thread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Protocol

from anyio.to_thread import run_sync
from starlette.requests import ClientDisconnect
from starlette.requests import Request as HttpRequest
from starlette.responses import Response as HttpResponse
from starlette.routing import Route

from pipeline.collecting import openapi
from pipeline.collecting.collector import Collector
from pipeline.collecting.endpoints import ENDPOINTS
from pipeline.collecting.envelope import MAX_BODY, Request, Response, json_response, too_large

MAX_DRAINED = (
    8 * MAX_BODY
)  # a refused or too long body is read on up to here: a sender reads no answer before it has sent


class Platform(Protocol):
    """What the routes ask at each request. It may start after them."""

    @property
    def collector(self) -> Collector | None:
        """The collector; None before the start and after the stop."""
        ...

    def unready(self) -> str | None:
        """Why no events can be taken now, in a sentence; None where they can."""
        ...


def routes(platform: Platform) -> list[Route]:
    """The collector's paths, ``/healthz``, ``/readyz``, and ``/v1/openapi.json``, which describes them all."""
    document = openapi.document()

    async def collect(received: HttpRequest) -> HttpResponse:
        collector = platform.collector
        if collector is None:
            response = _not_ready("The pipeline is starting or stopping; nothing was stored, send it again.")
            await _body(received, limit=0)
            return _http(response)
        request = _head(received)
        # in threads: the write keys are read from a file, and storing waits for the disk
        admitted = await run_sync(collector.admit, request)
        if isinstance(admitted, Response):
            await _body(received, limit=0)
            return _http(admitted)
        body = await _body(received, limit=MAX_BODY)
        if body is None:
            return _http(too_large().response())
        return _http(await run_sync(collector.store, replace(request, body=body), admitted))

    def readiness() -> Response:
        reason = platform.unready()
        return json_response(200, {"status": "ready"}) if reason is None else _not_ready(reason)

    return [
        *(_route(path, collect) for path in ENDPOINTS),
        _route("/healthz", _only_get(lambda: json_response(200, {"status": "alive"}))),
        _route("/readyz", _only_get(readiness)),
        _route("/v1/openapi.json", _only_get(lambda: json_response(200, document))),
    ]


def _route(path: str, endpoint: Callable[[HttpRequest], Any]) -> Route:
    route = Route(path, endpoint)
    route.methods = None  # each endpoint refuses other methods itself: with JSON, as it refuses all else
    return route


def _only_get(answer: Callable[[], Response]) -> Callable[[HttpRequest], HttpResponse]:
    """An endpoint that answers GET, and HEAD, whose body the server leaves out."""

    def endpoint(received: HttpRequest) -> HttpResponse:
        if received.method in ("GET", "HEAD"):
            return _http(answer())
        refusal = {"code": "method_not_allowed", "message": "Ask with GET."}
        return _http(json_response(405, refusal, {"allow": "GET, HEAD"}))

    return endpoint


def _not_ready(message: str) -> Response:
    return json_response(503, {"code": "not_ready", "message": message}, {"retry-after": "1"})


def _head(received: HttpRequest) -> Request:
    headers, query = dict(received.headers.items()), dict(received.query_params)
    return Request(received.method, received.scope["path"], headers, query)


async def _body(received: HttpRequest, *, limit: int) -> bytes | None:
    """The body; None where it is longer than `limit`, or the sender is gone."""
    chunks: list[bytes] = []
    size = 0
    try:
        async for chunk in received.stream():
            size += len(chunk)
            if size > MAX_DRAINED:
                return None
            if size <= limit:
                chunks.append(chunk)
            else:
                chunks.clear()
    except ClientDisconnect:
        return None
    return b"".join(chunks) if size <= limit else None


def _http(response: Response) -> HttpResponse:
    return HttpResponse(response.body, response.status, {**response.headers, "cache-control": "no-store"})
