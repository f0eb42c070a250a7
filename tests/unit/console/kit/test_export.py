"""Files that carry a table and what it answers, read back."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal

import openpyxl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import ExportError
from catalogue.safe_text import guarded
from console.kit import export

ABOUT = [("Title", "By category"), ("Channel", "web, app"), ("Exported at", "2026-11-29 22:41 UTC")]


def by_category() -> pa.Table:
    return pa.table(
        {
            "category": ["Toys", "=1+2", None, 'Zoë’s, "best"'],
            "net_revenue": pa.array(
                [Decimal("1240311.0500"), Decimal("-0.0100"), None, Decimal("12345678901234.5678")],
                pa.decimal128(18, 4),
            ),
            "orders": pa.array([12, 0, None, 9007199254740993], pa.int64()),
            "share": [0.25, 0.0, None, 1.0],
            "last_order": pa.array([date(2026, 11, 29), None, None, date(2026, 1, 1)], pa.date32()),
            "seen_at": pa.array(
                [datetime(2026, 11, 29, 22, 41, tzinfo=UTC), None, None, None], pa.timestamp("us", "UTC")
            ),
        }
    )


def csv_rows(content: bytes) -> list[list[str]]:
    """The rows below the `#` lines."""
    lines = content.decode("utf-8-sig").split("\r\n")
    body = "\r\n".join(line for line in lines if not line.startswith("# "))
    return list(csv.reader(io.StringIO(body)))


def test_csv_prints_what_was_asked_above_the_columns():
    lines = export.to_csv(by_category(), ABOUT).decode("utf-8-sig").split("\r\n")
    assert lines[:4] == [
        "# Title: By category",
        "# Channel: web, app",
        "# Exported at: 2026-11-29 22:41 UTC",
        "category,net_revenue,orders,share,last_order,seen_at",
    ]


def test_csv_keeps_every_digit_and_guards_formulas():
    assert csv_rows(export.to_csv(by_category()))[1:] == [
        ["Toys", "1240311.0500", "12", "0.25", "2026-11-29", "2026-11-29 22:41:00+00:00"],
        ["'=1+2", "-0.0100", "0", "0.0", "", ""],
        ["", "", "", "", "", ""],
        ['Zoë’s, "best"', "12345678901234.5678", "9007199254740993", "1.0", "2026-01-01", ""],
    ]


def test_a_line_break_in_what_was_asked_cannot_make_a_row():
    lines = export.to_csv(pa.table({"a": [1]}), [("Filter", "x\r\n=2+2")]).decode("utf-8-sig").split("\r\n")
    assert lines[0] == "# Filter: x =2+2"


def test_xlsx_has_a_sheet_about_and_a_sheet_of_data_with_a_frozen_head():
    book = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(by_category(), ABOUT)))
    assert book.sheetnames == ["About", "Data"]
    assert [(row[0].value, row[1].value) for row in book["About"].iter_rows()] == ABOUT
    assert book["Data"].freeze_panes == "A2"
    assert [cell.value for cell in book["Data"][1]] == by_category().column_names


def test_xlsx_keeps_cents_and_writes_as_text_what_a_double_would_change():
    data = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(by_category())))["Data"]
    assert (data["B2"].value, data["B2"].number_format) == (1240311.05, "#,##0.00##")
    assert data["B3"].value == -0.01
    assert data["B4"].value is None
    assert data["B5"].value == "12345678901234.5678"
    assert data["C5"].value == "9007199254740993"
    assert data["E2"].value == datetime(2026, 11, 29)
    assert data["F2"].value == datetime(2026, 11, 29, 22, 41)


def test_xlsx_holds_a_formula_as_text():
    data = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(by_category())))["Data"]
    assert (data["A3"].value, data["A3"].data_type) == ("'=1+2", "s")


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_text_that_a_spreadsheet_would_run_is_guarded(start: str):
    assert guarded(f"{start}cmd") == f"'{start}cmd"
    assert guarded("plain") == "plain"


def test_an_empty_table_is_a_file_with_its_columns():
    empty = by_category().slice(0, 0)
    assert csv_rows(export.to_csv(empty))[:1] == [empty.column_names]
    assert openpyxl.load_workbook(io.BytesIO(export.to_xlsx(empty)))["Data"].max_row == 1


@pytest.mark.parametrize("write", [export.to_csv, export.to_xlsx])
def test_too_many_rows_are_refused_with_a_remedy(write, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(export, "MOST_ROWS", 3)
    with pytest.raises(ExportError, match=r"4 rows; a file holds at most 3.*Narrow the dates"):
        write(by_category())


def test_what_is_printed_names_title_scope_and_time():
    lines = export.about("Sales", [("Region", "North")], datetime(2026, 11, 29, 22, 41, tzinfo=UTC))
    assert lines == [("Title", "Sales"), ("Region", "North"), ("Exported at", "2026-11-29 22:41 UTC")]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.decimals(min_value=-(10**10), max_value=10**10, places=2), min_size=1, max_size=20))
def test_cents_survive_both_files(amounts: list[Decimal]):
    table = pa.table({"amount": pa.array(amounts, pa.decimal128(18, 2))})
    assert [Decimal(row[0]) for row in csv_rows(export.to_csv(table))[1:] if row] == amounts
    data = openpyxl.load_workbook(io.BytesIO(export.to_xlsx(table)))["Data"]
    assert [Decimal(str(row[0].value)) for row in data.iter_rows(min_row=2)] == amounts
