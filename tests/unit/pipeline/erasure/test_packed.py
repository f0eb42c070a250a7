"""Raw files of rows without a person: the same ids change as in lines, and everything else is what it was."""

from __future__ import annotations

import base64
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipeline.erasure import raw
from pipeline.erasure.erase import person_of
from pipeline.erasure.scan import scan
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake

RECOMMENDATION = pa.struct(
    [("surface", pa.string()), ("model", pa.string()), ("rank", pa.int32()), ("request_id", pa.string())]
)
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("event_id", "namespace", "customer_id", "session_id", "attributes")),
        ("occurred_at", pa.timestamp("us")),
        ("unit_price", pa.decimal128(18, 4)),
        ("recommendation", RECOMMENDATION),
    ]
)


def row(event_id: str, customer: str | None, session: str | None, **more: Any) -> dict[str, Any]:
    at = datetime(2026, 3, 1)
    return {"event_id": event_id, "customer_id": customer, "session_id": session, "occurred_at": at, **more}


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    lake = Lake.create(tmp_path / "lake")
    shown = {"surface": "home", "model": "m", "rank": 1, "request_id": "r1"}
    rows = [
        row("e0", None, "s1", attributes='{"before":"signing in"}'),
        row("e1", "c1", "s1", unit_price=Decimal("19.9900"), recommendation=shown),
        row("e2", "c12", "s2", attributes='{"friend":"c1"}', recommendation=shown),
        row("e3", "c12", "s2", attributes='{"friend":"c12"}', namespace="shop"),
        row("e1", "c12", None),  # a further copy
    ]
    refused = [
        {"record": base64.b64encode(record).decode(), "reason": "invalid_json", "detail": None, "origin": "x"}
        for record in (b"id,c1", b"id,c12")
    ]
    for area, content in (
        (RAW_EVENTS, pa.Table.from_pylist(rows, SCHEMA)),
        (RAW_QUARANTINE, pa.Table.from_pylist(refused)),
    ):
        (lake.root / area).mkdir(parents=True)
        pq.write_table(content, lake.root / area / "day.parquet")
    return lake


def test_ids_attributes_and_request_change_and_nothing_else(lake: Lake):
    before = pq.read_table(lake.root / RAW_EVENTS / "day.parquet").to_pylist()
    person = person_of(lake, frozenset(["c1"]))
    assert {place.name: place.found for place in scan(lake, person) if place.found} == {
        RAW_EVENTS: 2,
        RAW_QUARANTINE: 1,
    }
    eraser = raw.identify(lake, person)
    with lake.writing(), lake.transaction() as change:
        found = raw.rewrite(lake, eraser, change)
        copied = [row["event_id"] for path in found.copies for row in pq.read_table(path).to_pylist()]
    table = pq.read_table(lake.root / RAW_EVENTS / "day.parquet")
    assert table.schema.equals(SCHEMA)
    after = table.to_pylist()
    assert copied == ["e0", "e1", "e2", "e1"], "all copies of what changed"
    assert found.sizes == {RAW_EVENTS: 3, RAW_QUARANTINE: 1}
    customer, session = after[1]["customer_id"], after[1]["session_id"]
    request = after[1]["recommendation"]["request_id"]
    assert all(name.startswith("erased-") for name in (customer, session, request))
    shown = {**before[1]["recommendation"], "request_id": request}
    assert after == [
        {**before[0], "session_id": session, "attributes": None},
        {**before[1], "customer_id": customer, "session_id": session, "recommendation": shown},
        {**before[2], "attributes": None},
        before[3],
        before[4],
    ]
    records = [
        base64.b64decode(row["record"]) for row in pq.read_table(lake.root / RAW_QUARANTINE / "day.parquet").to_pylist()
    ]
    assert records == [b'{"erased":true}', b"id,c12"]
    assert not [place for place in scan(lake, eraser.person) if place.found]


def test_a_file_without_the_person_stays_as_it_is(lake: Lake):
    place = lake.root / RAW_EVENTS / "other.parquet"
    pq.write_table(pa.Table.from_pylist([row("e9", "c9", None)], SCHEMA), place)
    before = place.read_bytes()
    with lake.writing(), lake.transaction() as change:
        raw.rewrite(lake, raw.identify(lake, person_of(lake, frozenset(["c1"]))), change)
    assert place.read_bytes() == before
