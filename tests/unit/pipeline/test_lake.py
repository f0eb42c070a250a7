"""The lake folder: settings, one writer, and changes that happen whole or not at all."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.errors import LakeError, SettingsError
from pipeline.lake import RAW_EVENTS, Lake, LakeSettings
from pipeline.transaction import finish
from tests.support.paths import ROOT


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake.create(tmp_path / "lake")


def texts(lake: Lake) -> dict[str, str]:
    """Every file that a reader can see, with its content."""
    paths = [path for path in lake.root.rglob("*") if path.is_file() and ".staging" not in path.parts]
    return {str(path.relative_to(lake.root)): path.read_text() for path in paths if path.name[0] != "."}


def write(lake: Lake, **files: str) -> None:
    with lake.writing(), lake.transaction() as change:
        for name, text in files.items():
            change.stage(f"raw/events/{name}.jsonl").write_text(text)


def test_a_new_lake_has_default_settings_and_opens_again(tmp_path: Path):
    made = Lake.create(tmp_path / "a" / "lake")
    assert made.settings == LakeSettings("UTC", "USD", 1100)
    assert (
        Lake.open(tmp_path / "a" / "lake") == made == Lake.create(tmp_path / "a" / "lake", LakeSettings("Asia/Tokyo"))
    )


def test_settings_are_read_back_as_they_were_written(tmp_path: Path):
    chosen = LakeSettings("Europe/London", "GBP", 400)
    assert Lake.create(tmp_path / "lake", chosen).settings == chosen == Lake.open(tmp_path / "lake").settings


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('reporting_time_zone = "Mars/Olympus"', "Time zone 'Mars/Olympus' is unknown.*Europe/London"),
        ('reporting_time_zone = "../etc"', "Time zone"),
        ('reporting_currency = "eur"', "Currency 'eur' is not an ISO 4217 code.*EUR"),
        ("retention_days = 0", "Retention must be at least one day"),
        ('time_zone = "UTC"', "Unknown setting 'time_zone'.*reporting_time_zone"),
    ],
)
def test_a_wrong_setting_is_named_with_its_remedy(lake: Lake, line: str, message: str):
    (lake.root / "lake.toml").write_text(line)
    with pytest.raises(SettingsError, match=message):
        Lake.open(lake.root)


def test_a_damaged_settings_file_is_named(lake: Lake):
    (lake.root / "lake.toml").write_bytes(b"\xff = [")
    with pytest.raises(LakeError, match=r"settings cannot be read.*lake\.toml"):
        Lake.open(lake.root)


def test_no_lake_is_made_in_a_folder_of_other_files(tmp_path: Path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(LakeError, match=r"files that are not a lake's.*--lake DIR"):
        Lake.create(tmp_path)
    with pytest.raises(LakeError, match="cannot be written"):
        Lake.create(tmp_path / "letter.txt" / "lake")


def test_there_is_no_lake_where_none_was_made(tmp_path: Path):
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(LakeError, match="There is no lake here"):
            Lake.open(place)


def test_a_damaged_state_is_named_with_its_remedy(lake: Lake):
    assert lake.state() == {}
    write(lake)
    (lake.root / "curated").mkdir()
    (lake.root / "curated/state.json").write_text('{"version": 1')
    with pytest.raises(LakeError, match=r"state\.json.*Remove the file"):
        lake.state()


@pytest.mark.slow
def test_staged_files_appear_together_when_the_block_ends(lake: Lake):
    with lake.writing(), lake.transaction() as change:
        change.stage("raw/events/a.jsonl").write_text("a")
        change.stage("raw/events/never-written.jsonl")
        made = change.folder / "made"
        made.write_text("b")
        change.adopt(made, "curated/b.parquet")
        assert texts(lake).keys() == {"lake.toml"}
    assert texts(lake) == {"lake.toml": LakeSettings().as_toml(), "raw/events/a.jsonl": "a", "curated/b.parquet": "b"}
    assert not change.folder.exists()


def test_nothing_appears_when_the_block_raises(lake: Lake):
    write(lake, a="old")
    before = texts(lake)
    with pytest.raises(KeyboardInterrupt):
        interrupted(lake)
    assert texts(lake) == before
    assert not list((lake.root / ".staging").iterdir())


def interrupted(lake: Lake) -> None:
    with lake.writing(), lake.transaction() as change:
        change.stage("raw/events/a.jsonl").write_text("new")
        change.remove("raw/events/a.jsonl")
        raise KeyboardInterrupt


def test_a_file_that_is_removed_and_written_again_stays(lake: Lake):
    write(lake, a="old", b="old")
    with lake.writing(), lake.transaction() as change:
        change.remove("raw/events/a.jsonl")
        change.remove("raw/events/b.jsonl")
        change.remove("raw/events/absent.jsonl")
        change.stage("raw/events/a.jsonl").write_text("new")
    assert lake.raw_files(RAW_EVENTS) == ["raw/events/a.jsonl"]
    assert texts(lake)["raw/events/a.jsonl"] == "new"


def test_a_folder_goes_with_its_last_file(lake: Lake):
    with lake.writing(), lake.transaction() as change:
        change.stage("curated/orders/2026-03/data.parquet").write_text("old")
        change.stage("curated/orders/2026-04/data.parquet").write_text("old")
        change.stage("curated/orders/2026-04/part-00001.parquet").write_text("old")
    with lake.writing(), lake.transaction() as change:
        change.remove("curated/orders/2026-03/data.parquet")
        change.remove("curated/orders/2026-04/data.parquet")
    assert [path.name for path in (lake.root / "curated/orders").iterdir()] == ["2026-04"]


def test_a_committed_change_can_be_carried_out_any_number_of_times(
    lake: Lake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(lake, a="old")
    monkeypatch.setattr("pipeline.transaction.finish", lambda root, durable: None)  # killed right after the commit
    with lake.writing(), lake.transaction() as change:
        change.stage("raw/events/a.jsonl").write_text("new")
        change.stage("raw/events/sub/b.jsonl").write_text("b")
    monkeypatch.undo()
    assert not lake.is_settled
    assert texts(lake)["raw/events/a.jsonl"] == "old"
    shutil.copy(lake.root / ".journal.json", tmp_path / "journal")
    for _ in range(2):
        lake.recover()
        assert lake.is_settled
        assert (texts(lake)["raw/events/a.jsonl"], texts(lake)["raw/events/sub/b.jsonl"]) == ("new", "b")
        assert not list((lake.root / ".staging").glob("*"))
        shutil.copy(tmp_path / "journal", lake.root / ".journal.json")
    finish(lake.root)


def test_the_next_writer_forgets_what_a_killed_one_did_not_commit(lake: Lake):
    script = (
        "import os, signal, sys; from pipeline.lake import Lake; lake = Lake.open(sys.argv[1])\n"
        "with lake.writing(), lake.transaction() as change:\n"
        "    change.stage('raw/events/a.jsonl').write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(lake.root)], env={"PYTHONPATH": str(ROOT)}, check=False)
    assert killed.returncode == -9
    assert list((lake.root / ".staging").iterdir())
    write(lake, b="b")
    assert lake.raw_files(RAW_EVENTS) == ["raw/events/b.jsonl"]
    assert not list((lake.root / ".staging").glob("*"))


def test_a_second_writer_is_refused_also_from_another_process(lake: Lake):
    script = "import sys; from pipeline.lake import Lake\nwith Lake.open(sys.argv[1]).writing(): pass"
    command = [sys.executable, "-c", script, str(lake.root)]
    with lake.writing():
        with pytest.raises(LakeError, match=r"Another process is writing.*Wait"), lake.writing():
            pass
        refused = subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)
    assert "LakeError: Another process is writing" in refused.stderr
    subprocess.run(command, env={"PYTHONPATH": str(ROOT)}, check=True)


def test_recovery_waits_for_a_writer_at_work(lake: Lake):
    with lake.writing():
        (lake.root / ".journal.json").write_text("{}")
        lake.recover()
        assert not lake.is_settled
        (lake.root / ".journal.json").unlink()


def test_a_disk_that_refuses_to_sync_leaves_the_lake_as_it_was(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    write(lake, a="old")
    before = texts(lake)

    def refuse(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(LakeError, match=r"cannot be written: No space left on device.*Free space"):
        write(lake, a="new")
    monkeypatch.undo()
    assert texts(lake) == before
    assert not list((lake.root / ".staging").iterdir())
    write(lake, a="new")
    assert texts(lake)["raw/events/a.jsonl"] == "new"


def test_a_move_that_fails_after_the_commit_is_made_by_the_next_writer(lake: Lake, monkeypatch: pytest.MonkeyPatch):
    (lake.root / "raw").write_text("a file where a folder must be")
    with pytest.raises(LakeError, match="The lake cannot be written"):
        write(lake, a="a", b="b")
    (lake.root / "raw").unlink()
    write(lake, c="c")
    assert lake.raw_files(RAW_EVENTS) == [f"raw/events/{name}.jsonl" for name in "abc"]


def test_raw_files_are_sorted_and_leave_out_what_is_no_data(lake: Lake):
    write(lake, b="b", a="a", _SUCCESS="", **{".hidden": "x"})
    assert lake.raw_files(RAW_EVENTS) == ["raw/events/a.jsonl", "raw/events/b.jsonl"]
    assert lake.raw_files("raw/absent") == []


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('retention_days = "long"', "retention_days is 'long' (retention_days). Write it as a whole number."),
        ("retention_days = true", "retention_days is True"),
        ("reporting_time_zone = 5", "reporting_time_zone is 5 (reporting_time_zone). Write it as text in quotes."),
        ("reporting_currency = 1.5", "reporting_currency is 1.5"),
    ],
)
def test_a_setting_of_the_wrong_kind_is_named(tmp_path: Path, line: str, complaint: str):
    (tmp_path / "lake.toml").write_text(line)
    with pytest.raises(SettingsError, match=re.escape(complaint)):
        Lake.open(tmp_path)
