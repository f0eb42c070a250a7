"""The routes of recommendations for an ASGI server, beside those of the collector."""

from __future__ import annotations

import logging
from time import perf_counter
from typing import Any, Protocol

from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from pipeline.collecting import access
from pipeline.collecting.http import head_of, not_ready, route_to, send_response
from pipeline.recommend.serving import openapi
from pipeline.recommend.serving.question import PATH
from pipeline.recommend.serving.service import Answered, RecommendationService


class Platform(Protocol):
    """What the routes ask at each request. It may start after them."""

    @property
    def recommendations(self) -> RecommendationService | None:
        """The service; None before the start and after the stop."""
        ...


def routes(platform: Platform) -> list[Route]:
    """``/v1/recommendations`` and everything below it."""
    app = _Recommend(platform)
    return [route_to(PATH, app), route_to(PATH + "/{customer_id:path}", app)]


def described() -> dict[str, dict[str, Any]]:
    """The paths of `routes` for the OpenAPI document of `pipeline.collecting.openapi`."""
    return openapi.paths()


class _Recommend:
    """The ASGI app. It answers in the event loop: a thread would wait for the same interpreter."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        begun = perf_counter()
        request, service = head_of(scope), self._platform.recommendations
        if service is None:
            answered = Answered(not_ready("The pipeline is starting or stopping; ask again.").response())
        else:
            answered = service.answer(request)
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
