"""What a command prints: rows as a table, as JSON or as CSV. Amounts stay exact."""

from __future__ import annotations

import csv
import sys
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

FORMATS = ("table", "json", "csv")


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], form: str, *, under: str) -> None:
    """Print rows in one of `FORMATS`; as JSON they stand in an object under the name `under`."""
    if form == "json":
        json({under: rows})
    elif form == "csv":
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([text(row[name]) for name in columns] for row in rows)
    else:
        table(rows, columns)


def json(value: object) -> None:
    """Print one JSON document, decimals as numbers with all their digits."""
    import msgspec

    sys.stdout.write(msgspec.json.Encoder(decimal_format="number").encode(value).decode() + "\n")


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    """Columns side by side, numbers to the right."""
    shown = [[text(row[name]) for name in columns] for row in rows]
    numeric = [
        bool(rows) and all(isinstance(row[name], int | float | Decimal) or row[name] is None for row in rows)
        for name in columns
    ]
    widths = [max([len(name), *(len(line[place]) for line in shown)]) for place, name in enumerate(columns)]
    for cells in [list(columns), ["-" * width for width in widths], *shown]:
        line = "  ".join(
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(cells, widths, numeric, strict=True)
        )
        sys.stdout.write(line.rstrip() + "\n")


def text(value: object) -> str:
    """One cell; what is unknown stays empty."""
    if value is None:
        return ""
    return f"{value:f}" if isinstance(value, Decimal) else str(value)
