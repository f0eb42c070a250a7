"""Settings: read once, typed, and every wrong value named."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from pathlib import Path

import pytest

from catalogue.errors import LakeMissing, SettingsError
from console import settings, wiring
from console.settings import Settings, read
from pipeline.lake import Lake, LakeSettings
from tests.support.paths import ROOT


def test_without_variables_the_console_is_embedded_on_lake_for_every_region() -> None:
    assert read({}) == Settings("embedded", Path.cwd() / "lake", None)


def test_the_lake_is_an_absolute_folder_and_an_empty_variable_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    assert read({"TAKINGS_LAKE": "~/shop"}).lake == Path("/home/ann/shop")
    assert read({"TAKINGS_LAKE": "shop"}).lake == Path.cwd() / "shop"
    assert read({"TAKINGS_LAKE": ""}).lake == Path.cwd() / "lake"


def test_regions_are_separated_by_commas_and_an_empty_list_shows_nothing() -> None:
    assert read({"TAKINGS_REGIONS": "north, south ,,"}).regions == ("north", "south")
    assert read({"TAKINGS_REGIONS": "Île-de-France"}).regions == ("Île-de-France",)
    assert read({"TAKINGS_REGIONS": ""}).regions == ()
    assert read({"TAKINGS_REGIONS": " , "}).regions == ()


def test_the_access_log_is_a_switch_and_proxies_are_networks() -> None:
    given = read({"TAKINGS_ACCESS_LOG": "1", "TAKINGS_TRUSTED_PROXIES": "10.0.0.5, 10.1.0.0/24, fd00::/8"})
    assert (given.access_log, given.trusted_proxies) == (True, ("10.0.0.5/32", "10.1.0.0/24", "fd00::/8"))
    assert (read({}).access_log, read({}).trusted_proxies) == (False, ())
    with pytest.raises(SettingsError, match=r"'yes' is neither on nor off \(TAKINGS_ACCESS_LOG\). Give 1 or 0"):
        read({"TAKINGS_ACCESS_LOG": "yes"})
    with pytest.raises(SettingsError, match=r"'\*' is no network address.*TAKINGS_TRUSTED_PROXIES"):
        read({"TAKINGS_TRUSTED_PROXIES": "*"})


def test_an_unknown_profile_names_the_variable_and_what_it_may_be() -> None:
    with pytest.raises(SettingsError, match=r"Profile 'mars' is unknown \(TAKINGS_PROFILE\). Use embedded"):
        read({"TAKINGS_PROFILE": "mars"})


def test_a_home_folder_that_is_unknown_names_the_variable() -> None:
    with pytest.raises(SettingsError, match=r"home folder that is unknown \(TAKINGS_LAKE\). Write the whole path"):
        read({"TAKINGS_LAKE": "~nobody-has-this-name/lake"})


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        read({}).profile = "aws"  # type: ignore[misc]


def test_a_folder_without_a_lake_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(LakeMissing, match=r"There is no lake here.*takings init"):
        wiring.profile(Settings(lake=tmp_path / "nowhere")).scope()


def test_a_lake_with_a_wrong_setting_is_named_by_its_file(tmp_path: Path) -> None:
    Lake.create(tmp_path / "lake")
    (tmp_path / "lake" / "lake.toml").write_text('reporting_time_zone = "Mars/Base"')
    with pytest.raises(LakeMissing, match="Time zone 'Mars/Base' is unknown"):
        wiring.profile(Settings(lake=tmp_path / "lake")).scope()


def test_everyone_shares_one_engine_and_cache_and_keeps_their_own_regions(tmp_path: Path) -> None:
    Lake.create(tmp_path / "lake", LakeSettings("Europe/London", "GBP"))
    everything = wiring.profile(Settings(lake=tmp_path / "lake")).scope()
    north = wiring.profile(Settings(lake=tmp_path / "lake", regions=("north",))).scope()
    assert wiring.profile(Settings(lake=tmp_path / "lake")).scope().engines["lake"] is everything.engines["lake"]
    assert (everything.reporting_currency, everything.reporting_time_zone) == ("GBP", "Europe/London")
    assert (everything.row_filter.regions, north.row_filter.regions) == (None, ("north",))


def test_importing_the_read_side_starts_nothing_and_loads_no_engine() -> None:
    loaded = (
        "import sys, threading, console.settings, console.wiring, catalogue.queries, console.asking.scope;"
        "print('duckdb' in sys.modules, 'streamlit' in sys.modules, 'pandas' in sys.modules, threading.active_count())"
    )
    done = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False False 1"


def test_a_folder_that_somebody_wrote_is_made_absolute() -> None:
    assert settings.folder("shop", "--lake") == Path.cwd() / "shop"


def test_the_country_whose_holidays_count_is_a_code_of_two_letters() -> None:
    assert read({}).country == "US"
    assert read({"TAKINGS_COUNTRY": " gb "}).country == "GB"
    with pytest.raises(SettingsError, match="'Germany'") as caught:
        read({"TAKINGS_COUNTRY": "Germany"})
    assert caught.value.where == "TAKINGS_COUNTRY"


def test_the_days_that_single_calls_are_kept_are_a_quarter_unless_said() -> None:
    assert read({}).call_days == 90
    assert read({"TAKINGS_CALL_DAYS": "30"}).call_days == 30
    for text in ("0", "-1", "1.5", "²", "long"):
        with pytest.raises(SettingsError, match="no number of days") as caught:
            read({"TAKINGS_CALL_DAYS": text})
        assert caught.value.where == "TAKINGS_CALL_DAYS"
