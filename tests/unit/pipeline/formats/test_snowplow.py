"""Snowplow's tracker protocol: which events it becomes, that a copy is no second order, and one bad event costs one."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.collecting.envelope import Request
from tests.support.collecting import NOW, SECRET, Shelf, collector, decoded, request, write_key

TP2 = "/com.snowplowanalytics.snowplow/tp2"
ECOMMERCE = "iglu:com.snowplowanalytics.snowplow.ecommerce"
MOMENT = 1772366400_000  # 2026-03-01T12:00:00Z
SENT = int(NOW.timestamp() * 1000)
LAMP = {"id": "p1", "name": "Lamp", "category": "Home/Lighting", "brand": "Lumo", "price": 19.9, "quantity": 2}
VASE = {"id": "p2", "category": "Home", "price": 5, "currency": "EUR"}
TRANSACTION = {"transaction_id": "T1", "revenue": 44.8, "currency": "EUR", "payment_method": "card"}


def encoded(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def action(kind: str, *entities: tuple[str, dict[str, Any]], eid: str = "e1", **fields: str) -> dict[str, Any]:
    """One e-commerce event as the trackers send it."""
    data = {"schema": f"{ECOMMERCE}/snowplow_ecommerce_action/jsonschema/1-0-2", "data": {"type": kind}}
    contexts = [{"schema": f"{ECOMMERCE}/{name}/jsonschema/1-0-0", "data": entity} for name, entity in entities]
    return {
        "e": "ue",
        "eid": eid,
        "dtm": str(MOMENT),
        "stm": str(SENT),
        "p": "web",
        "aid": "web-shop",
        "duid": "d1",
        "sid": "s1",
        "ue_px": encoded(
            {"schema": "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0", "data": data}
        ),
        "cx": encoded({"schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data": contexts}),
        **fields,
    }


PURCHASE = action("transaction", ("transaction", TRANSACTION), ("product", LAMP), ("product", VASE))
SCHEMA = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4"


def send(stream: Shelf, *events: Any) -> dict[str, Any]:
    response = collector(stream).answer(request({"schema": SCHEMA, "data": list(events)}, path=TP2))
    assert response.status == 200
    return decoded(response)


@pytest.mark.parametrize(
    ("kind", "becomes"),
    [("product_view", "product_view"), ("add_to_cart", "cart_add"), ("remove_from_cart", "cart_remove")],
)
def test_an_action_is_one_event_for_each_product_beside_it(kind: str, becomes: str):
    stream = Shelf()
    send(stream, action(kind, ("product", LAMP | {"currency": "EUR"}), ("product", VASE), uid="c1"))
    first, second = stream.events()
    assert (second["product_id"], second["event_type"]) == ("p2", becomes)
    assert len(first.pop("event_id")) == 32
    assert first == {
        "event_type": becomes,
        "occurred_at": "2026-03-01T12:00:00Z",
        "customer_id": "c1",
        "session_id": "s1",
        "product_id": "p1",
        "quantity": 2,
        "unit_price": "19.9000",
        "currency": "EUR",
        "channel": "web",
        "product": {"name": "Lamp", "category": "Home/Lighting", "brand": "Lumo"},
        "received_at": "2026-03-02T12:00:00Z",
        "source": "snowplow",
    }


def test_a_transaction_sent_again_or_reloaded_is_no_second_order():
    stream = Shelf()
    answer = send(stream, PURCHASE, PURCHASE, PURCHASE | {"eid": "reloaded"})
    assert (answer["accepted"], answer["duplicates"]) == (2, 4)
    assert [(event["order_id"], event["product_id"], event["quantity"]) for event in stream.events()[:2]] == [
        ("T1", "p1", 2),
        ("T1", "p2", 1),
    ]


def test_an_order_of_an_anonymous_visitor_is_revenue_and_his_views_are_quarantined():
    stream = Shelf()
    nobody = {"duid": "", "sid": ""}
    answer = send(stream, PURCHASE | nobody, action("product_view", ("product", VASE), eid="e2") | nobody)
    assert (answer["accepted"], answer["quarantined"]) == (2, 1)
    assert {(event["session_id"], event.get("customer_id")) for event in stream.events()} == {("order-T1", None)}


def test_refunds_are_named_by_their_event_and_count_once():
    stream = Shelf()
    refund = action(
        "refund", ("refund", {"transaction_id": "T1", "refund_amount": 5, "currency": "EUR"}), ("product", VASE)
    )
    answer = send(stream, refund, refund, refund | {"eid": "another"})
    assert (answer["accepted"], answer["duplicates"]) == (2, 1)
    assert {(event["event_type"], event["order_id"]) for event in stream.events()} == {("refund", "T1")}


def test_a_checkout_begins_once_however_many_steps_it_has():
    stream = Shelf()
    steps = [action("checkout_step", ("checkout_step", {"step": step}), eid=f"e{step}") for step in (1, 2, 3)]
    answer = send(stream, *steps)
    assert (answer["accepted"], answer["ignored"]) == (1, 2)
    assert [event["event_type"] for event in stream.events()] == ["checkout_start"]


def test_an_older_transaction_is_its_lines_and_its_total_is_not_counted_again():
    stream = Shelf()
    head = {"e": "tr", "eid": "e1", "tr_id": "T2", "tr_tt": "24.90", "tr_cu": "EUR", "duid": "d1"}
    lines = [
        {
            "e": "ti",
            "eid": f"e{sku}",
            "ti_id": "T2",
            "ti_sk": sku,
            "ti_pr": price,
            "ti_qu": units,
            "ti_cu": "EUR",
            "duid": "d1",
        }
        for sku, price, units in (("p1", "9.95", "2"), ("p2", "5", "1"))
    ]
    answer = send(stream, head, *lines, *lines)
    assert (answer["accepted"], answer["duplicates"], answer["ignored"]) == (2, 2, 1)
    assert [(event["order_id"], event["quantity"], event["unit_price"]) for event in stream.events()[:2]] == [
        ("T2", 2, "9.9500"),
        ("T2", 1, "5.0000"),
    ]


def test_a_total_without_its_lines_is_quarantined_and_not_lost():
    stream = Shelf()
    send(stream, {"e": "tr", "eid": "e1", "tr_id": "T2", "tr_tt": "24.90", "duid": "d1"})
    assert [refused["reason"] for refused in stream.refused()] == ["missing_field"]


def test_what_is_no_action_of_a_shop_is_ignored_and_an_unknown_action_is_not():
    stream = Shelf()
    link = {"schema": "iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1", "data": {"targetUrl": "/"}}
    other = {"e": "ue", "ue_pr": json.dumps({"schema": "x", "data": link}), "duid": "d1"}
    answer = send(
        stream, {"e": "pv"}, {"e": "pp"}, {"e": "se"}, other, action("list_view"), action("purchase"), {"e": "?"}
    )
    assert (answer["ignored"], answer["quarantined"]) == (5, 2)
    assert {refused["reason"] for refused in stream.refused()} == {"unknown_event_type"}


def test_a_clock_an_hour_ahead_is_corrected_and_a_good_one_is_believed():
    stream = Shelf()
    hour = 3_600_000
    view = action("product_view", ("product", VASE))
    ahead = view | {"eid": "e2", "dtm": str(SENT + hour - 5000), "stm": str(SENT + hour)}
    true_time = view | {"eid": "e3", "ttm": str(MOMENT), "dtm": str(SENT + hour), "stm": str(SENT + hour)}
    send(stream, view, ahead, true_time)
    assert [event["occurred_at"] for event in stream.events()] == [
        "2026-03-01T12:00:00Z",
        "2026-03-02T11:59:55Z",
        "2026-03-01T12:00:00Z",
    ]


PAGES = write_key("pages", "tk_pages", public=True, alias="web-shop")
VIEW = action("product_view", ("product", VASE))


def test_a_page_without_a_key_is_known_by_its_app_id_and_gets_a_picture():
    stream = Shelf()
    for aid, status in (("web-shop", 200), ("another", 401), ("", 401)):
        answer = collector(stream, PAGES).answer(Request("GET", "/i", {}, VIEW | {"aid": aid}))
        assert answer.status == status
    answer = collector(Shelf(), PAGES).answer(Request("GET", "/i", {}, VIEW))
    assert (answer.headers["content-type"], answer.body[:6], len(answer.body)) == ("image/gif", b"GIF89a", 43)
    assert [(event["product_id"], event["public"]) for event in stream.events()] == [("p2", True)]


@pytest.mark.parametrize(
    ("body", "query", "status"),
    [
        ({"data": [VIEW]}, {}, 200),
        ({"data": [{"e": "pv"}, 7, VIEW]}, {}, 200),
        ({"data": [VIEW]}, {"aid": "another"}, 401),
        ({"data": [VIEW | {"aid": "another"}]}, {"aid": "web-shop"}, 200),
        ({"data": [VIEW | {"aid": "another"}]}, {}, 401),
        ({"data": [VIEW | {"aid": ["web-shop"]}]}, {}, 401),
        ({"data": []}, {}, 401),
        ([], {}, 401),
    ],
)
def test_the_app_id_in_the_address_or_else_in_the_body_names_the_key(body: Any, query: dict[str, str], status: int):
    sent = Request("POST", TP2, {"content-type": "application/json"}, query, json.dumps(body).encode())
    assert collector(Shelf(), PAGES).answer(sent).status == status


def test_a_browser_may_send_its_cookies_along_from_a_named_page_only():
    intake = collector(Shelf(), origins=["https://shop.example"])
    for method in ("OPTIONS", "POST"):
        for origin, allowed in (("https://shop.example", "true"), ("https://other.example", None)):
            sent = request({"data": []}, path=TP2, method=method, headers={"origin": origin})
            assert intake.answer(sent).headers.get("access-control-allow-credentials") == allowed


def test_a_key_in_the_address_is_not_kept_with_a_refused_event():
    stream = Shelf()
    collector(stream).answer(Request("GET", "/i", {}, {"e": "?", "key": SECRET}))
    assert SECRET.encode() not in base64.b64decode(stream.refused()[0]["record"])


POISON = st.sampled_from(
    [
        PURCHASE | {"ue_px": "%%%"},
        PURCHASE | {"cx": encoded([1, 2])},
        PURCHASE | {"ue_px": encoded({"data": {"schema": 1, "data": []}})},
        PURCHASE | {"dtm": "yesterday"},
        PURCHASE | {"uid": "ann@example.com", "eid": "p"},
        action("transaction", ("transaction", {}), ("product", {"id": "p1", "price": "NaN"})),
        action("refund", ("refund", {"transaction_id": "T1"}), ("product", LAMP | {"price": -1})),
        {"e": "ti", "ti_id": {"x": 1}, "ti_qu": "many"},
        {"e": ["ue"]},
        [],
        "text",
        17,
    ]
)


@given(poison=POISON, place=st.integers(0, 3))
def test_one_poisoned_event_among_good_ones_costs_itself_alone(poison: Any, place: int):
    stream = Shelf()
    good = [action("product_view", ("product", VASE), eid=f"g{number}") for number in range(3)]
    answer = send(stream, *good[:place], poison, *good[place:])
    assert answer["received"] == answer["accepted"] + answer["duplicates"] + answer["quarantined"]
    views = [event for event in stream.events() if event["event_type"] == "product_view"]
    assert (len(views), answer["quarantined"]) == (3, 1)
    assert json.loads(base64.b64decode(stream.refused()[0]["record"])) == poison
