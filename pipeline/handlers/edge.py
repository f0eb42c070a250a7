"""Only what came through the edge is answered: CloudFront adds a header that nobody else knows.

An HTTP API has an address of its own, where no firewall stands before it; whoever finds it must not get in.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.metrics import MetricUnit

from catalogue.errors import SettingsError
from pipeline.collecting.envelope import Problem, unavailable
from pipeline.handlers.environment import EdgeSettings, origin_secrets
from pipeline.handlers.gateway import payload_of
from pipeline.handlers.observed import metrics, secret_not_read
from pipeline.handlers.renewed_secret import RenewedSecret, text_of

HEADER = "x-takings-origin"
RENEWED_EVERY = 300.0  # seconds: a rotation adds the new value first, and takes the old one away after that


class Edge:
    """Refuses what did not come through the edge.

    Parameters
    ----------
    accepted : values of the header; where it gives none, everything is let through
    """

    def __init__(self, accepted: Callable[[], tuple[str, ...]]) -> None:
        self._accepted = accepted

    def refusal(self, event: dict[str, Any]) -> dict[str, Any] | None:
        """The answer to a request without the header, in API Gateway's format; None for one that may go on.

        Looks at nothing but the header: 403 where it is missing or wrong, 503 where the secret cannot be read.
        """
        try:
            accepted = self._accepted()
        except SettingsError:  # reported by the secret itself
            return payload_of(unavailable("edge_unavailable", "The way of the request cannot be checked").response())
        if not accepted:
            return None
        given = next((v for name, v in (event.get("headers") or {}).items() if name.lower() == HEADER), "")
        # every value is compared, so that the time tells nothing
        if any([hmac.compare_digest(_bytes(given), _bytes(value)) for value in accepted]):  # noqa: C419 - as said
            return None
        metrics.add_metric("BypassedEdge", MetricUnit.Count, 1)
        return payload_of(Problem(403, "forbidden", "Send it to the public address of the collector.").response())


def edge(settings: EdgeSettings) -> Edge:
    """The check that the environment asks for: of its values, or of the secret that it names."""
    arn = settings.arn
    if not arn:
        return Edge(lambda: settings.secrets)
    secret = RenewedSecret(
        text_of(arn), lambda text: origin_secrets(text, where=arn), every=RENEWED_EVERY, failed=secret_not_read
    )
    return Edge(secret.value)


def _bytes(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")
