"""The curated tables of a lake as relations of a DuckDB connection: what exists, what changes, what is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.parquet import select
from catalogue.tables import CURATED_TABLES, TABLES
from pipeline.curate.files import ROW_GROUP_OF_ONE_FILE, write_file, write_partitions
from pipeline.lake import CURATED, Lake
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import duckdb

_ROWS_AT_ONCE = 1_000_000  # of a table that is replaced: some 700 MB of charges while they are sorted
# rows that can be equal in all columns they are sorted by: equal charges are several charges
_TIED = frozenset({"quarantine", "spend", "daily_spend", "daily_spend_resources", "daily_spend_tags"})


class CuratedStore:
    """Replaces existing rows by new ones, and stages the files that change by it.

    For a table the connection holds, in this order:

    - ``known_orders``: the existing rows that may change (`load_known`)
    - ``new_orders``: the rows that take their place (made by the caller)
    - ``touched_orders``: the days on which the two differ, ``merged_orders``: the table as it will be (`merge`)

    A key is the expression that names a row's unit: all rows of a unit change together.
    """

    def __init__(self, lake: Lake, connection: duckdb.DuckDBPyConnection, change: Transaction) -> None:
        self._connection = connection
        self._change = change
        self._files = {table: _files_of(lake, table) for table in CURATED_TABLES}
        self.changed: dict[str, int] = {}
        self._touched: set[str] = set()

    def has_changed(self, table: str) -> bool:
        """Whether this curation has changed a day of the table, or the table as a whole where it has no days."""
        return table in self._touched

    def merged(self, table: str) -> str:
        """The relation of the table as it will be: ``merged_<table>``, or its files where nothing changes."""
        return f"merged_{table}" if self.has_changed(table) else f"({self.select(table)})"

    def is_empty(self, table: str) -> bool:
        """Whether the table has no row yet."""
        return not self._files[table]

    def select(self, table: str) -> str:
        """A select of the table as it was before this curation."""
        return select(table, self._files[table].values())

    def load_known(self, table: str, *, key: str, units: str) -> None:
        """Create ``known_<table>``: the existing rows whose key is among `units`.

        Parameters
        ----------
        units : select of one column
        """
        files = self._files[table]
        where = f"where {key} in ({units})"
        partition = TABLES[table].partition
        if partition is not None and files:
            # reads one column of all files first, then all columns of the few files that matter
            files = self._on(files, f"select distinct {partition} from ({self.select(table)}) {where}")
        self._connection.execute(
            f"create or replace table known_{table} as {select(table, files.values())} {where if files else ''}"
        )

    def scope(self, relation: str, table: str, *, days: str, where: str) -> None:
        """Create `relation`: rows of the merged table on the given days that fulfil a condition; call after `merge`.

        Where the table was empty before, the relation is all of it: a condition only narrows the work.
        """
        if self.is_empty(table):
            self._connection.execute(f"create or replace view {relation} as select * from merged_{table}")
            return
        partition = TABLES[table].partition
        wanted = self._values(days)
        existing = [path for day, path in self._files[table].items() if day in wanted]
        listed = ", ".join(f"date '{day}'" for day in sorted(wanted)) or "null"
        # a view: the table's SQL takes the few columns that it needs
        self._connection.execute(
            f"""
            create or replace view {relation} as
            select * from (
                select * from staged_{table} where {partition} in ({listed})
                union all
                select * from ({select(table, existing)}) where {partition} not in (from touched_{table})
            ) where {where}
            """
        )

    def merge(self, table: str, *, key: str, units: str) -> None:
        """Put ``new_<table>`` in the place of ``known_<table>``.

        Parameters
        ----------
        units : select of the keys whose rows are replaced, as given to `load_known`
        """
        columns = ", ".join(TABLES[table].columns)
        if self.is_empty(table):
            self._connection.execute(f"create or replace view merged_{table} as select {columns} from new_{table}")
        elif TABLES[table].partition is None:
            self._connection.execute(
                f"create or replace table merged_{table} as select {columns} from new_{table}"
                f" union all {self.select(table)} where {key} not in ({units})"
            )
        if TABLES[table].partition is None:
            self._write_whole(table)
        else:
            self._merge_partitions(table, columns, key, units)

    def append(self, table: str, rows: str) -> None:
        """Add rows to a table whose rows never change and have no identity."""
        self._connection.execute(f"create or replace table new_{table} as {rows}")
        nothing = "select null where false"
        partition = str(TABLES[table].partition)
        self.load_known(table, key=partition, units=nothing)
        self.merge(table, key=partition, units=nothing)

    def replace(self, table: str, *, rows: str, key: str, units: str, instant: str) -> None:
        """Put `rows` in the place of the existing rows whose key is among `units`, some days at a time.

        For a table whose changed rows may not fit into memory: nothing is compared, every day that loses or gains rows
        is written again. Makes ``new_<table>``, ``touched_<table>`` and ``merged_<table>`` as `merge` does.

        Parameters
        ----------
        rows : select of the table's columns
        units : select of one column
        instant : the column whose day is the partition: by it a reader skips what lies outside some days
        """
        connection, partition = self._connection, str(TABLES[table].partition)
        columns, files = ", ".join(TABLES[table].columns), self._files[table]
        connection.execute(f"create or replace view new_{table} as {rows}")
        leaving = (
            f" union all select {partition}, count(*) from ({self.select(table)}) where {key} in ({units}) group by 1"
            if files
            else ""
        )
        connection.execute(
            f"create or replace table counted_{table} as select day, sum(rows) as rows from (select {partition} as day,"
            f" count(*) as rows from new_{table} group by 1{leaving}) group by 1"
        )
        connection.execute(f"create or replace table touched_{table} as select day from counted_{table}")
        self._stage(table, "view", f"select {columns} from new_{table}", key, units)
        spans = [
            f"{partition} between date '{first}' and date '{last}' and {instant} >= timestamp '{first} 00:00:00'"
            f" and {instant} < timestamp '{last} 00:00:00' + interval 1 day"
            for first, last in self._spans(table)
        ]
        self._write_days(table, f"staged_{table}", spans)

    def _spans(self, table: str) -> Iterator[tuple[str, str]]:
        """Touched days in runs of about `_ROWS_AT_ONCE` rows: the first and the last day of each."""
        first, rows, last = "", 0, ""
        for day, count in self._connection.execute(f"select day, rows from counted_{table} order by 1").fetchall():
            if first and rows + count > _ROWS_AT_ONCE:
                yield first, last
                first, rows = "", 0
            first, last, rows = first or str(day), str(day), rows + count
        if first:
            yield first, last

    def _merge_partitions(self, table: str, columns: str, key: str, units: str) -> None:
        connection, files, partition = self._connection, self._files[table], TABLES[table].partition
        if not files:
            connection.execute(
                f"create or replace table touched_{table} as select distinct {partition} as day from new_{table}"
            )
            self._write_days(table, f"merged_{table}")
            return
        new, known = f"select {columns} from new_{table}", f"select {columns} from known_{table}"
        # most units are new: only those that were known are compared row by row
        both = f"{new} where {key} in (select {key} from known_{table})"
        connection.execute(
            f"""
            create or replace table touched_{table} as
            select {partition} as day from new_{table} where {key} not in (select {key} from known_{table})
            union select {partition} from ({both} except all {known})
            union select {partition} from ({known} except all {both})
            """
        )
        self._stage(table, "table", f"{new} where {partition} in (from touched_{table})", key, units)
        self._write_days(table, f"staged_{table}")

    def _stage(self, table: str, kind: str, new: str, key: str, units: str) -> None:
        """Create ``staged_<table>``, a view or table of the touched days as they will be, and ``merged_<table>``."""
        files = self._files[table]
        touched = self._on(files, f"from touched_{table}")
        staying = f" union all {select(table, touched.values())} where {key} not in ({units})" if touched else ""
        self._connection.execute(f"create or replace {kind} staged_{table} as {new}{staying}")
        others = [path for day, path in files.items() if day not in touched]
        self._connection.execute(
            f"create or replace view merged_{table} as from staged_{table} union all {select(table, others)}"
        )

    def _on(self, files: dict[str, Path], days: str) -> dict[str, Path]:
        """The files of some days; the days are known before a scan, so that only their files are opened."""
        wanted = self._values(days)
        return {day: path for day, path in files.items() if day in wanted}

    def _values(self, days: str) -> set[str]:
        return {str(day) for (day,) in self._connection.execute(days).fetchall()}

    def _write_whole(self, table: str) -> None:
        """Write the one file of a table; a table without rows has none, as a day without rows has none."""
        name = f"{CURATED}/{table}/data.parquet"
        ordered = self._connection.sql(f"from merged_{table} order by {', '.join(_order(table))}")
        rows = ordered.to_arrow_table()
        if rows.num_rows:
            place = self._change.stage(name)
            write_file(rows, place, TABLES[table].sort, row_group=ROW_GROUP_OF_ONE_FILE, is_mart=True)
        elif self.is_empty(table):
            return
        else:
            self._change.remove(name)
        self.changed[table] = 1 if rows.num_rows else 0
        self._touched.add(table)

    def _write_days(self, table: str, relation: str, spans: Sequence[str] = ("true",)) -> None:
        """Write the days of a relation; `spans` are conditions that cut it into runs of days."""
        definition = TABLES[table]
        partition = str(definition.partition)
        order = ", ".join((partition, *_order(table)))
        emptied = self._values(f"from touched_{table}")
        if emptied:
            self._touched.add(table)
        written = 0
        for span in spans:
            rows = self._connection.sql(f"from {relation} where {span} order by {order}")
            for day, path in write_partitions(rows, self._change.folder / table, partition, definition.sort):
                self._change.adopt(path, f"{CURATED}/{table}/{partition}={day}/data.parquet")
                emptied.discard(day)
                written += 1
        for day in emptied:
            self._change.remove(f"{CURATED}/{table}/{partition}={day}/data.parquet")
        self.changed[table] = written


def _order(table: str) -> tuple[str, ...]:
    """What the rows of a file are sorted by; a whole order, so that equal rows give equal bytes."""
    definition = TABLES[table]
    return (*definition.sort, f"hash({', '.join(definition.columns)})") if table in _TIED else definition.sort


def _files_of(lake: Lake, table: str) -> dict[str, Path]:
    """Files of a table by day; the key of a table of one file is ''."""
    folder = lake.root / CURATED / table
    if TABLES[table].partition is None:
        path = folder / "data.parquet"
        return {"": path} if path.exists() else {}
    return {path.parent.name.partition("=")[2]: path for path in sorted(folder.glob("*/data.parquet"))}
