"""Charge rows as Arrow batches: their schema, and the exact sum of a column."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from catalogue.parquet import arrow_type
from catalogue.tables import CURATION_RELATIONS

AMOUNT = pa.decimal128(38, 12)
INSTANT = pa.timestamp("us")  # UTC, without a zone of its own, as the tables have it
LONGEST_FRACTION = 12  # digits of an amount behind the point

SCHEMA = pa.schema([(name, arrow_type(kind)) for name, kind in CURATION_RELATIONS["raw_spend"].items()])
AMOUNTS = tuple(field.name for field in SCHEMA if field.type == AMOUNT)


def batch(columns: Mapping[str, pa.Array], rows: int) -> pa.RecordBatch:
    """A batch of charge rows; a column left out is null."""
    missing = set(columns).difference(SCHEMA.names)
    assert not missing, f"charges have no column {missing}"  # noqa: S101 - a mistake in an adapter
    filled = [columns[field.name] if field.name in columns else pa.nulls(rows, field.type) for field in SCHEMA]
    return pa.RecordBatch.from_arrays(filled, schema=SCHEMA)


def total(column: pa.Array | pa.ChunkedArray) -> Decimal:
    """The exact sum of one column of amounts; 0 where it is empty."""
    return pc.sum(column, min_count=0).as_py() or Decimal(0)
