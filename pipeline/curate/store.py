"""The curated tables of a lake folder as relations of a DuckDB connection: what exists, changes and is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.binding import bind
from catalogue.parquet import select
from catalogue.queries import load_curation, load_units
from catalogue.tables import CURATED_TABLES, TABLES
from pipeline.curate.files import ROW_GROUP_OF_ONE_FILE, write_file, write_partitions
from pipeline.curate.step import Key
from pipeline.lake import CURATED, Lake
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import duckdb

    from catalogue.queries import Query

_ROWS_AT_ONCE = 1_000_000  # of a table that is replaced: some 700 MB of charges while they are sorted
# rows that can be equal in all columns they are sorted by: equal charges are several charges
_TIED = frozenset({"quarantine", "spend", "daily_spend", "daily_spend_resources", "daily_spend_tags"})

_EARLIER = "earlier_"
_Settings = tuple[tuple[str, str | bool], ...]


class DuckDbStore:
    """Replaces existing rows by new ones, and stages the files that change by it. Fills the `CurationStore` port.

    Parameters
    ----------
    lake : its curated tables are read, and changed with `change`
    remade : tables whose rows are all made again
    """

    def __init__(
        self,
        lake: Lake,
        connection: duckdb.DuckDBPyConnection,
        change: Transaction,
        remade: frozenset[str] = frozenset(),
    ) -> None:
        self._settings: _Settings = tuple(lake.settings.of_curation().items())
        self._connection = connection
        self._change = change
        self._remade = remade
        self._present = {table: _files_of(lake, table) for table in CURATED_TABLES}
        self._files = {table: {} if table in remade else files for table, files in self._present.items()}
        self._touched: set[str] = set()
        self.changed: dict[str, int] = {}

    def is_remade(self, table: str) -> bool:
        """Whether the table is made as a whole in this step."""
        return table in self._remade

    def has_changed(self, table: str) -> bool:
        """Whether this step has changed a day of the table, or the table as a whole where it has no days."""
        return table in self._touched

    def is_empty(self, relation: str) -> bool:
        """Whether a relation of this step has no row."""
        return self._connection.execute(f"select 1 from {relation} limit 1").fetchone() is None

    def current(self, table: str) -> str:
        """The relation of the table as it will be: ``current_<table>``, or its files where nothing changes."""
        return f"current_{table}" if self.has_changed(table) else f"({self.select(table)})"

    def select(self, table: str) -> str:
        """A select of the table as it was before this step."""
        return select(table, self._files[table].values())

    def name_units(self, relation: str) -> None:
        """Make a relation of units by its SQL; in a lake without events it is a view that is never read."""
        for name in load_units()[relation].tables:
            if name.startswith(_EARLIER):
                earlier = self.select(name.removeprefix(_EARLIER))
                self._connection.execute(f"create or replace view {name} as {earlier}")
        kind = "view" if self._is_new("events") else "table"
        self._connection.execute(f"create or replace {kind} {relation} as {_unit_sql(relation, self._settings)}")

    def load_known(self, table: str, *, key: Key, units: str, without: str | None = None) -> None:
        """Make ``known_<table>``."""
        files = self._files[table]
        where = f"where {_tuple(key)} in (from {units})"
        if without is not None:
            where += f" and {_tuple(key)} not in ({_keys(key, without)})"
        partition = TABLES[table].partition
        if partition is not None and files:
            # reads one column of all files first, then all columns of the few files that matter
            files = self._on(files, f"select distinct {partition} from ({self.select(table)}) {where}")
        self._connection.execute(
            f"create or replace table known_{table} as {select(table, files.values())} {where if files else ''}"
        )

    def scope(
        self,
        relation: str,
        table: str,
        *,
        target: str,
        key: Key = (),
        units: str | None = None,
        days: str | None = None,
        where: str = "true",
    ) -> None:
        """Make `relation`: the rows of the table as it will be from which the target's new rows are made."""
        current = self.current(table)
        if self._is_new(table) or self.is_remade(target):
            self._connection.execute(f"create or replace view {relation} as select * from {current} where {where}")
            return
        if units is not None:
            where += f" and {_tuple(key)} in (from {units})"
        if days is not None:
            current = f"({self._of_days(table, days)})"
        # a view: the table's SQL takes the few columns that it needs
        self._connection.execute(f"create or replace view {relation} as select * from {current} where {where}")

    def _of_days(self, table: str, days: str) -> str:
        """A select of the rows of some days of the table as it will be; opens no file of another day."""
        partition = TABLES[table].partition
        wanted = self._values(f"from {days}")
        existing = [path for day, path in self._files[table].items() if day in wanted]
        listed = ", ".join(f"date '{day}'" for day in sorted(wanted)) or "null"
        if not self.has_changed(table):
            return select(table, existing)
        return (
            f"select * from staged_{table} where {partition} in ({listed}) union all"
            f" select * from ({select(table, existing)}) where {partition} not in (from touched_{table})"
        )

    def alias(self, relation: str, *sources: str, key: Key = (), units: str | None = None) -> None:
        """Make `relation`: all rows of the first source, and those of the others whose key is in `units`."""
        first, *others = sources
        more = [f"select * from {source} where {_tuple(key)} in ({_keys(key, str(units))})" for source in others]
        self._connection.execute(
            f"create or replace view {relation} as {' union all '.join([f'select * from {first}', *more])}"
        )

    def make(self, table: str) -> None:
        """Make ``new_<table>`` by the table's SQL."""
        self._connection.execute(f"create or replace table new_{table} as {self.sql(table)}")
        if table == "events":
            self._connection.execute("drop table raw_events")  # its rows are all in new_events

    def sql(self, table: str) -> str:
        """The SQL that makes the rows of a table."""
        return _table_sql(table, self._settings)

    def merge(self, table: str, *, key: Key, units: str | None) -> None:
        """Put ``new_<table>`` in the place of the existing rows whose key is in `units`."""
        columns = ", ".join(TABLES[table].columns)
        staying = "true" if units is None else f"{_tuple(key)} not in (from {units})"
        if self._is_new(table):
            self._connection.execute(f"create or replace view current_{table} as select {columns} from new_{table}")
        elif TABLES[table].partition is None:
            if units is not None and self.is_empty(units):
                self._connection.execute(f"create or replace view current_{table} as {self.select(table)}")
                return
            self._connection.execute(
                f"create or replace table current_{table} as select {columns} from new_{table}"
                f" union all {self.select(table)} where {staying}"
            )
        if TABLES[table].partition is None:
            self._write_whole(table)
        else:
            self._merge_partitions(table, columns, key, staying)

    def replace_days(self, mart: str, source: str) -> None:
        """Put ``new_<mart>`` in the place of its rows of the days on which the source changed."""
        day = TABLES[source].partition
        if day is None:
            self._connection.execute(f"create or replace view current_{mart} as from new_{mart}")
            self._write_whole(mart)
            return
        if TABLES[mart].partition is not None:
            self.load_known(mart, key=(day,), units=f"touched_{source}")
        self.merge(mart, key=(day,), units=f"touched_{source}")

    def _is_new(self, table: str) -> bool:
        """Whether the table had no row before this step, or none that is kept."""
        return not self._files[table]

    def replace(self, table: str, *, rows: str, key: str, units: str, instant: str) -> None:
        """Put `rows` in the place of the existing rows whose key is among `units`, some days at a time.

        For a table whose changed rows may not fit into memory: nothing is compared, every day that loses or gains rows
        is written again. Makes ``new_<table>``, ``touched_<table>`` and ``current_<table>`` as `merge` does.

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
        self._stage(table, "view", f"select {columns} from new_{table}", f"{key} not in ({units})")
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

    def _merge_partitions(self, table: str, columns: str, key: Key, staying: str) -> None:
        connection, files, partition = self._connection, self._files[table], TABLES[table].partition
        if not files:
            gone = ", ".join(f"(date '{day}')" for day in self._present[table]) or "(null)"
            connection.execute(
                f"create or replace table touched_{table} as select distinct {partition} as day from new_{table}"
                f" union select day from (values {gone}) as gone (day) where day is not null"
            )
            self._write_days(table, f"current_{table}")
            return
        new, known = f"select {columns} from new_{table}", f"select {columns} from known_{table}"
        if key:
            # most units are new: only those that were known are compared row by row
            was_known = f"{_tuple(key)} in ({_keys(key, f'known_{table}')})"
            changes = (
                f"select {partition} as day from new_{table} where not ({was_known})"
                f" union select {partition} from ({new} where {was_known} except all {known})"
                f" union select {partition} from ({known} except all ({new} where {was_known}))"
            )
        else:
            changes = f"select distinct {partition} as day from new_{table}"
        connection.execute(f"create or replace table touched_{table} as {changes}")
        self._stage(table, "table", f"{new} where {partition} in (from touched_{table})", staying)
        self._write_days(table, f"staged_{table}")

    def _stage(self, table: str, kind: str, new: str, staying: str) -> None:
        """Create ``staged_<table>``, a view or table of the touched days as they will be, and ``current_<table>``."""
        files = self._files[table]
        touched = self._on(files, f"from touched_{table}")
        kept = f" union all {select(table, touched.values())} where {staying}" if touched else ""
        self._connection.execute(f"create or replace {kind} staged_{table} as {new}{kept}")
        others = [path for day, path in files.items() if day not in touched]
        self._connection.execute(
            f"create or replace view current_{table} as from staged_{table} union all {select(table, others)}"
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
        ordered = self._connection.sql(f"from current_{table} order by {', '.join(_order(table))}")
        rows = ordered.to_arrow_table()
        if rows.num_rows:
            place = self._change.stage(name)
            write_file(rows, place, TABLES[table].sort, row_group=ROW_GROUP_OF_ONE_FILE, is_mart=True)
        elif not self._present[table]:
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
        if table in self._touched:
            self.changed[table] = written


def _tuple(key: Key) -> str:
    """The expression of a key, as it is looked up in a relation."""
    return key[0] if len(key) == 1 else f"({', '.join(key)})"


def _keys(key: Key, relation: str) -> str:
    """A select of the keys of a relation that has their columns; without those that are null in part."""
    return f"select {', '.join(key)} from {relation} where {' and '.join(f'{column} is not null' for column in key)}"


@lru_cache(maxsize=64)
def _table_sql(table: str, settings: _Settings) -> str:
    """The SQL of a table; kept, because writing it takes as long as running it on a small batch."""
    return _bound(load_curation()[table], settings)


@lru_cache(maxsize=64)
def _unit_sql(relation: str, settings: _Settings) -> str:
    return _bound(load_units()[relation], settings)


def _bound(query: Query, settings: _Settings) -> str:
    values = dict(settings)
    return bind(query, {name: values[name] for name in query.parameters}, dialect="duckdb").sql


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
