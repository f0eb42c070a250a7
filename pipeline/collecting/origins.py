"""Pages that may send from a browser: the headers that let them (CORS), and who sends without."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Sequence

from pipeline.collecting.envelope import Request, Response

PREFLIGHT_AGE = 24 * 60 * 60  # seconds for which a browser need not ask again
MOST_LOGGED = 100  # origins, each in one line of the log: a sender may make up as many as it likes

_LOG = logging.getLogger(__name__)


class Origins:
    """The origins of those pages. Safe to use from several threads.

    Parameters
    ----------
    allowed : such as ``https://shop.example``; ``*`` for every page
    """

    def __init__(self, allowed: Collection[str] = ()) -> None:
        self._allowed = frozenset(allowed)
        self._logged: set[str] = set()
        self._lock = threading.Lock()

    def share(self, request: Request, response: Response, *, with_cookies: bool = False) -> Response:
        """The answer with the headers that let a page of an allowed origin read it.

        Parameters
        ----------
        with_cookies : whether the sender makes browsers send cookies, which takes a further header
        """
        origin = request.headers.get("origin")
        if origin is None:
            return response
        if not {origin, "*"} & self._allowed:
            self._log_once(origin, request.headers.get("host", ""))
        if not self._allowed:
            return response
        shared = {"vary": "origin"}
        if origin in self._allowed or "*" in self._allowed:
            shared["access-control-allow-origin"] = origin
            shared["access-control-expose-headers"] = "retry-after"
            if with_cookies:
                shared["access-control-allow-credentials"] = "true"
        return Response(response.status, {**response.headers, **shared}, response.body)

    def preflight(self, request: Request, methods: Sequence[str]) -> Response:
        """The answer to a browser that asks whether its page may send; `share` adds the header that says yes.

        Parameters
        ----------
        methods : that the address takes
        """
        if not {request.headers.get("origin"), "*"} & self._allowed:
            return Response(204)
        return Response(
            204,
            {
                "access-control-allow-methods": ", ".join(methods),
                "access-control-allow-headers": "authorization, content-type, content-encoding, x-write-key,"
                " x-retry-count, anonymousid, sp-anonymous",  # what Segment's, RudderStack's and Snowplow's add
                "access-control-max-age": str(PREFLIGHT_AGE),
            },
        )

    def _log_once(self, origin: str, host: str) -> None:
        """Log once that pages of an origin send here and are not allowed to, for at most `MOST_LOGGED` origins."""
        if origin.partition("://")[2] == host:
            return  # a page of this very server
        with self._lock:
            if origin in self._logged or len(self._logged) >= MOST_LOGGED:
                return
            self._logged.add(origin)
        _LOG.warning(
            "A page of %r sends here, and its browser may not: add the origin to TAKINGS_ORIGINS to allow it.",
            origin[:200],
        )
