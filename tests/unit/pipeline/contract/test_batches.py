"""A body of many records is read at once, and each record gets the verdict that it has alone."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.contract import batches, events
from pipeline.contract.privacy import may_hold_personal_data
from pipeline.contract.rejections import Rejection
from pipeline.contract.shape import Event, Rules
from tests.unit.pipeline.contract.test_events_properties import records

RULES = Rules(now=datetime(2026, 3, 2, 12, tzinfo=UTC), retention_days=400, reporting_currency="EUR")
VIEW = {
    "event_id": "e1",
    "event_type": "product_view",
    "occurred_at": "2026-03-01T12:00:00Z",
    "customer_id": "c1",
    "product_id": "p1",
}
# each is a reason for the slower of two ways through the reading of a batch
CHANGES: tuple[dict[str, Any], ...] = (
    {},
    {"occurred_at": "2026-03-01T12:00:00Z"},
    {"occurred_at": "2026-03-01T12:00:00+02:00"},
    {"occurred_at": "2026-03-02T12:05:00.000001Z"},
    {"occurred_at": "2026-03-02T08:05:00.000001-04:00"},
    {"occurred_at": "2025-01-26T11:59:59.999999Z"},
    {"customer_id": None, "session_id": None},
    {"event_type": "product_view", "product_id": None},
    {"event_type": "purchase", "quantity": None, "product_id": None, "order_id": "o1", "unit_price": 1.00005},
    {"unit_price": "-1"},
    {"product": {}},
    {"product": {"unit_cost": "0.00001"}},
    {"attributes": {}},
    {"attributes": {"a": "x" * (2048 - len('{"a":""}'))}},
    {"attributes": {"a": "x" * (2049 - len('{"a":""}'))}},
    {"attributes": {"a": "x" * 2048, "b": "jo@example.com"}},
    {"attributes": {"a": 4111111111111111}},
    {"campaign": "jo@example.com"},
    {"campaign": "100 % wool"},
    {"store_id": "4111 1111 1111 1111"},
    {"store_id": "12345678901234"},
    {"currency": "eur"},
    {"quantity": 2.0},
)
sent = st.builds(lambda record, change: record | change, records(), st.sampled_from(CHANGES))


@settings(deadline=None)
@given(st.lists(sent, min_size=1, max_size=8))
@example([VIEW | change for change in CHANGES])
def test_each_record_of_a_batch_has_the_verdict_and_the_line_that_it_has_alone(sent: list[dict[str, Any]]):
    bodies = [json.dumps(record).encode() for record in sent]
    alone = [events.parse(record, RULES, source="native") for record in bodies]
    for body in (b"[" + b",".join(bodies) + b"]", b"\n".join(bodies)):
        batch = batches.read(body, RULES, source="native")
        good = [event for event in alone if isinstance(event, Event)]
        assert batch.lines == [events.encode(event) for event in good]
        assert batch.ids == [event.event_id for event in good]
        assert batch.keys == [event.customer_id or event.session_id for event in good]
        assert batch.rounded == sum(event.rounded for event in good)
        assert batch.refused == {
            place: (bodies[place], refusal) for place, refusal in enumerate(alone) if isinstance(refusal, Rejection)
        }
        assert batch.received == len(sent)


@pytest.mark.parametrize(
    ("size", "ids", "reasons"), [(2048, ["e1", "e2", "e3"], []), (2049, ["e1", "e3"], ["attributes_too_large"])]
)
def test_attributes_of_a_batch_may_have_2048_bytes_each(size: int, ids: list[str], reasons: list[str]):
    attributes = {"ä": "x" * (size - len('{"ä":""}'.encode()))}
    body = json.dumps([VIEW, VIEW | {"event_id": "e2", "attributes": attributes}, VIEW | {"event_id": "e3"}]).encode()
    batch = batches.read(body, RULES, source="native")
    assert [refusal.reason for _, refusal in batch.refused.values()] == reasons
    assert batch.ids == ids


def test_two_equal_records_that_are_refused_are_each_refused():
    record = VIEW | {"occurred_at": "2020-01-01T00:00:00Z"}
    batch = batches.read(json.dumps([record, VIEW, record]).encode(), RULES, source="native")
    assert {place: refusal.reason for place, (_, refusal) in batch.refused.items()} == {0: "too_old", 2: "too_old"}
    assert batch.ids == ["e1"]


@given(
    st.lists(st.sampled_from(["1", "23", "4567", "-", " ", "a", '"', "2026-03-01T12:00:00.123456Z", "é"]), max_size=40)
)
@example(["1"] * 13)
@example(["1"] * 14)
@example(["a", *["1"] * 14, "a"])
def test_a_run_of_fourteen_digits_spaces_and_dashes_is_looked_at_more_closely_and_a_shorter_one_is_not(
    parts: list[str],
):
    text = "".join(parts)
    assert may_hold_personal_data(text.encode()) == (re.search("[0-9 -]{14}", text) is not None)
    for sign in "@%\\":
        assert may_hold_personal_data((text + sign + text).encode())
