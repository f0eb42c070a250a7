"""Segment's and GA4's payloads: which events they become, and that a copy is no second order."""

from __future__ import annotations

import base64
import json
from collections import Counter
from typing import Any

import pytest

from tests.support.collecting import NOW, SECRET, Shelf, collector, decoded, request

TRACK: dict[str, Any] = {
    "type": "track",
    "userId": "c1",
    "messageId": "m1",
    "timestamp": "2026-03-01T12:00:00.000Z",
    "context": {"campaign": {"name": "spring"}, "device": {"type": "mobile"}},
}
LAMP = {"product_id": "p1", "name": "Lamp", "category": "Home/Lighting", "brand": "Lumo", "price": 19.9, "quantity": 2}
VASE = {"product_id": 42, "price": "5.00"}
ORDER = {"order_id": "o1", "currency": "EUR", "coupon": "TEN", "products": [LAMP, VASE]}
QUERY = {"measurement_id": "G-1", "api_secret": SECRET}
ITEM = {"item_id": "p1", "item_name": "Lamp", "item_category": "Home", "item_category2": "Lighting", "price": 19.9}


def track(event: str, properties: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return TRACK | {"event": event, "properties": properties} | fields


def segment(stream: Shelf, body: Any, call: str = "track") -> dict[str, Any]:
    response = collector(stream).answer(request(body, path=f"/v1/{call}"))
    assert response.status == 200
    return decoded(response)


def measured(name: str, params: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"client_id": "123.456", "events": [{"name": name, "params": params, **fields}]}


def ga4(stream: Shelf, body: Any) -> None:
    response = collector(stream).answer(request(body, path="/mp/collect", query=QUERY, secret=""))
    assert (response.status, response.body) == (204, b"")


@pytest.mark.parametrize(
    ("event", "kind"),
    [("Product Viewed", "product_view"), ("Product Added", "cart_add"), ("product removed", "cart_remove")],
)
def test_segments_actions_on_one_product(event: str, kind: str):
    stream = Shelf()
    segment(stream, track(event, LAMP | {"currency": "EUR"}))
    (kept,) = stream.events()
    assert len(kept.pop("event_id")) == 32
    assert kept == {
        "event_type": kind,
        "occurred_at": "2026-03-01T12:00:00Z",
        "customer_id": "c1",
        "product_id": "p1",
        "quantity": 2,
        "unit_price": "19.9000",
        "currency": "EUR",
        "device": "mobile",
        "campaign": "spring",
        "product": {"name": "Lamp", "category": "Home/Lighting", "brand": "Lumo"},
        "attributes": {"message_id": "m1"},
        "received_at": "2026-03-02T12:00:00Z",
        "source": "segment",
    }


def test_an_order_of_segment_is_one_purchase_for_each_product():
    stream = Shelf()
    answer = segment(stream, track("Order Completed", ORDER))
    assert (answer["success"], answer["accepted"]) == (True, 2)
    assert [
        (
            event["event_type"],
            event["order_id"],
            event["product_id"],
            event["quantity"],
            event["unit_price"],
            event["currency"],
        )
        for event in stream.events()
    ] == [("purchase", "o1", "p1", 2, "19.9000", "EUR"), ("purchase", "o1", "42", 1, "5.0000", "EUR")]
    assert len({event["event_id"] for event in stream.events()}) == 2


@pytest.mark.parametrize(
    ("properties", "amount"),
    [
        ({"total": 27.5, "shipping": 3, "tax": 2, "revenue": "22.50"}, "22.5000"),
        ({"total": 27.5}, "27.5000"),
        ({"value": 3, "products": []}, "3.0000"),
    ],
)
def test_an_order_of_segment_that_names_no_products_is_its_amount(properties: dict[str, Any], amount: str):
    stream = Shelf()
    for event in ("Order Completed", "Order Refunded"):
        segment(stream, track(event, {"order_id": "o1", "currency": "eur"} | properties))
    assert [(kept["event_type"], kept["unit_price"], kept["currency"]) for kept in stream.events()] == [
        ("purchase", amount, "EUR"),
        ("refund", amount, "EUR"),
    ]
    assert all("product_id" not in kept for kept in stream.events())


def test_an_order_of_segment_without_products_and_without_an_amount_is_refused():
    stream = Shelf()
    segment(stream, track("Order Completed", {"order_id": "o1"}))
    (refused,) = stream.refused()
    assert (refused["reason"], "unit_price" in refused["detail"]) == ("missing_field", True)


def test_a_purchase_of_ga4_that_names_no_items_is_its_value():
    stream = Shelf()
    ga4(stream, measured("purchase", {"transaction_id": "t1", "currency": "EUR", "value": 12.5, "session_id": 7}))
    (kept,) = stream.events()
    assert (kept["order_id"], kept["unit_price"], kept["quantity"]) == ("t1", "12.5000", 1)


def test_an_order_sent_again_is_no_second_order_even_under_another_message_id():
    stream = Shelf()
    intake = collector(stream)
    once = track("Order Completed", ORDER)
    again = track("Order Completed", ORDER, messageId="m2", timestamp="2026-03-01T12:05:00.000Z")
    for message in (once, again):
        intake.answer(request({"batch": [message]}, path="/v1/batch"))
    assert intake.counts()["duplicates"] == 2
    assert len({event["event_id"] for event in stream.events()}) == 2


def test_a_second_partial_refund_of_an_order_is_another_refund_and_its_retry_is_not():
    stream = Shelf()
    refunds = [
        track("Order Refunded", {"order_id": "o1", "products": [LAMP]}, messageId=name) for name in ("a", "a", "b")
    ]
    answer = segment(stream, {"batch": refunds}, "batch")
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert {event["event_type"] for event in stream.events()} == {"refund"}


def test_checkout_and_search_of_segment_are_one_event_each_without_a_product():
    stream = Shelf()
    checkout, search = track("Checkout Started", ORDER), track("Products Searched", {"query": "vase"}, messageId="m2")
    segment(stream, {"batch": [checkout, search]}, "batch")
    first, second = stream.events()
    assert (first["event_type"], first["order_id"], "product_id" in first) == ("checkout_start", "o1", False)
    assert (second["event_type"], second["attributes"]["query"]) == ("search", "vase")


def test_an_order_is_never_half_an_order():
    stream = Shelf()
    wrong = track("Order Completed", ORDER | {"products": [LAMP, {"product_id": "p2"}]})
    segment(stream, {"batch": [wrong, track("Product Viewed", LAMP)]}, "batch")
    assert [event["event_type"] for event in stream.events()] == ["product_view"]
    (refused,) = stream.refused()
    assert (refused["reason"], refused["detail"]) == (
        "missing_field",
        "Product 2: Field unit_price is absent; purchase needs it.",
    )
    assert json.loads(base64.b64decode(refused["record"])) == wrong


def test_pages_and_identities_are_ignored_and_unknown_names_are_quarantined():
    stream = Shelf()
    messages = [TRACK | {"type": kind} for kind in ("page", "identify", "screen", "group", "alias")]
    answer = segment(stream, {"batch": [*messages, track("Order Complete", ORDER)]}, "batch")
    assert (answer["ignored"], answer["received"], answer["quarantined"]) == (5, 1, 1)
    assert stream.refused()[0]["reason"] == "unknown_event_type"
    assert segment(Shelf(), {"userId": "c1", "name": "Home"}, "page")["ignored"] == 1


def test_an_anonymous_visitor_is_a_customer_until_he_has_a_name():
    stream = Shelf()
    segment(stream, track("Product Viewed", LAMP, userId=None, anonymousId="a1"))
    assert stream.events()[0]["customer_id"] == "a1"


def test_a_message_that_json_does_not_know_does_not_cost_its_batch():
    stream = Shelf()
    body = json.dumps({"batch": [track("Product Viewed", LAMP), track("Order Completed", ORDER | {"total": "NAN"})]})
    answer = segment(stream, body.replace('"NAN"', "NaN").encode(), "batch")
    assert (answer["accepted"], answer["quarantined"]) == (3, 0)


def test_messages_without_a_time_happen_now_and_two_alike_are_two():
    stream = Shelf()
    message = {"event": "Product Viewed", "userId": "c1", "properties": {"product_id": "p1"}}
    segment(stream, {"batch": [message, message]}, "batch")
    assert {event["occurred_at"] for event in stream.events()} == {NOW.isoformat().replace("+00:00", "Z")}
    assert len({event["event_id"] for event in stream.events()}) == 2


@pytest.mark.parametrize("body", [b"[]", b"{}", b'{"batch": {}}', b"x", b'{"batch": "\xff"}'])
def test_a_body_without_a_batch_is_400_in_segments_words(body: bytes):
    response = collector(Shelf()).answer(request(body, path="/v1/batch"))
    assert (response.status, set(decoded(response))) == (400, {"code", "message"})


@pytest.mark.parametrize(
    ("name", "kind"), [("view_item", "product_view"), ("add_to_cart", "cart_add"), ("remove_from_cart", "cart_remove")]
)
def test_ga4s_actions_are_one_event_for_each_item(name: str, kind: str):
    stream = Shelf()
    moment = 1772366400_000_000  # 2026-03-01T12:00:00Z
    ga4(
        stream,
        measured(
            name, {"currency": "EUR", "session_id": "77", "items": [ITEM, {"item_id": "p2"}]}, timestamp_micros=moment
        ),
    )
    first, second = stream.events()
    assert (second["product_id"], second["event_type"]) == ("p2", kind)
    assert first["event_id"] != second["event_id"]
    assert {name: first[name] for name in first if name not in ("event_id", "quantity")} == {
        "event_type": kind,
        "occurred_at": "2026-03-01T12:00:00Z",
        "customer_id": "123.456",
        "session_id": "123.456.77",
        "product_id": "p1",
        "unit_price": "19.9000",
        "currency": "EUR",
        "product": {"name": "Lamp", "category": "Home/Lighting"},
        "received_at": "2026-03-02T12:00:00Z",
        "source": "ga4",
    }


def test_a_purchase_of_ga4_sent_again_is_no_second_order_whatever_the_clock_says():
    stream = Shelf()
    intake = collector(stream)
    sale = {"transaction_id": "T1", "currency": "EUR", "items": [ITEM | {"quantity": 2}, ITEM | {"item_id": "p2"}]}
    for moment in (1772366400_000_000, "1772366460000000", None):
        body = measured("purchase", sale) | ({"timestamp_micros": moment} if moment else {})
        assert intake.answer(request(body, path="/mp/collect", query=QUERY, secret="")).status == 204
    assert (intake.counts()["accepted"], intake.counts()["duplicates"]) == (2, 4)
    assert {event["order_id"] for event in stream.events()} == {"T1"}


def test_ga4s_checkout_refund_and_own_events():
    stream = Shelf()
    intake = collector(stream)
    refund = {"transaction_id": "T1", "items": [ITEM]}
    for body in (
        measured("begin_checkout", {"items": [ITEM, ITEM]}),
        measured("refund", refund),
        measured("refund", refund),
        measured("session_start", {}),
        measured("purchse", refund),
    ):
        intake.answer(request(body, path="/mp/collect", query=QUERY, secret=""))
    assert [event["event_type"] for event in stream.events()] == ["checkout_start", "refund", "refund"]
    counts = intake.counts()
    assert (counts["accepted"], counts["duplicates"], counts["ignored"], counts["quarantined"]) == (2, 1, 1, 1)


def test_a_refund_of_ga4_sent_again_is_no_second_refund_however_long_a_page_was_read():
    stream = Shelf()
    refund = {"transaction_id": "T1", "currency": "EUR", "items": [ITEM | {"quantity": 1}]}
    micros = 1772366400_000_000
    for more, moment in (
        ({"engagement_time_msec": 1, "session_id": "7"}, None),
        ({"engagement_time_msec": 900, "session_id": "8"}, None),
        ({"items": [ITEM | {"quantity": 2}]}, None),
        ({}, micros),
        ({"engagement_time_msec": 5}, micros),
    ):
        ga4(stream, measured("refund", refund | more) | ({"timestamp_micros": moment} if moment else {}))
    copies = Counter(event["event_id"] for event in stream.events())
    assert list(copies.values()) == [2, 1, 2]


@pytest.mark.parametrize(
    ("amounts", "price"),
    [
        ({"revenue": 24.95, "total": 31.9}, "24.9500"),
        ({"subtotal": "20", "total": 31.9}, "20.0000"),
        ({"total": 31.9}, "31.9000"),
        ({"value": 0}, "0.0000"),
    ],
)
def test_an_order_and_a_refund_of_segment_without_products_are_their_amount(amounts: dict[str, Any], price: str):
    stream = Shelf()
    order = {"order_id": "o1", "currency": "EUR"} | amounts
    calls = [track(name, order, messageId=name) for name in ("Order Completed", "Order Refunded")]
    answer = segment(stream, {"batch": calls}, "batch")
    assert answer["accepted"] == 2
    assert [
        (event["event_type"], event["quantity"], event["unit_price"], event["currency"], "product_id" in event)
        for event in stream.events()
    ] == [("purchase", 1, price, "EUR", False), ("refund", 1, price, "EUR", False)]


def test_an_order_and_a_refund_of_ga4_without_items_are_their_value():
    stream = Shelf()
    for name, value in (("purchase", 24.95), ("refund", "5.00"), ("view_item", 3)):
        ga4(stream, measured(name, {"transaction_id": "T1", "currency": "EUR", "value": value}))
    assert [(event["event_type"], event["unit_price"]) for event in stream.events()] == [
        ("purchase", "24.9500"),
        ("refund", "5.0000"),
    ]
    assert [refused["reason"] for refused in stream.refused()] == ["missing_field"]


def test_an_order_without_products_and_without_an_amount_is_quarantined():
    stream = Shelf()
    segment(stream, track("Order Refunded", {"order_id": "o1"}))
    ga4(stream, measured("refund", {"transaction_id": "T1"}))
    assert [refused["reason"] for refused in stream.refused()] == ["missing_field", "missing_field"]


def test_the_device_of_a_known_customer_is_kept():
    stream = Shelf()
    segment(stream, track("Product Viewed", LAMP, anonymousId="device-1"))
    (event,) = stream.events()
    assert (event["customer_id"], event["attributes"]["anonymous_id"]) == ("c1", "device-1")


def test_ga4s_validation_says_what_is_wrong_in_googles_shape_and_stores_nothing():
    stream = Shelf()
    intake = collector(stream)
    good = measured("view_item", {"items": [ITEM]})
    wrong = {
        "client_id": "1",
        "events": [*good["events"], {"name": "purchse"}, {"name": "purchase", "params": {"items": [ITEM]}}],
    }
    answers = [intake.answer(request(body, path="/debug/mp/collect", query=QUERY, secret="")) for body in (good, wrong)]
    assert [answer.status for answer in answers] == [200, 200]
    assert decoded(answers[0]) == {"validationMessages": []}
    assert [(each["fieldPath"], each["validationCode"]) for each in decoded(answers[1])["validationMessages"]] == [
        ("events", "NAME_INVALID"),
        ("events", "VALUE_REQUIRED"),
    ]
    assert (stream.entries, intake.counts()) == ([], {"http_200": 2})


def test_a_refused_event_of_ga4_is_kept_as_a_request_that_can_be_sent_again():
    stream = Shelf()
    body = measured("purchase", {"transaction_id": "T1"}) | {"user_properties": {"x": {"value": "y"}}}
    ga4(stream, body)
    (refused,) = stream.refused()
    assert refused["source"] == "ga4"
    assert json.loads(base64.b64decode(refused["record"])) == measured("purchase", {"transaction_id": "T1"})


def test_ga4_needs_its_secret_and_its_measurement_id():
    body = measured("search", {"search_term": "vase"})
    for query, status in (({"measurement_id": "G-1"}, 401), ({"api_secret": SECRET}, 400), (QUERY, 204)):
        assert collector(Shelf()).answer(request(body, path="/mp/collect", query=query, secret="")).status == status


def test_personal_data_is_refused_in_other_trackers_payloads_too():
    stream = Shelf()
    segment(stream, track("Product Viewed", LAMP, userId="ann@example.com"))
    assert stream.refused()[0]["reason"] == "personal_data"
