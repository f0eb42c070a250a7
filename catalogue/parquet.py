"""Files of a curated table as a DuckDB select: what the engine opens and what curation builds on; and column types."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa


def folder_name(table: str, day: date | None) -> str:
    """The folder, below that of its table, of the rows of a day; '' in a table without partitions.

    Curated tables have a folder for each month of their partition, such as ``2026-03``. The console's own calls have
    one for each day, which names its value: ``call_date=2026-03-01``.
    """
    definition = TABLES[table]
    if definition.partition is None or day is None:
        return ""
    return f"{day:%Y-%m}" if definition.zone == "curated" else f"{definition.partition}={day}"


def files_of(root: Path, table: str) -> dict[str, list[Path]]:
    """The files of a table below a lake's folder, by the name of their folder; '' in a table without partitions."""
    definition = TABLES[table]
    folder = root / definition.zone / table
    if definition.partition is None:
        found = sorted(folder.glob("*.parquet"))
        return {"": found} if found else {}
    files: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*/*.parquet")):
        files.setdefault(path.parent.name, []).append(path)
    return files


def names_partition(path: Path) -> bool:
    """Whether the folder of a file names the value of the partition, which then is no column of the file."""
    return "=" in path.parent.name


def select_all(root: Path, table: str) -> str:
    """A select over all files of a table below a lake's folder."""
    return select(table, chain.from_iterable(files_of(root, table).values()))


def select(table: str, files: Iterable[Path], *, file_name: str | None = None) -> str:
    """A select over some files of a table; without files it has the table's columns and no rows.

    Every file is listed by name: a pattern would fail in a lake folder whose name has a bracket or a star.

    Parameters
    ----------
    file_name : name of one more column, with the path of each row's file
    """
    definition = TABLES[table]
    columns = definition.columns if file_name is None else {**definition.columns, file_name: "varchar"}
    names = ", ".join(columns)
    files = list(files)
    listed = ", ".join(f"'{quoted(path)}'" for path in files)
    if not listed:
        empty = ", ".join(f"cast(null as {duckdb_type(kind)}) as {name}" for name, kind in columns.items())
        return f"select {names} from (select {empty} where false)"
    hive = ", hive_partitioning=false"
    if definition.partition and names_partition(files[0]):
        hive = f", hive_partitioning=true, hive_types={{'{definition.partition}': DATE}}"
    named = f", filename='{file_name}'" if file_name else ""
    return f"select {names} from read_parquet([{listed}]{hive}{named})"


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
