"""Shopify's webhooks: what an order, a refund and a cancellation become, and that each counts once."""

from __future__ import annotations

import base64
import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support.collecting import Shelf, decoded
from tests.support.webhooks import LAMP, PERSONAL, SHOPIFY_ORDER, VASE, distinct, lines, revenue, shopify, shops

REFUND: dict[str, Any] = {
    "id": 900, "order_id": 1001, "created_at": "2026-03-02T09:00:00+01:00", "note": "Ann Example called",
    "refund_line_items": [
        {"id": 31, "line_item_id": 11, "quantity": 1, "subtotal": 9.99, "total_tax": 1.6, "line_item": LAMP,
         "subtotal_set": {"shop_money": {"amount": "9.99", "currency_code": "EUR"}}}
    ],
    "order_adjustments": [{"id": 5, "amount": "-4.90", "kind": "shipping_refund"}],
    "transactions": [{"amount": "14.89", "receipt": {"email": "ann@example.com"}}],
}  # fmt: skip


def test_an_order_is_a_purchase_of_each_line_at_what_it_was_sold_for():
    stream = Shelf()
    answer = shopify(shops(stream), "orders/create", SHOPIFY_ORDER)
    assert (answer.status, decoded(answer)["accepted"]) == (200, 3)
    first = stream.events()[0]
    assert len(first.pop("event_id")) == 32
    assert first == {
        "event_type": "purchase",
        "occurred_at": "2026-03-01T09:00:00Z",
        "customer_id": "77",
        "product_id": "501",
        "quantity": 2,
        "unit_price": "9.9966",
        "currency": "EUR",
        "order_id": "1001",
        "channel": "web",
        "product": {"name": "Lamp", "brand": "Lumo"},
        "received_at": "2026-03-02T12:00:00Z",
        "source": "shopify",
        "namespace": "shop",
    }
    # 29.99 for three lamps: no price of four decimals gives that, so one of them takes what is left over
    assert lines(stream) == [
        ("purchase", "501", 2, Decimal("19.9932")),
        ("purchase", "501", 1, Decimal("9.9968")),
        ("purchase", "502", 1, Decimal("5.0000")),
    ]


def test_an_order_created_paid_updated_and_sent_twice_in_any_order_counts_once():
    for topics in itertools.permutations(["orders/create", "orders/paid", "orders/updated", "orders/updated"]):
        stream = Shelf()
        intake = shops(stream)
        for topic in topics:
            shopify(intake, topic, SHOPIFY_ORDER | {"updated_at": topic})
        assert revenue(stream) == (Decimal("34.99"), 0)
        assert intake.counts()["duplicates"] == 9


def test_nothing_personal_is_stored_in_the_lake_or_in_the_quarantine():
    stream = Shelf()
    intake = shops(stream)
    shopify(intake, "orders/create", SHOPIFY_ORDER)
    shopify(intake, "orders/create", SHOPIFY_ORDER | {"id": None})
    shopify(intake, "refunds/create", REFUND)
    (refused,) = stream.refused()
    kept = b"".join(entry.line for entry in stream.entries) + base64.b64decode(refused["record"])
    assert [word for word in (*PERSONAL, "Ann") if word.encode() in kept] == []


def test_a_partial_refund_counts_once_whether_it_comes_alone_or_in_its_order():
    for messages in itertools.permutations(
        [("refunds/create", REFUND), ("orders/updated", SHOPIFY_ORDER | {"refunds": [REFUND]})]
    ):
        stream = Shelf()
        intake = shops(stream)
        for topic, message in (*messages, *messages):
            assert shopify(intake, topic, message).status == 200
        assert revenue(stream) == (Decimal("34.99"), Decimal("9.99"))  # shipping is no revenue, and no refund of it
        assert {event["occurred_at"] for event in distinct(stream) if event["event_type"] == "refund"} == {
            "2026-03-02T08:00:00Z"
        }
        assert {event["currency"] for event in distinct(stream)} == {"EUR"}


def test_a_refund_that_comes_before_its_order_is_a_refund_of_that_order():
    stream = Shelf()
    shopify(shops(stream), "refunds/create", REFUND)
    (event,) = stream.events()
    assert (event["order_id"], event["session_id"], "customer_id" in event) == ("1001", "order-1001", False)


