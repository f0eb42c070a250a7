"""Calls as rows of the console's own tables: one by one, and added up by day."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Any

from catalogue.parquet import arrow_type, folder_name
from catalogue.tables import TABLES
from console.metering import Call

if TYPE_CHECKING:
    import pyarrow as pa

OPEN, CLOSED = "console_calls", "closed_calls"
ADDED_UP: Mapping[str, Sequence[str]] = {
    "daily_page_calls": ("page", "viewer", "kind"),
    "daily_question_calls": ("kind", "name", "engine"),
}
"""The tables of daily totals, and the columns that each is grouped by."""
ZONE = TABLES[OPEN].zone
LEAST_FOR_DICTIONARIES = 100  # rows of a file; below, the dictionaries take more bytes than they save
_STEP = Decimal("0.000000000001")
_MICROSECONDS = 6  # digits of a second: whole ones add up to the same in any order


def folder_of(table: str, day: date | None = None) -> str:
    """The folder of a table's files, or of one day's files."""
    return f"{table}/" if day is None else f"{table}/{folder_name(table, day)}/"


def day_of(name: str) -> date:
    """The day that the name of a file belongs to."""
    return date.fromisoformat(name.split("/")[1].partition("=")[2])


def table_of(calls: Sequence[Call]) -> pa.Table:
    """Calls as rows, in the order they were made; their day is the folder's name."""
    import pyarrow as pa

    columns = TABLES[OPEN].columns
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in columns.items() if name != TABLES[OPEN].partition])
    in_order = sorted(calls, key=lambda call: call.called_at)
    return pa.Table.from_pylist([_row(call) for call in in_order], schema=schema)


def together(tables: Sequence[pa.Table]) -> pa.Table:
    """The rows of several files, in an order that does not depend on that of the files."""
    import pyarrow as pa

    rows = pa.concat_tables(tables)
    return rows.sort_by([(name, "ascending") for name in rows.column_names])  # the moment of the call first


def added_up(rows: pa.Table, table: str) -> pa.Table:
    """Single calls of one day, as `table_of` makes them, summed into rows of a table of `ADDED_UP`; exact."""
    import pyarrow as pa
    import pyarrow.compute as pc

    key = list(ADDED_UP[table])
    seconds = pc.multiply(rows.column("elapsed_seconds"), 10.0**_MICROSECONDS)
    measures = {
        "calls": pa.array([1] * rows.num_rows, pa.int64()),
        "cached_calls": rows.column("cached").cast(pa.int64()),
        "unpriced_calls": pc.is_null(rows.column("dollars")).cast(pa.int64()),
        **{name: _or_nothing(rows.column(name)) for name in ("bytes_scanned", "dollars", "dollars_saved")},
        "elapsed_microseconds": pc.round(seconds).cast(pa.int64()),
    }
    counted = pa.table({**{name: rows.column(name) for name in key}, **measures})
    grouped = counted.group_by(key, use_threads=False).aggregate([(name, "sum") for name in measures])
    renamed = grouped.rename_columns([name.removesuffix("_sum") for name in grouped.column_names])
    return renamed.select([*key, *measures]).sort_by([(name, "ascending") for name in key])


def as_parquet(rows: pa.Table) -> bytes:
    """Rows as the content of a file; a small one carries no dictionaries, which would be half of it."""
    import pyarrow.parquet as pq

    content = io.BytesIO()
    pq.write_table(
        rows,
        content,
        compression="zstd",
        use_dictionary=rows.num_rows >= LEAST_FOR_DICTIONARIES,
        write_statistics=False,  # every file is read whole
        store_schema=False,
    )
    return content.getvalue()


def from_parquet(content: bytes) -> pa.Table:
    """The rows of a file; raises pyarrow.ArrowException where it is damaged."""
    import pyarrow.parquet as pq

    return pq.ParquetFile(io.BytesIO(content)).read()


def _or_nothing(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column with 0 for what is unknown, which is counted in a column of its own."""
    import pyarrow as pa
    import pyarrow.compute as pc

    return pc.fill_null(column, pa.scalar(0, pa.int64()).cast(column.type))


def _row(call: Call) -> dict[str, Any]:
    return vars(call) | {
        "called_at": call.called_at.astimezone(UTC).replace(tzinfo=None),
        "elapsed_seconds": round(call.elapsed_seconds, _MICROSECONDS),
        "result_rows": call.rows,
        "dollars": _cost(call.dollars),
        "dollars_saved": _cost(call.dollars_saved),
    }


def _cost(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else amount.quantize(_STEP, ROUND_HALF_EVEN)
