"""`kill -9` while calls are metered: every call that the meter took stands in the lake once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from console.metering.folder import FolderCalls
from console.metering.journal import FOLDER, Journal
from tests.support.paths import ROOT, SUPPORT

TELLER = SUPPORT / "killed_meter.py"


def begun(lake: Path, run: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(TELLER), str(lake), run],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )


def reported(teller: subprocess.Popen[bytes], calls: int) -> list[str]:
    """Kill a teller after so many calls: the ids that the meter had taken."""
    assert teller.stdout is not None
    with teller.stdout as pipe:
        lines = [pipe.readline() for _ in range(calls)]
        os.kill(teller.pid, signal.SIGKILL)
        lines += pipe.read().splitlines(keepends=True)
    assert teller.wait() == -signal.SIGKILL
    return [line.decode().strip() for line in lines if line.endswith(b"\n")]


def standing(lake: Path) -> list[str]:
    """The ids of the calls in the lake."""
    files = (lake / "console/console_calls").rglob("*.parquet")
    return [query_id for path in files for query_id in pq.ParquetFile(path).read().column("query_id").to_pylist()]


@pytest.mark.parametrize("seed", [1, 2])
def test_a_killed_process_loses_no_call_and_none_counts_twice(tmp_path: Path, seed: int) -> None:
    chance, taken = random.Random(seed), list[str]()
    for run in range(4):
        one, other = begun(tmp_path, f"{run}a"), begun(tmp_path, f"{run}b")  # two consoles on one lake
        taken += reported(one, chance.randint(1, 300))
        taken += reported(other, chance.randint(1, 300))
    Journal(tmp_path / FOLDER).recover(FolderCalls(tmp_path))
    found = standing(tmp_path)
    assert len(found) == len(set(found))
    assert set(taken) <= set(found)
    assert len(found) - len(taken) <= 8  # taken in the moment of the kill, and not told any more
    assert list((tmp_path / FOLDER).glob("*.jsonl")) == []
