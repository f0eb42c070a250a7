"""The console's own calls: told by every question, kept in batches, read back as a table."""

from __future__ import annotations

import io
import threading
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import boto3
import pyarrow.parquet as pq
import pytest
from moto import mock_aws

from console.asking.engines import Result, Statistics
from console.asking.engines.duckdb import DuckDbEngine
from console.metering import Asker, Call
from console.metering.bucket import BucketCalls
from console.metering.buffered import BufferedMeter
from console.metering.calls import OPEN_FOR, Batch
from console.metering.compaction import compact_days
from console.metering.folder import FolderCalls
from tests.support.lake_rows import NOON, Rows

CALL = Call(
    called_at=datetime(2026, 3, 31, 23, 59, 59, 123456, UTC),
    viewer="ann@example.org",
    page="Revenue",
    kind="query",
    name="sales/net_revenue_by_day",
    engine="Athena",
    query_id="q1",
    elapsed_seconds=0.25,
    rows=7,
    cached=False,
    bytes_scanned=12_000_000,
    dollars=Decimal("0.00006"),
    dollars_saved=Decimal(0),
)
ALL = {"start_date": date(2026, 1, 1), "end_date": date(9999, 1, 1)}


class Kept:
    """A meter that a test can read."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call) -> None:
        self.calls.append(call)


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake").table("orders", [{"order_id": "o", "order_date": date(2026, 3, 1)}])


class Priced:
    """The embedded engine, with a price."""

    def __init__(self, engine: DuckDbEngine) -> None:
        self._engine = engine

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def run(self, statement: object) -> Result:
        result = self._engine.run(statement)  # type: ignore[arg-type]
        priced = replace(result.statistics, dollars=Decimal("0.00005"), bytes_scanned=10_000_000)
        return replace(result, statistics=priced)


def test_every_question_is_metered_with_reader_cost_and_cache_savings(lake: Rows) -> None:
    meter = Kept()
    engine = Priced(DuckDbEngine(lake.lake.root))
    scope = replace(lake.scope(engine=engine), meter=meter, asker=Asker("ann", "Revenue"))  # type: ignore[arg-type]
    scope.ask("lake/days")
    scope.ask("lake/days")
    assert [(call.viewer, call.page, call.kind, call.name, call.rows) for call in meter.calls] == [
        ("ann", "Revenue", "query", "lake/days", 1)
    ] * 2
    assert [(call.cached, call.bytes_scanned, call.dollars, call.dollars_saved) for call in meter.calls] == [
        (False, 10_000_000, Decimal("0.00005"), Decimal(0)),
        (True, 0, Decimal(0), Decimal("0.00005")),
    ]
    assert meter.calls[0].elapsed_seconds > 0 == meter.calls[1].elapsed_seconds


def test_an_answer_of_unknown_price_saves_an_unknown_amount() -> None:
    assert Statistics("x", 1.0, dollars=None).as_cached().dollars_saved is None


def test_calls_are_read_back_as_they_were_made(lake: Rows) -> None:
    FolderCalls(lake.lake.root).write([CALL, replace(CALL, cached=True, dollars=None, bytes_scanned=None)])
    (day,) = lake.ask("own_cost/by_day", **ALL)
    assert day == {
        "call_date": date(2026, 3, 31),
        "kind": "query",
        "calls": 2,
        "cached_calls": 1,
        "unpriced_calls": 1,
        "bytes_scanned": 12_000_000,
        "dollars": Decimal("0.00006"),
        "dollars_saved": Decimal(0),
    }
    (name,) = lake.ask("own_cost/by_name", **ALL)
    assert (name["kind"], name["name"], name["engine"]) == ("query", "sales/net_revenue_by_day", "Athena")
    assert lake.ask("own_cost/by_viewer", **ALL)[0]["viewer"] == "ann@example.org"
    assert lake.ask("own_cost/by_page", **ALL)[0]["elapsed_seconds"] == 0.5


def test_calls_that_come_later_are_seen_without_a_curation_and_past_the_cache(lake: Rows) -> None:
    calls, scope = FolderCalls(lake.lake.root), lake.scope()
    for number in (1, 2, 3):
        calls.write([CALL])
        (row,) = scope.ask("own_cost/by_day", **ALL).rows()
        assert row["calls"] == number


def test_a_closed_day_is_read_once_however_often_the_lake_is_curated(lake: Rows) -> None:
    folder = FolderCalls(lake.lake.root)

    def close(day: date) -> None:
        folder.write([replace(CALL, called_at=datetime.combine(day, time(12), UTC))])
        compact_days(folder.files, datetime.combine(day + timedelta(days=2), time(), UTC), keep_days=90)

    def calls() -> int:
        return sum(row["calls"] for row in lake.ask("own_cost/by_day", **ALL))

    close(date(2026, 3, 1))
    assert calls() == 1
    for path in (lake.lake.root / "console" / "daily_question_calls").rglob("*.parquet"):
        path.write_bytes(b"never read again")
    lake.table("orders", [{"order_id": "o2", "order_date": date(2026, 3, 2)}])  # curated anew
    assert calls() == 1
    close(date(2026, 3, 3))
    assert calls() == 2
    lake.table("orders", [])
    assert calls() == 2


def test_calls_of_two_days_go_to_their_days(lake: Rows) -> None:
    FolderCalls(lake.lake.root).write([CALL, replace(CALL, called_at=CALL.called_at + timedelta(seconds=1))])
    days = [row["call_date"] for row in lake.ask("own_cost/by_day", **ALL)]
    assert days == [date(2026, 3, 31), date(2026, 4, 1)]


def test_a_viewer_of_some_regions_sees_the_same_own_cost(lake: Rows) -> None:
    FolderCalls(lake.lake.root).write([CALL])
    assert lake.ask("own_cost/by_day", regions_seen=("North",), **ALL) == lake.ask("own_cost/by_day", **ALL)


def test_a_batch_that_cannot_be_written_is_kept_for_the_next_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    written: dict[str, Batch] = {}
    is_full = True

    def keep(batch: Batch) -> None:
        if is_full:
            raise OSError("No space left on device")
        written[batch.name] = batch

    meter = BufferedMeter(keep, flush_seconds=3600)
    for number in range(3):
        meter.record(replace(CALL, query_id=f"q{number}"))
        meter.flush()
    assert [record.message for record in caplog.records] == [
        "The console's own calls cannot be written, and are kept in memory: No space left on device"
    ]
    is_full = False
    meter.record(replace(CALL, query_id="q3"))
    meter.close()
    (batch,) = written.values()
    assert [call.query_id for call in batch.calls] == ["q0", "q1", "q2", "q3"]


def test_where_nothing_can_be_written_for_long_the_newest_calls_are_kept() -> None:
    written: list[Batch] = []
    meter = BufferedMeter(written.append, flush_seconds=3600, capacity=2)
    for number in range(5):
        meter.record(replace(CALL, query_id=f"q{number}"))
    meter.close()
    assert [call.query_id for batch in written for call in batch.calls] == ["q3", "q4"]


def test_calls_are_written_by_themselves_within_the_flush_time() -> None:
    arrived = threading.Event()
    meter = BufferedMeter(lambda _batch: arrived.set(), flush_seconds=0.01)
    meter.record(CALL)
    assert arrived.wait(10)
    meter.close()


def test_eight_threads_lose_no_call() -> None:
    written: dict[str, int] = {}
    meter = BufferedMeter(lambda batch: written.update({batch.name: len(batch.calls)}), flush_seconds=0.001)

    def many() -> None:
        for _ in range(500):
            meter.record(CALL)

    threads = [threading.Thread(target=many) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    meter.close()
    assert sum(written.values()) == 4000


def test_a_batch_is_one_file_that_is_written_again_as_it_grows_until_it_is_full(
    lake: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.metering.buffered.BATCH_CALLS", 3)
    meter = BufferedMeter(FolderCalls(lake.lake.root).keep, flush_seconds=3600, now=lambda: CALL.called_at)
    files, counts = lake.lake.root / "console/console_calls/call_date=2026-03-31", []
    for _ in range(5):
        meter.record(CALL)
        meter.flush()
        counts.append(len(list(files.glob("*.parquet"))))
    assert counts == [1, 1, 1, 2, 2]
    assert lake.ask("own_cost/by_day", **ALL)[0]["calls"] == 5
    meter.close()


def test_a_batch_whose_write_was_tried_gets_no_more_calls_where_files_may_not_change() -> None:
    tried: list[tuple[str, int]] = []
    refuses = [True]

    def keep(batch: Batch) -> None:
        tried.append((batch.name, len(batch.calls)))
        if refuses.pop() if refuses else False:
            raise OSError("The connection was closed before there was an answer")

    meter = BufferedMeter(keep, grows=False, flush_seconds=3600)
    meter.record(CALL)
    meter.record(CALL)
    meter.flush()
    meter.record(CALL)
    meter.flush()
    meter.record(CALL)
    meter.close()
    first, again, second, third = tried
    assert first == again  # the same name, the same calls: if it was written after all, nothing changes
    assert [count for _, count in tried] == [2, 2, 1, 1]
    assert len({first[0], second[0], third[0]}) == 3


def test_a_call_written_after_its_day_was_closed_counts_on_a_later_day() -> None:
    clock, written = [CALL.called_at], {}
    is_full = True

    def keep(batch: Batch) -> None:
        if is_full:
            raise OSError("No space left on device")
        written[batch.name] = batch

    meter = BufferedMeter(keep, flush_seconds=3600, now=lambda: clock[0])
    meter.record(CALL)
    meter.flush()
    clock[0] = CALL.called_at + OPEN_FOR - timedelta(minutes=1)
    is_full = False
    meter.flush()
    assert [batch.day for batch in written.values()] == [date(2026, 3, 31)]
    meter.record(replace(CALL, query_id="late"))
    clock[0] = CALL.called_at + OPEN_FOR + timedelta(minutes=1)
    meter.close()
    assert [(batch.day, [call.query_id for call in batch.calls]) for batch in written.values()] == [
        (date(2026, 3, 31), ["q1"]),
        (date(2026, 4, 1), ["late"]),
    ]


def test_the_upkeep_runs_with_the_first_call_and_what_it_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    begun = threading.Event()

    def upkeep() -> None:
        begun.set()
        raise OSError("Read-only file system")

    meter = BufferedMeter(lambda _batch: None, upkeep=upkeep, flush_seconds=3600)
    meter.record(CALL)
    assert begun.wait(10)
    meter.close()
    assert "The console's own calls cannot be put in order: Read-only file system" in caplog.text


def test_the_clock_of_the_lake_does_not_date_the_calls(lake: Rows) -> None:
    meter = Kept()
    scope = replace(lake.scope(), meter=meter)
    scope.ask("lake/days")
    assert scope.now() == NOON
    assert meter.calls[0].called_at > NOON


def test_in_the_bucket_a_batch_is_one_object_a_day_below_the_lakes_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="shop")
        calls = BucketCalls(client, "shop", "lake/")
        calls.write([CALL, replace(CALL, called_at=CALL.called_at + timedelta(days=1))])
        keys = [found["Key"] for found in client.list_objects_v2(Bucket="shop")["Contents"]]
        body = client.get_object(Bucket="shop", Key=keys[0])["Body"].read()
    assert [key.rpartition("/")[0] for key in keys] == [
        "lake/console/console_calls/call_date=2026-03-31",
        "lake/console/console_calls/call_date=2026-04-01",
    ]
    (row,) = pq.read_table(io.BytesIO(body)).to_pylist()
    assert (row["viewer"], row["dollars"]) == ("ann@example.org", Decimal("0.000060000000"))
