"""The event contract: what is accepted, in which form it is kept, and why a record is refused."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipeline.contract import events
from pipeline.contract.rejections import Reason, Rejection, quarantine_line
from pipeline.contract.shape import Event, Rules

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULES = Rules(now=NOW, retention_days=400, reporting_currency="EUR")

VIEW: dict[str, Any] = {
    "event_id": "e1",
    "event_type": "product_view",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "c1",
    "product_id": "p1",
}
PURCHASE = VIEW | {"event_type": "purchase", "order_id": "o1", "unit_price": "12.50"}


def read(fields: dict[str, Any], rules: Rules = RULES) -> Event | Rejection:
    return events.parse(json.dumps(fields).encode(), rules, source="native")


def accepted(fields: dict[str, Any], rules: Rules = RULES) -> Event:
    event = read(fields, rules)
    assert isinstance(event, Event), event
    return event


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


def test_a_purchase_is_kept_in_the_canonical_form():
    record = PURCHASE | {
        "occurred_at": "2026-03-01T14:00:00.5+02:00",
        "region": "DE",
        "product": {"name": "Lamp", "category": "Home/Lighting", "unit_cost": 5},
        "attributes": {"gift": True},
    }
    assert events.encode(accepted(record)).decode() == (
        '{"event_id":"e1","event_type":"purchase","occurred_at":"2026-03-01T12:00:00.500000Z","customer_id":"c1",'
        '"product_id":"p1","quantity":1,"unit_price":"12.5000","currency":"EUR","order_id":"o1","region":"DE",'
        '"product":{"name":"Lamp","category":"Home/Lighting","unit_cost":"5.0000"},"attributes":{"gift":true},'
        '"received_at":"2026-03-02T12:00:00Z","source":"native"}'
    )


def test_quantity_is_1_for_carts_purchases_and_refunds_and_absent_for_views():
    assert accepted(VIEW | {"event_type": "cart_add"}).quantity == 1
    assert accepted(VIEW | {"event_type": "cart_remove"}).quantity == 1
    assert accepted(PURCHASE).quantity == 1
    assert accepted(PURCHASE | {"event_type": "refund", "quantity": 3}).quantity == 3
    assert accepted(VIEW).quantity is None


def test_the_reporting_currency_is_filled_in_wherever_there_is_an_amount():
    assert accepted(PURCHASE).currency == "EUR"
    assert accepted(VIEW | {"product": {"unit_cost": "1"}}).currency == "EUR"
    assert accepted(PURCHASE | {"currency": "JPY"}).currency == "JPY"
    assert accepted(VIEW).currency is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("12.34", "12.3400"),
        (12.34, "12.3400"),
        (0.1, "0.1000"),
        (7, "7.0000"),
        ("0", "0.0000"),
        ("-0.00", "0.0000"),
        ("1e2", "100.0000"),
        ("99999999999999.9999", "99999999999999.9999"),
    ],
)
def test_money_is_kept_exactly_with_4_decimals(given: Any, kept: str):
    assert str(accepted(PURCHASE | {"unit_price": given}).unit_price) == kept


def test_a_json_number_with_more_digits_than_a_float_holds_is_read_exactly():
    record = json.dumps(PURCHASE | {"unit_price": "X"}).replace('"X"', "12345678901234.5678").encode()
    event = events.parse(record, RULES, source="native")
    assert isinstance(event, Event)
    assert event.unit_price == Decimal("12345678901234.5678")


def test_null_and_the_empty_string_mean_absent():
    assert accepted(VIEW | {"channel": "", "region": None, "product": {"name": ""}, "attributes": {}}) == accepted(VIEW)
    assert accepted(VIEW | {"product": {}, "recommendation": {}}) == accepted(VIEW)


def test_unknown_fields_and_what_a_sender_says_about_reception_are_ignored():
    claims = {"colour": {"deep": [1]}, "received_at": "never", "source": 7, "namespace": [], "public": "yes"}
    assert accepted(VIEW | claims) == accepted(VIEW)


def test_of_a_key_given_twice_the_last_one_counts():
    record = json.dumps(VIEW)[:-1] + ',"product_id":"p2"}'
    event = events.parse(record.encode(), RULES, source="native")
    assert isinstance(event, Event)
    assert event.product_id == "p2"


def test_a_number_beyond_2_to_the_53_or_the_64_stays_exact_in_attributes():
    numbers = {"category_id": 2053013555631882655, "huge": 2**64 + 1}
    assert accepted(VIEW | {"attributes": numbers}).attributes == numbers


def test_a_session_alone_is_identity_enough():
    assert accepted(without(VIEW, "customer_id") | {"session_id": "s1"}).customer_id is None


def test_checkout_and_search_need_no_product():
    assert accepted(without(VIEW, "product_id") | {"event_type": "search"}).product_id is None
    assert accepted(without(VIEW, "product_id") | {"event_type": "checkout_start"}).product_id is None


def test_an_event_at_the_edge_of_clock_tolerance_and_retention_is_accepted():
    assert accepted(VIEW | {"occurred_at": "2026-03-02T12:05:00Z"})
    assert accepted(VIEW | {"occurred_at": (NOW - timedelta(days=400)).isoformat()})


def test_an_import_may_be_of_any_age_since_1970():
    imports = Rules(now=NOW, retention_days=None, reporting_currency="EUR")
    assert accepted(VIEW | {"occurred_at": "1970-01-01T00:00:00Z"}, imports)
    assert read(VIEW | {"occurred_at": "1969-12-31T23:59:59Z"}, imports) == Rejection(
        "too_old", "Field occurred_at: 1969-12-31T23:59:59+00:00 is before 1970-01-01T00:00:00+00:00."
    )


REFUSED = [
    # reason, the field that the detail names, the record
    ("missing_field", "event_id", without(VIEW, "event_id")),
    ("missing_field", "event_id", VIEW | {"event_id": ""}),
    ("missing_field", "event_type", without(VIEW, "event_type")),
    ("missing_field", "occurred_at", VIEW | {"occurred_at": None}),
    ("missing_field", "product_id", without(VIEW, "product_id")),
    ("missing_field", "product_id", without(PURCHASE, "product_id") | {"quantity": 2}),
    ("missing_field", "product_id", without(PURCHASE, "product_id") | {"event_type": "cart_add"}),
    ("missing_field", "order_id", without(PURCHASE, "order_id")),
    ("missing_field", "unit_price", without(PURCHASE, "unit_price")),
    ("missing_field", "unit_price", without(PURCHASE, "unit_price") | {"event_type": "refund"}),
    ("missing_field", "recommendation", VIEW | {"event_type": "recommendation_click"}),
    ("missing_field", "recommendation", VIEW | {"event_type": "recommendation_click", "recommendation": {}}),
    ("missing_identity", "customer_id and session_id", without(VIEW, "customer_id")),
    ("missing_identity", "customer_id and session_id", VIEW | {"customer_id": ""}),
    ("invalid_type", "customer_id", VIEW | {"customer_id": 42}),
    ("invalid_type", "quantity", PURCHASE | {"quantity": True}),
    ("invalid_type", "unit_price", PURCHASE | {"unit_price": [1]}),
    ("invalid_type", "occurred_at", VIEW | {"occurred_at": 1772366400}),
    ("invalid_type", "product", VIEW | {"product": "Lamp"}),
    ("invalid_type", "product.name", VIEW | {"product": {"name": 1}}),
    ("invalid_type", "recommendation.rank", VIEW | {"recommendation": {"rank": "first"}}),
    ("invalid_type", "attributes", VIEW | {"attributes": {"nested": {"a": 1}}}),
    ("invalid_type", "attributes", VIEW | {"attributes": [1]}),
    ("invalid_value", "event_id", VIEW | {"event_id": "x" * 65}),
    ("invalid_value", "occurred_at", VIEW | {"occurred_at": "yesterday"}),
    ("invalid_value", "occurred_at", VIEW | {"occurred_at": "2026-03-01T12:00:00"}),
    ("invalid_value", "occurred_at", VIEW | {"occurred_at": "2026-02-30T12:00:00Z"}),
    ("invalid_value", "unit_price", PURCHASE | {"unit_price": "12,50"}),
    ("invalid_value", "unit_price", PURCHASE | {"unit_price": "NaN"}),
    ("invalid_value", "unit_price", PURCHASE | {"unit_price": "Infinity"}),
    ("invalid_value", "region", VIEW | {"region": "D\0E"}),
    ("invalid_value", "attributes", VIEW | {"attributes": {"a\0": 1}}),
    ("invalid_value", "quantity", PURCHASE | {"quantity": "two"}),
    ("invalid_value", "quantity", PURCHASE | {"quantity": "NaN"}),
    ("out_of_range", "quantity", PURCHASE | {"quantity": 0}),
    ("out_of_range", "quantity", PURCHASE | {"quantity": "0.0004"}),
    ("out_of_range", "quantity", PURCHASE | {"quantity": 2.5}),
    ("out_of_range", "quantity", PURCHASE | {"quantity": "-1"}),
    ("out_of_range", "quantity", VIEW | {"quantity": 2.5}),
    ("out_of_range", "quantity", PURCHASE | {"quantity": "1e999999"}),
    ("out_of_range", "quantity", PURCHASE | {"quantity": 1_000_001}),
    ("out_of_range", "quantity", PURCHASE | {"quantity": 10**30}),
    ("out_of_range", "unit_price", PURCHASE | {"unit_price": "-1"}),
    ("out_of_range", "unit_price", PURCHASE | {"unit_price": "0.00005"}),  # was something, and would be nothing
    ("out_of_range", "unit_price", PURCHASE | {"unit_price": "100000000000000"}),
    ("out_of_range", "unit_price", PURCHASE | {"unit_price": "1e999999"}),
    ("out_of_range", "product.unit_cost", VIEW | {"product": {"unit_cost": -1}}),
    ("out_of_range", "occurred_at", VIEW | {"occurred_at": "0001-01-01T00:00:00+14:00"}),
    ("unknown_event_type", "event_type", VIEW | {"event_type": "page_view"}),
    ("invalid_currency", "currency", PURCHASE | {"currency": "XYZ"}),
    ("invalid_currency", "currency", PURCHASE | {"currency": "EURO"}),
    ("too_far_in_future", "occurred_at", VIEW | {"occurred_at": "2026-03-02T12:05:00.000001Z"}),
    ("too_old", "occurred_at", VIEW | {"occurred_at": "2025-01-26T11:59:59Z"}),
    ("attributes_too_large", "attributes", VIEW | {"attributes": {"a": "x" * 2048}}),
    ("too_large", "record", VIEW | {"padding": "x" * events.RECORD_BYTES}),
]


@pytest.mark.parametrize(
    ("price", "kept"),
    [
        (0.30000000000000004, "0.3000"),
        ("1.23456", "1.2346"),
        ("0.00015", "0.0002"),
        ("19.989999999999998", "19.9900"),
    ],
)
def test_an_amount_with_a_longer_tail_is_rounded_half_to_even_and_marked(price: Any, kept: str):
    event = accepted(PURCHASE | {"unit_price": price})
    assert (event.unit_price, event.rounded) == (Decimal(kept), True)
    assert b'"rounded":true' in events.encode(event)
    assert not accepted(PURCHASE | {"unit_price": kept}).rounded


def test_a_cost_is_rounded_as_a_price_is():
    event = accepted(VIEW | {"product": {"unit_cost": 1.1500000000000001}})
    assert event.product is not None
    assert (event.product.unit_cost, event.rounded) == (Decimal("1.1500"), True)


@pytest.mark.parametrize("quantity", [2, 2.0, "2", "2.000", 2.0000000000000004])
def test_a_quantity_is_whole_however_it_is_written(quantity: Any):
    assert accepted(PURCHASE | {"quantity": quantity}).quantity == 2


def test_a_lake_that_takes_fractions_keeps_three_decimals_of_a_quantity():
    kilograms = replace(RULES, fractional_quantities=True)
    event = events.parse(json.dumps(PURCHASE | {"quantity": 0.7504}).encode(), kilograms, source="native")
    assert isinstance(event, Event)
    assert (event.quantity, event.rounded) == (Decimal("0.750"), True)
    assert b'"quantity":"0.750"' in events.encode(event)
    assert events.decode(events.encode(event)) == event


def test_a_currency_may_be_in_small_letters():
    assert accepted(PURCHASE | {"currency": "eur"}).currency == "EUR"


def test_a_purchase_without_a_product_is_the_amount_of_its_order():
    event = accepted(without(PURCHASE, "product_id") | {"unit_price": "99.90"})
    assert (event.product_id, event.quantity, event.unit_price) == (None, 1, Decimal("99.9000"))


def test_an_amount_beyond_the_largest_is_held_and_every_amount_where_there_is_no_limit_is_not():
    bounded = replace(RULES, largest_amount=Decimal(1_000_000))
    just = PURCHASE | {"quantity": 1000, "unit_price": "1000"}
    beyond = PURCHASE | {"quantity": 1000, "unit_price": "1000.0001"}
    assert isinstance(events.parse(json.dumps(just).encode(), bounded, source="native"), Event)
    held = events.parse(json.dumps(beyond).encode(), bounded, source="native")
    assert isinstance(held, Rejection)
    assert held.reason == "held"
    assert "1,000,000" in held.detail
    assert "pipeline held" in held.detail
    assert isinstance(read(beyond), Event)


@pytest.mark.parametrize(("reason", "field", "record"), REFUSED)
def test_a_refused_record_has_a_reason_and_a_detail_that_names_the_field(
    reason: str, field: str, record: dict[str, Any]
):
    refused = read(record)
    assert isinstance(refused, Rejection), refused
    assert refused.reason == reason, refused
    assert field in refused.detail


@pytest.mark.parametrize(
    ("reason", "record"),
    [
        ("invalid_json", b""),
        ("invalid_json", b"  \n"),
        ("invalid_json", b"{"),
        ("invalid_json", b'{"event_id":"e1"} x'),
        ("invalid_json", b"\xef\xbb\xbf{}"),
        ("invalid_json", b'{"unit_price":NaN}'),
        ("invalid_json", b'{"event_id":"\\ud800"}'),
        ("invalid_json", b'{"a":' + b"[" * 30_000),
        ("not_an_object", b"[]"),
        ("not_an_object", b'"text"'),
        ("not_an_object", b"null"),
        ("invalid_utf8", b'{"event_id":"\xff"}'),
        ("invalid_utf8", b"\x80\x81"),
        ("too_large", b"{" + b" " * events.RECORD_BYTES),
    ],
)
def test_bytes_that_hold_no_object_are_refused_by_name(reason: str, record: bytes):
    refused = events.parse(record, RULES, source="native")
    assert isinstance(refused, Rejection)
    assert (refused.reason, refused.detail[:10]) == (reason, "The record")


@pytest.mark.parametrize(
    ("field", "record"),
    [
        ("customer_id", VIEW | {"customer_id": "jo.bloggs@example.com"}),
        ("customer_id", VIEW | {"customer_id": "jo%40example.com"}),
        ("session_id", VIEW | {"session_id": "4111 1111 1111 1111"}),
        ("session_id", VIEW | {"session_id": "4111-1111-1111-1111"}),
        ("event_id", VIEW | {"event_id": "4111111111111111"}),
        ("order_id", PURCHASE | {"order_id": "card 378282246310005"}),
        ("campaign", VIEW | {"campaign": "mail?to=jo@example.com"}),
        ("product.name", VIEW | {"product": {"name": "5555555555554444"}}),
        ("attributes.card", VIEW | {"attributes": {"card": 4111111111111111}}),
        ("attributes", VIEW | {"attributes": {"jo@example.com": 1}}),
    ],
)
def test_personal_data_is_refused_in_every_text_and_not_repeated_in_the_detail(field: str, record: dict[str, Any]):
    refused = read(record)
    assert isinstance(refused, Rejection)
    assert refused.reason == "personal_data"
    assert refused.detail.startswith(f"Field {field} holds ")
    assert "example.com" not in refused.detail
    assert "1111" not in refused.detail


@pytest.mark.parametrize(
    "customer_id",
    [
        "4111111111111112",  # fails the check digit
        "1772366400000123",  # microseconds since 1970
        "2053013555631882655",  # a long number of another kind
        "@home",
        "c0ffee11-4111-1111-1111-111111111111",  # a UUID
        "d41d4111111111111111f00b204e9800998ecf84",  # a digest
    ],
)
def test_identifiers_that_only_look_like_personal_data_are_accepted(customer_id: str):
    assert accepted(VIEW | {"customer_id": customer_id}).customer_id == customer_id


def test_an_escaped_at_sign_does_not_hide_an_address():
    record = json.dumps(VIEW).replace("c1", "jo\\u0040example.com").encode()
    refused = events.parse(record, RULES, source="native")
    assert isinstance(refused, Rejection)
    assert refused.reason == "personal_data"


def test_build_is_parse_for_python_values():
    fields = PURCHASE | {
        "unit_price": Decimal("12.50"),
        "occurred_at": datetime(2026, 3, 1, 13, tzinfo=UTC).astimezone(),
        "product": {"name": "Lamp", "brand": "", "unit_cost": Decimal(5)},
    }
    same = PURCHASE | {"occurred_at": "2026-03-01T13:00:00Z", "product": {"name": "Lamp", "unit_cost": "5"}}
    event = events.build(fields, RULES, source="native")
    assert event == accepted(same)
    assert events.write(fields, RULES, source="native") == events.encode(accepted(same))


@pytest.mark.parametrize(("reason", "field", "record"), [case for case in REFUSED if case[0] != "too_large"])
def test_build_refuses_what_parse_refuses(reason: str, field: str, record: dict[str, Any]):
    refused = events.build(record, RULES, source="native")
    assert isinstance(refused, Rejection), refused
    assert refused.reason == reason, refused
    assert field in refused.detail


@pytest.mark.parametrize(
    ("reason", "change"),
    [
        ("invalid_utf8", {"region": "\ud800"}),
        ("invalid_utf8", {"attributes": {"a": "\ud800"}}),
        ("invalid_value", {"attributes": {"a": float("nan")}}),
        ("invalid_value", {"occurred_at": datetime(2026, 3, 1)}),
    ],
)
def test_build_refuses_python_values_that_json_cannot_carry(reason: str, change: dict[str, Any]):
    refused = events.build(VIEW | change, RULES, source="native")
    assert isinstance(refused, Rejection), refused
    assert (refused.reason, next(iter(change)) in refused.detail) == (reason, True)


def test_a_quarantine_line_keeps_the_original_bytes():
    record = b"\xff\x00 not json"
    refused = events.parse(record, RULES, source="native")
    assert isinstance(refused, Rejection)
    line = json.loads(quarantine_line(record, refused, origin="a.csv:7", received_at=NOW, source="import"))
    assert base64.b64decode(line.pop("record")) == record
    assert line == {
        "reason": "invalid_utf8",
        "detail": "The record is not UTF-8: byte 0 is 0xff.",
        "origin": "a.csv:7",
        "received_at": "2026-03-02T12:00:00Z",
        "source": "import",
    }


def test_every_reason_has_a_sentence():
    assert all(reason.sentence.endswith(".") for reason in Reason)


def test_rules_refuse_an_instant_without_zone():
    with pytest.raises(ValueError, match="aware"):
        Rules(now=datetime(2026, 3, 1), retention_days=1, reporting_currency="EUR")


def test_a_hash_behind_a_prefix_is_no_card_number_and_a_card_number_behind_one_is():
    from pipeline.contract.privacy import personal_data

    card = "4111111111111111"
    assert personal_data(f"s{card}0123456789abcdef") is None  # 32 hexadecimal digits behind a letter
    assert personal_data(f"card{card}") == "a payment card number"
