"""WooCommerce's webhooks: what an order and its refunds become, and that each counts once."""

from __future__ import annotations

import base64
import itertools
import json
from decimal import Decimal
from typing import Any

import pytest

from tests.support.collecting import Shelf, decoded
from tests.support.webhooks import PERSONAL, WOO_ORDER, lines, revenue, shops, woocommerce

THIRD = WOO_ORDER | {"refunds": [{"id": 801, "reason": "Ann Example", "total": "-10.00"}]}
FULL = THIRD | {"status": "refunded", "refunds": [{"id": 802, "total": "-20.00"}, *THIRD["refunds"]]}


def sent(*orders: dict[str, Any]) -> Shelf:
    stream = Shelf()
    intake = shops(stream)
    for order in orders:
        assert woocommerce(intake, "order.updated", order).status == 200
    return stream


def test_an_order_is_a_purchase_of_each_line_without_tax_where_prices_are():
    stream = sent(WOO_ORDER)
    first = stream.events()[0]
    assert len(first.pop("event_id")) == 32
    assert first == {
        "event_type": "purchase",
        "occurred_at": "2026-03-01T10:00:00Z",
        "customer_id": "26",
        "product_id": "93",
        "quantity": 2,
        "unit_price": "10.0000",
        "currency": "EUR",
        "order_id": "727",
        "channel": "web",
        "product": {"name": "Lamp"},
        "received_at": "2026-03-02T12:00:00Z",
        "source": "woocommerce",
        "namespace": "shop",
    }
    assert lines(stream) == [("purchase", "93", 2, Decimal(20)), ("purchase", "94", 1, Decimal(5))]


def test_prices_that_include_tax_are_revenue_with_it():
    assert revenue(sent(WOO_ORDER | {"prices_include_tax": True})) == (Decimal("29.00"), 0)


def test_an_order_counts_once_it_is_paid():
    unpaid = WOO_ORDER | {"status": "pending", "date_paid_gmt": None}
    assert sent(unpaid, unpaid | {"status": "cancelled"}).entries == []
    assert revenue(sent(unpaid, WOO_ORDER, WOO_ORDER | {"status": "completed"})) == (Decimal(25), 0)


def test_a_refund_of_a_third_of_the_order_is_a_third_of_each_line():
    assert lines(sent(THIRD))[2:] == [
        ("refund", "93", 1, Decimal("6.66")),
        ("refund", "94", 1, Decimal("1.67")),
    ]


def test_refunds_count_once_in_any_order_of_arrival_and_together_are_the_lines_to_the_cent():
    for orders in itertools.permutations([WOO_ORDER, THIRD, FULL, FULL]):
        stream = sent(*orders)
        assert revenue(stream) == (Decimal(25), Decimal(25))
        by_product = {"93": Decimal(0), "94": Decimal(0)}
        for kind, product, _, total in lines(stream):
            by_product[product] += total if kind == "purchase" else -total
        assert by_product == {"93": 0, "94": 0}


@pytest.mark.parametrize("returned", ["-30.00", "-29.00", "-10.00"])
def test_a_cancelled_order_is_refunded_and_what_is_returned_after_that_is_the_same_refund(returned: str):
    cancelled = WOO_ORDER | {"status": "cancelled"}
    stream = sent(WOO_ORDER, cancelled, cancelled | {"refunds": [{"id": 801, "total": returned}]})
    assert revenue(stream) == (Decimal(25), Decimal(25))
    assert [units for kind, _, units, _ in lines(stream) if kind == "refund"] == [2, 1]


def test_a_cancelled_order_that_is_refunded_already_is_not_refunded_again():
    assert revenue(sent(THIRD, FULL, FULL | {"status": "cancelled"})) == (Decimal(25), Decimal(25))


def test_nothing_personal_is_stored_in_the_lake_or_in_the_quarantine():
    stream = sent(FULL, FULL | {"total": "much"})
    (refused,) = stream.refused()
    kept = b"".join(entry.line for entry in stream.entries) + base64.b64decode(refused["record"])
    assert [word for word in (*PERSONAL, "Ann") if word.encode() in kept] == []


def test_a_deleted_order_does_not_say_what_it_held():
    stream = Shelf()
    answer = woocommerce(shops(stream), "order.deleted", {"id": 727})
    assert (answer.status, decoded(answer)["quarantined"]) == (200, 1)
    assert "Cancel an order before it is deleted" in stream.refused()[0]["detail"]


@pytest.mark.parametrize(
    ("fields", "accepted"),
    [
        ({"line_items": [WOO_ORDER["line_items"][0] | {"total": "x"}]}, 0),
        ({"line_items": [WOO_ORDER["line_items"][0] | {"quantity": "two"}]}, 0),
        ({"refunds": [{"id": 801, "total": None}]}, 2),
        ({"refunds": [{"total": "-10.00"}]}, 2),
        ({"total": "NaN", "refunds": [{"id": 801, "total": "-1"}]}, 2),
    ],
)
def test_a_wrong_part_of_an_order_is_quarantined_and_the_other_part_is_not(fields: dict[str, Any], accepted: int):
    stream = sent(WOO_ORDER | fields)
    assert len(stream.events()) == accepted
    assert [json.loads(base64.b64decode(refused["record"]))["order"]["id"] for refused in stream.refused()] == [727]
