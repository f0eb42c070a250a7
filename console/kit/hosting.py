"""Writes the console's address into every page, so that the browser need not search for it.

Streamlit's page looks for its server along the path of a deep link, and asks it for the host's configuration, before
it opens its socket: refused requests in the log, and two round trips of waiting. It skips both where the page contains
`window.__streamlit`, which Streamlit reads from whoever hosts it. The console is always served from the root.
"""

from __future__ import annotations

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_HEAD = b"<head>"
_SCRIPT = b"""
    <script>
      window.__streamlit = {
        BACKEND_BASE_URL: location.origin + "/",
        MAIN_PAGE_BASE_URL: location.origin + "/",
        HOST_CONFIG: {
          allowedOrigins: [location.origin], useExternalAuthToken: false, enableCustomParentMessages: false,
          enforceDownloadInNewTab: false, metricsUrl: "off", blockErrorDialogs: false, resourceCrossOriginMode: null
        }
      }
    </script>"""


class KnownHost:
    """ASGI middleware that adds the script to every HTML page; every other answer passes unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        start: Message | None = None
        body = b""

        async def forward(message: Message) -> None:
            nonlocal start, body
            if message["type"] == "http.response.start" and _is_html(message):
                start = message
                return
            if start is None:
                await send(message)
                return
            body += message.get("body", b"")
            if message.get("more_body"):
                return
            page = body.replace(_HEAD, _HEAD + _SCRIPT, 1)
            headers = [(name, value) for name, value in start["headers"] if name not in (b"content-length", b"etag")]
            await send({**start, "headers": [*headers, (b"content-length", str(len(page)).encode())]})
            await send({"type": "http.response.body", "body": page})

        await self._app({**scope, "headers": _headers(scope)}, receive, forward)


def _is_html(message: Message) -> bool:
    return any(name == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"])


def _headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """The request's headers; for a page, without those that allow a compressed or a cached answer."""
    headers: list[tuple[bytes, bytes]] = list(scope["headers"])
    if not any(name == b"accept" and b"text/html" in value for name, value in headers):
        return headers
    return [
        (name, value)
        for name, value in headers
        if name not in (b"accept-encoding", b"if-none-match", b"if-modified-since")
    ]
