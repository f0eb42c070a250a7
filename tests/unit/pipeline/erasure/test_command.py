"""``python -m pipeline erase`` as it is typed."""

from __future__ import annotations

import pytest
import typer

from catalogue.errors import SettingsError
from pipeline.erasure.manifest import FILE
from tests.support.commands import call
from tests.support.given import Given, event


@pytest.fixture
def shop(given: Given) -> Given:
    return given.events(
        event("e1", "2026-03-01 09:00", customer_id="c1"), event("e2", "2026-03-01 09:00", customer_id="c12")
    ).curate()


def erase(given: Given, *words: str) -> int:
    return call("erase", "--lake", given.lake.root, *words)


def test_a_dry_run_says_where_the_person_is_and_changes_nothing(shop: Given, capsys: pytest.CaptureFixture[str]):
    before = shop.files()
    assert erase(shop, "--customer", "c1", "--dry-run") == 0
    said = capsys.readouterr().out
    assert "curated/customers" in said
    assert "1 found, 1 with a longer or another id of the same characters" in said
    assert shop.files() == before


def test_without_yes_nothing_is_erased_where_nobody_can_be_asked(shop: Given):
    before = shop.files()
    with pytest.raises(typer.BadParameter, match="--yes"):
        erase(shop, "--customer", "c1")
    assert shop.files() == before


def test_an_erasure_says_what_it_changed_and_a_check_finds_nothing(shop: Given, capsys: pytest.CaptureFixture[str]):
    assert erase(shop, "--customer", "c1", "--check") == 1
    assert erase(shop, "--customer", "c1", "--yes", "--reason", "letter of 1 March") == 0
    said = capsys.readouterr().out
    assert "Erased: raw/events 1" in said
    assert said.endswith("0 records name the person.\n")
    assert erase(shop, "--customer", "c1", "--check") == 0
    assert erase(shop, "--customer", "c1", "--yes") == 0
    assert capsys.readouterr().out.endswith("Nothing in the lake names the person.\n")


def test_a_restored_backup_is_erased_again_by_the_list_that_was_kept(
    shop: Given, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
):
    restored = Given(tmp_path_factory.mktemp("restored")).events(event("e1", "2026-03-01 09:00", customer_id="c1"))
    assert erase(shop, "--customer", "c1", "--yes") == 0
    kept = str(shop.lake.root / FILE)
    assert erase(restored, "--again", "--erasures", kept, "--yes") == 0
    assert restored.column("customers", "customer_id")[0].startswith("erased-")
    assert erase(restored, "--again", "--erasures", kept, "--yes") == 0
    assert capsys.readouterr().out.endswith("Nobody who was erased is in the lake.\n")


def test_no_id_is_an_error(shop: Given):
    with pytest.raises(SettingsError, match="empty"):
        erase(shop, "--customer", "")
    with pytest.raises(SettingsError, match="empty"):
        erase(shop, "--yes")
