"""Killed, refused by the disk, or met by a second writer: the tables are the old ones or the new ones."""

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from catalogue.errors import LakeError
from pipeline.curate import curate
from pipeline.lake import Lake
from tests.support.given import Given, event
from tests.support.paths import ROOT, SUPPORT


def sale(event_id: str, at: str, order: str) -> object:
    return event(event_id, at, event_type="purchase", order_id=order, product={"name": f"Lamp {event_id}"})


def fill(given: Given) -> Given:
    """A curated lake with new raw records that change standing days, add one and empty another."""
    given.events(
        sale("e1", "2026-03-01 12:00", "o1"),
        sale("e2", "2026-03-02 12:00", "o2"),
        event("e3", "2026-04-04 12:00", customer_id="c3"),
    ).curate()
    return given.events(
        sale("e1", "2026-03-01 12:00", "o1"),
        sale("e4", "2026-03-03 12:00", "o4"),
        event("e3", "2026-03-02 12:00", customer_id="c3"),
    ).raw(b"{\n")


def test_a_killed_curation_leaves_the_old_tables_or_the_new_ones(given: Given, tmp_path: Path):
    fill(given)
    old = given.files()
    copies = tmp_path / "copies"
    command = [sys.executable, str(SUPPORT / "killed_curation.py"), str(given.lake.root), str(copies)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT)})
    runs = done.stdout.split()
    new = _opened(copies / runs[-1]).files()
    assert new != old
    assert any("2026-04" in name for name in old.keys() - new.keys())
    seen = []
    for name in runs:
        lake = _opened(copies / name)
        lake.lake.recover()  # what a reader does first
        seen.append(lake.files())
        assert seen[-1] in (old, new), f"killed at operation {name}"
        assert lake.state()["version"] == (1 if seen[-1] == old else 2)
    for name in (*runs[::15], runs[-2]):
        lake = _opened(copies / name).curate()
        assert lake.files() == new, f"killed at operation {name}"
        assert not list((lake.lake.root / ".staging").glob("*"))
        assert not (lake.lake.root / ".journal.json").exists()
    assert seen.count(old) > 5
    assert seen.count(new) > 10, "many were killed after the commit"
    assert seen == sorted(seen, key=lambda files: files == new), "once committed, always committed"


def _opened(root: Path) -> Given:
    given = Given.__new__(Given)
    given.lake, given.reports = Lake.open(root), []
    return given


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """The operating system refuses to let any file grow beyond `size` bytes, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [0, 800, 3_000])
@pytest.mark.parametrize("full", [False, True], ids=["new", "full"])
def test_a_disk_that_refuses_a_write_leaves_the_old_tables(given: Given, size: int, full: bool):
    fill(given)
    old, state = given.files(), given.state()
    with largest_file(size), pytest.raises(LakeError, match="Free"):
        curate(given.lake, full=full)
    assert (given.files(), given.state()) == (old, state)
    assert not list((given.lake.root / ".staging").glob("*"))
    assert given.curate().report.received == 7


def test_a_second_writer_is_refused_and_the_first_one_goes_on(given: Given):
    fill(given)
    with given.lake.writing():
        with pytest.raises(LakeError, match="Another process is writing"):
            curate(given.lake)
        given.lake.recover()
    assert given.curate().report.received == 7
