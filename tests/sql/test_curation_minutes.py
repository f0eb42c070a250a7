"""A file a minute, for most of a year: what a run opens, lists, writes and states does not follow the days behind."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pipeline.contract.events import encode
from pipeline.curate import compaction, curate, joining
from pipeline.lake import RAW_EVENTS, STATE, Lake
from pipeline.transaction import Transaction
from tests.support.given import Given, event
from tests.support.raw import stream_file

FIRST = datetime(2025, 12, 1, tzinfo=UTC)
TODAY = FIRST + timedelta(days=335)
MINUTES = range(0, 1440, 60)  # of a day, each with a file


class Watched:
    """What runs do to the files below a folder, as Python's own audit hooks report it."""

    _hooked = False
    _now: Watched | None = None

    def __init__(self, root: Path) -> None:
        self._root = f"{root}/"
        self.listed: list[str] = []
        self.opened: list[str] = []

    def report(self, name: str, path: object) -> None:
        if isinstance(path, str | Path) and str(path).startswith(self._root):
            place = str(path).removeprefix(self._root)
            {"os.scandir": self.listed, "os.listdir": self.listed, "open": self.opened}[name].append(place)

    @classmethod
    @contextmanager
    def of(cls, root: Path) -> Iterator[Watched]:
        if not cls._hooked:  # a hook stays as long as the process
            sys.addaudithook(cls._hook)
            cls._hooked = True
        cls._now = watched = cls(root)
        try:
            yield watched
        finally:
            cls._now = None

    @classmethod
    def _hook(cls, name: str, arguments: tuple[Any, ...]) -> None:
        if cls._now is not None and name in ("os.scandir", "os.listdir", "open"):
            cls._now.report(name, arguments[0])


