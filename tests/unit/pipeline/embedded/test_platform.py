"""The embedded platform: from the log to the live store, the raw zone and the curated lake, and what it tells."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalogue.errors import CurationError, StreamUnavailable
from pipeline.collecting.envelope import Request
from pipeline.collecting.keys import KeyFile
from pipeline.curate import is_stale
from pipeline.curate import run as curation
from pipeline.curate.status import account
from pipeline.embedded.loops import Loop
from pipeline.embedded.pacing import PlatformOptions, pause
from pipeline.embedded.platform import Platform
from pipeline.lake import CURATED, STATE, Lake
from pipeline.live.store import Gap
from pipeline.streams import Batch, Entry, Kind
from tests.support.arrivals import arrival, refusal

pytestmark = pytest.mark.slow

NEVER = PlatformOptions(history_seconds=3600, reserve_bytes=0)
PATIENCE = 20.0  # seconds: far more than any of these takes


class RememberingStore:
    """A live store that remembers entries; it may be told to fail."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.at: str | None = None
        self.failures = 0
        self.changed = threading.Condition()

    def position(self, shard: str = "log") -> str | None:
        return self.at

    def gaps(self) -> list[Gap]:
        return []

    def apply(self, batch: Batch, *, after: str | None, shard: str = "log") -> bool:
        with self.changed:
            if self.failures:
                self.failures -= 1
                self.changed.notify_all()
                raise StreamUnavailable("The live store is away")
            assert after == self.at
            self.entries += batch.entries
            self.at = batch.position
            self.changed.notify_all()
        return True

    def wait(self, condition: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(condition, PATIENCE)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake")


def platform(lake: Lake, live: RememberingStore | None = None, options: PlatformOptions = NEVER) -> Platform:
    return Platform(lake, live=live, options=options)  # type: ignore[arg-type]


def test_nothing_runs_before_the_start_and_nothing_after_the_stop(lake: Lake) -> None:
    threads = threading.active_count()
    made = platform(lake)
    with pytest.raises(StreamUnavailable, match="not running"):
        made.stream.append([arrival("1")])
    assert made.unready() is not None
    made.start()
    assert made.unready() is None
    made.stop()
    made.stop()
    assert made.unready() is not None
    assert threading.active_count() == threads


def test_entries_reach_the_live_store_and_a_stop_leaves_none_behind(lake: Lake) -> None:
    live = RememberingStore()
    entries = [arrival(str(n)) for n in range(10)]
    with platform(lake, live) as running:
        running.stream.append(entries[:5])
        live.wait(lambda: len(live.entries) == 5)
        running.stream.append(entries[5:])
    assert live.entries == entries
    assert len(lake.raw_files("raw/events")) >= 1
    with platform(lake, live) as running:  # a restart goes on where it ended
        running.stream.append([arrival("10")])
    assert live.entries == [*entries, arrival("10")]


def test_a_live_store_that_fails_gets_the_batch_again_and_the_failure_is_told(lake: Lake) -> None:
    live = RememberingStore()
    live.failures = 1
    with platform(lake, live) as running:
        running.stream.append([arrival("1")])
        live.wait(lambda: len(live.entries) == 1)
        (trouble,) = running.metrics().troubles
    assert (trouble.loop, "away" in trouble.what) == ("live", True)


def test_history_is_curated_again_and_again_and_the_law_holds(lake: Lake) -> None:
    curated = threading.Semaphore(0)
    options = PlatformOptions(history_seconds=0.01, history_share=1.0, reserve_bytes=0)
    running = platform(lake, options=options)
    curate = running.curate

    def counting() -> None:
        curate()
        curated.release()

    running.curate = counting  # type: ignore[method-assign]
    with running:
        for number in range(3):
            running.stream.append([arrival(str(number)), arrival("same"), refusal(b"{")])
            for _ in range(2):  # the one under way may have begun before the append
                assert curated.acquire(timeout=PATIENCE)
        running.curate()
        found = account(lake)
        lag = running.metrics().lag
    assert (found.received, found.accepted, found.duplicates, found.quarantined, found.waiting.records) == (
        9,
        4,
        2,
        3,
        0,
    )
    assert found.holds
    assert (lag["raw"].bytes, lag["curated"].bytes) == (0, 0)


def test_tables_of_an_older_version_are_rebuilt_at_the_start(lake: Lake) -> None:
    with platform(lake) as first:
        first.stream.append([arrival("1")])
        first.curate()
    state = json.loads((lake.root / STATE).read_text())
    (lake.root / STATE).write_text(json.dumps(state | {"made_by": {"queries": "older"}}))
    shutil.rmtree(lake.root / CURATED / "daily_events")
    assert is_stale(lake)
    with platform(lake) as second:
        second.curate()
    assert not is_stale(lake)
    assert (lake.root / CURATED / "daily_events" / "data.parquet").exists()


def test_a_curation_that_fails_is_told_and_tried_again(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = threading.Event()

    def fail(*_: object) -> None:
        failed.set()
        raise CurationError("A raw file cannot be read", where="x", remedy="Mend it.")

    monkeypatch.setattr(curation, "_batches", fail)
    running = platform(lake)
    with running:
        running.stream.append([arrival("1")])
        with pytest.raises(CurationError):
            running.curate()
        assert failed.is_set()
        assert running.metrics().lag["curated"].bytes > 0
        monkeypatch.undo()
        running.curate()
        assert running.metrics().lag["curated"].bytes == 0
        assert running.metrics().curated_at is not None


def test_a_loop_tells_what_failed_waits_and_goes_on() -> None:
    steps: list[int] = []
    done = threading.Event()

    def step() -> float:
        steps.append(1)
        if len(steps) < 3:
            raise OSError("disk away")
        done.set()
        return PATIENCE

    loop = Loop("test", step, expected=(OSError,), first_pause=0.001)
    loop.start()
    assert done.wait(PATIENCE)
    loop.stop()
    assert loop.trouble is not None
    assert ("disk away" in loop.trouble.what, loop.trouble.persists) == (True, False)


def test_the_ids_of_the_replay_window_are_known_after_a_restart(lake: Lake) -> None:
    with platform(lake) as running:
        running.stream.append([arrival("1"), refusal(b"{"), arrival("2")])
    with platform(lake) as running:
        running.stream.append([arrival("3"), Entry(Kind.EVENT, "", b"{}")])
        assert running.recent_ids() == ["1", "2", "3"]
        assert running.recent_ids(limit=2) == ["2", "3"]


def test_the_log_forgets_what_everyone_has_passed(lake: Lake) -> None:
    options = PlatformOptions(history_seconds=3600, reserve_bytes=0, keep_seconds=0, keep_bytes=0)
    live = RememberingStore()
    with platform(lake, live, options) as running:
        first, second = arrival("1"), arrival("2")
        running.stream.append([first])
        live.wait(lambda: len(live.entries) == 1)
        running.curate()
        running._release()
        assert running.stream.read(None, 10).entries == [first]  # every consumer still stands in that segment
        running.stream.append([second])
        live.wait(lambda: len(live.entries) == 2)
        running._release()
        assert running.stream.read(None, 10).entries == [first, second]  # the second one is not curated
        running.curate()
        running._release()
        assert running.stream.read(None, 10).entries == [second]
    assert account(lake).accepted == 2


def test_metrics_tell_verdicts_freshness_and_lag(lake: Lake) -> None:
    _, secret = KeyFile(lake.root / "keys.json").create("native")
    now = datetime.now(UTC).isoformat()
    event = '{"event_id":"%s","event_type":"search","occurred_at":"%s","session_id":"s"}'
    body = f"[{event % ('1', now)},{event % ('1', now)},{{}}]".encode()
    request = Request(
        "POST",
        "/v1/events",
        {"authorization": f"Bearer {secret}", "content-type": "application/json"},
        body=body,
    )
    live = RememberingStore()
    with platform(lake, live) as running:
        assert running.metrics().freshness is None
        assert running.collector is not None
        assert running.collector.answer(request).status == 202
        live.wait(lambda: len(live.entries) == 3)
        while running.metrics().freshness is None:
            assert running.unready() is None
        metrics = running.metrics()
    assert (metrics.received, metrics.accepted, metrics.duplicates, metrics.quarantined) == (3, 1, 1, 1)
    assert metrics.freshness is not None
    assert 0 <= metrics.freshness.p50 <= metrics.freshness.p99 < PATIENCE
    assert metrics.lag["live"].bytes == 0
    assert metrics.lag["curated"].bytes > 0
    assert 0 <= metrics.lag["curated"].seconds < PATIENCE


def test_one_platform_runs_on_a_lake_at_a_time(lake: Lake) -> None:
    with platform(lake), pytest.raises(StreamUnavailable, match="Another process"):
        platform(lake).start()


def test_what_is_acknowledged_and_not_curated_is_counted_while_the_platform_runs_and_after_its_stop(lake: Lake) -> None:
    with platform(lake) as running:
        running.stream.append([arrival(str(n)) for n in range(5)])
        running.curate()
        running.stream.append([arrival(f"n{n}") for n in range(8)] + [refusal(b"{"), refusal(b"[")])
        found = account(lake)
        assert (found.received, found.waiting.events, found.waiting.refused) == (5, 8, 2)
        assert any(line.startswith("acknowledged, not yet curated: 10 (8 events, 2 refused;") for line in found.lines())
        assert "acknowledged in all: 15 = 5 received above + 10 not yet curated" in found.lines()
        before = running._raw.position
        running._raw.flush()  # on their way, in raw files
        assert (account(lake).waiting.events, account(lake).waiting.refused) == (8, 2)
        reached = running._raw.position
        assert before is not None
        assert reached is not None
        running._checkpoints.save("raw", before)  # as between a raw file and its checkpoint
        assert (account(lake).waiting.events, account(lake).waiting.refused) == (8, 2)
        running._checkpoints.save("raw", reached)
        running.stream.append([arrival("last")])
        assert account(lake).waiting.events == 9
    stopped = account(lake)  # a stop brings all of it to the raw zone
    assert (stopped.received, stopped.waiting.events, stopped.waiting.refused, stopped.waiting.oldest) == (
        5,
        9,
        2,
        None,
    )
    with platform(lake) as running:
        running.curate()
    settled = account(lake)
    assert (settled.received, settled.waiting.records, settled.holds) == (16, 0, True)


@pytest.mark.parametrize(
    ("busy", "arrived", "seconds"),
    [
        (2.0, 0, 58.0),  # once a minute
        (30.0, 0, 270.0),  # a large lake with little to do: a tenth of the time
        (12.0, 64 * 1024 * 1024, 18.0),  # much arrives: every half minute
        (30.0, 64 * 1024 * 1024, 30.0),  # at most half of the time
        (30.0, 32 * 1024 * 1024, 70.0),
    ],
)
def test_curation_follows_the_sooner_the_more_arrives(busy: float, arrived: int, seconds: float) -> None:
    assert pause(busy, arrived, PlatformOptions()) == pytest.approx(seconds)
