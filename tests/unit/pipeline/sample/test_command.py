"""``python -m pipeline sample``: options, refusals and what it says."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.errors import LakeError, SettingsError
from pipeline.lake import RAW_EVENTS, Lake
from pipeline.sample.command import add_sample_arguments, run_sample


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_sample_arguments(parser)
    return parser.parse_args(words)


def test_the_sample_is_written_then_curated_and_reported_without_a_bar(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    curated: list[Path] = []
    run_sample(
        options("--lake", str(tmp_path), "--events", "3000", "--end", "2026-03-01"),
        lambda lake: curated.append(lake.root),
    )
    said = capsys.readouterr()
    assert curated == [tmp_path]
    assert said.out == ""
    assert said.err.splitlines()[:2] == ["Planning visits", "Writing events"]
    assert "Wrote 3,000 records from 2025-01-29 to 2026-03-01" in said.err
    assert "2,995 events, 3 duplicates, 2 quarantined" in said.err


def test_a_lake_with_data_is_refused_and_kept_with_if_missing(tmp_path: Path) -> None:
    words = ("--lake", str(tmp_path), "--events", "2000", "--end", "2026-03-01")
    curated: list[Lake] = []
    run_sample(options(*words), curated.append)
    (tmp_path / "curated").mkdir()
    (tmp_path / "curated" / "state.json").write_text('{"version": 1}')
    files = Lake.open(tmp_path).raw_files(RAW_EVENTS)
    with pytest.raises(LakeError, match="holds data already"):
        run_sample(options(*words), curated.append)
    run_sample(options(*words, "--if-missing"), curated.append)
    assert len(curated) == 1
    assert Lake.open(tmp_path).raw_files(RAW_EVENTS) == files


def test_if_missing_finishes_a_run_that_was_broken_off_before_or_after_writing(tmp_path: Path) -> None:
    words = ("--lake", str(tmp_path), "--events", "2000", "--end", "2026-03-01", "--if-missing")
    Lake.create(tmp_path)  # as a run leaves it that ends before its transaction
    curated: list[Lake] = []
    run_sample(options(*words), curated.append)
    assert Lake.open(tmp_path).is_sample
    run_sample(options(*words), curated.append)  # written, but never curated
    assert len(curated) == 2


def test_a_day_that_is_not_over_and_a_negative_seed_are_refused(tmp_path: Path) -> None:
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    with pytest.raises(SettingsError, match="later than today"):
        run_sample(options("--lake", str(tmp_path), "--end", tomorrow), lambda _lake: None)
    with pytest.raises(SettingsError, match="seed"):
        run_sample(options("--lake", str(tmp_path), "--seed", "-1"), lambda _lake: None)
    assert not (tmp_path / "lake.toml").exists()


def test_a_word_that_is_no_date_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options("--end", "yesterday")
    assert "'yesterday' is not a date such as 2026-03-01" in capsys.readouterr().err


def test_a_refused_sample_leaves_no_lake_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError):
        run_sample(
            options("--lake", str(tmp_path / "new"), "--events", "10", "--end", "2026-03-01"), lambda _lake: None
        )
    assert not (tmp_path / "new" / "lake.toml").exists()