class Run:
    """One curation of a lake, and what it took."""

    def __init__(self, lake: Lake, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
        published: list[str] = []
        with monkeypatch.context() as patched:
            adopt = Transaction.adopt

            def noted(change: Transaction, written: Path, target: str) -> None:
                published.append(target)
                adopt(change, written, target)

            patched.setattr(Transaction, "adopt", noted)
            with Watched.of(lake.root) as watched:
                self.report = curate(lake, now=now)
        raw = [name for name in watched.opened if name.startswith("raw/")]
        self.opened = sorted({name for name in raw if name.endswith((".zst", ".parquet"))})
        self.listed = [name for name in watched.listed if name.startswith(RAW_EVENTS)]
        self.written = sorted(published)
        self.months = {name.split("/")[2] for name in published if name.count("/") == 3}


def lake_of(folder: Path, days: list[datetime]) -> Given:
    """A lake whose days came each as files of minutes, and were curated and packed at their ends."""
    given = Given(folder)
    for day in days:
        for minute in MINUTES:
            at = day + timedelta(minutes=minute)
            stream_file(given.lake, at, line(at))
    curate(given.lake, now=days[-1] + timedelta(days=1, hours=2))
    return given


def line(at: datetime, name: str = "") -> bytes:
    return encode(event(f"{name}{at:%m%d%H%M}", f"{at:%Y-%m-%d %H:%M}", customer_id=f"{name}{at:%d%H}"))


def test_a_run_costs_the_same_after_sixty_days_of_minutes_as_after_three(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = [FIRST, TODAY - timedelta(days=2), TODAY - timedelta(days=1)]
    many = [FIRST, *(TODAY - timedelta(days=back) for back in range(59, 0, -1))]
    lakes = [lake_of(tmp_path / str(len(days)), days).lake for days in (few, many)]
    for lake, days in zip(lakes, (few, many), strict=True):
        assert lake.raw_files(RAW_EVENTS) == [f"{RAW_EVENTS}/dt={day:%Y-%m-%d}/day-00001.parquet" for day in days]
    bytes_of_state = [(lake.root / STATE).stat().st_size for lake in lakes]
    assert abs(bytes_of_state[0] - bytes_of_state[1]) < 10  # the digits of counts

    def runs(now: datetime) -> list[Run]:
        return [Run(lake, now, monkeypatch) for lake in lakes]

    at = TODAY + timedelta(hours=9)
    names = [stream_file(lake, at, line(at)) for lake in lakes]
    minute = runs(at)
    for run, name in zip(minute, names, strict=True):
        assert run.report.raw_files == 1
        assert run.opened == [name], "a run opens the raw files that are new"
        assert run.months == {f"{TODAY:%Y-%m}"}
    assert minute[0].written == minute[1].written
    # a closed day is one entry more to list, with one file
    assert len(minute[1].listed) - len(minute[0].listed) == len(many) - len(few)

    late = FIRST + timedelta(hours=5, minutes=7)  # eleven months ago
    names = [stream_file(lake, late, line(late, "late")) for lake in lakes]
    first = runs(at)
    yesterday = TODAY - timedelta(hours=3, minutes=7)
    for lake in lakes:
        stream_file(lake, yesterday, line(yesterday, "late"))
    second = runs(at)
    for run, name in zip(first, names, strict=True):
        assert run.report.raw_files == 1
        assert run.opened == [name], "which is packed by itself: no packed file is opened"
        assert run.months == {f"{FIRST:%Y-%m}"}
    assert first[0].written == first[1].written
    assert len(first[1].written) == len(second[1].written), "as many files as yesterday's late event"
    assert (len(first[1].listed), len(second[1].listed)) == (len(minute[1].listed) + 1, len(minute[1].listed) + 1)
    bytes_of_state = [(lake.root / STATE).stat().st_size for lake in lakes]
    assert abs(bytes_of_state[0] - bytes_of_state[1]) < 10
    assert [len(lake.raw_files(RAW_EVENTS)) for lake in lakes] == [len(few) + 3, len(many) + 3]


def test_days_of_an_outage_are_curated_at_once_and_packed_some_at_a_time(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_FILES_AT_ONCE", 50)
    monkeypatch.setattr("pipeline.curate.raw.MANY_BYTES", 1_000)  # as hundreds of thousands of files are
    monkeypatch.setattr(joining, "_JOINED_BYTES", 5_000)
    days = [FIRST + timedelta(days=number) for number in range(7)]
    for day in days:
        for minute in MINUTES:
            stream_file(given.lake, day + timedelta(minutes=minute), line(day + timedelta(minutes=minute)))
    sizes = []
    pack_days = compaction._pack_days

    def killed_after_two(lake: Lake, some: Any, listed: Any = ()) -> None:
        if len(sizes) == 3:
            raise KeyboardInterrupt
        pack_days(lake, some, listed)
        sizes.append(len(lake.state()["raw_files"]))

    with monkeypatch.context() as patched:
        patched.setattr(compaction, "_pack_days", killed_after_two)
        with pytest.raises(KeyboardInterrupt):
            curate(given.lake, now=TODAY)
    assert sizes == [168, 96, 24], "the state lists fewer with each transaction"
    assert given.account().holds
    given.curate()
    assert (given.report.raw_files, given.report.accepted, given.state()["raw_files"]) == (0, 168, [])
    assert given.lake.raw_files(RAW_EVENTS) == [f"{RAW_EVENTS}/dt={day:%Y-%m-%d}/day-00001.parquet" for day in days]


def test_a_line_that_cannot_be_read_among_minutes_is_known_by_its_own_file(given: Given) -> None:
    at = [FIRST + timedelta(minutes=minute) for minute in MINUTES]
    names = [
        stream_file(given.lake, moment, line(moment), *([b"{"] if number in (3, 7) else []))
        for number, moment in enumerate(at)
    ]
    given.curate()
    assert (given.report.accepted, given.report.quarantined) == (24, 2)
    assert given.column("quarantine", "origin") == [f"{names[3]}:2", f"{names[7]}:2"]
    assert [name for name in given.lake.raw_files(RAW_EVENTS) if name.endswith("zst")] == [names[3], names[7]]
    tables = given.tables()
    assert given.curate(full=True).tables() == tables
