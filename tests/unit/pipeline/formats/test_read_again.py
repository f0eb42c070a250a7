"""What the quarantine keeps of a message is read again as the events that the message would have been."""

from __future__ import annotations

import base64
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from pipeline.collecting.endpoints import ENDPOINTS
from pipeline.collecting.envelope import Request
from pipeline.contract.shape import Rules
from tests.support.collecting import NOW, SECRET, Shelf, collector, request, write_key
from tests.support.webhooks import SHOPIFY_KEY, SHOPIFY_ORDER, WOO_KEY, WOO_ORDER, shopify, woocommerce
from tests.unit.pipeline.formats.test_gtag import PAGE, SALE
from tests.unit.pipeline.formats.test_snowplow import PURCHASE, TP2

RETURNED = {"id": 31, "line_item_id": 12, "quantity": 1, "subtotal": "5.00", "line_item": {"product_id": 502}}
SHOPIFY_MESSAGE = SHOPIFY_ORDER | {
    "cancelled_at": "2026-03-02T10:00:00Z",
    "refunds": [{"id": 9, "created_at": "2026-03-02T09:00:00Z", "refund_line_items": [RETURNED]}],
}
WOO_MESSAGE = WOO_ORDER | {"refunds": [{"id": 801, "total": "-10.00"}]}


def sent(source: str, **limit: Any) -> Shelf:
    """A stream after one message of a sender."""
    stream = Shelf()
    intake = collector(stream, write_key("shop", SECRET), SHOPIFY_KEY, WOO_KEY, **limit)
    if source == "shopify":
        shopify(intake, "orders/updated", SHOPIFY_MESSAGE)
    elif source == "woocommerce":
        woocommerce(intake, "order.updated", WOO_MESSAGE)
    elif source == "snowplow":
        intake.answer(request({"data": [PURCHASE]}, path=TP2))
    else:
        line = urlencode(SALE).encode()
        intake.answer(Request("POST", "/g/collect", {}, PAGE | {"key": SECRET}, line))
    return stream


@pytest.mark.parametrize("source", ["shopify", "woocommerce", "snowplow", "gtag"])
def test_a_held_message_is_read_again_as_what_it_was(source: str):
    held = sent(source, largest_amount=Decimal(1)).refused()
    assert {refused["reason"] for refused in held} == {"held"}
    endpoint = next(endpoint for endpoint in ENDPOINTS.values() if endpoint.source == source)
    assert endpoint.read_again is not None
    rules = Rules(now=NOW, retention_days=None, reporting_currency="EUR")
    ids = [name for refused in held for name in endpoint.read_again(base64.b64decode(refused["record"]), rules).ids]
    expected = [event["event_id"] for event in sent(source).events()]
    assert len(expected) >= 2
    assert ids == expected
