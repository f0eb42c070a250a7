"""Files of a curated table as a DuckDB select: what the engine opens and what curation builds on; and column types."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa


def select(table: str, files: Iterable[Path]) -> str:
    """A select over some files of a table; without files it has the table's columns and no rows.

    Every file is listed by name: a pattern would fail in a lake folder whose name has a bracket or a star.
    """
    definition = TABLES[table]
    names = ", ".join(definition.columns)
    listed = ", ".join(f"'{quoted(path)}'" for path in files)
    if not listed:
        empty = ", ".join(f"cast(null as {duckdb_type(kind)}) as {name}" for name, kind in definition.columns.items())
        return f"select {names} from (select {empty} where false)"
    hive = f", hive_partitioning=true, hive_types={{'{definition.partition}': DATE}}" if definition.partition else ""
    return f"select {names} from read_parquet([{listed}]{hive})"


def quoted(path: Path) -> str:
    """A path as the inside of an SQL string."""
    return str(path).replace("'", "''")


def duckdb_type(kind: str) -> str:
    """A Trino type as DuckDB writes it."""
    return {"timestamp(6)": "timestamp", "varbinary": "blob"}.get(kind, kind)


def arrow_type(kind: str) -> pa.DataType:
    """A Trino type of the tables as Arrow has it."""
    import pyarrow as pa

    if kind.startswith("decimal"):
        precision, scale = kind.removeprefix("decimal(").rstrip(")").split(",")
        return pa.decimal128(int(precision), int(scale))
    return {
        "bigint": pa.int64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "double": pa.float64(),
        "integer": pa.int32(),
        "timestamp(6)": pa.timestamp("us"),
        "varbinary": pa.binary(),
        "varchar": pa.string(),
    }[kind]
