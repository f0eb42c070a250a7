"""The collector's routes for an ASGI server: it reads the body up to its limit, and stores it with those of others.

Each endpoint is an ASGI app of its own, and `Shortcut` gives it the request before any other middleware sees it: what
frameworks do for a page costs more than storing an event. A request of one event is answered in the event loop; only
writing, of all requests that wait together, and reading a large body take a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any, Protocol
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from catalogue.errors import StreamFull, StreamUnavailable, TakingsError
from pipeline.collecting import access, openapi
from pipeline.collecting.collector import Collector, Prepared
from pipeline.collecting.endpoints import ENDPOINTS
from pipeline.collecting.envelope import MAX_BODY, Problem, Request, Response, json_response, too_large
from pipeline.collecting.origins import Origins
from pipeline.streams.grouped import GroupedAppends

MAX_DRAINED = 8 * MAX_BODY  # of a refused or too long body: a sender reads no answer before it has sent
BODY_SECONDS = 30.0  # in which a body must have arrived: 1 MiB at 280 kbit/s, a slow telephone
SMALL_BODY = 16 * 1024  # bytes that are read in the event loop: within a millisecond, less than a thread costs
NO_ANSWER = 499  # in the access log: the sender was gone, as nginx names it


class Platform(Protocol):
    """What the routes ask at each request. It may start after them."""

    @property
    def collector(self) -> Collector | None:
        """The collector; None before the start and after the stop."""
        ...

    def unready(self) -> str | None:
        """Why no events can be taken now, in a sentence; None where they can."""
        ...


class Shortcut:
    """ASGI middleware that gives requests for the paths of some routes to these, and all others to the app.

    A route's path is exact, or ends with a parameter (``/v1/recommendations/{customer_id:path}``) and takes everything
    that begins as it does. As the first middleware, it spares those requests all others.
    """

    def __init__(self, app: ASGIApp, routes: Sequence[Route]) -> None:
        self._app = app
        self._apps = {route.path: route.app for route in routes if "{" not in route.path}
        self._below = [(route.path.partition("{")[0], route.app) for route in routes if "{" in route.path]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        chosen = self._chosen(scope["path"]) if scope["type"] == "http" else self._app
        await chosen(scope, receive, send)

    def _chosen(self, path: str) -> ASGIApp:
        exact = self._apps.get(path)
        return exact or next((app for start, app in self._below if path.startswith(start)), self._app)


def routes(
    platform: Platform, origins: Collection[str] = (), described: Mapping[str, dict[str, Any]] | None = None
) -> list[Route]:
    """The collector's paths, ``/healthz``, ``/readyz``, and ``/v1/openapi.json``, which describes them all.

    Parameters
    ----------
    origins : pages that may send, as the collector's: for answers before there is one
    described : further paths of the document, of others that are served beside the collector
    """
    document = openapi.document(described)
    collect = _Collect(platform, Origins(origins))

    def readiness() -> Response:
        reason = platform.unready()
        return json_response(200, {"status": "ready"}) if reason is None else not_ready(reason).response()

    return [
        *(route_to(path, collect) for path in ENDPOINTS),
        route_to("/healthz", _OnlyGet(lambda: json_response(200, {"status": "alive"}))),
        route_to("/readyz", _OnlyGet(readiness)),
        route_to("/v1/openapi.json", _OnlyGet(lambda: json_response(200, document))),
    ]


class _Gone(Exception):  # noqa: N818 - not an error of ours
    """The sender closed the connection before its request was whole."""


@dataclass(slots=True)
class _Noted:
    """What the access log says of a request beside its answer."""

    source: str | None = None
    counts: dict[str, int] | None = None


class _Collect:
    """The ASGI app of the endpoints that take events."""

    def __init__(self, platform: Platform, origins: Origins) -> None:
        self._platform, self._origins = platform, origins
        self._appends: GroupedAppends | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        begun = perf_counter()
        request, noted = head_of(scope), _Noted()
        try:
            response = await self._answer(request, receive, noted)
            await send_response(send, response)
            status = response.status
        except _Gone:
            status = NO_ANSWER
        if access.logger.isEnabledFor(logging.INFO):
            access.log(
                method=request.method,
                route=request.path,
                status=status,
                milliseconds=1000 * (perf_counter() - begun),
                source=noted.source,
                counts=noted.counts,
            )

    async def _answer(self, request: Request, receive: Receive, noted: _Noted) -> Response:
        collector = self._platform.collector
        if collector is None:
            refusal = not_ready("The pipeline is starting or stopping; nothing was stored, send it again.")
            endpoint, is_preflight = ENDPOINTS[request.path], request.method == "OPTIONS"
            answer = self._origins.preflight(request, endpoint.methods) if is_preflight else refusal.response()
            shared = self._origins.share(request, answer, with_cookies=endpoint.with_cookies)
            return await _after_body(receive, shared)
        admitted = collector.admit(request)
        if isinstance(admitted, Response):
            return await _after_body(receive, admitted)
        noted.source = admitted.key.source if admitted.key else None
        try:
            body = await _body(receive)
        except Problem as problem:
            return collector.refuse(request, problem)
        request = replace(request, body=body)
        is_small = len(body) <= SMALL_BODY and "content-encoding" not in request.headers
        prepare = collector.prepare
        prepared = prepare(request, admitted) if is_small else await run_sync(prepare, request, admitted)
        if isinstance(prepared, Response):
            return prepared
        noted.source = prepared.key.source
        return await self._store(collector, request, prepared, noted)

    async def _store(self, collector: Collector, request: Request, prepared: Prepared, noted: _Noted) -> Response:
        if self._appends is None or self._appends.stream is not collector.stream:
            self._appends = GroupedAppends(collector.stream)
        failure: TakingsError | None = StreamUnavailable("The write was broken off")
        try:
            await self._appends.append(prepared.entries)
            failure, noted.counts = None, prepared.counts()
        except (StreamFull, StreamUnavailable) as error:
            failure = error
        finally:
            response = collector.complete(request, prepared, failure)
        return response


class _OnlyGet:
    """An ASGI app that answers GET, and HEAD, whose body the server leaves out."""

    def __init__(self, answer: Callable[[], Response]) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD"):
            await send_response(send, self._answer())
            return
        refusal = {"code": "method_not_allowed", "message": "Ask with GET."}
        await send_response(send, json_response(405, refusal, {"allow": "GET, HEAD"}))


def route_to(path: str, app: ASGIApp) -> Route:
    """A route to an endpoint, which itself refuses the methods that it does not take."""
    route = Route(path, app)
    route.methods = None  # it does so with JSON, as it refuses all else
    return route


def not_ready(message: str) -> Problem:
    """The refusal of a request before the start, or after the stop."""
    return Problem(503, "not_ready", message, {"retry-after": "1"})


def head_of(scope: Scope) -> Request:
    """The request without its body; its path is decoded."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    client = scope.get("client")
    return Request(scope["method"], scope["path"], headers, query, address=client[0] if client else "")


