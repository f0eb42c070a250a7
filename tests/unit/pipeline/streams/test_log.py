"""The append log: what is acknowledged is stored, in order, whatever happens to the process or the disk."""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from catalogue.errors import StreamFull, StreamUnavailable
from pipeline.streams import Entry, Kind
from pipeline.streams import log as log_module
from pipeline.streams.frames import End, decode, encode, next_frame
from pipeline.streams.log import AppendLog
from pipeline.streams.segments import DAMAGED, LogReader, Position, numbers, path_of

ONE = Entry(Kind.EVENT, "c1", b'{"event_id":"1"}')
TWO = Entry(Kind.REFUSED, "", b'{"record":"/w=="}')
THREE = Entry(Kind.EVENT, "c\u00fc3", b'{"event_id":"3"}')


@pytest.fixture
def log(tmp_path: Path) -> Iterator[AppendLog]:
    opened = AppendLog(tmp_path / "stream", reserve_bytes=0)
    yield opened
    opened.close()


def everything(source: AppendLog | LogReader) -> list[Entry]:
    """All entries, read three at a time."""
    entries: list[Entry] = []
    position = None
    while (batch := source.read(position, 3)).entries:
        entries += batch.entries
        position = batch.position
    return entries


def newest(log: AppendLog) -> Path:
    return path_of(log.folder, numbers(log.folder)[-1])


def test_an_entry_comes_back_as_it_was_framed() -> None:
    frames = decode(encode([ONE, TWO, THREE]), 10)
    assert (frames.entries, frames.end) == ([ONE, TWO, THREE], End.EMPTY)


def test_a_bit_flipped_anywhere_in_a_frame_is_noticed() -> None:
    data = encode([ONE])
    for at in range(len(data)):
        broken = bytearray(data)
        broken[at] ^= 0x10
        assert decode(bytes(broken), 1).entries == [], f"byte {at}"


def test_behind_damaged_bytes_the_next_whole_frame_is_found() -> None:
    first = encode([ONE])
    assert next_frame(first[:-1] + b"?" + encode([TWO]), 1) == len(first)
    assert next_frame(first[:-1], 1) is None


def test_an_entry_too_long_to_be_framed_is_refused() -> None:
    with pytest.raises(ValueError, match="takes"):
        encode([Entry(Kind.EVENT, "k" * 70_000, b"{}")])


def test_entries_are_read_in_the_order_they_were_appended_from_any_position(log: AppendLog) -> None:
    log.append([ONE, TWO])
    log.append([])
    log.append([THREE])
    first = log.read(None, 1)
    assert first.entries == [ONE]
    assert log.read(first.position, 10).entries == [TWO, THREE]
    end = log.read(first.position, 10).position
    assert end == log.end
    assert log.read(end, 10).entries == []


def test_a_reopened_log_holds_what_it_held(tmp_path: Path) -> None:
    log = AppendLog(tmp_path, reserve_bytes=0)
    log.append([ONE, TWO])
    log.close()
    again = AppendLog(tmp_path, reserve_bytes=0)
    again.append([THREE])
    assert everything(again) == [ONE, TWO, THREE]
    assert again.torn.bytes == 0
    again.close()


def test_segments_are_bounded_and_reading_crosses_them(tmp_path: Path) -> None:
    log = AppendLog(tmp_path, segment_bytes=100, reserve_bytes=0)
    for _ in range(10):
        log.append([ONE, TWO])
    assert len(numbers(tmp_path)) == 10
    assert all(path_of(tmp_path, number).stat().st_size <= 100 for number in numbers(tmp_path))
    assert everything(log) == [ONE, TWO] * 10
    assert log.sealed(None) == numbers(tmp_path)[:-1]
    log.close()


def test_an_append_larger_than_a_segment_gets_one_of_its_own(tmp_path: Path) -> None:
    log = AppendLog(tmp_path, segment_bytes=10, reserve_bytes=0)
    log.append([ONE, TWO, THREE])
    log.append([ONE])
    assert everything(log) == [ONE, TWO, THREE, ONE]
    log.close()


def test_an_entry_longer_than_what_is_read_at_a_time_is_read(log: AppendLog) -> None:
    long = Entry(Kind.REFUSED, "", b"x" * 3_000_000)
    log.append([ONE, long, TWO])
    assert everything(log) == [ONE, long, TWO]


def test_sealing_completes_the_newest_segment_and_an_empty_one_is_left_alone(log: AppendLog) -> None:
    log.seal()
    assert log.sealed(None) == []
    log.append([ONE])
    log.seal()
    (segment,) = log.sealed(None)
    batch = log.read_segment(segment)
    assert batch.entries == [ONE]
    assert log.sealed(batch.position) == []
    log.append([TWO])
    assert log.read(batch.position, 5).entries == [TWO]


