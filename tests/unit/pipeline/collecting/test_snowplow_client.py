"""Snowplow's own tracker for Python sends to the collector behind a real HTTP server."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests
from snowplow_tracker import (
    Emitter,
    PageView,
    SelfDescribing,
    SelfDescribingJson,
    Subject,
    Tracker,
)

from tests.support.collecting import SECRET, ForgetfulShelf, Shelf
from tests.support.webhooks import distinct
from tests.unit.pipeline.collecting.test_http import Service, serving

ECOMMERCE = "iglu:com.snowplowanalytics.snowplow.ecommerce"
LAMP, VASE = {"id": "p1", "name": "Lamp", "price": 19.9, "quantity": 2}, {"id": "p2", "price": 5}


@pytest.fixture
def stream() -> Shelf:
    return Shelf()


@pytest.fixture
def port(stream: Shelf) -> Iterator[int]:
    with serving(Service(stream)) as number:
        yield number


def action(kind: str, *entities: tuple[str, dict[str, Any]]) -> SelfDescribing:
    data = SelfDescribingJson(f"{ECOMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2", {"type": kind})
    return SelfDescribing(
        data, context=[SelfDescribingJson(f"{ECOMMERCE}/{name}/jsonschema/1-0-0", entity) for name, entity in entities]
    )


def visit(tracker: Tracker) -> None:
    """A visit with an order of two lines, reported twice, and a partial refund."""
    order = {"transaction_id": "T1", "revenue": 44.8, "currency": "EUR"}
    tracker.track(PageView("https://shop.example/"))
    tracker.track(action("product_view", ("product", LAMP | {"currency": "EUR"})))
    for _ in range(2):
        tracker.track(action("transaction", ("transaction", order), ("product", LAMP), ("product", VASE)))
    refund = {"transaction_id": "T1", "refund_amount": 5, "currency": "EUR"}
    tracker.track(action("refund", ("refund", refund), ("product", VASE)))


def tracker(emitter: Emitter, *, encoded: bool = True) -> Tracker:
    subject = Subject().set_user_id("c1").set_domain_session_id("s1")
    return Tracker("cf", emitters=emitter, subject=subject, app_id="web-shop", encode_base64=encoded)


def counted(stream: Shelf) -> dict[str, Decimal]:
    """What the lake counts: the views, and the money of purchases and refunds."""
    sums = {"product_view": Decimal(0), "purchase": Decimal(0), "refund": Decimal(0)}
    for event in distinct(stream):
        kind = event["event_type"]
        sums[kind] += 1 if kind == "product_view" else event["quantity"] * Decimal(event["unit_price"])
    return sums


@pytest.mark.parametrize("method", ["post", "get"])
@pytest.mark.parametrize("encoded", [True, False])
def test_a_visit_counts_once_to_the_cent(port: int, stream: Shelf, method: Any, encoded: bool):
    lost: list[Any] = []
    with requests.Session() as session:
        session.headers["X-Write-Key"] = SECRET
        emitter = Emitter(
            "127.0.0.1", "http", port, method, on_failure=lambda _, unsent: lost.append(unsent), session=session
        )
        sender = tracker(emitter, encoded=encoded)
        visit(sender)
        sender.flush()
    assert lost == []
    assert counted(stream) == {"product_view": 1, "purchase": Decimal("44.8"), "refund": 5}
    assert {(event["customer_id"], event["session_id"]) for event in stream.events()} == {("c1", "s1")}
    assert stream.refused() == []


def test_a_batch_that_was_stored_and_answered_503_is_sent_again_and_counts_once(port: int, stream: Shelf):
    lossy = ForgetfulShelf()
    logging.getLogger("snowplow_tracker").setLevel(logging.CRITICAL)
    with serving(Service(lossy)) as lossy_port, requests.Session() as session:
        session.headers["X-Write-Key"] = SECRET
        emitter = Emitter("127.0.0.1", "http", lossy_port, batch_size=50, max_retry_delay_seconds=1, session=session)
        sender = tracker(emitter)
        visit(sender)
        sender.flush()
        emitter.retry_timer.cancel()
        sender.flush()
    assert lossy.attempts == 2
    assert counted(lossy) == {"product_view": 1, "purchase": Decimal("44.8"), "refund": 5}


def test_an_older_transaction_is_its_lines(port: int, stream: Shelf):
    items = [{"sku": "p1", "price": 9.95, "quantity": 2}, {"sku": "p2", "price": 5, "quantity": 1}]
    with requests.Session() as session:
        session.headers["X-Write-Key"] = SECRET
        sender = tracker(Emitter("127.0.0.1", "http", port, batch_size=50, session=session))
        with pytest.warns(DeprecationWarning, match="track_ecommerce_transaction"):
            sender.track_ecommerce_transaction("T2", 24.9, currency="EUR", items=items)
        sender.flush()
    assert stream.refused() == []
    assert counted(stream) == {"product_view": 0, "purchase": Decimal("24.90"), "refund": 0}
