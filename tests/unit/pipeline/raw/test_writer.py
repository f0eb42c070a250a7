"""The raw writer: every entry of the log is in the raw zone exactly once, in the hour it was received."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from catalogue.errors import StreamUnavailable
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake
from pipeline.raw.files import lines
from pipeline.raw.writer import RawWriter
from pipeline.streams import Entry, Kind
from pipeline.streams.checkpoints import CHECKPOINTS, STREAM, Checkpoints
from pipeline.streams.log import AppendLog
from tests.support.arrivals import NOON, arrival, refusal


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake")


@pytest.fixture
def log(lake: Lake) -> Iterator[AppendLog]:
    opened = AppendLog(lake.root / STREAM, reserve_bytes=0)
    yield opened
    opened.close()


def writer(lake: Lake, log: AppendLog) -> RawWriter:
    return RawWriter(log, lake, Checkpoints(lake.root / CHECKPOINTS), workshop=lake.root / STREAM / "workshop")


def stored(lake: Lake) -> dict[str, list[bytes]]:
    """Lines by folder."""
    found: dict[str, list[bytes]] = {}
    for name in lake.raw_files(RAW_EVENTS) + lake.raw_files(RAW_QUARANTINE):
        found.setdefault(str(Path(name).parent), []).extend(line for line in lines(lake.root / name) if line)
    return found


def test_entries_are_filed_by_kind_and_by_the_hour_they_were_received(lake: Lake, log: AppendLog) -> None:
    late = NOON + timedelta(minutes=59, seconds=59.9)
    next_hour = NOON + timedelta(hours=1)
    first, second = arrival("1", received_at=NOON), arrival("2", received_at=late)
    third, refused = arrival("3", at=NOON, received_at=next_hour), refusal(b"{")
    log.append([first, refused, second, third])
    assert writer(lake, log).flush() == 4
    assert stored(lake) == {
        "raw/events/dt=2026-03-01/hour=12": [first.line, second.line],
        "raw/events/dt=2026-03-01/hour=13": [third.line],
        "raw/quarantine/dt=2026-03-01/hour=12": [refused.line],
    }


def test_nothing_new_makes_no_file(lake: Lake, log: AppendLog) -> None:
    log.append([arrival("1")])
    raw = writer(lake, log)
    assert (raw.flush(), raw.flush(), writer(lake, log).flush()) == (1, 0, 0)
    assert len(lake.raw_files(RAW_EVENTS)) == 1


def test_a_line_that_says_no_hour_goes_with_the_one_before_it(lake: Lake, log: AppendLog) -> None:
    log.append([arrival("1"), Entry(Kind.EVENT, "", b"{torn")])
    writer(lake, log).flush()
    assert len(stored(lake)["raw/events/dt=2026-03-01/hour=12"]) == 2


@pytest.mark.parametrize("steps", range(12))
def test_a_writer_killed_at_any_step_writes_every_entry_once_when_it_restarts(
    lake: Lake, log: AppendLog, monkeypatch: pytest.MonkeyPatch, steps: int
) -> None:
    expected = [arrival(str(n), received_at=NOON + timedelta(hours=n)) for n in range(3)]
    log.append(expected[:2])
    log.seal()
    log.append(expected[2:])
    done = 0
    sync = os.fsync

    def dying(handle: int) -> None:
        nonlocal done
        done += 1
        if done > steps:
            raise OSError(errno.EIO, "the process is gone")
        sync(handle)

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", dying)
        with pytest.raises((OSError, StreamUnavailable), match="gone"):
            writer(lake, log).flush()
    log.append([arrival("9")])  # the next segment is another file, whatever was left undone
    writer(lake, log).flush()
    found = sorted(line for lines in stored(lake).values() for line in lines)
    assert found == sorted(entry.line for entry in [*expected, arrival("9")])


def test_a_new_log_in_the_same_lake_never_takes_the_name_of_an_old_file(lake: Lake, tmp_path: Path) -> None:
    for number in range(2):
        log = AppendLog(tmp_path / f"stream-{number}", reserve_bytes=0)
        log.append([arrival(str(number))])
        raw = RawWriter(log, lake, Checkpoints(log.folder / "checkpoints"), workshop=log.folder / "workshop")
        assert raw.flush() == 1
        log.close()
    assert len(lake.raw_files(RAW_EVENTS)) == 2
