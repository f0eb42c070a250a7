"""The events of raw files of a benchmark's lake, whether they are lines or rows."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as pq

from pipeline.contract.shape import Event
from pipeline.raw.files import ROWS, lines


def events_of(file: Path) -> Iterator[Event]:
    """The events of a raw file of lines or of rows."""
    return (msgspec.json.decode(line, type=Event) for line in lines_of(file))


def lines_of(file: Path) -> Iterator[bytes]:
    """The lines of a raw file, or those that its rows were made of."""
    if file.suffix != ROWS:
        yield from (line for line in lines(file) if line.strip())
        return
    for batch in pq.ParquetFile(file).iter_batches():
        for row in batch.to_pylist():
            yield msgspec.json.encode(_line(row))


def _line(row: dict[str, Any]) -> dict[str, Any]:
    """The fields of a line from those of a row: instants are UTC, attributes are text, what is null is left out."""
    fields = {name: value for name, value in row.items() if value is not None}
    for name, value in fields.items():
        if isinstance(value, datetime):
            fields[name] = value.replace(tzinfo=UTC)
        elif isinstance(value, dict):
            fields[name] = _line(value)
        elif name == "attributes":
            fields[name] = msgspec.Raw(value.encode())
        elif name == "quantity" and value == int(value):
            fields[name] = int(value)
    return fields
