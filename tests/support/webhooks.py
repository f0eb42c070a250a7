"""Shop systems that sign what they send, and an order of each as it sends it, with the customer's personal data."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from decimal import Decimal
from typing import Any

from pipeline.collecting.collector import Collector
from pipeline.collecting.envelope import Request, Response
from tests.support.collecting import Shelf, collector, write_key

SIGNING_SECRET = "shpss_0123456789abcdef"  # noqa: S105 - of these tests alone
SHOPIFY_KEY = write_key("shopify", "unknown", webhook="shopify", signing_secret=SIGNING_SECRET, namespace="shop")
WOO_KEY = write_key("woo", "unknown", webhook="woocommerce", signing_secret=SIGNING_SECRET, namespace="shop")
PERSONAL = ("ann@example.com", "Ann Example", "Example Street 1", "+4915112345678", "203.0.113.7")
_PERSON = {"email": PERSONAL[0], "name": PERSONAL[1], "address1": PERSONAL[2], "phone": PERSONAL[3]}

LAMP = {
    "id": 11, "product_id": 501, "variant_id": 601, "sku": "LAMP", "title": "Lamp", "vendor": "Lumo", "quantity": 3,
    "current_quantity": 3, "price": "10.00", "total_discount": "0.00", "gift_card": False,
    "discount_allocations": [{"amount": "0.01", "discount_application_index": 0}],
    "properties": [{"name": "engraving", "value": PERSONAL[1]}],
}  # fmt: skip
VASE = {
    "id": 12, "product_id": 502, "sku": "VASE", "title": "Vase", "vendor": "Lumo", "quantity": 1, "price": "5.00",
    "total_discount": "0.00", "discount_allocations": [], "gift_card": False,
}  # fmt: skip
SHOPIFY_ORDER: dict[str, Any] = {
    "id": 1001, "name": "#1", "email": PERSONAL[0], "browser_ip": PERSONAL[4], "phone": PERSONAL[3],
    "created_at": "2026-03-01T10:00:00+01:00", "processed_at": "2026-03-01T10:00:00+01:00", "cancelled_at": None,
    "currency": "EUR", "taxes_included": True, "test": False, "source_name": "web", "total_price": "39.89",
    "note": "Call +4915112345678", "customer": {"id": 77, **_PERSON}, "billing_address": _PERSON,
    "line_items": [LAMP, VASE], "shipping_lines": [{"price": "4.90"}], "refunds": [],
}  # fmt: skip

WOO_ORDER: dict[str, Any] = {
    "id": 727, "number": "727", "status": "processing", "currency": "EUR", "prices_include_tax": False,
    "date_created_gmt": "2026-03-01T10:00:00", "date_paid_gmt": "2026-03-01T10:01:00",
    "date_modified_gmt": "2026-03-01T10:01:00", "customer_id": 26, "created_via": "checkout",
    "customer_ip_address": PERSONAL[4], "billing": _PERSON, "shipping": _PERSON, "customer_note": PERSONAL[3],
    "total": "30.00", "total_tax": "4.00", "shipping_total": "1.00",
    "line_items": [
        {"id": 315, "name": "Lamp", "product_id": 93, "sku": "LAMP", "quantity": 2, "subtotal": "22.00", "price": 10,
         "total": "20.00", "total_tax": "3.20", "meta_data": [{"value": PERSONAL[1]}]},
        {"id": 316, "name": "Vase", "product_id": 94, "sku": "VASE", "quantity": 1, "total": "5.00",
         "total_tax": "0.80"},
    ],
    "refunds": [],
}  # fmt: skip


def shops(stream: Shelf) -> Collector:
    """A collector that knows both shops."""
    return collector(stream, SHOPIFY_KEY, WOO_KEY)


def signature(body: bytes, secret: str = SIGNING_SECRET) -> str:
    return base64.b64encode(hmac.new(secret.encode(), body, hashlib.sha256).digest()).decode()


def shopify(intake: Collector, topic: str, message: Any, **headers: str) -> Response:
    """Send as Shopify does."""
    body = json.dumps(message).encode()
    sent = {
        "content-type": "application/json",
        "x-shopify-topic": topic,
        "x-shopify-hmac-sha256": signature(body),
        "x-shopify-webhook-id": "b54557e4",
        **headers,
    }
    return intake.answer(Request("POST", "/v1/webhooks/shopify", sent, {"id": "shopify"}, body))


def woocommerce(intake: Collector, topic: str, message: Any, **headers: str) -> Response:
    """Send as WooCommerce does."""
    body = json.dumps(message).encode()
    sent = {
        "content-type": "application/json",
        "x-wc-webhook-topic": topic,
        "x-wc-webhook-signature": signature(body),
        **headers,
    }
    return intake.answer(Request("POST", "/v1/webhooks/woocommerce", sent, {"id": "woo"}, body))


def distinct(stream: Shelf) -> list[dict[str, Any]]:
    """The events as the lake counts them: each id once, the copy that came first."""
    events: dict[str, dict[str, Any]] = {}
    for event in stream.events():
        events.setdefault(event["event_id"], event)
    return list(events.values())


def lines(stream: Shelf) -> list[tuple[str, str, int, Decimal]]:
    """Kind, product, units and amount of every distinct event."""
    return [
        (event["event_type"], event["product_id"], event["quantity"], event["quantity"] * Decimal(event["unit_price"]))
        for event in distinct(stream)
    ]


def revenue(stream: Shelf) -> tuple[Decimal, Decimal]:
    """Gross revenue and refunds."""
    sums = {"purchase": Decimal(0), "refund": Decimal(0)}
    for kind, _, _, total in lines(stream):
        sums[kind] += total
    return sums["purchase"], sums["refund"]
