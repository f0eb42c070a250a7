"""``python -m pipeline sample``: options, refusals and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalogue.errors import LakeError, SettingsError
from pipeline.lake import RAW_EVENTS, SAMPLE, Lake
from pipeline.sample import command
from tests.support.commands import call


@pytest.fixture
def curated(monkeypatch: pytest.MonkeyPatch) -> list[Lake]:
    """The lakes that were curated, in place of curating them."""
    lakes: list[Lake] = []
    monkeypatch.setattr(command, "curate_lake", lakes.append)
    return lakes


def test_the_sample_is_written_then_curated_and_reported_without_a_bar(
    tmp_path: Path, curated: list[Lake], capsys: pytest.CaptureFixture[str]
) -> None:
    call("sample", "--lake", str(tmp_path), "--events", "3000", "--end", "2026-03-01")
    said = capsys.readouterr()
    assert [lake.root for lake in curated] == [tmp_path]
    assert said.out == ""
    assert said.err.splitlines()[:2] == ["Planning visits", "Writing events"]
    assert "Wrote 3,000 records from 2025-01-29 to 2026-03-01" in said.err
    assert "2,995 events, 3 duplicates, 2 quarantined" in said.err


@pytest.mark.slow
def test_a_lake_with_data_is_refused_and_kept_with_if_missing(tmp_path: Path, curated: list[Lake]) -> None:
    words = ("--lake", str(tmp_path), "--events", "2000", "--end", "2026-03-01")
    call("sample", *words)
    (tmp_path / "curated").mkdir()
    (tmp_path / "curated" / "state.json").write_text('{"version": 1}')
    files = Lake.open(tmp_path).raw_files(RAW_EVENTS)
    with pytest.raises(LakeError, match="holds data already"):
        call("sample", *words)
    call("sample", *words, "--if-missing")
    assert len(curated) == 1
    assert Lake.open(tmp_path).raw_files(RAW_EVENTS) == files


@pytest.mark.slow
def test_if_missing_finishes_a_run_that_was_broken_off_before_or_after_writing(
    tmp_path: Path, curated: list[Lake]
) -> None:
    words = ("--lake", str(tmp_path), "--events", "2000", "--end", "2026-03-01", "--if-missing")
    Lake.create(tmp_path)
    (tmp_path / SAMPLE).write_text("{}\n")  # as a run leaves it that ends before its transaction
    call("sample", *words)
    assert Lake.open(tmp_path).is_sample
    call("sample", *words)  # written, but never curated
    assert len(curated) == 2


def test_if_missing_leaves_an_empty_lake_of_ones_own_empty(tmp_path: Path, curated: list[Lake]) -> None:
    call("init", str(tmp_path / "shop"))
    call("sample", "--lake", str(tmp_path / "shop"), "--events", "2000", "--end", "2026-03-01", "--if-missing")
    assert not Lake.open(tmp_path / "shop").is_sample
    assert Lake.open(tmp_path / "shop").raw_files(RAW_EVENTS) == []
    assert curated == []


def test_a_sample_that_is_killed_before_it_is_written_is_known_for_what_it_was(
    tmp_path: Path, curated: list[Lake], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object, **__: object) -> None:
        raise SystemExit

    monkeypatch.setattr("pipeline.sample.year.generate", killed)
    with pytest.raises(SystemExit):
        call("sample", "--lake", str(tmp_path / "new"), "--events", "2000", "--end", "2026-03-01")
    assert Lake.open(tmp_path / "new").is_sample


def test_a_day_that_is_not_over_and_a_negative_seed_are_refused(tmp_path: Path, curated: list[Lake]) -> None:
    tomorrow = (datetime.now(UTC).date() + timedelta(days=1)).isoformat()
    with pytest.raises(SettingsError, match="later than today"):
        call("sample", "--lake", str(tmp_path), "--end", tomorrow)
    with pytest.raises(SettingsError, match="seed"):
        call("sample", "--lake", str(tmp_path), "--seed", "-1")
    assert not (tmp_path / "lake.toml").exists()


def test_a_word_that_is_no_date_is_named() -> None:
    with pytest.raises(SettingsError, match="'yesterday' is not a date such as 2026-03-01"):
        call("sample", "--end", "yesterday")


def test_a_refused_sample_leaves_no_lake_where_there_was_none(tmp_path: Path, curated: list[Lake]) -> None:
    with pytest.raises(SettingsError):
        call("sample", "--lake", str(tmp_path / "new"), "--events", "10", "--end", "2026-03-01")
    assert not (tmp_path / "new" / "lake.toml").exists()
