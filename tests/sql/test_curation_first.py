"""The first events of a lake, and raw files of rows: the tables are those that few events and files of lines give."""

from datetime import datetime
from pathlib import Path

import duckdb
import pytest

from catalogue.errors import CurationError
from pipeline.contract.events import encode
from pipeline.contract.shape import Event
from pipeline.curate import curate, first_events, raw, store
from tests.support.given import Given, event

MANY = [
    event(
        f"e{n % 90:02d}",
        f"2026-03-{1 + n % 5:02d} {n % 24:02d}:{n % 60:02d}",
        received=f"2026-03-07 {n % 24:02d}:00:{n % 7:02d}",
        event_type="purchase" if n % 3 == 0 else "product_view",
        order_id=f"o{n % 9}" if n % 3 == 0 else None,
        customer_id=f"c{n % 7}",
        channel=("web", "app", None)[n % 3],
        product={"name": "Lämpchen", "category": "Home/Lighting", "unit_cost": "4.0500"} if n % 4 == 0 else None,
        attributes={"n": n, "deep": 1.50} if n % 5 == 0 else None,
    )
    for n in range(120)
]


@pytest.mark.parametrize("rows", [1, 7, 40])
def test_many_first_events_are_written_in_spans_and_give_the_same_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int
):
    plain = Given(tmp_path / "plain").events(MANY).curate()
    monkeypatch.setattr(first_events, "ROWS_AT_ONCE", rows)
    monkeypatch.setattr(store, "ROWS_AT_ONCE", rows)
    in_spans = Given(tmp_path / "spans").events(MANY).curate()
    assert in_spans.tables() == plain.tables()
    files = in_spans.files()
    assert in_spans.curate(full=True).files() == files
    late = event("late", "2026-03-02 12:00", customer_id="c1")
    assert in_spans.events(late, MANY[3]).curate().tables() == plain.events(late, MANY[3]).curate().tables()


# an id of three senders, which two of them sent again, days later and by another clock; another id comes once
SENDERS = [
    event("same", f"{at} 12:00", received="2026-03-07 00:00", namespace=namespace, customer_id=f"c{number}")
    for number, (namespace, at) in enumerate(
        [
            ("", "2026-03-01"),
            ("a", "2026-02-28"),
            ("a", "2026-03-05"),
            ("b", "2026-03-01"),
            ("b", "2026-03-01"),
            ("b", "1999-12-31"),
        ]
    )
]
ONCE = event("other", "2026-03-01 12:00", namespace="a", customer_id="c1")


@pytest.mark.parametrize("sent", [[*SENDERS, ONCE], [SENDERS[0], SENDERS[1], ONCE]], ids=["again", "once"])
def test_an_id_that_several_senders_give_is_one_event_of_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: list[Event]
):
    plain = Given(tmp_path / "plain").events(sent).curate()
    monkeypatch.setattr(first_events, "ROWS_AT_ONCE", 1)
    monkeypatch.setattr(store, "ROWS_AT_ONCE", 1)
    in_spans = Given(tmp_path / "spans").events(sent).curate()
    assert in_spans.tables() == plain.tables()
    senders = sorted({one.namespace for one in sent if one.event_id == "same"})
    found = in_spans.rows("events", "event_id", "namespace", "copies")
    assert sorted(row["namespace"] for row in found if row["event_id"] == "same") == senders
    assert sum(row["copies"] for row in found) == len(sent)


@pytest.mark.parametrize("broken", [b"", b'{"event_id":\n', b"null\n"])
def test_many_lines_are_packed_first_and_a_broken_one_keeps_its_bytes_and_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: bytes
):
    lines = b"".join(encode(one) + b"\n" for one in MANY)
    plain = Given(tmp_path / "plain").raw(lines + broken).events(MANY[:3]).curate()
    monkeypatch.setattr(raw, "MANY_BYTES", 0)
    packed = Given(tmp_path / "packed").raw(lines + broken).events(MANY[:3]).curate()
    for table in plain.tables().keys() - {"quarantine"}:
        assert packed.rows(table) == plain.rows(table)
    columns = ("record", "reason", "detail", "origin")
    assert packed.rows("quarantine", *columns) == plain.rows("quarantine", *columns)


def test_a_raw_file_of_rows_gives_what_its_lines_give(tmp_path: Path):
    plain = Given(tmp_path / "plain").events(MANY).curate()
    rows = Given(tmp_path / "rows").events(MANY)
    (lines,) = (rows.lake.root / "raw/events").rglob("*.jsonl")
    raw.pack(raw.EVENTS, [lines], lines.with_suffix(".parquet"))
    lines.unlink()
    assert rows.curate().tables() == plain.tables()
    texts = [text for text in rows.column("events", "attributes") if text]
    assert '{"n":0,"deep":1.5}' in texts
    assert rows.column("events", "occurred_at")[0].__class__ is datetime


@pytest.mark.parametrize(
    "select", ["select 1 as event_id", "select * replace (null as event_id) from read_parquet('{}')"]
)
def test_a_raw_file_of_other_rows_is_refused_by_name(given: Given, select: str):
    given.events(MANY[:1])
    (lines,) = (given.lake.root / "raw/events").rglob("*.jsonl")
    sound = given.lake.root / "sound.parquet"
    raw.pack(raw.EVENTS, [lines], sound)
    duckdb.sql(f"copy ({select.format(sound)}) to '{lines.with_name('other.parquet')}'")
    with pytest.raises(CurationError, match=r"other\.parquet"):
        curate(given.lake)
    assert given.files() == {}
    lines.with_name("other.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(CurationError, match=r"other\.parquet"):
        curate(given.lake)
