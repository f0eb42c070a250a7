"""The Budgets page: data, pending, no budget, no bill, a broken file; typed budgets and expected anomalies."""

from __future__ import annotations

import importlib
import re
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from catalogue.errors import SourceError
from console.asking.background import BACKGROUND
from console.budgets import answer as insight
from console.budgets.budget_file import FILE, BudgetFile, read
from console.budgets.forecasting.aws_anomalies import AwsAnomaly
from console.metering import Asker
from console.wiring.embedded import Embedded
from tests.pages.conftest import Open, charts_of, lake_of_sales, text_of


@pytest.fixture
def lake(sample_lake: Path, tmp_path: Path) -> Path:
    """The sample lake, to be written into."""
    root = tmp_path / "lake"
    shutil.copytree(sample_lake, root)
    return root


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """The model's imports take seconds: not within a page's time."""
    importlib.import_module("statsmodels.tsa.exponential_smoothing.ets")
    importlib.import_module("holidays").country_holidays("US", years=2026)


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages wait for what is worked out: a test draws once. The same charges are forecast once for all tests."""
    monkeypatch.setattr(insight.budgets, "__kwdefaults__", {**insight.budgets.__kwdefaults__, "patience": 300.0})


@pytest.fixture
def _nothing_known() -> Iterator[None]:
    """No forecast is there yet, and none of this test's stays."""
    BACKGROUND.forget()
    yield
    BACKGROUND.forget()


not_known_yet = pytest.mark.usefixtures("_nothing_known")


def test_the_page_draws_budgets_forecast_anomalies_and_the_backtest(open_page: Open, lake: Path) -> None:
    page = open_page("budgets", lake)
    assert not page.exception
    text = text_of(page)
    for words in (
        "Whole bill",
        "Forecast",
        "Run-rate",
        "on track",
        "billed cost",
        "Amazon Athena",
        "How good such forecasts",
    ):
        assert words in text
    assert "sample data" in text
    assert "SELECT" in text
    assert len(charts_of(page)) == 2
    table = page.dataframe[0].value
    assert list(table["horizon"])[-1] == "All"
    overall = table.iloc[-1]
    assert overall["mape"] < overall["last_month_mape"] < overall["run_rate_mape"]


