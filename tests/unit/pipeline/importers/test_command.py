"""``python -m pipeline import`` as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.errors import ImportFailed, LakeError, SettingsError
from pipeline.importers import command
from pipeline.importers.mapping import EXAMPLE
from pipeline.lake import Lake, LakeSettings
from tests.support.commands import call
from tests.support.raw import records

HEADER = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country"
ROW = "536365,85123A,HEART HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom"

Run = Callable[..., list[Lake]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command; gives the lakes that were to be curated."""
    curated: list[Lake] = []
    monkeypatch.setattr(command, "curate_lake", curated.append)

    def called(*words: str | Path) -> list[Lake]:
        assert call("import", *words, "--create") == 0
        return curated

    return called


def test_a_file_is_imported_into_a_new_lake_with_the_datasets_settings_then_curated(
    run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{ROW}\nshort\n")
    [lake] = run("online-retail", tmp_path / "a.csv", "--lake", tmp_path / "lake")
    assert lake.settings == LakeSettings("Europe/London", "GBP")
    written = capsys.readouterr()
    assert "2 rows received = 1 accepted + 0 duplicates + 1 quarantined" in written.out
    assert "a.csv:3: Row on line 3 has 1 fields; the header has 8." in written.out
    assert written.err == ""


def test_a_lake_that_exists_keeps_its_settings(run: Run, tmp_path: Path):
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{ROW}\n")
    Lake.create(tmp_path / "lake", LakeSettings(reporting_currency="EUR"))
    [lake] = run("online-retail", tmp_path / "a.csv", "--lake", tmp_path / "lake")
    assert lake.settings == LakeSettings(reporting_currency="EUR")


def test_the_lake_comes_from_the_environment_where_no_option_names_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "a.csv").write_text(f"{HEADER}\n{ROW}\n")
    monkeypatch.setenv("TAKINGS_LAKE", str(tmp_path / "elsewhere"))
    [lake] = run("online-retail", tmp_path / "a.csv")
    assert lake.root == tmp_path / "elsewhere"


def test_the_example_mapping_is_printed_without_a_file(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("csv", "--example-map") == []
    assert capsys.readouterr().out == EXAMPLE


def test_options_that_do_not_fit_are_refused_by_name(run: Run, tmp_path: Path):
    with pytest.raises(SettingsError, match=r"No file was named \(FILE\)"):
        run("rees46", "--lake", tmp_path / "lake")
    with pytest.raises(SettingsError, match=r"needs a mapping \(--map\)"):
        run("csv", "a.csv", "--lake", tmp_path / "lake")
    with pytest.raises(SettingsError, match=r"rees46 has its own mapping \(--map\)"):
        run("rees46", "a.csv", "--map", "m.toml", "--lake", tmp_path / "lake")


def test_a_first_import_that_fails_is_not_curated_and_decides_nothing_about_the_lake(run: Run, tmp_path: Path):
    with pytest.raises(ImportFailed, match="no such file"):
        run("online-retail", tmp_path / "none.csv", "--lake", tmp_path / "lake")
    with pytest.raises(LakeError, match="There is no lake here"):
        Lake.open(tmp_path / "lake")
    assert Lake.create(tmp_path / "lake").settings == LakeSettings()


def test_events_belong_to_the_namespace_that_the_option_or_the_mapping_names(run: Run, tmp_path: Path):
    (tmp_path / "orders.csv").write_text("Day,Who,What\n2026-01-05,c1,A1\n")
    (tmp_path / "map.toml").write_text(
        """
        namespace = "web-shop"
        [columns]
        occurred_at = "Day"
        customer_id = "Who"
        product_id = "What"
        [constants]
        event_type = "product_view"
        [event_id]
        columns = ["Day", "Who"]
        """
    )
    words = ("csv", tmp_path / "orders.csv", "--map", tmp_path / "map.toml", "--lake", tmp_path / "lake")
    run(*words)
    run(*words, "--namespace", "till")
    run(*words, "--namespace", "")
    events = records(Lake.open(tmp_path / "lake"), "raw/events")
    assert sorted(event.get("namespace", "") for event in events) == ["", "till", "web-shop"]
    with pytest.raises(SettingsError, match=r"'web shop' is no namespace \(--namespace\)"):
        run(*words, "--namespace", "web shop")


def test_the_example_mapping_needs_no_importer(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("--example-map") == []
    assert capsys.readouterr().out == EXAMPLE