async def _body(receive: Receive) -> bytes:
    """The body.

    Raises
    ------
    Problem
        413 where it is longer than `MAX_BODY`, 408 where it has not arrived in `BODY_SECONDS`.
    _Gone
        The sender closed the connection.
    """
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise _Gone
                chunk = message.get("body", b"")
                size += len(chunk)
                if size <= MAX_BODY:
                    chunks.append(chunk)
                if not message.get("more_body", False):
                    break
                if size > MAX_DRAINED:
                    raise _closing(too_large())
    except TimeoutError as error:
        late = f"The body did not arrive within {BODY_SECONDS:.0f} seconds; nothing was stored, send it again."
        raise _closing(Problem(408, "request_timeout", late)) from error
    if size > MAX_BODY:
        raise too_large()
    return b"".join(chunks)


async def _after_body(receive: Receive, refusal: Response) -> Response:
    """The refusal, once the body was taken: a sender reads no answer before it has sent.

    Where the body is far too long or late, the refusal ends the connection, on which more of it would follow.
    """
    try:
        await _body(receive)
    except Problem as problem:
        closing = {name: value for name, value in problem.headers.items() if name == "connection"}
        return Response(refusal.status, {**refusal.headers, **closing}, refusal.body)
    return refusal


def _closing(problem: Problem) -> Problem:
    """A refusal that ends the connection."""
    return Problem(problem.status, problem.code, problem.message, {**problem.headers, "connection": "close"})


async def send_response(send: Send, response: Response) -> None:
    """Send an answer. One that does not say whether it may be kept may not."""
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if "cache-control" not in response.headers:
        headers.append((b"cache-control", b"no-store"))
    if response.status != 204:  # which has no body, and may not say how long it is
        headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})
