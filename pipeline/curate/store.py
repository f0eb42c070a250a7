"""The curated tables of a lake folder as relations of a DuckDB connection: what exists, changes and is written."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.parquet import quoted, select
from catalogue.queries import load_units
from catalogue.tables import TABLES
from pipeline.curate.bound import table_sql, unit_sql
from pipeline.curate.files import write_partitions
from pipeline.curate.first_events import ROWS_AT_ONCE, write_first_events
from pipeline.curate.parts import joined
from pipeline.curate.side_by_side import run_at_once
from pipeline.curate.step import MARTS, Key
from pipeline.curate.table_files import TableFiles
from pipeline.lake import Lake
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import duckdb

_ROWS_AT_ONCE = 1_000_000  # of a table that is replaced: some 700 MB of charges while they are sorted
# rows that can be equal in all columns they are sorted by: equal charges are several charges
_TIED = frozenset({"quarantine", "spend", "daily_spend", "daily_spend_resources", "daily_spend_tags"})

DIALECT = "duckdb"
# Of every connection of a step: a progress bar would be written into the command's output, and a step reads the footers
# of most files several times.
SETTINGS = ("set enable_progress_bar = false", "set parquet_metadata_cache = true")
_AT_ONCE = 2
_EARLIER = "earlier_"


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
        self._settings = lake.settings
        self._main = connection
        self._of_part = threading.local()
        self._naming = threading.Lock()
        self._change = change
        self._remade = remade
        self._files = TableFiles(lake, change, remade)
        self._written: list[tuple[str, Path]] = []  # files of the first events, each with its month

    @property
    def changed(self) -> dict[str, int]:
        """Tables that this step has changed, with the files written."""
        return self._files.changed

    def side_by_side(self, *parts: Callable[[], None]) -> None:
        """Do parts of a step at once, some at a time: small statements use one core each.

        What a part scopes or aliases is a temporary view, which only its own connection sees.
        """
        run_at_once([partial(self._do_alone, part) for part in parts], _AT_ONCE)

    def _do_alone(self, part: Callable[[], None]) -> None:
        with self._main.cursor() as connection:
            for setting in SETTINGS:
                connection.execute(setting)
            self._of_part.connection = connection
            try:
                part()
            finally:
                del self._of_part.connection

    @property
    def _connection(self) -> duckdb.DuckDBPyConnection:
        """The connection of the part that this thread does, or that of the step."""
        return getattr(self._of_part, "connection", self._main)

    def is_remade(self, table: str) -> bool:
        """Whether the table is made as a whole in this step."""
        return table in self._remade

    def has_changed(self, table: str) -> bool:
        """Whether this step has changed any row of the table."""
        return self._files.has_changed(table)

    def is_empty(self, relation: str) -> bool:
        """Whether a relation of this step has no row."""
        return not self._connection.execute(f"select 1 from {relation} limit 1").fetchall()

    def current(self, table: str) -> str:
        """The relation of the table as it will be: ``current_<table>``, or its files where nothing changes."""
        return f"current_{table}" if self.has_changed(table) else f"({self.select(table)})"

    def select(self, table: str) -> str:
        """A select of the table as it was before this step."""
        return select(table, self._files.earlier(table))

    def name_units(self, relation: str) -> None:
        """Make a relation of units by its SQL; in a lake without events a view, because hardly any is read."""
        for name in load_units()[relation].tables:
            if name.startswith(_EARLIER):
                earlier = self.select(name.removeprefix(_EARLIER))
                with self._naming:  # parts read the same table, and DuckDB refuses two that name it at once
                    self._connection.execute(f"create or replace view {name} as {earlier}")
        kind = "view" if self._is_new("events") else "table"
        self._connection.execute(
            f"create or replace {kind} {relation} as {unit_sql(relation, self._settings, DIALECT)}"
        )

    def load_known(self, table: str, *, key: Key, units: str, without: str | None = None) -> None:
        """Make ``known_<table>``."""
        files, where = self._files.earlier(table), f"where {_tuple(key)} in (from {units})"
        if files:
            # reads the key of all files first, then all columns of the few files that matter
            holding = f"select distinct held_in from ({select(table, files, file_name='held_in')}) {where}"
            files = sorted(map(Path, self._values(holding)))
        held = f"{select(table, files, file_name='held_in')} {where if files else ''}"
        self._connection.execute(f"create or replace table held_{table} as {held}")
        some = f"where {_tuple(key)} not in ({_keys(key, without)})" if without is not None else ""
        columns = ", ".join(TABLES[table].columns)
        self._connection.execute(f"create or replace view known_{table} as select {columns} from held_{table} {some}")

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
            self._connection.execute(f"create or replace temp view {relation} as select * from {current} where {where}")
            return
        if units is not None:
            where += f" and {_tuple(key)} in (from {units})"
        if days is not None:
            current = f"({self._of_days(table, days)})"
        # a view: the table's SQL takes the few columns that it needs
        self._connection.execute(f"create or replace temp view {relation} as select * from {current} where {where}")

    def _of_days(self, table: str, days: str) -> str:
        """A select of the rows of some days of the table as it will be; opens no file of another month."""
        wanted = self._values(f"from {days}")
        months = {day[: len("2026-03")] for day in wanted}
        existing = select(table, [path for month, path in self._files.staying(table) if month in months])
        listed = ", ".join(f"date '{day}'" for day in sorted(wanted)) or "null"
        rows = f"from staged_{table} union all {existing}" if self.has_changed(table) else existing
        return f"select * from ({rows}) where {TABLES[table].partition} in ({listed})"

    def alias(self, relation: str, *sources: str, key: Key = (), units: str | None = None) -> None:
        """Make `relation`: all rows of the first source, and those of the others whose key is in `units`."""
        first, *others = sources
        more = [f"select * from {source} where {_tuple(key)} in ({_keys(key, str(units))})" for source in others]
        self._connection.execute(
            f"create or replace temp view {relation} as {' union all '.join([f'select * from {first}', *more])}"
        )

    def make(self, table: str) -> None:
        """Make ``new_<table>`` by the table's SQL."""
        if table == "events" and self._is_new(table) and self._has_many_raw_events():
            self._make_first_events()
            return
        self._connection.execute(f"create or replace table new_{table} as {self.sql(table)}")
        if table == "events":
            self._connection.execute("drop view raw_events")  # its rows are all in new_events
            self._connection.execute("drop table raw_events_of_lines")

    def _has_many_raw_events(self) -> bool:
        (rows,) = self._connection.execute("select count(*) from raw_events").fetchall()[0]
        return bool(rows > ROWS_AT_ONCE)

    def _make_first_events(self) -> None:
        """Write the events as they are made, and read them from their files from then on."""
        self._connection.execute("drop view repeated_ids")  # they are found in another way
        self._written = write_first_events(self._connection, self.sql("events"), self._change.folder / "events")
        made = select("events", (path for _, path in self._written))
        self._connection.execute(f"create or replace view new_events as {made}")

    def sql(self, table: str) -> str:
        """The SQL that makes the rows of a table."""
        return table_sql(table, self._settings, DIALECT)

    def merge(self, table: str, *, key: Key, units: str | None) -> None:
        """Put ``new_<table>`` in the place of the existing rows whose key is in `units`."""
        columns = ", ".join(TABLES[table].columns)
        if self._is_new(table):
            self._connection.execute(f"create or replace view current_{table} as select {columns} from new_{table}")
            self._write_new(table)
        else:
            self._write_changes(table, columns, key if units else ())

    def replace_days(self, mart: str, source: str) -> None:
        """Put ``new_<mart>`` in the place of its rows of the days on which the source changed."""
        day = TABLES[source].partition
        if day is None:
            # a small table: what is made of it is made again
            days = f"all_{mart}"
            day = TABLES[mart].sort[0]
            self._connection.execute(
                f"create or replace view {days} as select distinct {day} from ({self.select(mart)})"
            )
        else:
            days = f"touched_{source}"
        self.load_known(mart, key=(day,), units=days)
        self.merge(mart, key=(day,), units=days)

    def _is_new(self, table: str) -> bool:
        """Whether the table had no row before this step, or none that is kept."""
        return not self._files.by_folder(table)

    def replace(self, table: str, *, rows: str, key: str, units: str, instant: str) -> None:
        """Put `rows` in the place of the existing rows whose key is among `units`, some days at a time.

        For a table whose changed rows may not fit into memory: nothing is compared, every month that loses or gains
        rows is written again. Makes ``new_<table>``, ``touched_<table>`` and ``current_<table>`` as `merge` does.

        Parameters
        ----------
        rows : select of the table's columns
        units : select of one column
        instant : the column whose day is the partition: by it a reader skips what lies outside some days
        """
        connection, partition = self._connection, str(TABLES[table].partition)
        columns, files = ", ".join(TABLES[table].columns), self._files.earlier(table)
        connection.execute(f"create or replace view new_{table} as {rows}")
        leaving = f" union select {partition} from ({self.select(table)}) where {key} in ({units})" if files else ""
        connection.execute(
            f"create or replace table touched_{table} as select distinct {partition} as day from new_{table}{leaving}"
        )
        touched = self._values(f"select distinct {_month(table)} from (select day as {partition} from touched_{table})")
        rewritten = [path for month, path in self._files.each(table) if month in touched]
        self._files.rewrite(table, rewritten)
        staying = f"{select(table, rewritten)} where {key} not in ({units})"
        connection.execute(
            f"create or replace view staged_{table} as select {columns} from new_{table} union all {staying}"
        )
        self._view_current(table)
        spans = [
            f"{partition} between date '{first}' and date '{last}' and {instant} >= timestamp '{first} 00:00:00'"
            f" and {instant} < timestamp '{last} 00:00:00' + interval 1 day"
            for first, last in self._spans(table)
        ]
        self._write(table, f"staged_{table}", spans)

    def _spans(self, table: str) -> Iterator[tuple[str, str]]:
        """Days of rows to write in runs of about `_ROWS_AT_ONCE` rows: the first and the last day of each."""
        first, rows, last = "", 0, ""
        counted = f"select {TABLES[table].partition}, count(*) from staged_{table} group by 1 order by 1"
        for day, count in self._connection.execute(counted).fetchall():
            if first and rows + count > _ROWS_AT_ONCE:
                yield first, last
                first, rows = "", 0
            first, last, rows = first or str(day), str(day), rows + count
        if first:
            yield first, last

    def _write_new(self, table: str) -> None:
        """Write a table that has no earlier rows."""
        # what is made of a remade table is remade, too: the days that its rows had before concern nobody
        self._connection.execute(
            f"create or replace table touched_{table} as select distinct {_day(table)} as day from new_{table}"
        )
        if self.is_empty(f"touched_{table}") and not self._files.before(table):
            return
        self._files.rewrite_all(table)
        self._write(table, f"current_{table}")

    def _write_changes(self, table: str, columns: str, key: Key) -> None:
        """Find the rows that come and go, and write them with the rest of their files."""
        connection, day, row = self._connection, _day(table), f"hash({columns})"
        new, held = f"select {columns} from new_{table}", f"select {columns} from held_{table}"
        coming, going = new, f"{new} where false"
        if key:
            # most units are new: only those that were known are compared row by row
            was_held = f"{_tuple(key)} in (select {', '.join(key)} from held_{table})"
            coming = f"({new} where not ({was_held})) union all (({new} where {was_held}) except all ({held}))"
            going = f"{held} except all ({new} where {was_held})"
        connection.execute(f"create or replace table staged_{table} as {coming}")
        connection.execute(f"create or replace table gone_{table} as {going}")
        connection.execute(
            f"create or replace table touched_{table} as"
            f" select {day} as day from staged_{table} union select {day} from gone_{table}"
        )
        if self.is_empty(f"touched_{table}"):
            connection.execute(f"create or replace view current_{table} as {self.select(table)}")
            return
        is_going = f"{row} in (select {row} from gone_{table})"
        holding = self._values(f"select distinct held_in from held_{table} where {is_going}") if key else set()
        rewritten = self._joined(table, {Path(name) for name in holding})
        self._files.rewrite(table, rewritten)
        if rewritten:
            # rows are compared by a hash first, and whole only where their hashes are equal
            rest = select(table, rewritten)
            connection.execute(
                f"insert into staged_{table} ({rest} where not ({is_going}))"
                f" union all (({rest} where {is_going}) except all (from gone_{table}))"
            )
        self._view_current(table)
        self._write(table, f"staged_{table}")

    def _joined(self, table: str, altered: set[Path]) -> set[Path]:
        """The files to write again: those that hold a changed row, and small ones of the months that get new rows."""
        coming = dict(
            self._connection.execute(f"select {_month(table)}, count(*) from staged_{table} group by 1").fetchall()
        )
        folders = {folder: paths for folder, paths in self._files.by_folder(table).items() if folder in coming}
        listed = ", ".join(f"'{quoted(path)}'" for paths in folders.values() for path in paths)
        rows: dict[str, int] = {}
        if listed:
            found = self._connection.execute(f"select file_name, num_rows from parquet_file_metadata([{listed}])")
            rows = dict(found.fetchall())
        chosen = set(altered)
        for folder, paths in folders.items():
            sizes = {path: rows[str(path)] for path in paths}
            chosen |= joined(sizes, altered.intersection(paths), coming[folder])
        return chosen

    def _view_current(self, table: str) -> None:
        kept = select(table, (path for _, path in self._files.staying(table)))
        self._connection.execute(f"create or replace view current_{table} as from staged_{table} union all {kept}")

    def _values(self, sql: str) -> set[str]:
        return {str(value) for (value,) in self._connection.execute(sql).fetchall()}

    def _write(self, table: str, relation: str, spans: Sequence[str] = ("true",)) -> None:
        """Write the rows of a relation in the place of the rewritten files; `spans` cut it into runs of days."""
        definition = TABLES[table]
        partition, is_mart = definition.partition, table in MARTS
        columns, order = ", ".join(definition.columns), ", ".join((*([partition] if partition else ()), *_order(table)))
        written: Iterable[tuple[str, Path]] = self._written
        if table != "events" or not written:
            written = (
                file
                for number, span in enumerate(spans)
                for file in write_partitions(
                    self._connection.sql(f"select {columns} from {relation} where {span} order by {order}"),
                    self._change.folder / table / str(number),
                    partition,
                    definition.sort,
                    is_mart=is_mart,
                )
            )
        self._files.publish(table, written)


def _tuple(key: Key) -> str:
    """The expression of a key, as it is looked up in a relation."""
    return key[0] if len(key) == 1 else f"({', '.join(key)})"


def _keys(key: Key, relation: str) -> str:
    """A select of the keys of a relation that has their columns; without those that are null in part."""
    return f"select {', '.join(key)} from {relation} where {' and '.join(f'{column} is not null' for column in key)}"


def _order(table: str) -> tuple[str, ...]:
    """What the rows of a file are sorted by; a whole order, so that equal rows give equal bytes."""
    definition = TABLES[table]
    return (*definition.sort, f"hash({', '.join(definition.columns)})") if table in _TIED else definition.sort


def _day(table: str) -> str:
    """The partition of a row; '' in a table without."""
    return TABLES[table].partition or "''"


def _month(table: str) -> str:
    """The folder of a row's file; '' in a table without partitions."""
    return f"strftime({TABLES[table].partition}, '%Y-%m')" if TABLES[table].partition else "''"