def test_many_threads_share_one_fsync_and_nobody_returns_before_it(
    log: AppendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[str] = []
    started, gathered = threading.Event(), threading.Event()
    sync = log_module._sync

    def slow(handle: int) -> None:
        syncs.append(log.end)
        started.set()
        gathered.wait(10)
        sync(handle)

    monkeypatch.setattr(log_module, "_sync", slow)
    threads = [threading.Thread(target=log.append, args=([Entry(Kind.EVENT, str(n), b"{}")],)) for n in range(8)]
    threads[0].start()
    assert started.wait(10)  # the first is being written: all others wait together
    for thread in threads[1:]:
        thread.start()
    while len(log._group.frames) < 7:
        assert all(thread.is_alive() for thread in threads)
    gathered.set()
    for thread in threads:
        thread.join()
    assert len(syncs) == 2
    assert sorted(entry.key for entry in everything(log)) == [str(n) for n in range(8)]


def test_entries_that_are_not_on_disk_yet_are_not_read(log: AppendLog, monkeypatch: pytest.MonkeyPatch) -> None:
    log.append([ONE])
    seen: list[list[Entry]] = []
    monkeypatch.setattr(log_module, "_sync", lambda handle: seen.append(everything(log)))
    log.append([TWO])
    assert seen == [[ONE]]
    assert everything(log) == [ONE, TWO]


def test_a_tail_torn_at_any_byte_is_cut_and_counted(tmp_path: Path) -> None:
    log = AppendLog(tmp_path / "whole", reserve_bytes=0)
    log.append([ONE, TWO])
    log.append([THREE])
    log.close()
    data = newest(log).read_bytes()
    sound = len(encode([ONE, TWO]))
    for size in range(sound, len(data)):
        folder = tmp_path / f"torn-{size}"
        shutil.copytree(log.folder, folder)
        os.truncate(folder / newest(log).name, size)
        again = AppendLog(folder, reserve_bytes=0)
        again.append([ONE])
        assert everything(again) == [ONE, TWO, ONE]
        assert (again.torn.bytes, again.torn.records) == (size - sound, 1 if size > sound else 0)
        assert again.status.damage == ()
        again.close()


@pytest.mark.parametrize("tail", [b"\0" * 4096, encode([THREE])[:-1] + b"?", b"\xffT" * 5, b"\xff"])
def test_a_tail_that_is_no_entry_is_cut(tmp_path: Path, tail: bytes) -> None:
    log = AppendLog(tmp_path, reserve_bytes=0)
    log.append([ONE])
    log.close()
    with newest(log).open("ab") as file:
        file.write(tail)
    assert everything(LogReader(tmp_path)) == [ONE]
    again = AppendLog(tmp_path, reserve_bytes=0)
    assert everything(again) == [ONE]
    assert again.torn.bytes == len(tail)
    again.close()


@pytest.mark.parametrize("at", range(len(encode([TWO]))))
def test_a_damaged_entry_is_read_as_refused_and_nothing_behind_it_is_lost(tmp_path: Path, at: int) -> None:
    log = AppendLog(tmp_path, reserve_bytes=0)
    log.append([ONE, TWO, THREE])
    log.close()
    begin = len(encode([ONE]))
    with newest(log).open("r+b") as file:
        file.seek(begin + at)
        byte = file.read(1)[0]
        file.seek(begin + at)
        file.write(bytes([byte ^ 0x40]))
        file.seek(begin)
        stored = file.read(len(encode([TWO])))
    segment = numbers(tmp_path)[-1]
    again = AppendLog(tmp_path, reserve_bytes=0)
    first, damaged, last = everything(again)
    assert (first, last) == (ONE, THREE)
    line = msgspec.json.decode(damaged.line)
    assert damaged.kind is Kind.REFUSED
    assert line["reason"] == DAMAGED
    assert msgspec.json.decode(f'"{line["record"]}"', type=bytes) == stored
    assert everything(again)[1] == damaged  # the same every time: a replay writes the same file
    assert [(damage.at, damage.length) for damage in again.status.damage] == [(Position(segment, begin), len(stored))]
    assert again.torn.bytes == 0
    again.close()


def test_a_full_disk_acknowledges_nothing_and_the_log_goes_on_when_there_is_room(
    log: AppendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([ONE])
    write = os.write

    def half(handle: int, data: bytes) -> int:
        if len(data) > 10:
            return write(handle, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", half)
        with pytest.raises(StreamFull, match="full"):
            log.append([TWO] * 1)
    assert newest(log).stat().st_size == len(encode([ONE]))
    log.append([THREE])
    assert everything(log) == [ONE, THREE]


def test_the_reserve_of_the_disk_is_left_to_the_lake(tmp_path: Path) -> None:
    log = AppendLog(tmp_path, reserve_bytes=2**60)
    with pytest.raises(StreamFull, match="MiB are free"):
        log.append([ONE])
    assert everything(log) == []
    log.close()


def test_a_small_disk_that_really_fills_loses_nothing_acknowledged(tmp_path: Path) -> None:
    disk = small_disk(tmp_path / "disk")
    log = AppendLog(disk / "stream", segment_bytes=50_000, reserve_bytes=0)
    stored: list[Entry] = []
    try:
        full = False
        while not full and len(stored) < 3000:
            batch = [Entry(Kind.EVENT, str(len(stored)), b"x" * 1000)] * 3
            try:
                log.append(batch)
                stored += batch
            except StreamFull:
                full = True
        assert full
        assert everything(log) == stored
        log.release(log.end, keep_seconds=0, keep_bytes=0)
        log.append([ONE])
        assert everything(log)[-1] == ONE
        log.close()
        again = AppendLog(disk / "stream", reserve_bytes=0)
        assert again.torn.bytes == 0
        assert everything(again)[-1] == ONE
        again.close()
    finally:
        log.close()
        os.system(f"umount {disk}")  # noqa: S605 - our own path


def small_disk(place: Path) -> Path:
    place.mkdir()
    if os.system(f"mount -t tmpfs -o size=1m tmpfs {place} 2>/dev/null"):  # noqa: S605 - our own path
        pytest.skip("only root may mount a small disk; the same with a faked os.write is tested above")
    return place


def test_after_a_failed_fsync_nothing_is_trusted_until_the_log_is_opened_again(
    log: AppendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    log.append([ONE])

    def fail(handle: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr(log_module, "_sync", fail)
        with pytest.raises(StreamUnavailable, match="did not confirm"):
            log.append([TWO])
    with pytest.raises(StreamUnavailable, match="did not confirm"):
        log.append([THREE])  # fsync works again, but a second success would prove nothing
    assert log.status.refusal is not None
    assert everything(log) == [ONE]
    log.close()
    again = AppendLog(log.folder, reserve_bytes=0)
    again.append([THREE])
    assert everything(again) == [ONE, THREE]
    again.close()


def test_a_writer_that_is_interrupted_acknowledges_nothing_to_those_it_wrote_for(
    log: AppendLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(handle: int) -> None:
        raise KeyboardInterrupt

    group = log._group
    monkeypatch.setattr(log_module, "_sync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        log.append([ONE])
    assert group.done
    assert isinstance(group.failure, StreamUnavailable)


def test_one_process_writes_a_log_at_a_time(log: AppendLog) -> None:
    with pytest.raises(StreamUnavailable, match="Another process"):
        AppendLog(log.folder, reserve_bytes=0)


def test_a_closed_log_refuses(log: AppendLog) -> None:
    log.close()
    with pytest.raises(StreamUnavailable, match="closed"):
        log.append([ONE])


def test_segments_that_everyone_passed_are_deleted_outside_the_replay_window_only(tmp_path: Path) -> None:
    log = AppendLog(tmp_path, segment_bytes=50, reserve_bytes=0)
    for _ in range(5):
        log.append([ONE])
    first, second, *_, last = numbers(tmp_path)
    assert log.release(None, keep_seconds=0, keep_bytes=0) == 0
    assert log.release(f"{second}:0", keep_seconds=3600, keep_bytes=10**9) == 0
    assert log.release(f"{second}:0", keep_seconds=3600, keep_bytes=0) == 1
    assert numbers(tmp_path)[0] == second
    assert log.read(f"{first}:0", 100).entries == [ONE] * 4
    # segments are numbered by the millisecond, and ahead of the clock where several are begun within one
    assert log.release(log.end, keep_seconds=-1, keep_bytes=10**9) == 3
    assert numbers(tmp_path) == [last]
    log.close()


def test_waiting_ends_when_something_is_stored(log: AppendLog) -> None:
    assert not log.wait(None, 0)
    position = log.end
    waiter = threading.Thread(target=log.append, args=([ONE],))
    waiter.start()
    assert log.wait(position, 10)
    waiter.join()
    assert log.wait(None, 0)
    assert not log.wait(log.end, 0)
    log.seal()
    assert log.wait(position, 0)
    assert not log.wait(log.read(position, 9).position, 0)


def test_what_a_consumer_has_before_it_is_counted_in_bytes(log: AppendLog) -> None:
    size = len(encode([ONE]))
    log.append([ONE])
    position = log.end
    log.append([ONE])
    log.seal()
    log.append([ONE])
    assert (log.bytes_after(None), log.bytes_after(position), log.bytes_after(log.end)) == (3 * size, 2 * size, 0)


def test_a_text_that_is_no_position_is_refused() -> None:
    with pytest.raises(StreamUnavailable, match="not a position"):
        Position.parse("12")
