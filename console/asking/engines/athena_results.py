"""Athena's result files as Arrow tables with the types that Athena names.

awswrangler's own readers are not used: its CSV reader makes an empty text null and bytes their hexadecimal digits, and
an empty UNLOAD leaves it without columns. Arrow's CSV reader distinguishes a quoted empty text from a missing one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pyarrow as pa

_ZONED = "timestamp with time zone"
_CONVERTED = ("varbinary", _ZONED)  # types that Athena writes as text and Arrow does not read from it
_OFFSET = re.compile(r"[+-]\d\d:\d\d$")


@dataclass(frozen=True)
class ResultColumn:
    """A column of a result: its name and its type in Athena's words, a decimal with precision and scale."""

    name: str
    type: str
    precision: int = 0
    scale: int = 0

    @property
    def arrow_type(self) -> pa.DataType:
        """The type the column has in an answer, the same that DuckDB gives; text where Arrow has no plain type."""
        import pyarrow as pa

        if self.type == "decimal":
            return pa.decimal128(self.precision, self.scale)
        return {
            "boolean": pa.bool_(),
            "tinyint": pa.int8(),
            "smallint": pa.int16(),
            "integer": pa.int32(),
            "bigint": pa.int64(),
            "float": pa.float32(),
            "real": pa.float32(),
            "double": pa.float64(),
            "date": pa.date32(),
            "timestamp": pa.timestamp("us"),
            _ZONED: pa.timestamp("us", "UTC"),
            "varbinary": pa.binary(),
        }.get(self.type, pa.string())

    @property
    def is_exported_as_text(self) -> bool:
        """Whether UNLOAD must write it as text: its Parquet keeps milliseconds, and no zones and times at all."""
        return self.type.startswith("time") or self.type in ("json", "unknown")


def columns_of(metadata: Sequence[dict[str, Any]]) -> list[ResultColumn]:
    """Columns from ``ResultSetMetadata.ColumnInfo``."""
    return [
        ResultColumn(
            described["Name"],
            described["Type"].lower(),
            int(described.get("Precision") or 0),
            int(described.get("Scale") or 0),
        )
        for described in metadata
    ]


def read_csv(content: bytes, columns: Sequence[ResultColumn]) -> pa.Table:
    """A result file: every value quoted but null, a header first. Raises pyarrow.ArrowInvalid where it is none."""
    import pyarrow as pa
    from pyarrow import csv

    places = [str(place) for place in range(len(columns))]  # two columns of a statement may have one name
    types = {
        place: pa.string() if column.type in _CONVERTED else column.arrow_type
        for place, column in zip(places, columns, strict=True)
    }
    table = csv.read_csv(
        pa.BufferReader(content),
        read_options=csv.ReadOptions(
            column_names=places, skip_rows_after_names=1, block_size=len(content) + 1, use_threads=False
        ),
        # an empty line is a row of one null column
        parse_options=csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=False
        ),
    )
    return typed(table, columns)


def read_parquet(files: Sequence[bytes], columns: Sequence[ResultColumn]) -> pa.Table:
    """What UNLOAD wrote: no file at all for no rows."""
    import pyarrow as pa
    from pyarrow import parquet

    tables = [parquet.read_table(pa.BufferReader(content)) for content in files]
    types = [pa.string() if column.is_exported_as_text else column.arrow_type for column in columns]
    empty = pa.table([pa.array([], kind) for kind in types], names=[column.name for column in columns])
    # by position: how Athena writes a name's capitals is its own affair
    renamed = [part.rename_columns(empty.column_names).cast(empty.schema) for part in tables]
    return typed(pa.concat_tables([empty, *renamed]), columns)


def typed(table: pa.Table, columns: Sequence[ResultColumn]) -> pa.Table:
    """The table with the names and types of its columns; text is parsed where Athena wrote another type as text."""
    import pyarrow as pa

    arrays = [_converted(table.column(place), column) for place, column in enumerate(columns)]
    return pa.Table.from_arrays(arrays, names=[column.name for column in columns])


def _converted(array: pa.ChunkedArray, column: ResultColumn) -> pa.ChunkedArray:
    import pyarrow as pa

    if array.type == column.arrow_type:
        return array
    if column.type not in _CONVERTED:
        return array.cast(column.arrow_type)
    read: Callable[[str], Any] = bytes.fromhex if column.type == "varbinary" else _instant
    values = [None if value is None else read(value) for value in array.to_pylist()]
    return pa.chunked_array([pa.array(values, column.arrow_type)])


def _instant(text: str) -> datetime:
    """``2026-03-29 01:30:00.123 Europe/Berlin``, or with an offset in place of the zone."""
    moment, _, zone = text.rpartition(" ")
    if _OFFSET.match(zone):
        return datetime.fromisoformat(moment + zone).astimezone(UTC)
    return datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
