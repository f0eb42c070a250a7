"""Closed days of a bucket become few objects, and each record is in one that is read, wherever a job is killed."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.errors import LakeError
from pipeline.curate.spark import packing
from pipeline.curate.spark.new_files import Watermark, is_data, new_files
from pipeline.curate.spark.packing import PLAN, Part, pack_closed_days, settle
from pipeline.curate.spark.publishing import Version, publish, published
from pipeline.objects import Found, Objects, opened
from tests.support.objects import Dying, Killed, in_bucket

DAY, NEXT = "dt=2026-03-01", "dt=2026-03-02"
NOW = datetime.now(UTC)
CLOSED = NOW + timedelta(days=3)  # by then, what is written now is of closed days


@pytest.fixture(params=["folder", "bucket"])
def objects(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Objects]:
    if request.param == "folder":
        yield opened(str(tmp_path / "lake"))
        return
    with in_bucket(monkeypatch) as found:
        yield found


class Lake:
    """A lake whose tables are a list of the records that were read. Events are lines such as ``e1``, refused ``r1``."""

    def __init__(self, objects: Objects) -> None:
        self.objects = objects
        self.snapshots: dict[str, list[Watermark]] = {}
        self.read: list[str] = []

    def of(self, version: Version) -> list[Watermark]:
        return self.snapshots.get(version.tables.get("raw_watermarks", ""), [])

    def publish(self, before: Version, watermarks: Sequence[Watermark]) -> Version:
        return self.published_by(self.objects, before, watermarks)

    def published_by(self, objects: Objects, before: Version, watermarks: Sequence[Watermark]) -> Version:
        snapshot = str(len(self.snapshots))
        self.snapshots[snapshot] = list(watermarks)
        return publish(objects, before, replace(before, tables={"raw_watermarks": snapshot}))

    def put(self, name: str, *records: str) -> str:
        stored = self.objects.stored(name)
        assert self.objects.replace(name, "\n".join(records).encode(), tag=stored and stored.tag)
        return name

    def curate(self, now: datetime = CLOSED, *, everything: bool = False) -> list[str]:
        """Read what is new, as curation does; returns the records read."""
        settle(self.objects, self)
        before = published(self.objects)
        found = new_files(self.objects, self.of(before), now=now, everything=everything)
        records = [record for files in found.files.values() for file in files for record in self.records(file)]
        self.publish(before, found.watermarks)
        self.read += records
        return records

    def records(self, file: Found) -> list[str]:
        return self.objects.read(file.name).decode().split()

    def names(self) -> list[str]:
        return [file.name for file in self.objects.found("raw") if is_data(file)]

    def every_record(self) -> list[str]:
        """What a full curation reads."""
        settle(self.objects, self)
        return sorted(record for file in self.objects.found("raw") if is_data(file) for record in self.records(file))

    def pack(self, objects: Objects | None = None) -> int:
        mine = objects or self.objects
        worker = Worker(self, mine)
        return pack_closed_days(mine, worker, worker.write)


class Worker:
    """What the packing job does with Spark: the watermarks by way of its own objects, and the packed objects."""

    def __init__(self, lake: Lake, objects: Objects) -> None:
        self.lake, self.objects = lake, objects

    def of(self, version: Version) -> list[Watermark]:
        return self.lake.of(version)

    def publish(self, before: Version, watermarks: Sequence[Watermark]) -> Version:
        return self.lake.published_by(self.objects, before, watermarks)

    def write(self, part: Part) -> Collection[str]:
        files = [file for found in part.files.values() for file in found]
        damaged = {file.name for file in files if "torn" in self.lake.records(file)}
        records = [record for file in files if file.name not in damaged for record in self.lake.records(file)]
        for name, first in ((part.events, "e"), (part.refused, "r")):
            chosen = [record for record in records if record.startswith(first)]
            if chosen:
                assert self.objects.replace(name, " ".join(chosen).encode(), tag=None)
        return damaged


def filled(lake: Lake) -> Lake:
    for minute in range(4):
        lake.put(f"raw/stream/{DAY}/hour=0{minute}/{minute}.gz", f"e{minute}", *(["r0"] if minute == 2 else []))
    lake.put(f"raw/stream/{NEXT}/hour=00/a.gz", "e4")
    lake.put(f"raw/stream/{NEXT}/hour=00/b.gz", "e5")
    return lake


RECORDS = sorted(["e0", "e1", "e2", "e3", "e4", "e5", "r0"])


def test_a_closed_day_becomes_a_file_of_events_and_one_of_refused_records(objects: Objects) -> None:
    lake = filled(Lake(objects))
    assert sorted(lake.curate()) == RECORDS
    version = published(objects).number
    assert lake.pack() == 6
    assert lake.names() == [
        f"raw/events/{DAY}/day-00001.parquet",
        f"raw/events/{NEXT}/day-00001.parquet",
        f"raw/quarantine/{DAY}/day-00001.jsonl.zst",
    ]
    assert published(objects).number == version + 1
    assert objects.stored(PLAN) is None
    assert lake.curate(everything=True) == []
    assert lake.every_record() == RECORDS
    assert lake.pack() == 0
    assert published(objects).number == version + 2, "of the curation alone"


def test_a_file_that_comes_for_a_packed_day_is_read_at_once_and_packed_beside(objects: Objects) -> None:
    lake = filled(Lake(objects))
    lake.curate()
    lake.pack()
    lake.put(f"raw/stream/{DAY}/hour=03/late.gz", "e6")
    assert lake.curate() == ["e6"]
    assert lake.pack() == 0, "one file alone stays"
    lake.put(f"raw/stream/{DAY}/hour=03/later.gz", "e7")
    assert lake.curate(CLOSED + timedelta(days=1)) == ["e7"], "by the daily listing"
    assert lake.curate(CLOSED + timedelta(days=9)) == []
    assert lake.pack() == 2
    assert lake.curate(everything=True) == []
    assert [name for name in lake.names() if DAY in name and "events" in name] == [
        f"raw/events/{DAY}/day-00001.parquet",
        f"raw/events/{DAY}/day-00002.parquet",
    ]
    assert lake.every_record() == sorted([*RECORDS, "e6", "e7"])


def test_what_is_not_read_to_the_last_file_is_not_packed(objects: Objects) -> None:
    lake = filled(Lake(objects))
    lake.curate(NOW)
    assert lake.pack() == 0, "the days are open"
    lake.curate(CLOSED)
    new = lake.put(f"raw/stream/{DAY}/hour=03/late.gz", "e6")
    lake.put(f"raw/quarantine/{NEXT}/hour=00/late.jsonl", "r6")
    assert lake.pack() == 0
    assert new in lake.names()
    assert lake.curate(CLOSED + timedelta(days=1)) == ["r6", "e6"]
    assert lake.every_record() == sorted([*RECORDS, "e6", "r6"])


def test_a_file_with_a_line_that_cannot_be_read_stays_and_its_day_is_closed_again(objects: Objects) -> None:
    lake = filled(Lake(objects))
    torn = lake.put(f"raw/stream/{DAY}/hour=03/torn.gz", "e6", "torn")
    lake.curate()
    assert lake.pack() == 6
    assert torn in lake.names()
    assert lake.curate(everything=True) == []
    lake.put(f"raw/stream/{DAY}/hour=03/late.gz", "e7")
    assert lake.curate(everything=True) == ["e7"]


def test_a_day_of_torn_files_alone_stays_as_it_is(objects: Objects) -> None:
    lake = Lake(objects)
    names = [lake.put(f"raw/stream/{DAY}/hour=00/{number}.gz", "torn") for number in range(2)]
    lake.curate()
    assert lake.pack() == 0
    assert (lake.names(), objects.stored(PLAN), lake.curate(everything=True)) == (names, None, [])


def test_large_objects_stay_and_small_ones_are_packed_by_size(
    objects: Objects, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packing, "SMALL_BYTES", 5)
    monkeypatch.setattr(packing, "PACKED_BYTES", 6)
    monkeypatch.setattr(packing, "DAYS_AT_ONCE", 1)
    lake = filled(Lake(objects))
    large = lake.put(f"raw/stream/{DAY}/hour=03/large.gz", "e600000")
    lake.curate()
    assert lake.pack() == 6
    assert large in lake.names()
    assert f"raw/events/{DAY}/day-00002.parquet" in lake.names()
    assert lake.every_record() == sorted([*RECORDS, "e600000"])
    assert lake.curate(everything=True) == []


def killed_at(objects: Objects, change: int) -> Lake | None:
    """A lake whose packing was killed before this change; None where it ended before."""
    lake = filled(Lake(objects))
    lake.put(f"raw/stream/{DAY}/hour=03/torn.gz", "e6", "torn")
    lake.curate()
    try:
        lake.pack(Dying(objects, change))
    except Killed:
        return lake
    return None


EVERY = sorted([*RECORDS, "e6", "torn"])


@pytest.mark.slow
@pytest.mark.parametrize("after", ["curation", "full curation", "packing", "late file"])
def test_killed_anywhere_no_record_is_lost_or_read_twice(objects: Objects, after: str) -> None:
    kills, forward = 0, 0
    for change in range(50):
        for area in ("raw", "curated"):
            objects.remove([file.name for file in objects.found(area)])
        lake = killed_at(objects, change)
        if lake is None:
            break
        kills += 1
        late = []
        if after == "late file":
            lake.put(f"raw/stream/{DAY}/hour=03/late.gz", "e7")
            late = ["e7"]
        if after == "packing":
            lake.pack()
        elif after != "full curation":
            assert lake.curate(everything=True) == late, change
        assert lake.every_record() == sorted([*EVERY, *late]), change
        assert Counter(lake.read) == Counter([*EVERY, *late])
        assert objects.stored(PLAN) is None
        forward += not any("hour=00/a.gz" in name for name in lake.names())
        lake.curate(CLOSED + timedelta(days=9))
        lake.pack()
        assert sum("/hour=" in name for name in lake.names()) == 1, "the torn one"
        assert lake.every_record() == sorted([*EVERY, *late]), change
        assert lake.curate(everything=True) == []
    else:
        pytest.fail("it never ended")
    assert kills > 12
    if after != "packing":
        assert 0 < forward < kills


def test_a_job_whose_plan_was_undone_meanwhile_publishes_nothing(objects: Objects) -> None:
    lake = filled(Lake(objects))
    lake.curate()

    class Overtaken(Worker):
        def publish(self, before: Version, watermarks: Sequence[Watermark]) -> Version:
            settle(self.lake.objects, self.lake)  # another job takes this one for a killed one
            return super().publish(before, watermarks)

    worker = Overtaken(lake, objects)
    with pytest.raises(LakeError, match="Another job"):
        pack_closed_days(objects, worker, worker.write)
    assert lake.every_record() == RECORDS
    assert lake.curate(everything=True) == []


def test_a_plan_that_was_damaged_is_an_error_that_names_it(objects: Objects) -> None:
    lake = filled(Lake(objects))
    lake.curate()
    for content in (b"{", json.dumps({"small": []}).encode()):
        stored = objects.stored(PLAN)
        objects.replace(PLAN, content, tag=stored and stored.tag)
        with pytest.raises(LakeError, match=r"plan of a packing.*_packing\.json"):
            lake.curate()


def test_a_lake_without_tables_has_nothing_to_pack(objects: Objects) -> None:
    lake = filled(Lake(objects))
    assert lake.pack() == 0
    assert len(lake.names()) == 6
