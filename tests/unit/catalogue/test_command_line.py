"""What both command lines share, as processes in a real pipe."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.lake import Lake
from tests.support.paths import ROOT


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "first_line"),
    [
        ("pipeline import --example-map", "# How the columns of a table become events. Import with:\n"),
        ("pipeline status --lake {lake}", None),
        ("pipeline --help", None),
        ("console query --help", None),
    ],
)
@pytest.mark.parametrize("reader", ["head -1", "true"])
def test_a_reader_that_has_seen_enough_ends_a_command_without_a_word(
    tmp_path: Path, command: str, first_line: str | None, reader: str
):
    lake = Lake.create(tmp_path / "lake")
    # `true` reads nothing: the pipe is closed long before the first word is written
    piped = f"{sys.executable} -m {command.format(lake=lake.root)} | {reader}; echo ${{PIPESTATUS[0]}} >&2"
    done = subprocess.run(["bash", "-c", piped], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert done.stderr in {"0\n", "141\n"}
    if first_line is not None and reader != "true":
        assert done.stdout == first_line
