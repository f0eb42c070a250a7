"""Days of the console's own calls are closed: merged, added up, thinned; at every moment each call counts once."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from moto import mock_aws

from console.metering import Call
from console.metering.bucket import BucketFiles
from console.metering.calls import CLOSED_AFTER, Batch, Calls, Files, Found
from console.metering.compaction import BESIDE_FOR, compact_days
from console.metering.folder import FolderCalls, FolderFiles
from console.metering.rows import ADDED_UP, CLOSED, OPEN, day_of, folder_of, from_parquet
from tests.support.lake_rows import Rows
from tests.unit.console.metering.test_metering import ALL, CALL

FIRST = date(2026, 3, 1)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
KEEP = 90


def at(day: date, hour: int = 12, **more: Any) -> Call:
    """A call of a day."""
    return replace(CALL, called_at=datetime.combine(day, time(hour), UTC), **more)


def over(day: date) -> datetime:
    """The moment from which a day may be closed."""
    return datetime.combine(day + timedelta(days=1), time(), UTC) + CLOSED_AFTER


@pytest.fixture(params=["folder", "bucket"])
def files(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Files]:
    if request.param == "folder":
        yield FolderFiles(tmp_path / "console")
        return
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="shop")
        yield BucketFiles(client, "shop", "lake/console/")


def names(files: Files, table: str, day: date | None = None) -> list[str]:
    return [file.name for file in files.found(folder_of(table, day))]


def counted(files: Files, table: str = "daily_page_calls") -> dict[date, int]:
    """Calls by day as the questions count them: those of a closed day as they were added up, else one by one."""
    days: dict[date, int] = {day_of(name): 0 for name in [*names(files, table), *names(files, OPEN)]}
    closed = {day_of(name) for name in names(files, table)}
    for name in names(files, table):
        days[day_of(name)] += sum(from_parquet(files.read(name)).column("calls").to_pylist())
    for name in names(files, OPEN):
        if day_of(name) not in closed:
            days[day_of(name)] += from_parquet(files.read(name)).num_rows
    return days


def test_a_file_is_replaced_as_a_whole_and_added_only_where_there_is_none(files: Files) -> None:
    files.replace("a/x.parquet", b"1")
    files.replace("a/x.parquet", b"2")
    assert not files.add("a/x.parquet", b"3")
    assert files.add("a/y.parquet", b"4")
    assert [(file.name, files.read(file.name)) for file in files.found("a/")] == [
        ("a/x.parquet", b"2"),
        ("a/y.parquet", b"4"),
    ]
    assert abs(files.found("a/")[0].written_at - datetime.now(UTC)) < timedelta(hours=1)
    files.remove(["a/x.parquet", "a/gone.parquet"])
    assert names_of(files.found("a/")) == ["a/y.parquet"]
    assert files.found("b/") == []
    files.remove(["a/y.parquet"])


def names_of(found: list[Found]) -> list[str]:
    return [item.name for item in found]


def test_a_day_that_is_over_becomes_one_sorted_file_and_two_that_are_added_up(files: Files) -> None:
    calls = Calls(files)
    calls.write([at(FIRST, 14, query_id="c"), at(FIRST, 10, query_id="a")])
    calls.write([at(FIRST, 12, query_id="b", viewer="bob", cached=True, dollars=None, bytes_scanned=None)])
    compact_days(files, over(FIRST) - timedelta(seconds=1), keep_days=KEEP)
    assert names(files, CLOSED) == []
    compact_days(files, over(FIRST), keep_days=KEEP)
    assert names(files, CLOSED) == ["closed_calls/call_date=2026-03-01/calls.parquet"]
    merged = from_parquet(files.read(names(files, CLOSED)[0])).to_pylist()
    assert [(row["called_at"].hour, row["query_id"]) for row in merged] == [(10, "a"), (12, "b"), (14, "c")]
    dollars, none = Decimal("0.000060000000"), Decimal(0)
    of_pages = from_parquet(files.read(names(files, "daily_page_calls")[0])).to_pylist()
    assert [tuple(row.values()) for row in of_pages] == [
        ("Revenue", "ann@example.org", "query", 2, 0, 0, 24_000_000, 2 * dollars, none, 500_000),
        ("Revenue", "bob", "query", 1, 1, 1, 0, none, none, 250_000),
    ]
    of_questions = from_parquet(files.read(names(files, "daily_question_calls")[0])).to_pylist()
    assert [tuple(row.values()) for row in of_questions] == [
        ("query", "sales/net_revenue_by_day", "Athena", 3, 1, 1, 24_000_000, 2 * dollars, none, 750_000)
    ]


def test_the_small_files_go_when_what_they_became_has_stood_for_an_hour(files: Files) -> None:
    Calls(files).write([at(FIRST), at(SECOND)])
    compact_days(files, over(FIRST), keep_days=KEEP)
    written = files.found(folder_of(CLOSED))[0].written_at
    keep_all = (written.date() - FIRST).days + KEEP
    compact_days(files, written + BESIDE_FOR - timedelta(minutes=1), keep_days=keep_all, held={SECOND})
    assert [day_of(name) for name in names(files, OPEN)] == [FIRST, SECOND]
    compact_days(files, written + BESIDE_FOR + timedelta(minutes=1), keep_days=keep_all, held={SECOND})
    assert [day_of(name) for name in names(files, OPEN)] == [SECOND]
    assert counted(files) == {FIRST: 1, SECOND: 1}


def test_single_calls_go_after_the_days_they_are_kept_and_what_was_added_up_stays(files: Files) -> None:
    Calls(files).write([at(FIRST), at(SECOND)])
    compact_days(files, over(SECOND), keep_days=30)
    assert [day_of(name) for name in names(files, CLOSED)] == [FIRST, SECOND]
    for _ in range(2):  # again: what is too old to be kept is not made anew
        compact_days(files, datetime.combine(FIRST + timedelta(days=31), time(), UTC), keep_days=30)
        assert [day_of(name) for name in names(files, CLOSED)] == [SECOND]
    assert counted(files) == {FIRST: 1, SECOND: 1}


def test_a_day_closed_after_its_calls_expired_keeps_only_its_totals(
    files: Files,
) -> None:
    Calls(files).write([at(FIRST)])
    compact_days(files, over(FIRST) + timedelta(days=60), keep_days=30)
    assert (names(files, CLOSED), counted(files)) == ([], {FIRST: 1})
    written = max(file.written_at for table in ADDED_UP for file in files.found(folder_of(table)))
    compact_days(files, written + BESIDE_FOR, keep_days=30)
    assert (names(files, OPEN), names(files, CLOSED), counted(files)) == ([], [], {FIRST: 1})


def test_a_day_that_calls_are_still_to_come_of_is_not_closed(files: Files) -> None:
    Calls(files).write([at(FIRST), at(SECOND)])
    compact_days(files, over(SECOND), keep_days=KEEP, held={FIRST})
    assert [day_of(name) for name in names(files, CLOSED)] == [SECOND]


def test_a_damaged_file_keeps_its_own_day_open_and_no_other(files: Files, caplog: pytest.LogCaptureFixture) -> None:
    Calls(files).write([at(FIRST), at(SECOND)])
    files.replace(f"{folder_of(OPEN, FIRST)}broken.parquet", b"no parquet at all")
    compact_days(files, over(SECOND), keep_days=KEEP)
    assert [day_of(name) for name in names(files, CLOSED)] == [SECOND]
    assert "The console's own calls of 2026-03-01 cannot be closed" in caplog.text


class Killed(Exception):  # noqa: N818 - what happens to a process, not an error of ours
    """The process is gone."""


class Mortal:
    """Files of a process that dies before its change number `life`."""

    def __init__(self, files: Files, life: int) -> None:
        self._files, self._life = files, life

    def found(self, below: str) -> list[Found]:
        return self._files.found(below)

    def read(self, name: str) -> bytes:
        return self._files.read(name)

    def replace(self, name: str, content: bytes) -> None:
        self._files.replace(name, content)

    def add(self, name: str, content: bytes) -> bool:
        self._change()
        return self._files.add(name, content)

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            self._change()
            self._files.remove([name])

    def _change(self) -> None:
        self._life -= 1
        if self._life < 0:
            raise Killed


@pytest.mark.parametrize("life", range(12))
@pytest.mark.slow
def test_killed_before_any_change_each_call_counts_once_then_and_after_the_next_run(files: Files, life: int) -> None:
    calls, everything = Calls(files), {FIRST: 3, SECOND: 1}
    for hour in (1, 2, 3):
        calls.write([at(FIRST, hour)])
    calls.write([at(SECOND)])
    now = over(SECOND)
    dying = Mortal(files, life)
    with suppress(Killed):
        compact_days(dying, now, keep_days=KEEP)
        written = max(file.written_at for file in files.found(folder_of(CLOSED)))
        compact_days(dying, written + BESIDE_FOR, keep_days=10_000)
    for table in ADDED_UP:
        assert counted(files, table) == everything
    compact_days(files, now, keep_days=KEEP)
    written = max(file.written_at for table in (CLOSED, *ADDED_UP) for file in files.found(folder_of(table)))
    compact_days(files, written + BESIDE_FOR, keep_days=10_000)
    assert names(files, OPEN) == []
    for table in ADDED_UP:
        assert counted(files, table) == everything
    single = sum(from_parquet(files.read(name)).num_rows for name in names(files, CLOSED))
    assert single == 4


class Overtaken(Mortal):
    """Files of a console that is overtaken by another one before its change number `life`."""

    def __init__(self, files: Files, life: int, now: datetime) -> None:
        super().__init__(files, life)
        self._now = now

    def _change(self) -> None:
        self._life -= 1
        if self._life == 0:
            compact_days(self._files, self._now, keep_days=10_000)
            written = max(file.written_at for file in self._files.found(folder_of(CLOSED)))
            compact_days(self._files, written + BESIDE_FOR, keep_days=10_000)


@pytest.mark.parametrize("life", range(1, 8))
@pytest.mark.slow
def test_two_consoles_that_close_at_once_count_each_call_once(files: Files, life: int) -> None:
    for hour in (1, 2, 3):
        Calls(files).write([at(FIRST, hour), at(SECOND, hour)])
    compact_days(Overtaken(files, life, over(SECOND)), over(SECOND), keep_days=KEEP)
    for table in ADDED_UP:
        assert counted(files, table) == {FIRST: 3, SECOND: 3}
    assert [from_parquet(files.read(name)).num_rows for name in names(files, CLOSED)] == [3, 3]


def test_a_batch_that_is_kept_again_stands_once(files: Files) -> None:
    calls, batch = Calls(files), Batch(FIRST, "one", [at(FIRST)])
    assert calls.kept(batch) == 0
    calls.keep(batch)
    batch.calls.append(at(FIRST, 13))
    calls.keep(batch)
    calls.keep(batch)
    assert (calls.kept(batch), counted(files)) == (2, {FIRST: 2})


AMOUNTS = some.none() | some.decimals(Decimal(0), Decimal(10**6), places=12)
CALLS = some.builds(
    lambda day, hour, **more: at(FIRST + timedelta(days=day), hour, **more),
    day=some.integers(0, 3),
    hour=some.integers(0, 23),
    viewer=some.sampled_from(["", "ann", "bob"]),
    page=some.sampled_from(["", "Brief", "Spend"]),
    kind=some.sampled_from(["query", "cloudwatch"]),
    name=some.sampled_from(["a", "b"]),
    engine=some.sampled_from(["Athena", "Redshift"]),
    cached=some.booleans(),
    elapsed_seconds=some.floats(0, 10**4),
    bytes_scanned=some.none() | some.integers(0, 2**40),
    dollars=AMOUNTS,
    dollars_saved=AMOUNTS,
)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(some.lists(CALLS, min_size=1, max_size=12), some.sets(some.integers(0, 3)), some.integers(0, 12))
@pytest.mark.slow
def test_any_days_closed_and_the_others_not_are_everything_at_once_to_the_last_digit(
    made: list[Call], closed: set[int], cut: int
) -> None:
    held = {FIRST + timedelta(days=number) for number in set(range(4)) - closed}
    with tempfile.TemporaryDirectory() as folder:
        lake = Rows(Path(folder) / "lake").table("orders", [{"order_id": "o", "order_date": FIRST}])
        calls = FolderCalls(lake.lake.root)
        calls.write(made[:cut])
        calls.write(made[cut:])
        compact_days(calls.files, over(FIRST + timedelta(days=3)), keep_days=10_000, held=held)
        for query, key in {
            "own_cost/by_day": ("call_date", "kind"),
            "own_cost/by_page": ("page",),
            "own_cost/by_viewer": ("viewer",),
            "own_cost/by_name": ("kind", "name", "engine"),
        }.items():
            reported = {tuple(row.pop(name) for name in key): row for row in lake.ask(query, **ALL)}
            assert reported == by_hand(made, key, timed=query != "own_cost/by_day")


def by_hand(made: list[Call], key: tuple[str, ...], *, timed: bool) -> dict[tuple[Any, ...], dict[str, Any]]:
    """What the questions answer, added up call by call."""
    groups: dict[tuple[Any, ...], list[Call]] = defaultdict(list)
    for call in made:
        groups[tuple(call.called_at.date() if name == "call_date" else getattr(call, name) for name in key)].append(
            call
        )
    return {
        group: {
            "calls": len(mine),
            "cached_calls": sum(call.cached for call in mine),
            "unpriced_calls": sum(call.dollars is None for call in mine),
            "bytes_scanned": sum(call.bytes_scanned or 0 for call in mine),
            "dollars": sum((call.dollars or Decimal(0) for call in mine), Decimal(0)),
            "dollars_saved": sum((call.dollars_saved or Decimal(0) for call in mine), Decimal(0)),
        }
        | ({"elapsed_seconds": sum(round(call.elapsed_seconds * 10**6) for call in mine) / 10**6} if timed else {})
        for group, mine in groups.items()
    }
