"""The curated files of a lake, as relations of a DuckDB connection: what stands, what changes, what is written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from console.tables import TABLES
from pipeline.lake import CURATED, Lake, Transaction

if TYPE_CHECKING:
    import duckdb

# a file is read whole or by day: large row groups compress better and cost one seek
ROW_GROUP = 122_880


class CuratedStore:
    """Merges new rows into curated tables and stages the partitions that changed.

    After `merge("orders", …)` the connection holds ``merged_orders`` (the table as it will be) and, for partitioned
    tables, ``touched_orders`` (its days that change).
    """

    def __init__(self, lake: Lake, connection: duckdb.DuckDBPyConnection, change: Transaction, *, fresh: bool) -> None:
        self._lake = lake
        self._connection = connection
        self._change = change
        self._fresh = fresh
        self._files = {table: {} if fresh else self._present(table) for table in TABLES}
        self._stale = {table: self._present(table) if fresh else {} for table in TABLES}
        self.changed: dict[str, int] = {}

    def _present(self, table: str) -> dict[str, Path]:
        """Files of a table by partition value; the key of a table of one file is ''."""
        folder = self._lake.root / CURATED / table
        if TABLES[table].partition is None:
            path = folder / "data.parquet"
            return {"": path} if path.exists() else {}
        return {path.parent.name.partition("=")[2]: path for path in sorted(folder.glob("*/data.parquet"))}

    def select(self, table: str) -> str:
        """A select of the table as it stands before this curation."""
        return self._select(table, list(self._files[table].values()))

    def _select(self, table: str, files: list[Path]) -> str:
        definition = TABLES[table]
        names = ", ".join(definition.columns)
        if not files:
            empty = ", ".join(f"cast(null as {_duckdb(kind)}) as {name}" for name, kind in definition.columns.items())
            return f"select {names} from (select {empty} where false)"
        listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in files)
        hive = (
            f", hive_partitioning=true, hive_types={{'{definition.partition}': DATE}}" if definition.partition else ""
        )
        return f"select {names} from read_parquet([{listed}]{hive})"

    def scope(self, relation: str, table: str, *, days: str, where: str) -> None:
        """Create `relation`: rows of the merged `table` on the given days that fulfil a condition.

        Call after `merge(table, …)`. Where the table was empty before, every row is new: the relation is all of it, and
        the condition, which only narrows the work, is left out.
        """
        partition = TABLES[table].partition
        if not self._files[table]:
            self._connection.execute(f"create or replace view {relation} as select * from staged_{table}")
            return
        # the days are known before the scan, so that only their files are opened
        wanted = {str(row[0]) for row in self._connection.execute(days).fetchall()}
        standing = [path for value, path in self._files[table].items() if value in wanted]
        self._connection.execute(
            f"""
            create or replace table part_for_{relation} as
            select * from (
                select * from staged_{table} where {partition} in ({days})
                union all
                select * from ({self._select(table, standing)}) where {partition} not in (select day from touched_{table})
            ) where {where}
            """
        )
        self._connection.execute(f"create or replace view {relation} as select * from part_for_{relation}")

    def merge(
        self, table: str, rows: str, *, keys: str, affected: str | None = None, former: str | None = None
    ) -> None:
        """Replace the rows of the affected keys by `rows` and stage the files that change.

        Parameters
        ----------
        keys : the column that names a row's unit
        affected : relation with the keys to replace; default: the keys of `rows`
        former : relation with the rows that are replaced, where it is at hand (saves a scan)
        """
        connection, definition = self._connection, TABLES[table]
        columns = ", ".join(definition.columns)
        affected = affected or rows
        partition = definition.partition
        if partition is None:
            connection.execute(
                f"create or replace table merged_{table} as select {columns} from {rows} union all"
                f" {self.select(table)} where {keys} not in (select {keys} from {affected} where {keys} is not null)"
            )
            self._write_one(table)
            return
        order = ", ".join((partition, *definition.sort))
        if not self._files[table]:
            connection.execute(
                f"create or replace table staged_{table} as select {columns} from {rows} order by {order}"
            )
            connection.execute(
                f"create or replace table touched_{table} as select distinct {partition} as day from staged_{table}"
            )
            connection.execute(f"create or replace view merged_{table} as select * from staged_{table}")
            self._write_partitions(table, self._days(table))
            return
        replaced = former or f"({self.select(table)} where {keys} in (select {keys} from {affected}))"
        connection.execute(
            f"create or replace table touched_{table} as select {partition} as day from {rows}"
            f" union select {partition} from {replaced}"
        )
        days = self._days(table)
        standing = [path for value, path in self._files[table].items() if value in days]
        keep = f"{self._select(table, standing)} where {keys} not in (select {keys} from {affected} where {keys} is not null)"
        connection.execute(
            f"create or replace table staged_{table} as select {columns} from {rows}"
            + (f" union all {keep}" if standing else "")
            + f" order by {order}"
        )
        others = [path for value, path in self._files[table].items() if value not in days]
        connection.execute(
            f"create or replace view merged_{table} as select * from staged_{table}"
            + (f" union all {self._select(table, others)}" if others else "")
        )
        self._write_partitions(table, days)

    def _days(self, table: str) -> set[str]:
        return {str(row[0]) for row in self._connection.execute(f"select day from touched_{table}").fetchall()}

    def is_empty(self, table: str) -> bool:
        """Whether the table had no file before this curation."""
        return not self._files[table]

    def append(self, table: str, rows: str) -> None:
        """Add rows to a table whose rows never change."""
        self._connection.execute(f"create or replace table new_{table} as {rows}")
        partition = TABLES[table].partition
        self._connection.execute(
            f"create or replace table no_days as select cast(null as date) as {partition} where false"
        )
        self.merge(table, f"new_{table}", keys=str(partition), affected="no_days", former="no_days")

    def _write_one(self, table: str) -> None:
        definition = TABLES[table]
        target = f"{CURATED}/{table}/data.parquet"
        path = self._change.stage(target)
        self._connection.execute(
            f"copy (select * from merged_{table} order by {', '.join(definition.sort)}) to '{_quoted(path)}'"
            f" (format parquet, compression zstd, row_group_size {ROW_GROUP})"
        )
        self.changed[table] = 1

    def _write_partitions(self, table: str, days: set[str]) -> None:
        partition = str(TABLES[table].partition)
        folder = self._change.folder / table
        if days:
            self._connection.execute(
                f"copy (from staged_{table}) to '{_quoted(folder)}'"
                f" (format parquet, compression zstd, row_group_size {ROW_GROUP}, partition_by ({partition}), filename_pattern 'part-{{i}}')"
            )
        written = set()
        for place in sorted(folder.glob(f"{partition}=*")):
            value = place.name.partition("=")[2]
            parts = sorted(place.glob("*.parquet"))
            self._change.adopt(self._one_file(parts, table), f"{CURATED}/{table}/{partition}={value}/data.parquet")
            written.add(value)
        for value in (days | set(self._stale[table])) - written:
            if value in self._files[table] or value in self._stale[table]:
                self._change.remove(f"{CURATED}/{table}/{partition}={value}/data.parquet")
        self.changed[table] = len(written)

    def _one_file(self, parts: list[Path], table: str) -> Path:
        """A partition is one file, so that one rename replaces it; writers running side by side may have made several."""
        if len(parts) == 1:
            return parts[0]
        whole = parts[0].with_name("whole.parquet")
        listed = ", ".join(f"'{_quoted(part)}'" for part in parts)
        self._connection.execute(
            f"copy (select * from read_parquet([{listed}], hive_partitioning=false) order by {', '.join(TABLES[table].sort)})"
            f" to '{_quoted(whole)}' (format parquet, compression zstd, row_group_size {ROW_GROUP})"
        )
        return whole


def _duckdb(kind: str) -> str:
    return {"timestamp(6)": "timestamp", "varbinary": "blob"}.get(kind, kind)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")
