"""Sheets of Excel workbooks as rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from catalogue.errors import ImportFailed
from pipeline.contract.rejections import Reason, rejected
from pipeline.importers.layout import Layout
from pipeline.importers.parquet import text_of
from pipeline.importers.tables import Batch, Row, csv_line


class Sheet:
    """One sheet of a workbook, read as a whole (Excel holds 1,048,576 rows at most).

    Values become the texts that a CSV export would have: a whole number has no decimals, a date is ISO 8601. The line
    of a row is its number in the sheet.
    """

    unseen: frozenset[str] = frozenset()

    def __init__(self, path: Path, layout: Layout) -> None:
        from python_calamine import CalamineError, CalamineWorkbook

        try:
            workbook = CalamineWorkbook.from_path(path)
            name = layout.sheet or workbook.sheet_names[0]
            if name not in workbook.sheet_names:
                remedy = f"It has {', '.join(workbook.sheet_names)}. Name one under [file] in the mapping."
                raise ImportFailed(f"The workbook has no sheet {name!r}", where=str(path), remedy=remedy)
            values = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        except CalamineError as error:
            remedy = "Save it again, or save the sheet as CSV (UTF-8)."
            raise ImportFailed(f"The workbook cannot be read: {error}", where=str(path), remedy=remedy) from error
        self._size = path.stat().st_size
        self._rows = [(number, [_text(value) for value in row]) for number, row in enumerate(values, start=1)]
        self._rows = [(number, row) for number, row in self._rows if any(row)]
        if layout.columns:
            self.header = list(layout.columns)
        elif self._rows:
            self.header = [name.strip() for name in self._rows.pop(0)[1]]
            while self.header and not self.header[-1]:  # a sheet is as wide as its widest row
                self.header.pop()
        else:
            raise ImportFailed("The sheet is empty", where=f"{path}, {name}", remedy="Name another under [file].")

    @property
    def bytes_read(self) -> int:
        """All of it: a workbook is read before its first row."""
        return self._size

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows, at most `size` at a time."""
        width = len(self.header)
        for start in range(0, len(self._rows), size):
            part = self._rows[start : start + size]
            rows = [self._fitted(number, row, width) for number, row in part]
            yield _batch(rows, part)

    @staticmethod
    def _fitted(number: int, row: list[str], width: int) -> Row:
        """The cells below the header; absent ones are empty, further ones make the row unreadable."""
        if any(row[width:]):
            detail = f"Row {number} has a value in column {len(row)}; the header has {width}."
            return rejected(Reason.MALFORMED_ROW, detail)
        return row[:width] + [""] * (width - len(row))


def _batch(rows: list[Row], part: Sequence[tuple[int, list[str]]]) -> Batch:
    return Batch(rows, lambda place: part[place][0], lambda place: csv_line(part[place][1]))


def _text(value: Any) -> str:
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    return text_of(value)
