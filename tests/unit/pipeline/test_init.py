"""``takings init``: an empty lake of one's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.errors import LakeError, SettingsError
from pipeline.lake import Lake, LakeSettings
from tests.support.commands import call


def test_a_new_lake_is_empty_has_the_settings_given_and_its_next_steps_are_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "my shop"
    call("init", folder, "--currency", "EUR", "--time-zone", "Europe/Berlin")
    made = Lake.open(folder)
    assert made.settings == LakeSettings("Europe/Berlin", "EUR")
    assert not made.is_sample
    said = capsys.readouterr().out
    assert said.splitlines()[0] == f"Made an empty lake in {folder}: days in Europe/Berlin, amounts in EUR."
    assert f"takings serve --lake '{folder}'" in said


def test_a_folder_with_other_files_is_refused_and_left_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("Dear …")
    with pytest.raises(LakeError, match="holds files that are not a lake's"):
        call("init", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_a_lake_that_is_there_keeps_its_settings(tmp_path: Path) -> None:
    call("init", tmp_path, "--currency", "EUR")
    with pytest.raises(LakeError, match="There is a lake here already"):
        call("init", tmp_path, "--currency", "GBP")
    assert Lake.open(tmp_path).settings.reporting_currency == "EUR"


@pytest.mark.parametrize(
    ("option", "value", "said"), [("--currency", "euro", "ISO 4217"), ("--time-zone", "Berlin", "IANA")]
)
def test_a_wrong_setting_makes_nothing(tmp_path: Path, option: str, value: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        call("init", tmp_path / "shop", option, value)
    assert not (tmp_path / "shop").exists()
