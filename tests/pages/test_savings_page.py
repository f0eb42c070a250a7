"""The Savings page in its states: data, partly judged, empty, failed; and its decisions, clicked."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from console.decisions import Decision
from console.decisions.embedded import EmbeddedDecisionStore
from console.savings.inventory import Inventory, Read, Unread
from console.savings.tracking import SAVING
from console.wiring.embedded import Embedded
from pipeline.lake import Lake
from tests.pages.conftest import Open, charts_of, lake_of_sales, text_of
from tests.support.saving_facts import gateway, inventory, stream, web_acl

SHARDS = "streams.shards/arn:aws:kinesis:us-east-1:210000000017:stream/events"


@pytest.fixture
def own_sample(sample_lake: Path, tmp_path: Path) -> Path:
    """A copy of the sample lake whose decisions are this test's own."""
    import shutil

    return Path(shutil.copytree(sample_lake, tmp_path / "sample"))


def lines(page: AppTest) -> list[str]:
    return [element.label.replace("\\", "") for element in page.expander]


def judging(monkeypatch: pytest.MonkeyPatch, found: Inventory) -> None:
    """Let the page judge these facts."""

    class Given:
        def inventory(self) -> Inventory:
            return found

    monkeypatch.setattr(Embedded, "inventory", lambda *_: Given())


def test_the_sample_s_savings_are_ranked_by_dollars_and_marked_as_made_up(open_page: Open, sample_lake: Path) -> None:
    page = open_page("savings", sample_lake)
    assert not page.exception
    text = text_of(page)
    assert "<h1>Savings" in text
    assert "sample data" in text
    assert "The resources are made up: they follow from the sample&#x27;s bill." in text
    assert "the sample shop&#x27;s account" in text
    assert any("Stream events needs 1 of its 2 shards" in line for line in lines(page))
    amounts = [float(line.split("$")[1].split("*")[0]) for line in lines(page) if "$" in line]
    assert amounts == sorted(amounts, reverse=True)
    assert amounts
    assert "unknown" in lines(page)[-1]
    assert "update-shard-count --stream-name events --target-shard-count 1" in text
    assert "How to undo it" in text
    assert "SELECT" in text  # behind Show SQL


def test_tiles_table_and_charts_show_the_same_dollars(open_page: Open, sample_lake: Path) -> None:
    page = open_page("savings", sample_lake)
    table = page.dataframe[0].value
    shown = sum(amount for amount in table["estimate"] if amount is not None)
    assert f"Open, a month ${shown:,.2f}" in text_of(page)
    by_check, by_effort = (list(_rows(chart)) for chart in charts_of(page)[:2])
    assert sum(by_check) == pytest.approx(float(shown), abs=0.01)
    assert sum(by_effort) == pytest.approx(float(shown), abs=0.01)


def _rows(chart: dict[str, Any]) -> list[float]:
    return [row[2] for row in chart["baseOption"]["dataset"]["source"]]


def test_what_could_not_be_judged_is_said_with_its_reason(open_page: Open, sample_lake: Path) -> None:
    text = text_of(open_page("savings", sample_lake))
    assert "Checks not judged 1" in text
    assert "<b>Cost Optimization Hub and Compute Optimizer</b>: the sample shop&#x27;s account is not enrolled" in text


def test_accepting_moves_a_saving_and_undoing_brings_it_back(open_page: Open, own_sample: Path) -> None:
    page = open_page("savings", own_sample)
    page.text_input(key=f"tk-saving-note-{SHARDS}").input("after the sale").run()
    page.button(key=f"tk-saving-accept-{SHARDS}").click().run()
    assert not page.exception
    assert not any("Stream events" in line for line in lines(page))
    assert "Accepted, a month $10.95" in text_of(page)
    kept = EmbeddedDecisionStore(own_sample / "decisions" / "decisions.sqlite").current(SAVING)[SHARDS]
    assert (kept.verdict, kept.note, kept.decided_by) == ("accepted", "after the sale", "anonymous")

    page.selectbox(key="tk-savings-state").select("Accepted").run()
    assert len(lines(page)) == 1
    text = text_of(page)
    assert "<b>Accepted</b> by anonymous" in text
    assert "after the sale" in text
    assert "Realised saving not measured" in text
    page.button(key=f"tk-saving-done-{SHARDS}").click().run()
    page.selectbox(key="tk-savings-state").select("Realised").run()
    assert "<b>Done</b> by anonymous" in text_of(page)
    page.button(key=f"tk-saving-undo-{SHARDS}").click().run()
    assert not page.exception
    assert "Accepted, a month $0.00" in text_of(page)
    page.selectbox(key="tk-savings-state").select("Open").run()
    assert any("Stream events" in line for line in lines(page))


