"""When the embedded platform learns what to recommend, and what happens to the process that does."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from catalogue.errors import SourceError
from pipeline.embedded.training import AGAIN, FIRST_WAIT, NightlyTraining
from pipeline.lake import STATE, Lake, LakeSettings
from tests.support.models import card

EVENING = datetime(2026, 3, 10, 20, tzinfo=UTC)
VERSION = "20260302T040000Z-aaaa"


class Cards:
    """A store of models that has cards alone."""

    def __init__(self, *trained_at: datetime) -> None:
        self.trained_at = list(trained_at)

    def cards(self) -> list[Any]:
        return [msgspec.structs.replace(card(VERSION), trained_at=at) for at in self.trained_at]


class Night:
    """A training whose process writes one line into a file, and a clock that a test sets."""

    def __init__(self, folder: Path, models: Cards, *, time_zone: str = "UTC", code: str = "") -> None:
        self.lake = Lake.create(folder / "lake", LakeSettings(reporting_time_zone=time_zone))
        self.started, self.time = folder / "started", EVENING
        command = [sys.executable, "-c", f"open({str(self.started)!r}, 'a').write('once\\n')\n{code}"]
        self.training = NightlyTraining(self.lake, models, command=command, now=lambda: self.time)  # type: ignore[arg-type]

    def curated(self) -> Night:
        (self.lake.root / STATE).parent.mkdir()
        (self.lake.root / STATE).write_text('{"version": 1}')
        return self

    def trainings(self, after: timedelta) -> int:
        """How many there were, once the clock has gone on and what was started has ended."""
        self.time += after
        self.training.step()
        process = self.training._process
        if process is not None:
            process.wait(30)
            self.training.step()
        return len(self.started.read_text().splitlines()) if self.started.exists() else 0


def test_without_a_model_one_is_learnt_a_minute_after_the_start_and_again_each_hour(tmp_path: Path) -> None:
    night = Night(tmp_path, Cards()).curated()
    assert night.trainings(timedelta(0)) == 0
    assert night.trainings(FIRST_WAIT) == 1
    assert night.trainings(AGAIN / 2) == 1
    assert night.trainings(AGAIN / 2) == 2


def test_in_a_lake_in_which_nothing_is_curated_there_is_nothing_to_learn(tmp_path: Path) -> None:
    assert Night(tmp_path, Cards()).trainings(timedelta(days=1)) == 0


@pytest.mark.parametrize(("time_zone", "hours"), [("UTC", 7), ("Asia/Kathmandu", 1.25), ("America/New_York", 11)])
def test_a_model_of_yesterday_is_learnt_again_at_three_in_the_lakes_own_night(
    tmp_path: Path, time_zone: str, hours: float
) -> None:
    night = Night(tmp_path, Cards(EVENING - timedelta(hours=1)), time_zone=time_zone).curated()
    assert night.trainings(timedelta(hours=hours) - timedelta(seconds=1)) == 0
    assert night.trainings(timedelta(seconds=1)) == 1


def test_one_that_was_kept_aside_this_night_is_enough(tmp_path: Path) -> None:
    models = Cards(EVENING + timedelta(hours=8), EVENING - timedelta(days=2))  # newest first: it was not good enough
    assert Night(tmp_path, models).curated().trainings(timedelta(hours=12)) == 0


def test_a_failure_says_what_the_process_said_and_is_tried_again_after_an_hour(tmp_path: Path) -> None:
    night = Night(tmp_path, Cards(), code="import sys; sys.exit('pipeline: the disk is full')").curated()
    with pytest.raises(SourceError, match="ended with 1: pipeline: the disk is full"):
        night.trainings(FIRST_WAIT)
    assert night.trainings(AGAIN / 2) == 1
    with pytest.raises(SourceError):
        night.trainings(AGAIN / 2)


def test_a_stop_ends_the_process_that_is_under_way(tmp_path: Path) -> None:
    night = Night(tmp_path, Cards(), code="import time; time.sleep(600)").curated()
    night.time += FIRST_WAIT
    night.training.step()
    process = night.training._process
    assert process is not None
    night.training.stop()
    assert process.poll() is not None
    night.training.stop()


def test_one_that_is_asked_for_starts_at_once_whatever_was_learnt_this_night(tmp_path: Path) -> None:
    night = Night(tmp_path, Cards(EVENING)).curated()
    assert night.trainings(FIRST_WAIT) == 0
    night.training.request()
    assert night.training.is_requested
    assert night.trainings(timedelta(0)) == 1
    assert not night.training.is_requested
    assert night.trainings(timedelta(0)) == 1


def test_without_nights_only_what_is_asked_for_is_learnt(tmp_path: Path) -> None:
    night = Night(tmp_path, Cards()).curated()
    night.training = NightlyTraining(
        night.lake, Cards(), nightly=False, command=night.training._command, now=lambda: night.time  # type: ignore[arg-type]
    )  # fmt: skip
    assert night.trainings(timedelta(days=1)) == 0
    night.training.request()
    assert night.trainings(timedelta(0)) == 1


def test_one_that_is_asked_for_while_one_is_under_way_is_that_one(tmp_path: Path) -> None:
    night = Night(tmp_path, Cards(), code="input()").curated()
    night.time += FIRST_WAIT
    night.training.step()
    assert night.training.process is not None
    night.training.request()
    assert not night.training.is_requested
    night.training.stop()
    assert night.training.process is None
