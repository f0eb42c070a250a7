"""Tests of one group run on one worker: each starts Trino, PostgreSQL or Spark once, not once a worker."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = """
import os
from pathlib import Path
import pytest

@pytest.mark.xdist_group("a server")
@pytest.mark.parametrize("number", range(8))
def test_it(number, tmp_path):
    (Path(__file__).parent / f"{os.environ['PYTEST_XDIST_WORKER']}.{number}").touch()
"""


def test_a_group_of_tests_runs_on_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = xdist_group: a group\n", encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    ran = sorted(path.name for path in tmp_path.glob("gw*"))
    assert len(ran) == 8
    assert len({name.partition(".")[0] for name in ran}) == 1, ran
