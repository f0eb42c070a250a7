"""What a command prints: rows as a table, as JSON or as CSV. Amounts keep all their digits.

Text is what senders wrote: a table shows its control characters escaped, and in CSV a cell that a spreadsheet would run
as a formula gets an apostrophe in front. JSON has every text as it is.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from catalogue.safe_text import guarded, printable


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str, *, under: str) -> None:
    """Print rows as ``table``, ``json`` or ``csv``; the JSON is an object with the rows under the name `under`."""
    if form == "json":
        json({under: rows})
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_csv_cell(row[name]) for name in columns] for row in rows)
    else:
        table(rows, columns)


def json(value: object) -> None:
    """Print one JSON document, decimals as numbers with all their digits."""
    import msgspec

    sys.stdout.write(msgspec.json.Encoder(decimal_format="number").encode(value).decode() + "\n")


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Print columns side by side, numbers to the right, never cut or wrapped.

    Not by Rich: its table of 1,000 rows takes seconds, and is as wide as a terminal where there is none.
    """
    cells = [[printable(text(row[name])) for name in columns] for row in rows]
    numeric = [
        bool(rows) and all(row[name] is None or isinstance(row[name], int | float | Decimal) for row in rows)
        for name in columns
    ]
    widths = [max(len(line[place]) for line in [list(columns), *cells]) for place in range(len(columns))]
    for line in [list(columns), ["-" * width for width in widths], *cells]:
        aligned = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, numeric, strict=True)
        ]
        sys.stdout.write("  ".join(aligned).rstrip() + "\n")


def _csv_cell(value: object) -> str:
    written = text(value)
    return guarded(written) if isinstance(value, str) else written


def text(value: object) -> str:
    """One cell; what is unknown is empty."""
    if value is None:
        return ""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
