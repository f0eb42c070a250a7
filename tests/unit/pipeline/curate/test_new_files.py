"""Every raw file is read once: whichever run finds it, in whatever order files come, also late ones."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import CurationError
from pipeline.curate.spark.new_files import NewFiles, Watermark, new_files
from pipeline.objects import Folder, Found

START = datetime(2026, 3, 1, tzinfo=UTC)


class CountingFolder(Folder):
    """A lake that notes which folders were listed whole."""

    listed: list[str] = []  # noqa: RUF012 - a frozen dataclass takes no other

    def found(self, folder: str) -> list[Found]:
        self.listed.append(folder)
        return super().found(folder)


@pytest.fixture
def lake(tmp_path: Path) -> CountingFolder:
    CountingFolder.listed.clear()
    return CountingFolder(tmp_path)


def put(lake: Folder, name: str, at: datetime) -> str:
    path = lake.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"")
    os.utime(path, (at.timestamp(), at.timestamp()))
    return name


def names(found: NewFiles) -> list[str]:
    return [file.name for files in found.files.values() for file in files]


def test_files_of_every_area_are_read_once(lake: CountingFolder) -> None:
    first = [
        put(lake, name, START)
        for name in (
            "raw/events/dt=2026-03-01/hour=00/a.jsonl.zst",
            "raw/events/imports/old-shop/part-00001.jsonl.zst",
            "raw/events/by-hand.jsonl",
            "raw/quarantine/dt=2026-03-01/hour=00/a.jsonl.zst",
            "raw/stream/dt=2026-03-01/hour=00/stream-1.gz",
            "raw-errors/processing-failed/dt=2026-03-01/error-1",
        )
    ]
    for ignored in ("raw/events/_SUCCESS", "raw/events/dt=2026-03-01/.part", "raw/spend/aws/x.parquet"):
        put(lake, ignored, START)
    found = new_files(lake, (), now=START)
    assert sorted(names(found)) == sorted(first)
    again = new_files(lake, found.watermarks, now=START + timedelta(minutes=1))
    assert (names(again), bool(again), again.checked) == ([], False, False)
    second = put(lake, "raw/stream/dt=2026-03-01/hour=01/stream-2.gz", START)
    assert names(new_files(lake, again.watermarks, now=START + timedelta(hours=1))) == [second]
    # a run that was killed saved nothing, and the next one reads the same
    assert names(new_files(lake, again.watermarks, now=START + timedelta(hours=2))) == [second]


def test_a_closed_day_takes_one_row_and_is_not_listed(lake: CountingFolder) -> None:
    days = [START + timedelta(days=number) for number in range(40)]
    for day in days:
        for minute in range(20):
            put(lake, f"raw/stream/dt={day:%Y-%m-%d}/hour=00/stream-{minute}.gz", day)
    now = days[-1] + timedelta(hours=1)
    found = new_files(lake, (), now=now)
    assert len(names(found)) == 800
    assert Counter(row.files for row in found.watermarks if row.name is None and row.files) == {20: 38}
    assert sum(row.name is not None for row in found.watermarks) == 2 * 20
    lake.listed.clear()
    new_files(lake, found.watermarks, now=now + timedelta(minutes=1))
    assert lake.listed == [f"raw/stream/dt={day:%Y-%m-%d}" for day in days[-2:]]


def test_a_file_that_comes_late_into_a_closed_day_is_read_by_the_daily_check(lake: CountingFolder) -> None:
    for minute in range(3):
        put(lake, f"raw/stream/dt=2026-03-01/hour=00/stream-{minute}.gz", START)
    now = START + timedelta(days=5)
    found = new_files(lake, (), now=now)
    late = put(lake, "raw/stream/dt=2026-03-01/hour=00/late.gz", now + timedelta(hours=1))
    soon = new_files(lake, found.watermarks, now=now + timedelta(hours=23))
    assert (names(soon), soon.checked) == ([], False)
    checked = new_files(lake, soon.watermarks, now=now + timedelta(hours=24))
    assert (names(checked), checked.checked) == ([late], True)
    assert names(new_files(lake, checked.watermarks, now=now + timedelta(hours=25), everything=True)) == []


def test_a_new_folder_of_an_old_day_is_read_at_once(lake: CountingFolder) -> None:
    now = START + timedelta(days=30)
    put(lake, "raw/stream/dt=2026-03-20/stream.gz", now)
    found = new_files(lake, (), now=now)
    old = put(lake, "raw/stream/dt=2026-03-02/stream.gz", START)
    assert names(new_files(lake, found.watermarks, now=now + timedelta(minutes=1))) == [old]


def test_late_files_are_recognised_or_refused_and_never_lost(lake: CountingFolder) -> None:
    folder = "raw/stream/dt=2026-03-01"
    for name in ("a", "b"):
        put(lake, f"{folder}/{name}.gz", START)
    now = START + timedelta(days=5)
    found = new_files(lake, (), now=now)
    restored = put(lake, f"{folder}/restored.gz", START - timedelta(hours=1))  # one alone is known by its name
    second = new_files(lake, found.watermarks, now=now, everything=True)
    assert names(second) == [restored]
    late = [put(lake, f"{folder}/{name}.gz", now + timedelta(hours=1)) for name in ("c", "d")]
    assert names(new_files(lake, second.watermarks, now=now, everything=True)) == late
    for name in ("c", "d"):
        put(lake, f"{folder}/{name}.gz", START - timedelta(hours=1))
    with pytest.raises(CurationError, match=r"dt=2026-03-01.*imports"):
        new_files(lake, second.watermarks, now=now, everything=True)


def test_files_that_are_written_again_are_not_read_again(lake: CountingFolder) -> None:
    folder = "raw/events/dt=2026-03-01"
    for name in ("a", "b", "c"):
        put(lake, f"{folder}/{name}.gz", START)
    now = START + timedelta(days=5)
    found = new_files(lake, (), now=now)
    put(lake, f"{folder}/b.gz", now)
    after = new_files(lake, found.watermarks, now=now + timedelta(days=3), everything=True)
    assert names(after) == []
    put(lake, f"{folder}/c.gz", now + timedelta(days=3))
    late = put(lake, f"{folder}/late.gz", now + timedelta(days=2))
    assert names(new_files(lake, after.watermarks, now=now + timedelta(days=6), everything=True)) == [late]


def test_an_object_that_the_delivery_stream_completes_after_its_day_was_closed_is_read_by_the_daily_check(
    lake: CountingFolder,
) -> None:
    for area in ("raw/stream", "raw/events"):
        for name in ("a", "b", "c", "d"):
            put(lake, f"{area}/dt=2026-03-01/hour=00/{name}.gz", START)
    now = START + timedelta(days=3)
    found = new_files(lake, (), now=now)
    completed = [
        put(lake, f"raw/stream/dt=2026-03-01/hour=00/{name}.gz", now + timedelta(hours=1)) for name in ("b", "c")
    ]
    put(lake, "raw/events/dt=2026-03-01/hour=00/b.gz", now + timedelta(hours=1))  # nobody completes this one
    soon = new_files(lake, found.watermarks, now=now + timedelta(hours=2))
    assert (names(soon), soon.checked) == ([], False)
    checked = new_files(lake, soon.watermarks, now=now + timedelta(days=1))
    assert (names(checked), checked.checked) == (completed, True)
    assert names(new_files(lake, checked.watermarks, now=now + timedelta(days=1, hours=1))) == []
    # one more is completed while others come, and a file is restored with its old time
    again = now + timedelta(days=5)
    closed = new_files(lake, checked.watermarks, now=again, everything=True)
    assert names(closed) == []
    later = [put(lake, f"raw/stream/dt=2026-03-01/hour=00/{name}.gz", again) for name in ("c", "e", "f")]
    assert names(new_files(lake, closed.watermarks, now=again, everything=True)) == later
    for name in ("e", "f"):
        (lake.root / f"raw/stream/dt=2026-03-01/hour=00/{name}.gz").unlink()
    old = put(lake, "raw/stream/dt=2026-03-01/hour=00/g.gz", START)
    assert names(new_files(lake, closed.watermarks, now=again, everything=True)) == [later[0], old]


def test_an_object_that_the_delivery_stream_completes_is_read_again(lake: CountingFolder) -> None:
    both = [put(lake, f"{area}/dt=2026-03-01/a.gz", START) for area in ("raw/events", "raw/stream")]
    found = new_files(lake, (), now=START)
    for name in both:
        put(lake, name, START + timedelta(seconds=1))
    again = new_files(lake, found.watermarks, now=START + timedelta(minutes=1))
    assert names(again) == ["raw/stream/dt=2026-03-01/a.gz"]
    assert names(new_files(lake, again.watermarks, now=START + timedelta(minutes=2))) == []


def test_old_files_may_be_removed(lake: CountingFolder) -> None:
    for name in ("dt=2026-03-01/a.gz", "dt=2026-03-02/a.gz", "dt=2026-03-02/b.gz"):
        put(lake, f"raw/stream/{name}", START)
    now = START + timedelta(days=5)
    found = new_files(lake, (), now=now)
    for name in ("dt=2026-03-01/a.gz", "dt=2026-03-02/b.gz"):
        (lake.root / "raw/stream" / name).unlink()
    (lake.root / "raw/stream/dt=2026-03-01").rmdir()
    after = new_files(lake, found.watermarks, now=now, everything=True)
    assert names(after) == []
    late = put(lake, "raw/stream/dt=2026-03-02/late.gz", now)
    assert names(new_files(lake, after.watermarks, now=now, everything=True)) == [late]
    # had both happened between two checks, it could not be known
    with pytest.raises(CurationError, match="dt=2026-03-02"):
        new_files(lake, found.watermarks, now=now, everything=True)


arrival = st.tuples(
    st.integers(0, 8),  # the day of its folder
    st.integers(0, 12 * 24),  # hours from the start to its arrival
    st.sampled_from(["raw/stream/dt={}/f{}.gz", "raw/events/dt={}/hour=01/f{}.zst", "raw/events/imports/{}/f{}.zst"]),
)


@settings(max_examples=60, deadline=None)
@given(
    arrivals=st.lists(arrival, max_size=30),
    runs=st.lists(st.integers(0, 13 * 24), max_size=8),
    killed=st.sets(st.integers(0, 7)),
)
def test_every_file_is_read_exactly_once_whenever_it_comes(
    tmp_path_factory: pytest.TempPathFactory,
    arrivals: Sequence[tuple[int, int, str]],
    runs: Sequence[int],
    killed: set[int],
) -> None:
    lake = Folder(tmp_path_factory.mktemp("lake"))
    waiting = sorted(
        (hours, form.format(date(2026, 3, 1) + timedelta(days=day), number))
        for number, (day, hours, form) in enumerate(arrivals)
    )
    watermarks: Sequence[Watermark] = ()
    read: list[str] = []
    for number, hour in enumerate([*sorted(runs), 14 * 24]):
        while waiting and waiting[0][0] <= hour:
            hours, name = waiting.pop(0)
            put(lake, name, START + timedelta(hours=hours))
        found = new_files(lake, watermarks, now=START + timedelta(hours=hour, minutes=1))
        if number not in killed or hour == 14 * 24:
            watermarks = found.watermarks
            read += names(found)
    assert Counter(read) == {
        form.format(date(2026, 3, 1) + timedelta(days=day), number): 1 for number, (day, _, form) in enumerate(arrivals)
    }


class YearOfMinutes:
    """A bucket in which a file a minute arrived for a year; it counts the listings, and the files in them."""

    place = "s3://shop"

    def __init__(self) -> None:
        self.days = [START + timedelta(days=day) for day in range(365)]
        self.listed = Counter[str]()

    def entries(self, folder: str) -> tuple[list[str], list[Found]]:
        return [f"raw/stream/dt={day:%Y-%m-%d}" for day in self.days] if folder == "raw/stream" else [], []

    def found(self, folder: str) -> list[Found]:
        day = datetime.fromisoformat(folder.rpartition("=")[2]).replace(tzinfo=UTC)
        minutes = [day + timedelta(minutes=minute) for minute in range(1440)]
        files = [Found(f"{folder}/hour={at:%H}/stream-{at:%M}.gz", 1000, at) for at in minutes]
        self.listed[folder] = len(files)
        return files


@pytest.mark.slow
def test_a_year_of_minutes_is_a_row_a_day_and_a_run_lists_the_days_that_are_open() -> None:
    bucket = YearOfMinutes()
    now = START + timedelta(days=365)
    found = new_files(bucket, (), now=now)
    assert len(names(found)) == 525_600
    assert len(found.watermarks) == 363 + 2 * 1440 + 1
    bucket.listed.clear()
    again = new_files(bucket, found.watermarks, now=now + timedelta(hours=1))
    assert (names(again), list(bucket.listed)) == ([], ["raw/stream/dt=2027-02-27", "raw/stream/dt=2027-02-28"])
    assert new_files(bucket, again.watermarks, now=now + timedelta(days=1)).checked
    assert bucket.listed.total() == 525_600