@pytest.mark.parametrize(("adjustment", "refunded"), [("-3.00", "12.99"), ("2.99", "7.00")])
def test_a_refund_of_more_or_less_than_its_lines_is_spread_over_them(adjustment: str, refunded: str):
    stream = Shelf()
    discrepancy = {"id": 6, "amount": adjustment, "kind": "refund_discrepancy"}
    vase = {"id": 32, "line_item_id": 12, "quantity": 1, "subtotal": "0.00", "line_item": VASE}
    shopify(
        shops(stream),
        "refunds/create",
        REFUND | {"order_adjustments": [discrepancy], "refund_line_items": [*REFUND["refund_line_items"], vase]},
    )
    assert revenue(stream)[1] == Decimal(refunded)


def test_money_returned_without_a_line_is_a_refund_without_a_product():
    stream = Shelf()
    returned = {"id": 6, "amount": "-3.00", "kind": "refund_discrepancy",
                "amount_set": {"shop_money": {"currency_code": "CAD"}}}  # fmt: skip
    message = REFUND | {"refund_line_items": [], "order_adjustments": [returned]}
    shopify(shops(stream), "refunds/create", message)
    (event,) = stream.events()
    assert (event["unit_price"], event["currency"], "product_id" in event) == ("3.0000", "CAD", False)


def test_a_refund_of_shipping_alone_is_ignored():
    stream = Shelf()
    answer = shopify(shops(stream), "refunds/create", REFUND | {"refund_line_items": []})
    assert (decoded(answer)["ignored"], stream.entries) == (1, [])


def test_a_cancellation_refunds_what_no_refund_has_returned():
    stream = Shelf()
    cancelled = SHOPIFY_ORDER | {"cancelled_at": "2026-03-02T10:00:00Z", "refunds": [REFUND]}
    intake = shops(stream)
    for message in (SHOPIFY_ORDER, cancelled, cancelled):
        shopify(intake, "orders/cancelled", message)
    assert revenue(stream) == (Decimal("34.99"), Decimal("34.99"))
    assert sum(units for kind, _, units, _ in lines(stream) if kind == "refund") == 4


def test_a_line_added_to_an_order_is_a_further_purchase():
    stream = Shelf()
    intake = shops(stream)
    shopify(intake, "orders/create", SHOPIFY_ORDER)
    shopify(intake, "orders/updated", SHOPIFY_ORDER | {"line_items": [LAMP, VASE, VASE | {"id": 13}]})
    assert revenue(stream) == (Decimal("39.99"), 0)


def test_test_orders_gift_cards_and_other_topics_are_no_revenue():
    stream = Shelf()
    intake = shops(stream)
    shopify(intake, "orders/create", SHOPIFY_ORDER | {"test": True})
    shopify(intake, "orders/create", SHOPIFY_ORDER | {"line_items": [VASE | {"gift_card": True}]})
    shopify(intake, "products/update", {"id": 1})
    assert (stream.entries, intake.counts()["ignored"]) == ([], 3)


def test_a_guest_is_no_customer():
    stream = Shelf()
    shopify(shops(stream), "orders/create", SHOPIFY_ORDER | {"customer": None})
    assert {(event["session_id"], event.get("customer_id")) for event in stream.events()} == {("order-1001", None)}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ({"price": "ten"}, "invalid_value"),
        ({"price": {"email": "ann@example.com"}}, "invalid_value"),
        ({"price": "-1.00"}, "out_of_range"),
        ({"quantity": 1.5}, "invalid_value"),
        ({"id": None}, "missing_field"),
        ({"product_id": None, "sku": None, "title": None, "quantity": 2}, "missing_field"),
        ({"discount_allocations": [{"amount": "NaN"}]}, "invalid_value"),
    ],
)
def test_an_order_with_one_wrong_line_is_quarantined_whole_and_its_refunds_are_not(line: dict[str, Any], reason: str):
    stream = Shelf()
    order = SHOPIFY_ORDER | {"line_items": [VASE, VASE | {"id": 13} | line], "refunds": [REFUND]}
    answer = shopify(shops(stream), "orders/updated", order)
    assert (answer.status, decoded(answer)["quarantined"], decoded(answer)["accepted"]) == (200, 1, 1)
    (refused,) = stream.refused()
    assert refused["reason"] == reason
    assert json.loads(base64.b64decode(refused["record"]))["order"]["id"] == 1001


def test_an_order_of_many_lines_is_far_over_what_one_event_may_have_and_is_kept():
    stream = Shelf()
    many = [VASE | {"id": number, "title": "V" * 200} for number in range(400)]
    assert decoded(shopify(shops(stream), "orders/create", SHOPIFY_ORDER | {"line_items": many}))["accepted"] == 400
    assert revenue(stream) == (Decimal(2000), 0)
