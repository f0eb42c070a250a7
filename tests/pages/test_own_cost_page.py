"""The Own cost page: what the console's own questions cost, by day, page, person and question."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from console.__main__ import main
from console.metering import Call
from console.metering.folder import FolderCalls
from tests.pages.conftest import Open
from tests.support.bill_files import focus, write

NOW = datetime.now(UTC)
CALL = Call(
    NOW, "ann", "Revenue", "query", "sales/by_region", "Athena", "q", 1.5, 4, False, 10**7, Decimal("0.5"), Decimal(0)
)


@pytest.fixture
def lake(sample_lake: Path, tmp_path: Path) -> Path:
    root = tmp_path / "lake"
    shutil.copytree(sample_lake, root)
    shutil.rmtree(root / "console", ignore_errors=True)
    return root


def words(page: object) -> str:
    return " ".join(element.body for element in page.get("html"))  # type: ignore[attr-defined]


def test_it_says_what_was_billed_by_page_and_person_and_what_the_cache_saved(lake: Path, open_page: Open) -> None:
    FolderCalls(lake).write(
        [
            CALL,
            replace(CALL, viewer="bob", page="", kind="cost_explorer", name="GetCostAndUsage", dollars=Decimal("0.01")),
            replace(CALL, cached=True, bytes_scanned=0, dollars=Decimal(0), dollars_saved=Decimal("0.5")),
            replace(CALL, called_at=NOW - timedelta(days=40), dollars=Decimal(9)),
        ]
    )
    page = open_page("own_cost", lake)
    shown = words(page)
    assert "Own cost $0.51" in shown
    assert "Saved by the cache $0.50" in shown
    assert "A month at this rate $15.51" in shown  # 0.51 × 365 ÷ 12
    assert "Answered from the cache 33.3" in shown
    by_page, by_person, by_question = (table.value for table in page.dataframe)
    assert list(by_page.iloc[:, 0]) == ["Revenue", "outside a browser"]
    assert [str(cost) for cost in by_person.iloc[:, 4]] == ["0.50000", "0.01000"]
    assert list(by_question.iloc[:, 0]) == ["sales/by_region", "GetCostAndUsage"]


def test_where_questions_are_free_it_says_what_they_would_cost_on_athena(lake: Path, open_page: Open) -> None:
    FolderCalls(lake).write([replace(CALL, engine="DuckDB", bytes_scanned=None, dollars=Decimal(0))] * 200)
    shown = words(open_page("own_cost", lake))
    assert "On Athena those that were not cached would cost at least $0.0095: 10 MB is billed for each." in shown


def test_a_call_of_unknown_price_is_counted_and_never_taken_for_free(lake: Path, open_page: Open) -> None:
    FolderCalls(lake).write([CALL, replace(CALL, dollars=None)])
    assert "1 call without a known price" in words(open_page("own_cost", lake))


def test_before_the_first_call_it_says_how_calls_come_about(lake: Path, open_page: Open) -> None:
    shown = words(open_page("own_cost", lake))
    assert "No calls in this period" in shown
    assert "Open any other page" in shown


def test_a_damaged_file_is_named_with_a_way_to_try_again(lake: Path, open_page: Open) -> None:
    folder = lake / "console/console_calls/call_date=2026-01-01"
    folder.mkdir(parents=True)
    (folder / "broken.parquet").write_bytes(b"no parquet at all")
    page = open_page("own_cost", lake)
    assert "DuckDB refused the query" in words(page)
    assert page.button[0].label == "Try again"


def test_a_lake_with_a_bill_alone_shows_its_calls_too(empty_lake: Path, tmp_path: Path, open_page: Open) -> None:
    bill = write(tmp_path / "bill.csv", [focus()])
    assert main(["spend", "import", str(bill), "--lake", str(empty_lake)]) == 0
    FolderCalls(empty_lake).write([CALL])
    shown = words(open_page("own_cost", empty_lake))
    assert "Own cost $0.50" in shown
    assert "No events yet" in shown


def test_a_lake_with_nothing_in_it_says_how_to_fill_it(empty_lake: Path, open_page: Open) -> None:
    page = open_page("own_cost", empty_lake)
    assert "There is no data yet" in words(page)
    assert "python -m pipeline sample" in page.code[0].value
