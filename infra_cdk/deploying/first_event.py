"""One event from outside to where pages read it: sent to the collector, and looked for in the live table."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from infra_cdk.deploying.kept import Progress

PATH = "/v1/events"
ACCEPTED = 202
ANSWERED_WITHIN = 300.0  # seconds: a new address spreads over the name servers, a new key over running collectors
SEEN_WITHIN = 180.0  # seconds: live reads the stream within ten, and its first start takes some more
PAUSE = 3.0
NOT_YET = frozenset({401, 403, 404, 429, 500, 502, 503, 504})
"""Answers that a collector may give which was deployed a moment ago."""


@dataclass(frozen=True)
class FirstEvent:
    """An event of nobody: a view of a product that no shop has, by a customer who is known by this event alone."""

    event_id: str
    customer_id: str

    def body(self) -> bytes:
        """As the collector takes it."""
        event = {
            "event_id": self.event_id,
            "event_type": "product_view",
            "occurred_at": utc_now().isoformat(),
            "customer_id": self.customer_id,
            "session_id": self.customer_id,
            "product_id": "deployment-check",
        }
        return json.dumps([event]).encode()


@dataclass(frozen=True)
class Clock:
    """Time, as a test can replace it."""

    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def made() -> FirstEvent:
    """An event that was never sent."""
    identity = uuid4().hex[:16]
    return FirstEvent(f"deployment-{identity}", f"deployment-{identity}")


def send(address: str, key: str, event: FirstEvent, progress: Progress, clock: Clock | None = None) -> None:
    """Send it until it is accepted.

    Raises
    ------
    SourceError
        It was not accepted in time, or refused; says what was answered last.
    """
    clock, url = clock or Clock(), f"{address.rstrip('/')}{PATH}"
    deadline = clock.now() + ANSWERED_WITHIN
    while True:
        answer, retry = _post(url, key, event.body())
        if answer == "":
            return
        if not retry or clock.now() > deadline:
            raise SourceError(
                f"The first event was not accepted: {answer}",
                where=url,
                remedy="Look into the collector's logs; `make deploy` tries again.",
            )
        progress(f"The collector answers not yet: {answer}")
        clock.sleep(PAUSE)


def _post(url: str, key: str, body: bytes) -> tuple[str, bool]:
    """What was wrong with the answer, empty for nothing, and whether another one may come."""
    request = urllib.request.Request(  # noqa: S310 - an address of our own stack, or a test's
        url,
        data=body,
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json", "User-Agent": "takings-deploy"},
        method="POST",
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as response:  # noqa: S310
            content: dict[str, Any] = json.load(response)
            if response.status == ACCEPTED and content["accepted"] + content["duplicates"] == 1:  # sent twice: a retry
                return "", False
            return f"{response.status} {json.dumps(content)[:300]}", False
    except urllib.error.HTTPError as error:
        text = error.read(300).decode("utf-8", "replace")
        return f"{error.code} {text}".strip(), error.code in NOT_YET
    except (OSError, ValueError) as error:
        return str(error), True


def see(is_there: Callable[[str], bool], event: FirstEvent, progress: Progress, clock: Clock | None = None) -> float:
    """Wait until live has it; returns the seconds that this took.

    Parameters
    ----------
    is_there : whether live knows what a customer did

    Raises
    ------
    SourceError
        It is not there in time.
    """
    clock = clock or Clock()
    begun = clock.now()
    while not is_there(event.customer_id):
        if clock.now() > begun + SEEN_WITHIN:
            raise SourceError(
                f"The first event was accepted, and is not in the live table after {SEEN_WITHIN:.0f} seconds",
                where=event.event_id,
                remedy="Look into the logs of live and into the queue of failed batches; `make deploy` tries again.",
            )
        progress(f"Waiting for the event in the live table, {clock.now() - begun:.0f} s")
        clock.sleep(PAUSE)
    return clock.now() - begun