def test_a_saving_taken_long_ago_is_held_against_the_bill(open_page: Open, own_sample: Path) -> None:
    page = open_page("savings", own_sample)
    page.button(key=f"tk-saving-accept-{SHARDS}").click().run()
    path = own_sample / "decisions" / "decisions.sqlite"
    store = EmbeddedDecisionStore(path)
    estimate = store.current("saving_estimate")[SHARDS]
    path.unlink()
    then = datetime(2026, 4, 1, 12, tzinfo=UTC)  # the sample ends with May 2026
    store.decide(Decision("saving_estimate", SHARDS, "estimated", estimate.note, "ann", then))
    store.decide(Decision(SAVING, SHARDS, "accepted", "", "ann", then + timedelta(seconds=1)))
    page.run()
    page.selectbox(key="tk-savings-state").select("Accepted").run()
    text = text_of(page)
    assert "Measured on the bill" in text
    assert "A day, 4 – 31 Mar 2026" in text
    assert "A day, 2 – 29 Apr 2026" in text
    assert page.dataframe[0].value["realised"].notna().all()


def test_dismissing_takes_it_off_the_open_list_and_keeps_why(open_page: Open, own_sample: Path) -> None:
    page = open_page("savings", own_sample)
    page.text_input(key=f"tk-saving-note-{SHARDS}").input("growth is planned").run()
    page.button(key=f"tk-saving-dismiss-{SHARDS}").click().run()
    page.selectbox(key="tk-savings-state").select("Dismissed").run()
    assert [line for line in lines(page) if "Stream events" in line]
    assert "growth is planned" in text_of(page)
    assert list(page.dataframe[0].value["note"]) == ["growth is planned"]


def test_filters_narrow_by_check_and_effort_and_say_when_nothing_is_left(open_page: Open, sample_lake: Path) -> None:
    page = open_page("savings", sample_lake)
    page.multiselect(key="tk-savings-check").select("streams").run()
    assert [line for line in lines(page) if "Stream" in line] == lines(page)
    page.multiselect(key="tk-savings-effort").select("medium").run()
    assert lines(page) == []
    assert "No saving in this selection." in text_of(page)


def test_a_link_reopens_the_filters_of_savings(open_page: Open, sample_lake: Path) -> None:
    page = open_page("savings", sample_lake)
    page.selectbox(key="tk-savings-state").select("all").run()
    page.multiselect(key="tk-savings-check").select("streams").run()
    page.multiselect(key="tk-savings-effort").select("low").run()
    assert dict(page.query_params) == {"state": "all", "check": "streams", "effort": "low"}
    again = open_page("savings", sample_lake, state=["all"], check=["streams"], effort=["low"])
    assert not again.exception
    assert again.selectbox(key="tk-savings-state").value == "all"
    assert again.multiselect(key="tk-savings-check").value == ["streams"]
    assert again.multiselect(key="tk-savings-effort").value == ["low"]
    assert lines(again) == lines(page)
    again.selectbox(key="tk-savings-state").select("open").run()
    again.multiselect(key="tk-savings-check").unselect("streams").run()
    again.multiselect(key="tk-savings-effort").unselect("low").run()
    assert dict(again.query_params) == {}


