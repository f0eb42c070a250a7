"""Properties of the event contract that hold for every event and for any bytes."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.contract import events
from pipeline.contract.privacy import personal_data
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.contract.shape import EVENT_TYPES, Event, Rules

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
RULES = Rules(now=NOW, retention_days=None, reporting_currency="EUR")
unhurried = settings(deadline=None)  # the machine may be busy, and no property here is about time
NAMES = {*Event.__struct_fields__, "record", "name", "category", "brand", "unit_cost", "rank"}

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=64).filter(
    lambda text: personal_data(text) is None
)
money = st.decimals(min_value=0, max_value=Decimal("99999999999999.9999"), places=4)
moments = st.datetimes(datetime(1971, 1, 1), datetime(2026, 3, 1), timezones=st.just(UTC))
attributes = st.dictionaries(
    texts,
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1).filter(lambda number: personal_data(str(number)) is None)
    | st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: personal_data(str(number)) is None)
    | texts,
    max_size=4,
)
objects: dict[str, st.SearchStrategy[Any]] = {
    "product": st.fixed_dictionaries(
        {}, optional={"name": texts, "category": texts, "brand": texts, "unit_cost": money.map(str)}
    ),
    "attributes": attributes,
}
recommendations = st.fixed_dictionaries(
    {"surface": texts}, optional={"model": texts, "rank": st.integers(0, 1_000_000), "request_id": texts}
)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """Records that fulfil the contract."""
    kind = draw(st.sampled_from(EVENT_TYPES))
    required: dict[str, st.SearchStrategy[Any]] = {
        "event_id": texts,
        "event_type": st.just(kind),
        "occurred_at": moments.map(datetime.isoformat),
        draw(st.sampled_from(["customer_id", "session_id"])): texts,
        "product_id": texts,
    }
    if kind in ("purchase", "refund"):
        required |= {"order_id": texts, "unit_price": money.map(str)}
    if kind.startswith("recommendation_"):
        required["recommendation"] = recommendations
    optional = dict.fromkeys(("channel", "device", "region", "store_id", "campaign", "order_id"), texts)
    optional |= {"quantity": st.integers(1, 1_000_000), "unit_price": money.map(str), "recommendation": recommendations}
    optional |= {"currency": st.sampled_from(["EUR", "USD", "JPY"]), **objects}
    optional = {name: strategy for name, strategy in optional.items() if name not in required}
    return draw(st.fixed_dictionaries(required, optional=optional))


def parsed(record: dict[str, Any], *, ascii_only: bool = True) -> Event:
    event = events.parse(json.dumps(record, ensure_ascii=ascii_only).encode(), RULES, source="native")
    assert isinstance(event, Event), event
    return event


@unhurried
@given(records())
@pytest.mark.slow
def test_a_valid_record_is_accepted_and_its_line_gives_the_event_back(record: dict[str, Any]):
    event = parsed(record)
    line = events.encode(event)
    assert events.parse(line, RULES, source="native") == event
    assert events.decode(line) == event
    assert events.encode(events.decode(line)) == line


@unhurried
@given(records())
def test_escaped_and_plain_text_and_python_values_give_the_same_event(record: dict[str, Any]):
    event = parsed(record)
    assert parsed(record, ascii_only=False) == event
    assert events.build(record, RULES, source="native") == event
    assert events.write(record, RULES, source="native") == events.encode(event)


@unhurried
@given(records(), st.integers(-14 * 60, 14 * 60))
@pytest.mark.slow
def test_equal_instants_in_different_offsets_are_the_same_event(record: dict[str, Any], minutes: int):
    moment = datetime.fromisoformat(record["occurred_at"])
    elsewhere = moment.astimezone(timezone(timedelta(minutes=minutes))).isoformat()
    assert parsed(record | {"occurred_at": elsewhere}) == parsed(record)


@unhurried
@given(st.binary(max_size=200) | records().map(lambda record: json.dumps(record).encode()), st.data())
@example(b'{"event_id":"\\ud83d"}', None)
def test_any_bytes_are_an_event_or_a_rejection(record: bytes, data: st.DataObject | None):
    if data is not None and record:  # a valid record with a few bytes changed goes deeper than noise
        mutated = bytearray(record)
        for _ in range(data.draw(st.integers(0, 3))):
            mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
        record = bytes(mutated)
    outcome = events.parse(record, RULES, source="native")
    if isinstance(outcome, Event):
        assert events.parse(events.encode(outcome), RULES, source="native") == outcome
    else:
        assert any(name in outcome.detail for name in NAMES)
        assert quarantine_line(record, outcome, origin="", received_at=NOW, source="native")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@unhurried
@given(records(), st.sampled_from(sorted(Event.__struct_fields__)), json_values)
def test_any_value_in_any_field_is_accepted_or_refused_and_the_refusal_names_a_field(
    record: dict[str, Any], name: str, value: Any
):
    changed = record | {name: value}
    for outcome in (
        events.parse(json.dumps(changed).encode(), RULES, source="native"),
        events.build(changed, RULES, source="native"),
    ):
        if isinstance(outcome, Rejection):
            assert any(known in outcome.detail for known in NAMES)
            assert len(outcome.detail) <= 300
        else:
            assert events.parse(events.encode(outcome), RULES, source="native") == outcome
