"""gtag.js: what a page sends to ``/g/collect`` becomes, that a copy is no second order, and one bad line costs one."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collecting.envelope import Request
from tests.support.collecting import SECRET, Shelf, collector, request, write_key

TAG = write_key("pages", "tk_pages", namespace="shop", public=True, alias="G-ABC123")
SHOP = write_key("shop", SECRET, namespace="shop")
PAGE = {
    "v": "2",
    "tid": "G-ABC123",
    "cid": "123.456",
    "sid": "77",
    "_p": "9",
    "_s": "1",
    "cu": "EUR",
    "dl": "https://x/",
}
LAMP = "idp1~nmLamp 60~~80 W~brLumo~caHome~c2Lighting~pr19.9~qt2~k0colour~v0red"
SALE = {"en": "purchase", "ep.transaction_id": "T1", "epn.value": "44.8", "pr1": LAMP, "pr2": "idp2~pr5"}


def send(stream: Shelf, query: dict[str, str], *lines: dict[str, str], **options: Any) -> int:
    """Send as the tag does: with a body of lines, or without a body."""
    body = "\r\n".join(urlencode(line) for line in lines).encode()
    headers = {"content-type": "text/plain;charset=UTF-8", "origin": "https://shop.example"}
    method = "POST" if lines else "GET"
    known = options.get("known") or collector(stream, TAG, SHOP, origins=["https://shop.example"])
    answer = known.answer(Request(method, "/g/collect", headers, query, body))
    assert answer.headers["access-control-allow-origin"] == "https://shop.example"
    assert answer.body == b"" or answer.status >= 400
    return answer.status


def test_a_purchase_is_an_event_of_a_public_key_for_each_item():
    stream = Shelf()
    assert send(stream, PAGE | SALE) == 204
    first, second = stream.events()
    assert (second["product_id"], second["unit_price"], second["order_id"]) == ("p2", "5.0000", "T1")
    assert len(first.pop("event_id")) == 32
    assert first == {
        "event_type": "purchase",
        "occurred_at": "2026-03-02T12:00:00Z",
        "customer_id": "123.456",
        "session_id": "123.456.77",
        "product_id": "p1",
        "quantity": 2,
        "unit_price": "19.9000",
        "currency": "EUR",
        "order_id": "T1",
        "channel": "web",
        "product": {"name": "Lamp 60~80 W", "category": "Home/Lighting", "brand": "Lumo"},
        "received_at": "2026-03-02T12:00:00Z",
        "source": "gtag",
        "namespace": "shop",
        "public": True,
    }


def test_several_events_are_the_lines_of_one_request():
    stream = Shelf()
    send(
        stream,
        PAGE,
        {"en": "view_item", "pr1": LAMP},
        {"en": "add_to_cart", "pr1": LAMP},
        {"en": "begin_checkout", "pr1": LAMP},
        {"en": "search", "ep.search_term": "vase"},
        {"en": "page_view"},
        {"en": "remove_from_cart", "pr2": "idp2~pr5", "pr10": "idp10", "pr1": LAMP},
    )
    assert [(event["event_type"], event.get("product_id")) for event in stream.events()] == [
        ("product_view", "p1"),
        ("cart_add", "p1"),
        ("checkout_start", None),
        ("search", None),
        ("cart_remove", "p1"),
        ("cart_remove", "p2"),
        ("cart_remove", "p10"),
    ]


def test_a_request_sent_again_and_a_reloaded_confirmation_count_once():
    stream = Shelf()
    known = collector(stream, TAG, SHOP, origins=["https://shop.example"])
    for query in (PAGE, PAGE, PAGE | {"_p": "10"}):
        send(stream, query, SALE, {"en": "view_item", "pr1": LAMP}, known=known)
    assert (known.counts()["accepted"], known.counts()["duplicates"]) == (4, 5)  # a second page view is a second view


def test_two_events_alike_in_one_request_are_two():
    stream = Shelf()
    send(stream, PAGE, {"en": "view_item", "pr1": LAMP}, {"en": "view_item", "pr1": LAMP})
    assert len({event["event_id"] for event in stream.events()}) == 2


def test_a_purchase_of_the_page_and_of_the_measurement_protocol_are_one():
    stream = Shelf()
    known = collector(stream, TAG, SHOP, origins=["https://shop.example"])
    send(stream, PAGE | SALE, known=known)
    items = [{"item_id": "p1", "price": 19.9, "quantity": 2}, {"item_id": "p2", "price": 5}]
    sale = {"name": "purchase", "params": {"transaction_id": "T1", "currency": "EUR", "items": items}}
    query = {"measurement_id": "G-ABC123"}
    known.answer(request({"client_id": "123.456", "events": [sale]}, path="/mp/collect", query=query))
    assert known.counts()["duplicates"] == 2


def test_a_page_may_not_refund():
    stream = Shelf()
    send(stream, PAGE | SALE | {"en": "refund"})
    assert [refused["reason"] for refused in stream.refused()] == ["not_allowed"]


@pytest.mark.parametrize("tid", ["G-OTHER", "", "shop"])
def test_a_measurement_id_that_is_no_alias_is_401(tid: str):
    stream = Shelf()
    assert send(stream, PAGE | SALE | {"tid": tid}) == 401
    assert stream.entries == []


def test_an_alias_of_a_secret_key_opens_nothing():
    secret = write_key("shop", SECRET, alias="G-ABC123")
    assert collector(Shelf(), secret).answer(Request("GET", "/g/collect", {}, PAGE | SALE)).status == 401


POISON = st.sampled_from(
    [
        {"en": "purchase", "ep.transaction_id": "T9", "pr1": "idp1"},
        {"en": "purchase", "pr1": LAMP},
        {"en": "purchase", "ep.transaction_id": "T9", "pr1": "~~~~"},
        {"en": "add_to_cart", "pr1": "idp1~prNaN"},
        {"en": "add_to_cart", "pr1": "idp1~pr1e999999999"},
        {"en": "add_to_cart", "pr1": "idp1~qt-3"},
        {"en": "search", "cid": "ann@example.com"},
        {"en": "serach"},
        {"en": "view_item", "pr1": "id" + "x" * 70},
        {"en": "view_item", "pr1": "id" + "x" * 200_000},
    ]
)


@given(poison=POISON, place=st.integers(0, 3))
def test_one_poisoned_line_among_good_ones_costs_itself_alone(poison: dict[str, str], place: int):
    stream = Shelf()
    good = [{"en": "view_item", "pr1": f"idgood{number}"} for number in range(3)]
    encoded = [urlencode(line).encode() for line in (*good[:place], poison, *good[place:])]
    known = collector(stream, TAG)
    assert known.answer(Request("POST", "/g/collect", {}, PAGE, b"\n".join(encoded))).status == 204
    assert [event["product_id"] for event in stream.events()] == ["good0", "good1", "good2"]
    (refused,) = stream.refused()
    assert json.loads(base64.b64decode(refused["record"]))["en"] == poison["en"]


@given(lines=st.lists(st.binary(max_size=60), max_size=5))
def test_whatever_bytes_a_page_sends_each_line_is_counted(lines: list[bytes]):
    stream = Shelf()
    known = collector(stream, TAG)
    status = known.answer(Request("POST", "/g/collect", {}, PAGE, b"v=2&" + b"\n".join(lines))).status
    counts = known.counts()
    assert status == 204
    assert (
        counts["received"] == counts["accepted"] + counts["duplicates"] + counts["quarantined"] == len(stream.entries)
    )