def test_what_a_link_to_savings_says_that_cannot_be_used_is_ignored(open_page: Open, sample_lake: Path) -> None:
    page = open_page("savings", sample_lake, state=["bought"], check=["nothing"], effort=["<b>"], period=["7d"])
    assert not page.exception
    assert page.selectbox(key="tk-savings-state").value == "open"
    assert page.multiselect(key="tk-savings-check").value == []
    assert page.multiselect(key="tk-savings-effort").value == []
    assert dict(page.query_params) == {"period": "7d"}  # of another page: it is left alone


def test_a_viewer_of_one_region_of_the_shop_sees_the_savings(
    open_page: Open, sample_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKINGS_REGIONS", "UK")
    page = open_page("savings", sample_lake)
    assert not page.exception
    assert lines(page)


def test_nothing_to_save_says_what_was_looked_at_and_when(
    open_page: Open, sample_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judging(monkeypatch, inventory(web_acls=[web_acl(9)], streams=[stream(1, hours=1)]))
    page = open_page("savings", sample_lake)
    assert not page.exception
    text = text_of(page)
    assert "<h2>Nothing to save</h2>" in text
    assert "12 checks looked at 2 resources and queries of AWS us-east-1 on 31 Mar 2026." in text
    assert lines(page) == []


def test_nothing_found_in_part_of_the_checks_is_not_called_nothing_to_save(
    open_page: Open, sample_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    denied: Any = Read(missing=(Unread("Kinesis streams", "access is denied (kinesis:ListStreams)", "Allow it."),))
    judging(monkeypatch, inventory(web_acls=[web_acl(9)], streams=denied))
    text = text_of(open_page("savings", sample_lake))
    assert "<h2>Nothing to save in what could be judged</h2>" in text
    assert "1 check could not be judged" in text
    assert "access is denied (kinesis:ListStreams). Allow it." in text


def test_an_unknown_price_reads_unknown_and_never_nothing(
    open_page: Open, sample_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    judging(monkeypatch, replace(inventory(nat_gateways=[gateway(0)]), region="ap-south-2"))
    page = open_page("savings", sample_lake)
    assert lines(page)[0].startswith("**unknown**")
    assert "no price for nat_gateway.hour in ap-south-2" in text_of(page)
    assert "Open, a month unknown" in text_of(page)


def test_a_laptop_without_an_account_says_what_it_cannot_judge(open_page: Open, tmp_path: Path) -> None:
    page = open_page("savings", lake_of_sales(tmp_path / "own", [{}]))
    assert not page.exception
    text = text_of(page)
    assert "Nothing to save in what could be judged" in text
    assert "this console runs without an AWS account" in text


@pytest.mark.parametrize("made", [True, False])
def test_a_lake_that_is_empty_or_not_there_is_explained_with_a_next_step(
    made: bool, open_page: Open, tmp_path: Path
) -> None:
    lake = Lake.create(tmp_path / "empty").root if made else tmp_path / "nowhere"
    page = open_page("savings", lake)
    assert not page.exception
    assert "There is no data yet" in text_of(page)
    assert "python -m pipeline sample" in text_of(page)


def test_a_damaged_file_of_decisions_shows_the_failed_state_with_its_remedy(open_page: Open, own_sample: Path) -> None:
    path = own_sample / "decisions" / "decisions.sqlite"
    path.parent.mkdir()
    path.write_bytes(b"not a database at all, and long enough to be taken for one" * 50)
    page = open_page("savings", own_sample)
    assert not page.exception
    assert 'role="alert"' in text_of(page)
    assert "The file of decisions is damaged" in text_of(page)
    assert [button.label for button in page.button] == ["Try again"]


def test_a_decision_that_cannot_be_kept_is_said_and_the_list_stays(
    open_page: Open, own_sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page("savings", own_sample)

    def refuse(*_: object) -> None:
        from catalogue.errors import SourceError

        raise SourceError("Decisions cannot be kept: No space left", where="decisions", remedy="Free disk space.")

    monkeypatch.setattr(EmbeddedDecisionStore, "decide", refuse)
    page.button(key=f"tk-saving-accept-{SHARDS}").click().run()
    assert not page.exception
    assert "No space left" in text_of(page)
