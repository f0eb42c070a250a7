"""Closed days of the raw zone become one file each, and the state does not grow with the years."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.errors import LakeError
from pipeline.contract.events import encode
from pipeline.curate import compaction, curate
from pipeline.curate.compaction import pack_closed_days
from pipeline.lake import Lake
from pipeline.raw.files import lines
from tests.support.given import Given, event
from tests.support.raw import stream_file

FIRST = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def no_clock(monkeypatch: pytest.MonkeyPatch):
    """Days are packed where a test says so, not because they are long over today."""
    monkeypatch.setattr("pipeline.curate.run.pack_closed_days", lambda _lake, _now: 0)


def line(number: int, moment: datetime) -> bytes:
    return encode(event(f"e{number:05d}", f"{moment:%Y-%m-%d %H:%M}", customer_id=f"c{number % 3}"))


def pack(lake: Lake, now: datetime) -> int:
    with lake.writing():
        return pack_closed_days(lake, now)


def test_the_files_of_a_day_that_is_over_become_one_and_nothing_is_curated_twice(given: Given):
    for hour in range(3):
        moment = FIRST + timedelta(hours=hour)
        stream_file(given.lake, moment, line(hour, moment))
    given.curate()
    files, account = given.files(), given.account()
    assert pack(given.lake, FIRST + timedelta(hours=24, minutes=59)) == 0  # the log may still bring records of the day
    assert pack(given.lake, FIRST + timedelta(hours=25)) == 3
    assert given.lake.raw_files("raw/events") == ["raw/events/dt=2026-03-01/day-00001.parquet"]
    assert given.state()["raw_files"] == []
    assert not list((given.lake.root / "raw/events/dt=2026-03-01").glob("hour=*"))
    assert given.account() == account
    assert given.curate().files() == files
    assert given.report.raw_files == 0
    assert given.curate(full=True).files() == files
    assert given.state()["raw_files"] == []


def test_a_file_that_comes_for_a_packed_day_is_curated_and_packed_beside(given: Given):
    stream_file(given.lake, FIRST, line(1, FIRST))
    given.curate()
    pack(given.lake, FIRST + timedelta(days=2))
    stream_file(given.lake, FIRST, line(2, FIRST), number=1)
    given.curate()
    assert given.column("events", "event_id") == ["e00001", "e00002"]
    assert pack(given.lake, FIRST + timedelta(days=300)) == 1
    assert [Path(name).name for name in given.lake.raw_files("raw/events")] == [
        "day-00001.parquet",
        "day-00002.parquet",
    ]
    assert given.curate().report.raw_files == 0


def test_a_file_with_a_line_that_cannot_be_read_stays_where_its_record_says_it_is(given: Given):
    stream_file(given.lake, FIRST, line(1, FIRST), b"{")
    stream_file(given.lake, FIRST + timedelta(hours=1), line(2, FIRST))
    given.curate()
    quarantine = given.rows("quarantine")
    pack(given.lake, FIRST + timedelta(days=2))
    assert given.state()["raw_files"] == []
    (damaged,) = (name for name in given.lake.raw_files("raw/events") if name.endswith(".zst"))
    assert quarantine[0]["origin"] == f"{damaged}:2"
    assert given.curate().report.raw_files == 0
    assert given.curate(full=True).rows("quarantine") == quarantine


def test_an_import_is_listed_in_its_own_folder_and_a_file_added_to_it_is_new(given: Given):
    given.events(event("e1", "2026-03-01 12:00")).quarantine(b"[").curate()
    pack(given.lake, FIRST)
    assert given.state()["raw_files"] == []
    assert given.curate().report.raw_files == 0
    given.events(event("e2", "2026-03-01 12:00")).curate()
    pack(given.lake, FIRST)
    assert (given.report.raw_files, given.state()["raw_files"]) == (1, [])
    assert given.curate().report.raw_files == 0
    assert given.account().holds
    tables = given.tables()
    assert given.curate(full=True).tables() == tables


def test_a_list_of_curated_files_that_was_damaged_is_an_error_that_names_it(given: Given):
    given.events(event("e1", "2026-03-01 12:00")).curate()
    pack(given.lake, FIRST)
    (place,) = (given.lake.root / "raw").rglob("_curated.json")
    place.write_text("{")
    with pytest.raises(LakeError, match=r"list of curated raw files.*_curated\.json.*curate --full"):
        given.curate()


def test_packed_days_of_another_lake_are_new_to_a_lake_without_tables(given: Given):
    stream_file(given.lake, FIRST, line(1, FIRST))
    given.curate()
    pack(given.lake, FIRST + timedelta(days=2))
    for path in sorted((given.lake.root / "curated").rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    assert given.curate().report.accepted == 1


def test_refused_records_of_a_day_are_packed_as_the_lines_they_are(given: Given):
    given.quarantine(b"one", b"two")
    (made,) = (given.lake.root / "raw/quarantine").rglob("*.jsonl")
    content, folder = made.read_bytes(), given.lake.root / "raw/quarantine/dt=2026-03-01/hour=12"
    folder.mkdir(parents=True)
    made.rename(folder / "stream-000000000000001.jsonl")
    tables = given.curate().tables()
    assert pack(given.lake, FIRST + timedelta(days=2)) == 1
    (packed,) = (given.lake.root / "raw/quarantine").rglob("day-*")
    assert b"".join(line + b"\n" for line in lines(packed) if line) == content
    assert given.curate(full=True).tables() == tables


def test_a_packing_that_the_disk_refuses_leaves_every_file(given: Given, monkeypatch: pytest.MonkeyPatch):
    stream_file(given.lake, FIRST, line(1, FIRST))
    given.curate()
    before, state = given.lake.raw_files("raw/events"), given.state()

    def refuse(*_: object) -> None:
        raise OSError("no space")

    monkeypatch.setattr(compaction, "_pack", refuse)
    with pytest.raises(OSError, match="no space"):
        pack(given.lake, FIRST + timedelta(days=2))
    assert (given.lake.raw_files("raw/events"), given.state()) == (before, state)


def test_state_and_raw_files_stay_as_few_after_many_days_as_after_three(given: Given):
    sizes, names = [], []
    for day in range(8):
        for minute in range(6):
            moment = FIRST + timedelta(days=10 * day, minutes=minute * 200)
            stream_file(given.lake, moment, line(day * 10 + minute, moment))
        given.curate()
        pack(given.lake, FIRST + timedelta(days=10 * day + 1))
        sizes.append((given.lake.root / "curated/state.json").stat().st_size)
        names.append(len(given.state()["raw_files"]))
        assert len(given.lake.raw_files("raw/events")) <= day + 1 + 6
    assert max(names) <= 12
    assert max(sizes[2:]) - min(sizes[2:]) < 100
    before = given.files()
    late = FIRST + timedelta(hours=5)
    stream_file(given.lake, late, line(999, late), number=7)
    after = given.curate().files()
    written = {name for name, content in after.items() if before.get(name) != content and "/2026-" in name}
    assert written
    assert all("/2026-03/" in name for name in written)


def test_curation_packs_what_is_over(given: Given, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.curate.run.pack_closed_days", pack_closed_days)
    stream_file(given.lake, FIRST, line(1, FIRST))
    curate(given.lake)
    assert given.lake.raw_files("raw/events") == ["raw/events/dt=2026-03-01/day-00001.parquet"]
