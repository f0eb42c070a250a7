"""The embedded live store where the contract does not reach: killed processes, generations, bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.live import sketch
from pipeline.live.documents import (
    CHANNEL_SESSIONS,
    MOST_CHANNELS,
    MOST_PRODUCTS,
    PRODUCT_SESSIONS,
    RECENT_ORDERS,
    SESSIONS,
    STEPS,
    Counts,
    Document,
    Order,
    lag_bucket,
    lag_percentile,
    pack,
)
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.streams import Batch
from tests.support.live_lines import NOW, event
from tests.support.paths import ROOT

WRITER = """
import sys
from pathlib import Path
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.streams import Batch
from tests.support.live_lines import NOW, event

store = EmbeddedLiveStore(Path(sys.argv[1]), "EUR", now=lambda: NOW)
after = store.position()
number = int(after or 0)
while True:
    entries = [event(f"{number + 1}-{n}") for n in range(5)]
    store.apply(Batch(entries, str(number + 1)), after=after)
    number += 1
    after = str(number)
    print(number, flush=True)
"""


def test_a_store_killed_between_any_two_instructions_stands_at_a_whole_batch(tmp_path: Path):
    path = tmp_path / "live.sqlite"
    for kills in range(1, 4):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert writer.stdout is not None
        reported = 0
        while reported < kills * 25:
            reported = int(writer.stdout.readline())
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        store = EmbeddedLiveStore(path, "EUR", now=lambda: NOW)
        position = int(store.position() or 0)
        assert position >= reported
        assert sum(document.totals.events for _, _, document in store.documents(0)) == 5 * position
        assert store.totals().flow.accepted == 5 * position
        store.close()


def test_a_full_generation_of_hashes_makes_room_and_the_last_ones_are_still_known(tmp_path: Path):
    store = EmbeddedLiveStore(tmp_path / "live.sqlite", "EUR", now=lambda: NOW, generation=100)
    after = None
    for number in range(10):
        store.apply(Batch([event(f"{number}-{n}") for n in range(50)], str(number)), after=after)
        after = str(number)
    store.apply(Batch([event("9-0"), event("8-0"), event("0-0")], "again"), after=after)
    assert store.totals().flow.duplicates == 2
    store.close()


@given(st.sets(st.integers(0, 2**64 - 1), max_size=60), st.sets(st.integers(0, 2**64 - 1), max_size=60))
def test_the_union_of_two_sketches_is_the_sketch_of_the_union(mine: set[int], theirs: set[int]):
    assert sketch.union((sketch.pack(mine), sketch.pack(theirs)), 32) == sketch.union((sketch.pack(mine | theirs),), 32)


@pytest.mark.parametrize(("people", "tolerance"), [(0, 0.0), (1, 0.0), (1023, 0.0), (5_000, 0.1), (100_000, 0.1)])
def test_visitors_are_counted_exactly_below_the_size_and_within_a_tenth_beyond(people: int, tolerance: float):
    found = sketch.union((sketch.pack(sketch.hashed("session", f"s{n}") for n in range(people)),), SESSIONS)
    assert sketch.estimate(found, SESSIONS) == pytest.approx(people, rel=tolerance)
    assert len(found) <= 8 * SESSIONS


@given(st.floats(0.001, 100_000))
def test_a_lag_is_reported_at_most_ten_percent_too_high_and_never_too_low(seconds: float):
    assert seconds * 0.999999 <= (lag_percentile({lag_bucket(seconds): 1}, 0.99) or 0) <= seconds * 1.100001


def test_no_lag_has_no_percentile():
    assert lag_percentile({}, 0.5) is None


def test_the_largest_document_fits_an_item_and_twelve_fit_a_transaction():
    from decimal import Decimal

    def counts(size: int, name: str = "") -> Counts:
        hashes = sketch.pack(sketch.hashed(name, str(n)) for n in range(size))
        return Counts(
            *[10**9] * 7,
            Decimal("123456789012345678901234.5678"),
            Decimal("123456789012345678901234.5678"),
            hashes,
            name,
        )

    names = [f"{n:064d}" for n in range(MOST_PRODUCTS + 1)]
    orders = {
        name: Order(name, NOW, Decimal("123456789012345678901234.5678"), "EUR", 9, 9, "c" * 64, "r" * 64)
        for name in names[:RECENT_ORDERS]
    }
    largest = Document(
        counts(SESSIONS),
        {step: counts(SESSIONS, step).sessions for step in STEPS},
        {name: counts(CHANNEL_SESSIONS, name) for name in names[: MOST_CHANNELS + 1]},
        {name: counts(PRODUCT_SESSIONS, ("ä" * 80)[: 80 - 3] + name[-3:]) for name in names},
        orders,
    )
    unpacked = len(msgspec.msgpack.encode(largest))
    assert unpacked < 400_000
    assert 12 * len(pack(largest)) < 4_000_000
