"""`kill -9` under load: every acknowledged event is in the curated lake exactly once; every record is accounted for."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from pipeline.curate.status import account
from pipeline.embedded.pacing import PlatformOptions
from pipeline.embedded.platform import Platform
from pipeline.lake import CURATED, Lake
from pipeline.streams import Kind
from pipeline.streams.checkpoints import STREAM
from pipeline.streams.segments import LogReader
from tests.support.paths import ROOT, SUPPORT

SHOP = SUPPORT / "killed_shop.py"
MOMENTS = ("ack", "begun", "curated")  # what the kill follows: early in a life, in a curation, right after one

LONGEST_LIFE = 400  # lines: a machine too slow to curate meanwhile is killed all the same


def live_and_die(lake: Path, run: str, chance: random.Random) -> list[str]:
    """Start the shop, kill it at a chance moment, and return the lines it printed."""
    shop = subprocess.Popen(
        [sys.executable, str(SHOP), str(lake), run], stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert shop.stdout is not None
    moment, delay = chance.choice(MOMENTS), chance.randint(0, 60)  # then so many acknowledgements more
    reported: list[str] = []
    reached = False
    with shop.stdout as pipe:
        for number, line in enumerate(pipe):
            reported.append(line.decode().rstrip("\n"))
            reached = reached or reported[-1].startswith(moment)
            delay -= reached and reported[-1].startswith("ack")
            if (reached and delay < 0) or number > LONGEST_LIFE:
                break
        os.kill(shop.pid, signal.SIGKILL)
        rest = pipe.read().decode()  # acknowledged before it died
    assert shop.wait() == -signal.SIGKILL
    return reported + rest.splitlines()


def endure(lake: Lake, kills: int, seed: int) -> None:
    chance = random.Random(seed)
    reported = [line for run in range(kills) for line in live_and_die(lake.root, f"{run:02d}", chance)]
    acknowledged = [event_id for line in reported if line.startswith("ack ") for event_id in line.split()[1:]]
    assert len(acknowledged) > kills

    with Platform(lake, options=PlatformOptions(history_seconds=3600, reserve_bytes=0, keep_bytes=2**40)) as platform:
        platform.curate()

    place = str(lake.root / CURATED / "events" / "*" / "*.parquet")
    with duckdb.connect() as connection:
        curated = dict(
            connection.execute("select event_id, count(*) from read_parquet(?) group by 1", [place]).fetchall()
        )
    lost = [event_id for event_id in acknowledged if event_id not in curated]
    assert lost == []
    assert [event_id for event_id, copies in curated.items() if copies != 1] == []

    # the log kept everything: what it holds is what the lake received, no entry twice and none missing
    kinds = Counter(entry.kind for entry in LogReader(lake.root / STREAM).read(None, 10**9).entries)
    found = account(lake)
    assert found.holds
    assert (found.raw_events, found.raw_quarantine, found.waiting.records) == (
        kinds[Kind.EVENT],
        kinds[Kind.REFUSED],
        0,
    )
    assert found.duplicates > 0


def test_every_acknowledged_event_is_curated_exactly_once_after_three_kills(tmp_path: Path) -> None:
    endure(Lake.create(tmp_path / "lake"), kills=3, seed=1)


@pytest.mark.load
def test_every_acknowledged_event_is_curated_exactly_once_after_twenty_kills(tmp_path: Path) -> None:
    endure(Lake.create(tmp_path / "lake"), kills=20, seed=2)
