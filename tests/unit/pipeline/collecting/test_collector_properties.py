"""The collector under bytes that nobody planned: one verdict per record, the same in every form, and never a 5xx."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.contract import batches, events
from pipeline.contract.batches import TooMany, Unreadable
from pipeline.contract.rejections import Rejection
from pipeline.contract.shape import EVENT_TYPES, Event, Rules
from tests.support.collecting import NOW, VIEW, Shelf, collector, decoded, request

RULES = Rules(now=NOW, retention_days=400, reporting_currency="EUR")
PATHS = ("/v1/events", "/v1/track", "/v1/page", "/v1/batch", "/mp/collect")

texts = st.text(max_size=70) | st.sampled_from(["", "a@b.example", "4111 1111 1111 1111", "p1", "%40", '"', "\\", "\0"])
numbers = st.integers() | st.floats() | st.sampled_from([10**30, 1e308, 5e-324, -0.0])
scalars = st.none() | st.booleans() | numbers | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=6
)
FIELDS = tuple(Event.__struct_fields__)
EVENT_LIKE = (
    st.fixed_dictionaries(
        {},
        optional={
            "event_id": texts,
            "event_type": st.sampled_from([*EVENT_TYPES, "", "view"]),
            "occurred_at": st.sampled_from(
                ["2026-03-01T12:00:00Z", "2026-03-01T14:00:00.5+02:00", "2030-01-01T00:00:00Z", "x"]
            ),
            "unit_price": st.sampled_from(["1.5", 1.5, 2, "-1", "1.23456", 1e20]),
            "quantity": st.sampled_from([1, 2.0, "3", 0]),
            "order_id": texts,
            "currency": st.sampled_from(["EUR", "eur", "XXX"]),
            "product": st.dictionaries(st.sampled_from(["name", "unit_cost", "x"]), scalars, max_size=2) | values,
            "attributes": st.dictionaries(texts, scalars, max_size=2),
            "received_at": scalars,
            "unknown": st.just("x" * 9000) | values,
        },
    )
    .map(lambda fields: VIEW | fields)
    .flatmap(
        lambda fields: st.dictionaries(st.sampled_from(FIELDS), values, max_size=1).map(lambda more: fields | more)
    )
)
records = (EVENT_LIKE | values).map(lambda value: json.dumps(value).encode())


@settings(max_examples=150, deadline=None)
@given(st.lists(records, min_size=1, max_size=6))
@pytest.mark.slow
def test_a_batch_gives_each_record_the_verdict_that_it_has_alone(sent: list[bytes]):
    expected = [events.parse(record, RULES, source="native") for record in sent]
    lines = [events.encode(event) for event in expected if isinstance(event, Event)]
    for body in (b"[" + b" , ".join(sent) + b"]", b"\n".join(sent)):
        if sent[0].startswith(b"[") and not body.startswith(b"[" + sent[0]):
            continue  # a body that begins with an array is that array
        try:
            batch = batches.read(body, RULES, source="native")
        except Unreadable:
            assert not lines
            continue
        assert batch.lines == lines
        assert {place: refusal for place, (_, refusal) in batch.refused.items()} == {
            place: refusal for place, refusal in enumerate(expected) if isinstance(refusal, Rejection)
        }
        assert all(sent[place] == record for place, (record, _) in batch.refused.items())


def holds(stream: Shelf, body: bytes, path: str, headers: dict[str, str] | None = None) -> int:
    """Send a body, and check that what is told is what is stored; returns the status."""
    intake = collector(stream)
    response = intake.answer(
        request(body, path=path, headers=headers, query={"measurement_id": "G-1", "api_secret": "tk_secret"})
    )
    assert response.status in (200, 202, 204, 400, 413)
    counts = intake.counts()
    assert len(stream.entries) == counts.get("received", 0)
    assert counts.get("received", 0) == sum(counts.get(name, 0) for name in ("accepted", "duplicates", "quarantined"))
    if response.status == 202:
        assert len(decoded(response)["verdicts"]) == len(stream.entries)
    for entry in stream.entries:
        assert isinstance(json.loads(entry.line), dict)
        assert b"\n" not in entry.line
        assert 0 < len(entry.key) <= 64
    return response.status


@settings(max_examples=150, deadline=None)
@given(
    st.binary(max_size=300) | st.lists(records | st.binary(max_size=20), max_size=4).map(b",".join),
    st.sampled_from(PATHS),
)
@pytest.mark.slow
def test_no_body_makes_a_5xx_and_all_that_is_told_is_stored(body: bytes, path: str):
    for form in (body, b"[" + body + b"]", b'{"batch":[' + body + b'],"events":[' + body + b"]}"):
        holds(Shelf(), form, path)


def wild(path: str) -> list[bytes]:
    deep = b"[" * 100_000
    nested = b'{"a":' * 900 + b"1" + b"}" * 900
    digits = b"9" * 100_000
    price = json.dumps(VIEW | {"event_type": "purchase", "order_id": "o", "unit_price": "X"}).encode()
    twice = b'{"event_id":"a","event_id":"b"}'
    strange = [
        b"NaN",
        b"1e999999999",
        b"-Infinity",
        digits,
        b'"\\ud800"',
        b'"\\u0000"',
        deep,
        nested,
        b'"' + b'\\"' * 200_000,
    ]
    bodies = [*strange, twice, *(price.replace(b'"X"', value) for value in strange)]
    bodies += [b"[" + body + b"]" for body in bodies]
    if path != "/v1/events":
        names = {"event": "Order Completed", "name": "purchase", "client_id": "c", "userId": "c", "timestamp_micros": 1}
        message = json.dumps(names | {"properties": "P", "params": "P", "type": "track"}).encode()
        products = [
            b'{"order_id":"o","transaction_id":"o","products":[{"price":%s}],"items":[%s]}' % (v, v) for v in strange
        ]
        filled = [message.replace(b'"P"', product) for product in products]
        bodies += [*filled, *(b'{"batch":[%s],"events":[%s]}' % (item, item) for item in [*filled, *strange])]
        many = message.replace(b'"P"', b'{"products":[' + b"{}," * 8000 + b'{}],"items":[' + b"{}," * 8000 + b"{}]}")
        bodies += [many, b'{"batch":[%s],"events":[%s]}' % (many, many)]
    return bodies


def test_what_is_deep_huge_or_strange_is_answered_with_a_verdict_or_a_4xx():
    statuses = {holds(Shelf(), body, path) for path in PATHS for body in wild(path)}
    assert statuses >= {202, 400}


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 40), st.integers(0, 255))
def test_broken_gzip_is_400_or_what_it_unpacks_to(body: bytes, place: int, byte: int):
    packed = bytearray(gzip.compress(b"[" + body + b"]"))
    packed[place % len(packed)] = byte
    holds(Shelf(), bytes(packed), "/v1/events", {"content-encoding": "gzip"})


def test_many_small_elements_are_413_not_a_flood_of_objects():
    for body in (b"[" + b"1," * 400_000 + b"1]", b"1\n" * 500_000, b"[" + b"x," * 400_000 + b"1]"):
        try:
            batches.read(body, RULES, source="native")
        except TooMany:
            continue
        raise AssertionError("more than 500 records were read")


def test_a_record_over_the_bound_is_refused_among_small_ones_too():
    large: dict[str, Any] = VIEW | {"event_id": "large", "unknown": "x" * 40_000}
    sent = [json.dumps(VIEW | {"event_id": str(number)}).encode() for number in range(100)]
    sent.insert(50, json.dumps(large).encode())
    for body in (b"[" + b",".join(sent) + b"]", b"\n".join(sent)):
        batch = batches.read(body, RULES, source="native")
        assert {place: refusal.reason for place, (_, refusal) in batch.refused.items()} == {50: "too_large"}
