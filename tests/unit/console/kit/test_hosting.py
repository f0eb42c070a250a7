"""The page tells the browser where its server is; everything else passes untouched."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from console.kit.hosting import KnownHost


async def _page(_request: Request) -> HTMLResponse:
    return HTMLResponse("<html><head><title>x</title></head><body>é</body></html>", headers={"etag": '"1"'})


async def _streamed_page(_request: Request) -> StreamingResponse:
    return StreamingResponse(iter([b"<html><he", b"ad></head>", b"</html>"]), media_type="text/html")


async def _headers(request: Request) -> JSONResponse:
    return JSONResponse(dict(request.headers))


CLIENT = TestClient(
    Starlette(
        routes=[Route("/", _page), Route("/streamed", _streamed_page), Route("/headers", _headers)],
        middleware=[Middleware(KnownHost)],
    )
)


def test_a_page_carries_the_script_first_in_its_head_and_its_true_length() -> None:
    answer = CLIENT.get("/")
    assert answer.text.startswith("<html><head>\n    <script>\n      window.__streamlit = {")
    assert answer.text.endswith("<title>x</title></head><body>é</body></html>")
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert "etag" not in answer.headers  # it named the page without the script


def test_a_page_sent_in_pieces_is_put_together_first() -> None:
    answer = CLIENT.get("/streamed")
    assert answer.text.count("window.__streamlit") == 1
    assert answer.text.endswith("</head></html>")


def test_what_is_no_page_passes_as_it_is() -> None:
    sent = {"accept": "application/json", "accept-encoding": "gzip", "if-none-match": '"1"'}
    received = CLIENT.get("/headers", headers=sent).json()
    assert sent.items() <= received.items()


def test_a_page_is_asked_for_whole_and_unpacked() -> None:
    received = CLIENT.get("/headers", headers={"accept": "text/html", "if-none-match": '"1"'}).json()
    assert "if-none-match" not in received
    assert "accept-encoding" not in received