@not_known_yet
def test_while_the_forecast_is_worked_out_the_page_shows_what_is_booked(
    open_page: Open, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(insight.budgets, "__kwdefaults__", {**insight.budgets.__kwdefaults__, "patience": 0.0})
    gate = threading.Event()
    BACKGROUND.ask("gate", gate.wait)  # everything else waits behind it
    try:
        page = open_page("budgets", lake)
    finally:
        gate.set()
    assert not page.exception
    text = text_of(page)
    assert "Working out the forecast" in text
    assert "Booked in" in text
    assert "tk-failed" not in text


def test_another_budget_is_looked_at_by_its_name(open_page: Open, lake: Path) -> None:
    page = open_page("budgets", lake)
    page.selectbox(key="tk-budget").select("Athena").run()
    assert not page.exception
    assert "billed cost, service Amazon Athena" in text_of(page)
    assert "Athena" in page.query_params["budget"], "a link to it opens it again"


def test_a_link_opens_its_budget_and_one_to_a_budget_that_is_gone_the_first(open_page: Open, lake: Path) -> None:
    assert "billed cost, service Amazon Athena" in text_of(open_page("budgets", lake, budget=["Athena"]))
    page = open_page("budgets", lake, budget=["Gone"])
    assert not page.exception
    assert "billed cost, everything" in text_of(page)
    assert page.query_params["budget"] == "Whole bill", "a link to what is shown, also once another one is the first"


def test_a_budget_burns_down_past_its_thresholds_beside_an_even_pace(open_page: Open, lake: Path) -> None:
    page = open_page("budgets", lake)
    chart = charts_of(page)[0]["baseOption"]
    rows = [dict(zip(chart["dataset"]["dimensions"], row, strict=True)) for row in chart["dataset"]["source"]]
    amount = read((lake / FILE).read_text())[0].amount
    assert "left of the budget" in text_of(page)
    assert amount > rows[0]["actual"] > next(row["coming"] for row in rows if row["coming"] is not None)
    assert rows[-1]["pace"] == 0
    lines = chart["series"][2]["markLine"]["data"]
    assert [line["yAxis"] for line in lines] == [float(amount / 5), 0, float(-amount / 5)]
    assert [line["label"]["formatter"].replace("\u202f", " ") for line in lines] == [
        "80 % used",
        "100 % used",
        "120 % used",
    ]


def test_a_lake_without_a_bill_says_how_to_import_one(open_page: Open, tmp_path: Path) -> None:
    page = open_page("budgets", lake_of_sales(tmp_path / "sales", [{}]))
    assert not page.exception
    assert "There is no cloud bill yet" in text_of(page)
    assert "python -m console spend import" in text_of(page)


def test_a_lake_that_is_not_there_is_explained_with_a_next_step(open_page: Open, tmp_path: Path) -> None:
    page = open_page("budgets", tmp_path / "nowhere")
    assert not page.exception
    assert "There is no data yet" in text_of(page)


def test_a_mistake_in_the_file_is_the_failed_state_with_line_and_remedy(open_page: Open, lake: Path) -> None:
    (lake / FILE).write_text('[[budget]]\nname = "All"\namount = 12.5\ncurrency = "USD"\n')
    page = open_page("budgets", lake)
    assert not page.exception
    text = text_of(page)
    assert 'role="alert"' in text
    assert f"{FILE}:3" in text
    assert "Write it in quotes" in text


def test_without_a_budget_the_whole_bill_is_forecast_and_one_can_be_typed(open_page: Open, lake: Path) -> None:
    (lake / FILE).unlink()
    page = open_page("budgets", lake)
    assert not page.exception
    assert "No budget yet" in text_of(page)
    assert "added up" in text_of(page)
    page.text_input(key="tk-budget-name-").input("Everything")
    page.text_input(key="tk-budget-amount-").input("333.30")
    page.button(key="tk-budget-save-").click().run()
    assert not page.exception
    (kept,) = read((lake / FILE).read_text())
    assert (kept.name, str(kept.amount), kept.currency) == ("Everything", "333.30", "USD")
    assert "$333.30" in text_of(page)


def test_a_wrong_amount_is_explained_and_nothing_is_written(open_page: Open, lake: Path) -> None:
    before = (lake / FILE).read_bytes()
    page = open_page("budgets", lake)
    page.text_input(key="tk-budget-amount-Whole bill").input("a lot")
    page.button(key="tk-budget-save-Whole bill").click().run()
    assert [element.value for element in page.error] == ["'a lot' is no amount. Write digits, such as 300.00."]
    assert (lake / FILE).read_bytes() == before


def test_a_budget_that_was_removed_comes_back_by_undo(open_page: Open, lake: Path) -> None:
    before = (lake / FILE).read_bytes()
    page = open_page("budgets", lake)
    page.button(key="tk-budget-remove-Whole bill").click().run()
    assert [budget.name for budget in read((lake / FILE).read_text())] == ["Athena", "Console"]
    page.button(key="tk-budget-undo 1").click().run()
    assert not page.exception
    assert (lake / FILE).read_bytes() == before


def test_an_anomaly_marked_as_expected_stays_so_with_its_note_until_undone(open_page: Open, lake: Path) -> None:
    page = open_page("budgets", lake)
    (mark,) = [element for element in page.button if str(element.key).startswith("tk-anomaly-mark-")]
    anomaly = str(mark.key).removeprefix("tk-anomaly-mark-")
    page.text_input(key=f"tk-anomaly-note-{anomaly}").input("a report of the year")
    mark.click().run()
    assert not page.exception
    again = open_page("budgets", lake)
    assert "0 open" in text_of(again)
    assert "a report of the year" in text_of(again)
    again.button(key=f"tk-anomaly-undo-{anomaly}").click().run()
    assert "1 open" in text_of(again)


def test_what_somebody_else_changed_meanwhile_is_shown_and_not_overwritten(open_page: Open, lake: Path) -> None:
    page = open_page("budgets", lake)
    file = BudgetFile(lake)
    theirs = [replace(budget, amount=budget.amount + 1) for budget in file.budgets()]
    file.save(theirs)
    page.text_input(key="tk-budget-amount-Whole bill").input("999")
    page.button(key="tk-budget-save-Whole bill").click().run()
    assert not page.exception
    assert [element.value for element in page.warning] == [
        "Somebody else has changed the budgets: this is how they are now."
    ]
    assert list(file.budgets()) == theirs
    assert page.text_input(key="tk-budget-amount-Whole bill 1").value == "311.00"
    page.text_input(key="tk-budget-amount-Whole bill 1").input("999")
    page.button(key="tk-budget-save-Whole bill 1").click().run()
    assert str(file.budgets()[0].amount) == "999"
    assert not page.warning


@pytest.mark.parametrize("amount", ["300,00", "1.234,56", "-5", "1e3", "1_000", "$300", "NaN"])
def test_an_amount_that_may_mean_something_else_is_not_guessed_at(open_page: Open, lake: Path, amount: str) -> None:
    page = open_page("budgets", lake)
    page.text_input(key="tk-budget-amount-Whole bill").input(amount)
    page.button(key="tk-budget-save-Whole bill").click().run()
    assert [element.value for element in page.error] == [f"{amount!r} is no amount. Write digits, such as 300.00."]


def test_a_budget_may_be_named_as_the_forms_own_words_are(open_page: Open, lake: Path) -> None:
    (lake / FILE).write_text('[[budget]]\nname = "New budget"\namount = 5\ncurrency = "USD"\n')
    page = open_page("budgets", lake)
    assert page.text_input(key="tk-budget-amount-New budget").value == "5"
    page.selectbox(key="tk-budget-which").select("").run()
    assert not page.exception
    assert page.text_input(key="tk-budget-amount-").value == ""


def looks_again(page: AppTest) -> bool:
    """Whether the page says that something is being worked out, and so comes back for it."""
    return re.search(r'<p class="tk-calm">[^<]+ …</p>', text_of(page)) is not None


@not_known_yet
def test_what_aws_found_itself_stands_beside_ours_with_its_delay(
    open_page: Open, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = date(2026, 5, 1)
    theirs = AwsAnomaly("a1", "Amazon <b>Athena", "Scan", day, None, Decimal("7.5"), None, "")
    monkeypatch.setattr(Embedded, "has_aws_anomalies", True)
    gate = threading.Event()

    def asked(_: Embedded, asker: Asker) -> list[AwsAnomaly]:
        gate.wait()
        assert asker == Asker("anonymous", "Budgets and forecast")
        return [theirs]

    monkeypatch.setattr(Embedded, "aws_anomalies", asked)
    try:
        page = open_page("budgets", lake)
    finally:
        gate.set()
    assert "Asking AWS" in text_of(page)
    assert looks_again(page)
    BACKGROUND.ask("after it", lambda: None).result()
    page.run()
    assert not page.exception
    text = text_of(page)
    assert "about three times a day, at billing data up to 24 hours old" in text
    assert "<b>$7.50</b> Amazon &lt;b&gt;Athena, Scan: 1 May 2026; not among ours" in text
    assert not looks_again(page)


@not_known_yet
def test_where_aws_cannot_be_asked_the_page_gives_the_reason_and_stops_asking(
    open_page: Open, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def denied(_: Embedded, _asker: Asker) -> list[AwsAnomaly]:
        asked.append(1)
        raise SourceError("Cost Explorer denied access", remedy="Allow ce:GetAnomalies.")

    monkeypatch.setattr(Embedded, "has_aws_anomalies", True)
    monkeypatch.setattr(Embedded, "aws_anomalies", denied)
    page = open_page("budgets", lake)
    BACKGROUND.ask("after it", lambda: None).result()
    page.run()
    page.run()
    assert "Allow ce:GetAnomalies." in text_of(page)
    assert not looks_again(page)
    assert len(asked) == 1


@not_known_yet
def test_the_brief_looks_again_until_it_can_say_how_the_bill_stands(open_page: Open, lake: Path) -> None:
    gate = threading.Event()
    BACKGROUND.ask("gate", gate.wait)  # everything else waits behind it
    try:
        page = open_page("brief", lake)
    finally:
        gate.set()
    assert not page.exception
    assert "Working out" in text_of(page)
    assert "the bill ends on" not in text_of(page)
    BACKGROUND.ask("after it", lambda: None).result()
    page.run()
    assert not page.exception
    assert "Working out" not in text_of(page)
    assert "the bill ends on" in text_of(page), "the sample year of the tests is over"


@not_known_yet
def test_a_forecast_that_fails_is_the_failed_state_and_is_not_waited_for_for_ever(
    open_page: Open, lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKINGS_COUNTRY", "XX")
    monkeypatch.setattr(insight.budgets, "__kwdefaults__", {**insight.budgets.__kwdefaults__, "patience": 0.0})
    page = open_page("budgets", lake)
    BACKGROUND.ask("after it", lambda: None).result()
    page.run()
    assert "tk-failed" in text_of(page)
    assert "No public holidays are known" in text_of(page)
