"""Raw files of rows as the events they hold."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pyarrow.parquet as parquet

from pipeline.contract.shape import Event


def events_of(path: Path) -> Iterator[Event]:
    """The events of a raw file of rows, in its order."""
    for row in parquet.read_table(path, partitioning=None).to_pylist():
        fields = {name: _value(name, value) for name, value in row.items() if value is not None}
        yield msgspec.convert(fields, Event)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC)
    if isinstance(value, dict):
        return {key: inner for key, inner in value.items() if inner is not None}
    return json.loads(value) if name == "attributes" else value
