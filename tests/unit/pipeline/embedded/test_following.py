"""Live under backlog: what happens now is counted first, what was left out behind it, and every entry once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.embedded import following
from pipeline.embedded.following import LiveFollower
from pipeline.embedded.metrics import FreshnessWindow
from pipeline.live import rows
from pipeline.live.backlog import backlog
from pipeline.live.documents import Document, Flow
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.live.store import Head
from pipeline.streams import Entry
from pipeline.streams.log import AppendLog
from tests.support.live_lines import event


@pytest.fixture(params=[4_000, 1_000_000])
def log(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[AppendLog]:
    opened = AppendLog(tmp_path / "stream", segment_bytes=request.param, reserve_bytes=0)
    yield opened
    opened.close()


@pytest.fixture
def store(tmp_path: Path) -> Iterator[EmbeddedLiveStore]:
    opened = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR")
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "GAP_ENTRIES", 7)


def sale(number: int, at: datetime) -> Entry:
    return event(
        f"e{number}",
        "purchase",
        at=at,
        received=at,
        customer_id=f"c{number % 5}",
        session_id=f"s{number % 9}",
        order_id=f"o{number}",
        unit_price="1.10",
    )


def follower_of(log: AppendLog, store: EmbeddedLiveStore) -> LiveFollower:
    return LiveFollower(log, store, FreshnessWindow(), skip_bytes=1_000, skip_seconds=3)


def whole(store: EmbeddedLiveStore) -> Document:
    total = Document()
    for _, _, document in store.documents(0):
        total = total.plus(document)
    return total


def test_what_arrives_now_is_counted_before_what_waits_and_then_all_of_it_once(
    log: AppendLog, store: EmbeddedLiveStore
):
    now = datetime.now(UTC)
    late = now - timedelta(minutes=2)
    log.append([sale(number, late) for number in range(40)])
    follower = follower_of(log, store)

    follower.step(0)
    log.append([sale(100, now), sale(3, now)])  # the second one is in the gap too
    follower.step(0)
    assert "o100" in whole(store).orders
    waiting = backlog(store, log.folder, now)
    assert waiting.seconds == 0
    assert 30 <= waiting.records <= 36
    ((gap),) = waiting.gaps
    assert gap.since == late
    assert follower.passed() == gap.start

    for _ in range(10):
        follower.step(0)
    assert store.gaps() == []
    assert store.totals().flow == Flow(received=42, accepted=41, duplicates=1)
    assert (whole(store).totals.orders, whole(store).totals.gross) == (41, Decimal("45.10"))
    assert backlog(store, log.folder, now).records == 0
    assert follower.passed() == store.position() == log.end


def test_a_gap_that_ends_where_a_segment_begins_is_closed(log: AppendLog, store: EmbeddedLiveStore):
    log.append([sale(number, datetime.now(UTC) - timedelta(minutes=2)) for number in range(20)])
    log.seal()
    follower = follower_of(log, store)
    for _ in range(5):
        follower.step(0)
    assert store.gaps() == []
    assert store.totals().flow == Flow(received=20, accepted=20)


def test_a_gap_that_somebody_deleted_from_the_log_is_closed(log: AppendLog, store: EmbeddedLiveStore):
    log.append([sale(number, datetime.now(UTC) - timedelta(minutes=2)) for number in range(20)])
    follower = follower_of(log, store)
    follower.step(0)
    assert len(store.gaps()) == 1
    log.seal()
    log.release(log.end, keep_seconds=0, keep_bytes=0)
    follower.step(0)
    assert store.gaps() == []
    assert store.totals().flow.received == 0


def test_a_little_that_waits_or_that_has_just_arrived_is_counted_in_order(log: AppendLog, store: EmbeddedLiveStore):
    follower = follower_of(log, store)
    log.append([sale(1, datetime.now(UTC) - timedelta(minutes=2))])
    follower.step(0)
    log.append([sale(number, datetime.now(UTC)) for number in range(2, 30)])
    follower.step(0)
    assert store.gaps() == []
    assert store.totals().flow == Flow(received=29, accepted=29)


def test_whatever_is_interrupted_nothing_is_lost_and_nothing_counts_twice(
    log: AppendLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    late = datetime.now(UTC) - timedelta(minutes=2)
    log.append([sale(number, late) for number in range(60)])
    path = tmp_path / "live.sqlite"
    write_head, breaks = rows.write_head, iter([True, False, False, True, True, False] * 20)

    def torn(database: sqlite3.Connection, shard: str, head: Head) -> None:
        write_head(database, shard, head)
        if next(breaks):
            raise KeyboardInterrupt

    monkeypatch.setattr(rows, "write_head", torn)
    for number in range(100):  # a process of its own each time
        store = EmbeddedLiveStore(path, "EUR")
        try:
            if number in (3, 11):
                log.append([sale(200 + number, datetime.now(UTC))])
            follower_of(log, store).step(0)
        except KeyboardInterrupt:
            pass
        else:
            if not store.gaps() and store.position() == log.end:
                break
        finally:
            store.close()
    store = EmbeddedLiveStore(path, "EUR")
    assert store.totals().flow == Flow(received=62, accepted=62)
    assert (whole(store).totals.orders, whole(store).totals.gross) == (62, Decimal("68.20"))
    store.close()


def test_a_piece_of_a_gap_that_is_given_again_changes_nothing(log: AppendLog, store: EmbeddedLiveStore):
    log.append([sale(number, datetime.now(UTC) - timedelta(minutes=2)) for number in range(40)])
    follower = follower_of(log, store)
    follower.step(0)
    (gap,) = store.gaps()
    batch = log.read(gap.start, 5)
    assert store.catch_up(batch, gap)
    assert not store.catch_up(batch, gap)
    assert not store.skip(gap, after=gap.start)
    assert store.totals().flow == Flow(received=5, accepted=5)
