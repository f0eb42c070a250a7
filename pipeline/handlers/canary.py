"""Every minute: a test event through all that senders' requests pass, the firewall first.

It goes to the endpoint that checks events and stores none (``/debug/mp/collect``): it is answered by the same function
after the same checks of origin, key and contract, and is in no count, no stream and no revenue. What comes after the
collector is watched by its own signals: the stream's throttles and the age of what was not read.

A scheduled function and no canary of CloudWatch Synthetics: that is $0.0012 a run, $51.84 a month at one a minute, and
needs a bucket and a runtime of its own; this one is some $0.50, nearly all of it for its two metrics and its secret.
"""

from __future__ import annotations

import http.client
import json
import os
from functools import lru_cache
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aws_lambda_powertools.metrics import MetricUnit

from catalogue.errors import SettingsError
from pipeline.handlers.observed import logger, metrics, observed, secret_not_read
from pipeline.handlers.renewed_secret import RenewedSecret, text_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

PATH = "/debug/mp/collect?measurement_id=canary"
EVENT = {"client_id": "canary", "events": [{"name": "view_item", "params": {"items": [{"item_id": "canary"}]}}]}
PATIENCE = 10  # seconds; the function itself ends later
KEY_SECONDS = 300.0  # a key that is renewed is known by then
SHOWN = 200  # characters of an answer that is not the expected one


def setting(name: str) -> str:
    """A variable of the environment.

    Raises
    ------
    SettingsError
        It is missing or empty.
    """
    value = os.environ.get(name, "")
    if not value:
        raise SettingsError(f"{name} is not set", where=name, remedy="The deployment sets it; deploy again.")
    return value


@lru_cache(maxsize=1)
def key() -> RenewedSecret[str]:
    """The canary's own write key."""
    read = text_of(setting("TAKINGS_CANARY_KEY_ARN"))
    # an editor ends a file with a newline, which no header may have
    return RenewedSecret(read, str.strip, every=KEY_SECONDS, failed=secret_not_read)


def ask(address: str, secret: str) -> str:
    """Send the event to the collector at an address; returns what was wrong, or an empty text."""
    place = urlsplit(address)
    kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
    connection = kind(place.netloc, timeout=PATIENCE)
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {secret}", "User-Agent": "takings-canary"}
    try:
        connection.request("POST", PATH, json.dumps(EVENT), headers)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException) as error:
        return f"No answer: {error!r}"
    finally:
        connection.close()
    if answer.status == http.client.OK and body == b'{"validationMessages":[]}':
        return ""
    return f"Answered {answer.status}: {body[:SHOWN].decode('utf-8', 'replace')}"


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Ask once, and measure; a failure is a metric and a log line, no error of the function."""
    began = perf_counter()
    failure = ask(setting("TAKINGS_COLLECTOR_ADDRESS"), key().value())
    if failure:
        logger.error("The collector did not take the canary's event", extra={"failure": failure})
    metrics.add_metric("CanaryFailures", MetricUnit.Count, int(bool(failure)))
    metrics.add_metric("CanaryMilliseconds", MetricUnit.Milliseconds, round((perf_counter() - began) * 1000))
    return {"failure": failure}
