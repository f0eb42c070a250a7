"""`events` is curated history plus what arrived since the last curation: no event twice, none missing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import pipeline.curate
from catalogue.binding import Statement
from console.asking.engines.duckdb import DuckDbEngine
from pipeline.embedded.pacing import PlatformOptions
from pipeline.embedded.platform import Platform
from pipeline.lake import Lake
from tests.support.arrivals import NOON, arrival, refusal

pytestmark = pytest.mark.slow

OPTIONS = PlatformOptions(reserve_bytes=0)


def statement(sql: str, *tables: str) -> Statement:
    return Statement("test", "Test", sql, "duckdb", frozenset(tables))


def events(engine: DuckDbEngine) -> list[tuple[str, int]]:
    rows = engine.run(statement("select event_id, copies from events order by event_id", "events")).rows()
    return [(row["event_id"], row["copies"]) for row in rows]


@pytest.fixture
def platform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Platform]:
    """Nothing becomes history but where a test says so: the step at the start could come at any moment of a test."""
    monkeypatch.setattr(Platform, "_history_step", lambda _platform: 3600.0)
    lake = Lake.create(tmp_path / "lake")
    with Platform(lake, options=OPTIONS) as platform:
        yield platform


@pytest.fixture
def engine(platform: Platform) -> DuckDbEngine:
    return DuckDbEngine(platform.lake.root)


def test_what_is_stored_is_seen_by_the_next_query(platform: Platform, engine: DuckDbEngine) -> None:
    assert events(engine) == []
    platform.stream.append([arrival("1"), refusal(b"{")])
    assert events(engine) == [("1", 1)]
    platform.stream.append([arrival("2")])
    assert events(engine) == [("1", 1), ("2", 1)]


def test_a_pending_row_is_the_row_that_curation_writes(platform: Platform, engine: DuckDbEngine) -> None:
    platform.stream.append([arrival("1", price="12.3400"), arrival("2")])
    everything = statement("select * from events order by event_id", "events")
    pending = engine.run(everything)
    platform.curate()
    curated = engine.run(everything)
    assert pending.rows() == curated.rows()
    assert pending.table.schema == curated.table.schema
    assert pending.rows()[0]["unit_price"] == Decimal("12.3400")
    assert pending.rows()[0]["category"] == "Home"


def test_the_copy_received_first_is_kept_whether_copies_arrive_together_or_apart(
    platform: Platform, engine: DuckDbEngine
) -> None:
    later, first = NOON + timedelta(minutes=2), NOON + timedelta(minutes=1)
    price = statement("select unit_price, copies from events", "events")
    platform.stream.append(
        [arrival("1", received_at=later, price="2.00"), arrival("1", received_at=later, price="3.00")]
    )
    assert engine.run(price).rows()[0]["copies"] == 2
    platform.stream.append([arrival("1", received_at=first, price="1.00")])
    pending = engine.run(price).rows()
    assert pending == [{"unit_price": Decimal("1.00"), "copies": 3}]
    platform.curate()
    assert engine.run(price).rows() == pending


def test_a_copy_of_a_curated_event_is_no_second_event(platform: Platform, engine: DuckDbEngine) -> None:
    platform.stream.append([arrival("1")])
    platform.curate()
    platform.stream.append([arrival("1"), arrival("2")])
    assert [event_id for event_id, _ in events(engine)] == ["1", "2"]
    platform.curate()
    assert events(engine) == [("1", 2), ("2", 1)]


def test_events_are_complete_at_every_step_from_the_log_to_the_lake(platform: Platform, engine: DuckDbEngine) -> None:
    expected = [(str(n), 1) for n in range(5)]
    platform.stream.append([arrival("0"), arrival("1")])
    assert events(engine) == expected[:2]
    platform._raw.flush()
    assert events(engine) == expected[:2]
    platform.stream.append([arrival("2")])
    pipeline.curate.curate(platform.lake)  # another process curates: the checkpoint lags behind the lake
    assert events(engine) == expected[:3]
    platform.stream.append([arrival("3")])
    assert events(engine) == expected[:4]
    platform.curate()
    platform.stream.append([arrival("4")])
    assert events(engine) == expected
    assert events(DuckDbEngine(platform.lake.root)) == expected


def test_a_query_while_curation_is_under_way_misses_nothing(
    platform: Platform, engine: DuckDbEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[tuple[str, int]]] = []
    curate = pipeline.curate.curate

    def watched(lake: Lake) -> None:
        platform.stream.append([arrival("2")])  # after the raw files of this curation were written
        seen.append(events(DuckDbEngine(lake.root)))
        curate(lake)
        seen.append(events(DuckDbEngine(lake.root)))

    platform.stream.append([arrival("1")])
    monkeypatch.setattr(pipeline.curate, "curate", watched)
    platform.curate()
    assert [*seen, events(engine)] == [[("1", 1), ("2", 1)]] * 3


def test_a_reader_in_another_process_sees_the_same_without_the_platform(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake")
    with Platform(lake, options=OPTIONS) as platform:
        platform.stream.append([arrival("1")])
    assert events(DuckDbEngine(lake.root)) == [("1", 1)]


def test_an_arrival_makes_only_answers_about_events_old(platform: Platform, engine: DuckDbEngine) -> None:
    about_events, about_orders = statement("select 1", "events"), statement("select 1", "orders")
    before: Any = engine.version_of(about_events), engine.version_of(about_orders)
    assert (engine.version_of(about_events), engine.version_of(about_orders)) == before
    platform.stream.append([arrival("1")])
    assert engine.version_of(about_events) != before[0]
    assert engine.version_of(about_orders) == before[1]
    platform.curate()
    assert engine.version_of(about_orders) != before[1]


def test_data_as_of_is_that_of_the_arrivals_where_they_are_shown(platform: Platform, engine: DuckDbEngine) -> None:
    platform.stream.append([arrival("1")])
    platform.curate()
    platform.stream.append([arrival("2", at=NOON + timedelta(hours=1))])
    as_of = engine.run(statement("select count(*) from events", "events")).statistics.data_as_of
    assert as_of == NOON + timedelta(hours=1)
    assert engine.run(statement("select count(*) from orders", "orders")).statistics.data_as_of == NOON
