"""Two workers share the tests: both find the same ones, and those of one group run on one of them.

A group starts Trino, PostgreSQL or Spark once, not once a worker.
"""

from __future__ import annotations

import gzip
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import LONGEST_VALUE, pytest_make_parametrize_id
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

TESTS = """
import os
from pathlib import Path
import pytest

@pytest.mark.xdist_group("a server")
@pytest.mark.parametrize("number", range(8))
def test_it(number, tmp_path):
    (Path(__file__).parent / f"{os.environ['PYTEST_XDIST_WORKER']}.{number}").touch()
"""


def with_two_workers(folder: Path) -> subprocess.CompletedProcess[str]:
    """What pytest says of the tests in a folder."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_a_group_of_tests_runs_on_one_worker(tmp_path: Path) -> None:
    (tmp_path / "test_grouped.py").write_text(TESTS, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = xdist_group: a group\n", encoding="utf-8")
    done = with_two_workers(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    ran = sorted(path.name for path in tmp_path.glob("gw*"))
    assert len(ran) == 8
    assert len({name.partition(".")[0] for name in ran}) == 1, ran


CRASH = """
import os, signal
import pytest

@pytest.mark.xdist_group("a server")
@pytest.mark.parametrize("number", range(8))
def test_in_a_group(number):
    if number == 3:
        os.kill(os.getpid(), signal.SIGSEGV)

@pytest.mark.parametrize("number", range(20))
def test_alone(number):
    pass
"""


def test_a_worker_that_crashes_ends_the_run_and_its_test_is_named(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    (tmp_path / "test_crash.py").write_text(CRASH, encoding="utf-8")
    options = " ".join(option for option in pytestconfig.getini("addopts") if "worker" in option)
    (tmp_path / "pytest.ini").write_text(f"[pytest]\nmarkers = xdist_group: a group\naddopts = {options}\n", "utf-8")
    done = with_two_workers(tmp_path)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "crashed while running 'test_crash.py::test_in_a_group[3]@a server'" in done.stdout


@pytest.mark.parametrize("second", [1, 2])
@pytest.mark.parametrize("rows", [0, 5000])
def test_a_case_of_bytes_has_the_same_name_at_any_second(pytestconfig: pytest.Config, second: int, rows: int) -> None:
    packed = gzip.compress(b"row\n" * rows, mtime=second)
    assert pytest_make_parametrize_id(pytestconfig, packed, "content") == "content"


def test_a_case_is_named_by_a_value_that_can_be_read(pytestconfig: pytest.Config) -> None:
    assert pytest_make_parametrize_id(pytestconfig, b"[]", "body") is None, "pytest's own name: the value"
    assert pytest_make_parametrize_id(pytestconfig, 5, "number") is None
    assert pytest_make_parametrize_id(pytestconfig, "select 1", "sql") is None
    assert pytest_make_parametrize_id(pytestconfig, "a" * 5000, "sql") == "a" * LONGEST_VALUE


def test_the_engines_tests_are_in_the_folders_that_are_searched_for_them() -> None:
    (line,) = re.findall(r"^ENGINES := (.+)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    marked = re.compile(r"mark\.engines\b|spark_session\.marks\(")
    modules = [path for path in (ROOT / "tests").rglob("test_*.py") if marked.search(path.read_text(encoding="utf-8"))]
    searched = [ROOT / place for place in line.split()]
    elsewhere = [path for path in modules if not any(path.is_relative_to(place) for place in searched)]
    assert modules
    assert elsewhere == []


def test_every_test_has_the_same_name_whatever_the_seed_of_hashes(request: pytest.FixtureRequest) -> None:
    here = {item.nodeid.partition("@")[0] for item in request.session.items}
    elsewhere = collected_by_another_process({name.partition("::")[0] for name in here})
    assert [name for name in here if name not in elsewhere] == [], (
        "a process has a seed of its own, unless one is given"
    )


def collected_by_another_process(files: set[str]) -> str:
    """The names of the tests in some files, as a worker with another seed prints them; some have line breaks."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *sorted(files)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
