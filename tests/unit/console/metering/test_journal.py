"""The journal of the console's own calls: what a killed process leaves is kept once, a living one is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from console.metering.buffered import BufferedMeter
from console.metering.calls import OPEN_FOR, Batch
from console.metering.folder import FolderCalls
from console.metering.journal import FOLDER, Journal
from console.metering.rows import OPEN, folder_of, from_parquet
from tests.unit.console.metering.test_metering import CALL

DAY = date(2026, 3, 31)
CALLS = [replace(CALL, query_id=f"q{number}") for number in range(3)]


class Process:
    """A process on a lake: its own journal, which `die` leaves as a kill would."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake
        self.calls, self.journal = FolderCalls(lake), Journal(lake / FOLDER)

    def die(self) -> None:
        """The locks are gone, the files stay."""
        import os

        for handle in self.journal._open.values():
            os.close(handle)
        self.journal._open.clear()

    def standing(self) -> list[str]:
        """The ids of the calls in the lake, file by file."""
        found = self.calls.files.found(folder_of(OPEN))
        return [
            text
            for item in found
            for text in from_parquet(self.calls.files.read(item.name)).column("query_id").to_pylist()
        ]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    made = Process(tmp_path)
    yield made
    made.die()


@pytest.fixture
def next_one(tmp_path: Path) -> Process:
    return Process(tmp_path)


def left(process: Process) -> list[str]:
    return [path.name for path in sorted((process.lake / FOLDER).iterdir())]


def test_what_a_killed_process_had_not_written_is_kept_as_it_was_told(process: Process, next_one: Process) -> None:
    batch = Batch(DAY, "one")
    for call in CALLS:
        process.journal.append(batch, call)
    assert next_one.journal.days() == {DAY}
    process.die()
    next_one.journal.recover(next_one.calls)
    assert next_one.standing() == ["q0", "q1", "q2"]
    row = from_parquet(next_one.calls.files.read(batch.file)).to_pylist()[0]
    assert (row["viewer"], row["dollars"], row["called_at"]) == (
        CALL.viewer, CALL.dollars, CALL.called_at.replace(tzinfo=None),
    )  # fmt: skip
    assert (left(next_one), next_one.journal.days()) == ([], set())


def test_calls_that_stood_in_their_file_already_are_not_kept_twice(process: Process, next_one: Process) -> None:
    batch = Batch(DAY, "one")
    for call in CALLS:
        batch.calls.append(call)
        process.journal.append(batch, call)
        if call is CALLS[1]:
            process.calls.keep(batch)
    process.die()
    for _ in range(2):
        next_one.journal.recover(next_one.calls)
    assert next_one.standing() == ["q0", "q1", "q2"]


def test_a_file_that_holds_more_than_the_journal_stays_as_it_is(process: Process, next_one: Process) -> None:
    batch = Batch(DAY, "one", list(CALLS))
    process.journal.append(batch, CALLS[0])  # then the disk was full
    process.calls.keep(batch)
    process.die()
    next_one.journal.recover(next_one.calls)
    assert next_one.standing() == ["q0", "q1", "q2"]


def test_a_journal_that_is_only_being_made_is_passed_over(process: Process) -> None:
    (process.lake / FOLDER).mkdir(parents=True)
    (process.lake / FOLDER / "2026-03-31_one.begun").touch()
    process.journal.recover(process.calls)
    assert (process.standing(), process.journal.days()) == ([], set())


def test_the_journal_of_a_process_that_lives_is_left_alone(process: Process, next_one: Process) -> None:
    process.journal.append(Batch(DAY, "one"), CALL)
    next_one.journal.recover(next_one.calls)
    assert (next_one.standing(), left(next_one)) == ([], ["2026-03-31_one.jsonl"])


def test_a_line_that_was_torn_is_passed_over(process: Process, next_one: Process) -> None:
    process.journal.append(Batch(DAY, "one"), CALL)
    process.die()
    with (process.lake / FOLDER / "2026-03-31_one.jsonl").open("ab") as file:
        file.write(b'{"called_at":"2026-03-31T')
    next_one.journal.recover(next_one.calls)
    assert next_one.standing() == ["q1"]


def test_a_recovery_that_fails_leaves_the_journal_for_the_next(process: Process, next_one: Process) -> None:
    process.journal.append(Batch(DAY, "one"), CALL)
    process.die()
    table = process.lake / "console" / OPEN
    table.write_text("in the way")
    with pytest.raises(OSError, match=OPEN):
        next_one.journal.recover(next_one.calls)
    table.unlink()
    next_one.journal.recover(next_one.calls)
    assert next_one.standing() == ["q1"]


def test_a_meter_notes_every_call_before_it_comes_back_and_ends_without_a_journal(process: Process) -> None:
    meter = BufferedMeter(process.calls.keep, journal=process.journal, flush_seconds=3600, now=lambda: CALL.called_at)
    meter.record(CALL)
    (journal,) = (process.lake / FOLDER).iterdir()
    assert journal.read_bytes().count(b"\n") == 1
    meter.record(CALL)
    assert journal.read_bytes().count(b"\n") == 2
    meter.close()
    assert (process.standing(), left(process)) == (["q1", "q1"], [])


def test_while_nothing_can_be_noted_calls_are_kept_in_memory_and_told_once(
    process: Process, caplog: pytest.LogCaptureFixture
) -> None:
    (process.lake / "console").mkdir()
    (process.lake / FOLDER).write_text("in the way")
    meter = BufferedMeter(process.calls.keep, journal=process.journal, flush_seconds=3600, now=lambda: CALL.called_at)
    for call in CALLS:
        meter.record(call)
    meter.close()
    assert process.standing() == ["q0", "q1", "q2"]
    assert [record.message.partition(":")[0] for record in caplog.records] == [
        "The console's own calls cannot be noted at once"
    ]


def test_what_a_journal_holds_is_written_to_its_own_day_however_late(process: Process) -> None:
    clock, is_full = [CALL.called_at], [True]

    def keep(batch: Batch) -> None:
        if is_full[0]:
            raise OSError("No space left on device")
        process.calls.keep(batch)

    meter = BufferedMeter(keep, journal=process.journal, flush_seconds=3600, now=lambda: clock[0])
    meter.record(CALL)
    meter.flush()
    clock[0], is_full[0] = CALL.called_at + OPEN_FOR + timedelta(days=3), False
    meter.flush()
    assert [file.name.split("/")[1] for file in process.calls.files.found(folder_of(OPEN))] == ["call_date=2026-03-31"]
    assert left(process) == []  # the day may be closed now
    meter.close()
