"""A table as a CSV or XLSX file, with its title, filters and data time printed inside.

Money is written exactly. CSV carries every decimal digit. A number in XLSX is a double by the format's own definition
(ECMA-376, 18.3.1.96), exact to 15 significant digits; a decimal that would lose one is written as text instead.

A cell of text that a spreadsheet would run as a formula gets an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from catalogue.errors import ExportError
from catalogue.safe_text import guarded

if TYPE_CHECKING:
    import pyarrow as pa
    from xlsxwriter.worksheet import Worksheet

MOST_ROWS = 500_000  # half of what a sheet can hold; a larger file opens nowhere comfortably
WIDEST_COLUMN = 60  # characters
ROWS_MEASURED = 500  # for the width of a column
_EXACT_DIGITS = 15  # significant decimal digits that every double keeps

About = Sequence[tuple[str, str]]


def to_csv(table: pa.Table, about: About = ()) -> bytes:
    """The table as UTF-8 CSV, after one ``# name: text`` line for each pair of `about`.

    Raises
    ------
    ExportError
        The table has more than `MOST_ROWS` rows.
    """
    _check(table)
    file = io.StringIO(newline="")
    for name, words in about:
        file.write(f"# {_one_line(name)}: {_one_line(words)}\r\n")
    writer = csv.writer(file)
    writer.writerow(guarded(name) for name in table.column_names)
    for batch in table.to_batches(max_chunksize=10_000):
        columns = [batch.column(index).to_pylist() for index in range(batch.num_columns)]
        writer.writerows([_csv_cell(value) for value in row] for row in zip(*columns, strict=True))
    return b"\xef\xbb\xbf" + file.getvalue().encode("utf-8")  # the mark tells a spreadsheet that this is UTF-8


def to_xlsx(table: pa.Table, about: About = ()) -> bytes:
    """The table as a workbook: sheet *About* with the pairs, sheet *Data* with a frozen header and number formats.

    Raises
    ------
    ExportError
        The table has more than `MOST_ROWS` rows.
    """
    import xlsxwriter

    _check(table)
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(file, options) as book:
        bold = book.add_format({"bold": True, "valign": "top"})
        wrapped = book.add_format({"text_wrap": True, "valign": "top"})
        sheet = book.add_worksheet("About")
        for row, (name, words) in enumerate(about):
            sheet.write_string(row, 0, guarded(name), bold)
            sheet.write_string(row, 1, guarded(words), wrapped)
        sheet.set_column(0, 0, 18)
        sheet.set_column(1, 1, 80)
        data = book.add_worksheet("Data")
        data.activate()
        data.freeze_panes(1, 0)
        _write_data(data, table, book)
    return file.getvalue()


def _write_data(sheet: Worksheet, table: pa.Table, book: Any) -> None:
    import pyarrow.types as types

    right = book.add_format({"bold": True, "align": "right", "bottom": 1})
    left = book.add_format({"bold": True, "bottom": 1})
    for position, (field, column) in enumerate(zip(table.schema, table.columns, strict=True)):
        values = column.to_pylist()
        style = book.add_format({"num_format": _number_format(field.type)})
        is_number = types.is_decimal(field.type) or types.is_integer(field.type) or types.is_floating(field.type)
        sheet.write_string(0, position, guarded(field.name), right if is_number else left)
        widest = len(field.name)
        for row, value in enumerate(values, start=1):
            if value is not None:
                _write_cell(sheet, row, position, value, style)
            if row <= ROWS_MEASURED:
                widest = max(widest, _shown_length(value))
        sheet.set_column(position, position, min(widest + 2, WIDEST_COLUMN))
    if table.num_rows and table.num_columns:
        sheet.autofilter(0, 0, table.num_rows, table.num_columns - 1)


def _write_cell(sheet: Worksheet, row: int, column: int, value: object, style: Any) -> None:
    match value:
        case bool():
            sheet.write_boolean(row, column, value)
        case Decimal() | int() if not _fits_double(value):
            sheet.write_string(row, column, str(value))
        case float() if value != value or value in (float("inf"), float("-inf")):
            sheet.write_string(row, column, str(value))
        case Decimal() | int() | float():
            sheet.write_number(row, column, value, style)
        case datetime():
            sheet.write_datetime(row, column, _utc(value).replace(tzinfo=None), style)
        case date():
            sheet.write_datetime(row, column, datetime(value.year, value.month, value.day), style)  # noqa: DTZ001 - a day
        case _:
            sheet.write_string(row, column, guarded(_text(value)))


def _fits_double(value: Decimal | int) -> bool:
    """Whether the number has at most 15 significant digits, trailing zeros not counted."""
    number = Decimal(value).normalize()
    return number.is_finite() and len(number.as_tuple().digits) <= _EXACT_DIGITS


def _number_format(kind: pa.DataType) -> str:
    import pyarrow.types as types

    if types.is_decimal(kind):
        digits = int(kind.scale)
        return "#,##0.00" + "#" * max(0, min(digits, 6) - 2)
    if types.is_integer(kind):
        return "#,##0"
    if types.is_timestamp(kind):
        return "yyyy-mm-dd hh:mm:ss"
    if types.is_date(kind):
        return "yyyy-mm-dd"
    return "General"


def _csv_cell(value: object) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return f"{value:f}"
        case datetime():
            return _utc(value).isoformat(sep=" ")
        case bool() | int() | float() | date():
            return str(value)
        case _:
            return guarded(_text(value))


def _shown_length(value: object) -> int:
    if isinstance(value, Decimal | int | float):
        return len(f"{value:,}")
    return 19 if isinstance(value, datetime) else len(_text(value))


def _text(value: object) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(str(item) for item in value)
    return str(value)


def _utc(value: datetime) -> datetime:
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def _one_line(words: str) -> str:
    return " ".join(words.split())


def _check(table: pa.Table) -> None:
    if table.num_rows > MOST_ROWS:
        raise ExportError(
            f"The table has {table.num_rows:,} rows; a file holds at most {MOST_ROWS:,}",
            remedy="Narrow the dates or the filters, or read the lake's Parquet files.",
        )


def about(title: str, lines: Iterable[tuple[str, str]], exported_at: datetime) -> list[tuple[str, str]]:
    """What is printed in every file: its title, these (name, text) lines, and when it was made."""
    return [("Title", title), *lines, ("Exported at", f"{_utc(exported_at):%Y-%m-%d %H:%M} UTC")]
