"""The collector's addresses for an ASGI server: it reads the body within its bound, and answers from a thread."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl

from anyio.to_thread import run_sync
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipeline.collecting import openapi
from pipeline.collecting.collector import DOORS, Collector
from pipeline.collecting.envelope import MAX_BODY, Request, Response, json_response, too_large

DRAINED = 8 * MAX_BODY  # a sender of a body that is too long hears so when it has finished, if it finishes by then

Answer = Callable[[Request], Response]


class Platform(Protocol):
    """What the routes stand on. It may start after them: they ask at each request."""

    @property
    def collector(self) -> Collector | None:
        """The collector; None before the start and after the stop."""
        ...

    def unready(self) -> str | None:
        """Why no events can be taken now, in a sentence; None where they can."""
        ...


def routes(platform: Platform) -> list[Route]:
    """The collector's addresses, ``GET /healthz`` and ``/readyz``, and the document that describes them all."""

    def collect(request: Request) -> Response:
        collector = platform.collector
        return _starting() if collector is None else collector.answer(request)

    def refusal(request: Request) -> Response | None:
        collector = platform.collector
        return _starting() if collector is None else collector.refusal(request)

    def ready(_request: Request) -> Response:
        reason = platform.unready()
        if reason is None:
            return json_response(200, {"status": "ready"})
        return json_response(503, {"code": "not_ready", "message": reason}, {"retry-after": "1"})

    document = openapi.document()
    told = {
        "/healthz": lambda _request: json_response(200, {"status": "alive"}),
        "/readyz": ready,
        "/v1/openapi.json": lambda _request: json_response(200, document),
    }
    return [
        *(Route(path, _Taking(refusal, collect)) for path in DOORS),
        *(Route(path, _Telling(answer)) for path, answer in told.items()),
    ]


def _starting() -> Response:
    message = "The pipeline is starting or stopping; nothing was stored, send it again."
    return json_response(503, {"code": "not_ready", "message": message}, {"retry-after": "1"})


class _Taking:
    """Reads a request with its body, and answers it from a thread: storing waits for the disk."""

    def __init__(self, refusal: Callable[[Request], Response | None], collect: Answer) -> None:
        self._refusal, self._collect = refusal, collect

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = _head(scope)
        response = await run_sync(self._refusal, head)
        if response is not None:
            await _read(receive, kept=0)
        else:
            body = await _read(receive, kept=MAX_BODY)
            if body is None:
                response = too_large().response()
            else:
                response = await run_sync(
                    self._collect, Request(head.method, head.path, head.headers, head.query, body)
                )
        await _send(send, response)


class _Telling:
    """Answers GET and HEAD."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        if scope["method"] not in ("GET", "HEAD"):
            told = {"code": "method_not_allowed", "message": "Ask with GET."}
            await _send(send, json_response(405, told, {"allow": "GET, HEAD"}))
            return
        await _send(send, await run_sync(self._answer, _head(scope)), with_body=scope["method"] == "GET")


def _head(scope: Scope) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), max_num_fields=None))
    return Request(scope["method"], scope["path"], headers, query)


async def _read(receive: Receive, *, kept: int) -> bytes | None:
    """The body; None where it is longer than `kept`, and is then read on for a while, but not held."""
    chunks: list[bytes] = []
    size = 0
    while size <= DRAINED:
        message = await receive()
        if message["type"] != "http.request":
            return None  # the sender is gone
        chunk: bytes = message.get("body", b"")
        size += len(chunk)
        if size <= kept:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False):
            break
    return b"".join(chunks) if size <= kept else None


async def _send(send: Send, response: Response, *, with_body: bool = True) -> None:
    headers: Sequence[tuple[bytes, bytes]] = [
        *((name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()),
        (b"cache-control", b"no-store"),
    ]
    if response.status != 204:
        headers = [*headers, (b"content-length", str(len(response.body)).encode())]
    start: dict[str, Any] = {"type": "http.response.start", "status": response.status, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": response.body if with_body else b""})
