"""How far a training is, as another process reads it."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from catalogue.errors import SourceError
from pipeline.recommend.learning.progress import FILE, LOST, last_training, reported

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_there_is_nothing_to_say_before_the_first_training(tmp_path: Path):
    assert last_training(tmp_path) == (None, False)


def test_the_step_and_its_share_are_seen_while_it_runs_and_that_it_has_ended_afterwards(tmp_path: Path):
    with reported(tmp_path, now=lambda: NOON) as report:
        training, is_running = last_training(tmp_path)
        assert training is not None
        assert (training.step, training.done, is_running) == ("Reading the lake", 0.0, True)
        report("Measuring", 0.35)
        training, is_running = last_training(tmp_path)
        assert training is not None
        assert (training.step, training.done, training.started_at, is_running) == ("Measuring", 0.35, NOON, True)
    training, is_running = last_training(tmp_path)
    assert training is not None
    assert (training.done, training.ended_at, training.failure, is_running) == (1.0, NOON, "", False)


def test_a_failure_is_kept_in_its_own_words_and_travels_on(tmp_path: Path):
    with pytest.raises(SourceError), reported(tmp_path):
        raise SourceError("The disk is full", where="/lake", remedy="Free it.")
    training, is_running = last_training(tmp_path)
    assert training is not None
    assert not is_running
    assert training.failure == "The disk is full (/lake). Free it."


def test_one_that_was_killed_says_so_instead_of_running_for_ever(tmp_path: Path):
    code = (
        "import os, signal, sys; from pathlib import Path; from pipeline.recommend.learning.progress import reported\n"
        "with reported(Path(sys.argv[1])) as report:\n"
        "    report('Learning', 0.5); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=False)
    training, is_running = last_training(tmp_path)
    assert training is not None
    assert (training.step, training.failure, is_running) == ("Learning", LOST, False)


def test_of_two_at_once_the_first_is_reported(tmp_path: Path):
    with reported(tmp_path) as first:
        first("Learning", 0.5)
        with reported(tmp_path) as second:
            second("Reading", 0.1)
        training, is_running = last_training(tmp_path)
        assert training is not None
        assert (training.step, is_running) == ("Learning", True)


def test_a_folder_that_cannot_be_written_stops_no_training(tmp_path: Path):
    with reported(tmp_path / "nowhere") as report:
        report("Learning", 0.5)
    assert last_training(tmp_path / "nowhere") == (None, False)


def test_a_file_that_cannot_be_read_is_no_training(tmp_path: Path):
    (tmp_path / FILE).write_text("{")
    assert last_training(tmp_path) == (None, False)
