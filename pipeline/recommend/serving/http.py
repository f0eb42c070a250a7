"""The routes of recommendations for an ASGI server, beside those of the collector."""

from __future__ import annotations

import asyncio
import logging
from concurrent.futures import ThreadPoolExecutor
from time import perf_counter
from typing import Any, Protocol

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipeline.collecting import access
from pipeline.collecting.http import head_of, not_ready, route_to, send_response
from pipeline.recommend.serving import openapi
from pipeline.recommend.serving.question import PATH
from pipeline.recommend.serving.service import Answered, RecommendationService

THREADS = 1  # that answers: a second one would only wait for the same interpreter, and make it change hands


class Platform(Protocol):
    """What the routes ask at each request. It may start after them."""

    @property
    def recommendations(self) -> RecommendationService | None:
        """The service; None before the start, after the stop, and where no models can be opened."""
        ...


def routes(platform: Platform) -> list[Route]:
    """``/v1/recommendations`` and everything below it."""
    app = _Recommend(platform)
    return [route_to(PATH, app), route_to(PATH + "/{customer_id:path}", app)]


def described() -> dict[str, dict[str, Any]]:
    """The paths of `routes` for the OpenAPI document of `pipeline.collecting.openapi`."""
    return openapi.paths()


class _Recommend:
    """The ASGI app. A thread answers: it takes a millisecond or two, in which the event loop can take events.

    On two cores shared with others, 165 to 181 answers a second left by threads and 46 to 91 by the event loop, of 200
    that were asked for.
    """

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._threads = ThreadPoolExecutor(THREADS, "recommendations")  # a thread begins with the first request

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        begun = perf_counter()
        request, service = head_of(scope), self._platform.recommendations
        if service is None:
            answered = Answered(not_ready("Recommendations are not ready; ask again.").response())
        else:
            answered = await asyncio.get_running_loop().run_in_executor(self._threads, service.answer, request)
        await send_response(send, answered.response)
        if access.logger.isEnabledFor(logging.INFO):
            access.log(
                method=request.method,
                route=PATH,  # not the path, which names a customer
                status=answered.response.status,
                milliseconds=1000 * (perf_counter() - begun),
                source=answered.source,
                counts=None,
            )
