"""The curated tables as relations of a Spark session: what exists, changes and is written into Iceberg tables."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from datetime import date
from functools import partial, reduce
from operator import and_
from typing import TYPE_CHECKING

from catalogue.queries import load_curation, load_units
from pipeline.curate.bound import table_sql, unit_sql
from pipeline.curate.side_by_side import run_at_once
from pipeline.curate.spark.iceberg import Days, IcebergTables, nothing, on_days
from pipeline.curate.spark.types import typed
from pipeline.curate.step import MARTS, Key
from pipeline.lake import LakeSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

DIALECT = "spark"
_EARLIER = "earlier_"
_SENT = 500_000  # units, some 50 MB, that every worker gets, so that no table is shuffled to look them up
# columns of events that the SQL of sessions reads: rows of a year that are kept are read without the others
_READ = {
    "sessions": (
        *(
            "event_id",
            "namespace",
            "customer_id",
            "session_id",
            "occurred_at",
            "event_type",
            "channel",
            "device",
            "region",
        ),
        *("store_id", "campaign", "product_id", "order_id", "quantity", "unit_price", "currency"),
    )
}
_AT_ONCE = 4  # parts of a step: while one is planned, or writes its last file, the others keep the cluster busy
_MERGED = frozenset({"events"})  # tables of which few known rows change: the others' days are written again


class SparkStore:
    """Replaces existing rows by new ones in Iceberg tables. Fills the `CurationStore` port.

    Relations that are read more than once are computed once, and kept by the cluster. An empty one becomes a relation
    that Spark knows to be empty: what is joined with it is not read.

    Parts of a step run in threads (`side_by_side`). Views belong to the session, so that they are made anew for every
    statement: a part's own relations hide those of the others while its statement is planned, one at a time.

    Parameters
    ----------
    session : a session of its own, for its views; its time zone is UTC and it is in ANSI mode
    remade : tables whose rows are all made again
    """

    def __init__(
        self,
        session: SparkSession,
        tables: IcebergTables,
        settings: LakeSettings,
        remade: frozenset[str] = frozenset(),
    ) -> None:
        self._session = session
        self._tables = tables
        self._settings = settings
        self._remade = remade
        self._frames: dict[str, DataFrame] = {}
        self._own = _Own()
        self._planning = threading.Lock()
        self._kept: dict[str, int] = {}  # relation → rows, of those that the cluster keeps or that are empty
        self._days: dict[str, Days] = {}  # relations of days
        self._touched: dict[str, Days | None] = {}  # table → partitions that changed; None for all

    def side_by_side(self, *parts: Callable[[], None]) -> None:
        """Do parts of a step at once, some at a time; after an error no further part begins."""
        run_at_once([partial(self._own.alone, part) for part in parts], _AT_ONCE)

    def is_remade(self, table: str) -> bool:
        """Whether the table is made as a whole in this step."""
        return table in self._remade

    def has_changed(self, table: str) -> bool:
        """Whether this step has changed any row of the table."""
        return table in self._touched

    def is_empty(self, relation: str) -> bool:
        """Whether a relation of this step has no row."""
        return self._kept[relation] == 0 if relation in self._kept else self._frame(relation).isEmpty()

    def touched(self, table: str) -> Days | None:
        """The partitions of a table that changed; None for all."""
        return self._touched.get(table, ())

    def give(self, relation: str, rows: DataFrame) -> None:
        """Make a relation of rows that come from elsewhere."""
        self._frames[relation] = rows

    def name_units(self, relation: str) -> None:
        """Make a relation of `queries/curate/units/` by its SQL; in a lake without events most are never read."""
        from pyspark.sql import functions as f

        query = load_units()[relation]
        for name in query.tables:
            if name.startswith(_EARLIER):
                self._own.frames[name] = self._earlier(name.removeprefix(_EARLIER))
        rows = self._planned(query.tables, unit_sql(relation, self._settings, DIALECT))
        if self._is_new("events") and relation != "repeated_ids":
            self._give_nothing(relation, rows)
        elif relation.endswith("_days"):
            self._days[relation] = _values(rows)
        elif self._keep(relation, rows) <= _SENT:
            self.give(relation, f.broadcast(self._frames[relation]))

    def load_known(self, table: str, *, key: Key, units: str, without: str | None = None) -> None:
        """Make ``known_<table>``."""
        relation = f"known_{table}"
        if self._is_new(table) or self.is_empty(units):
            self._give_nothing(relation, self._tables.nothing(table))
            return
        rows, partition = self._earlier(table), self._tables.definition(table).partition
        if partition is not None:
            # reads the key's columns of all partitions first, then all columns of the few that matter
            days = _values(self._among(rows, key, units).select(partition).distinct())
            rows = rows.where(on_days(partition, days))
        rows = self._among(rows, key, units)
        if without is not None:
            rows = self._beside(rows, key, self._frame(without).select(*key))
        self._keep(relation, rows)

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
        rows = self._tables.current(table).where(where)
        if not (self._is_new(table) or self.is_remade(target)):
            wanted = None if days is None else self._days_of(days)
            if wanted is not None:
                rows = rows.where(on_days(str(self._tables.definition(table).partition), wanted))
            if units is not None:
                rows = _kept(self._among(rows, key, units).select(*_READ.get(target, rows.columns)))
        self._own.frames[relation] = rows

    def alias(self, relation: str, *sources: str, key: Key = (), units: str | None = None) -> None:
        """Make `relation`: all rows of the first source, and those of the others whose key is in `units`."""
        first, *others = (self._frame(source) for source in sources)
        for other in others:
            keys = self._frame(str(units)).select(*key).dropna()
            first = first.unionByName(_semi(other, key, keys))
        self._own.frames[relation] = first

    def make(self, table: str) -> None:
        """Make ``new_<table>`` by the table's SQL."""
        relations = load_curation()[table].tables
        made = self._planned(relations, table_sql(table, self._settings, DIALECT))
        rows = typed(made, self._tables.definition(table).columns)
        if table in MARTS or self.is_remade(table):
            self.give(f"new_{table}", rows)  # it is written once, and then read from the table
        else:
            self._keep(f"new_{table}", rows)

    def merge(self, table: str, *, key: Key, units: str | None) -> None:
        """Put ``new_<table>`` in the place of the existing rows whose key is in `units`."""
        new, partition = self._frame(f"new_{table}"), self._tables.definition(table).partition
        if self.is_remade(table):
            self._write_whole(table, new)
            self.give(f"new_{table}", self._tables.current(table))
        elif self._kept[f"new_{table}"] + self._kept.get(f"known_{table}", 0) > 0:
            if partition is None:
                self._write_whole(table, new.unionByName(self._beside(self._earlier(table), key, units)))
            elif not self._kept.get(f"known_{table}"):
                self._tables.append(table, new)
                self._touched[table] = _values(new.select(partition).distinct())
            else:
                self._merge_partitions(table, key, str(units), partition)
        self.give(f"current_{table}", self._tables.current(table))

    def replace_days(self, mart: str, source: str) -> None:
        """Put ``new_<mart>`` in the place of its rows of the days on which the source changed."""
        new, day = self._frame(f"new_{mart}"), self._tables.definition(source).partition
        partition = self._tables.definition(mart).partition
        days = self._touched.get(source)
        if day is None or days is None or self._is_new(mart):
            self._write_whole(mart, new)
        elif partition == day:
            self._write_partitions(mart, new, days)
        else:
            # a mart without partitions is small; the others are kept by month
            months = None if partition is None else {found.replace(day=1) for found in days}
            staying = self._earlier(mart)
            if months is not None:
                staying = staying.where(on_days(str(partition), months))
            rows = new.unionByName(staying.where(~on_days(day, days)))
            if months is None:
                self._write_whole(mart, rows)
            else:
                self._write_partitions(mart, rows, months)

    def _merge_partitions(self, table: str, key: Key, units: str, partition: str) -> None:
        """Write what changed of a table of which rows are known under the same keys."""
        new, known = self._frame(f"new_{table}"), self._frame(f"known_{table}")
        if table in _MERGED:
            before = _values(known.select(partition).distinct())
            self._tables.merge(table, new, key=key, days=before)
            self._touched[table] = {*before, *_values(new.select(partition).distinct())}
            return
        days = _changed_days(new, known, partition)
        if days:
            staying = self._beside(self._earlier(table).where(on_days(partition, days)), key, units)
            self._write_partitions(table, new.where(on_days(partition, days)).unionByName(staying), days)

    def _write_partitions(self, table: str, rows: DataFrame, days: Days) -> None:
        if days:
            self._tables.overwrite(table, rows, days=days)
            self._touched[table] = days

    def _write_whole(self, table: str, rows: DataFrame) -> None:
        was_empty = self._tables.is_empty(table)
        if was_empty and not self.is_remade(table) and rows.isEmpty():
            return
        self._tables.overwrite(table, rows)
        if not (was_empty and self._tables.added(table) == 0):
            self._touched[table] = None

    def _is_new(self, table: str) -> bool:
        """Whether the table had no row before this step, or none that is kept."""
        return table in self._remade or self._tables.is_empty(table)

    def _earlier(self, table: str) -> DataFrame:
        return self._tables.nothing(table) if self._is_new(table) else self._tables.earlier(table)

    def _frame(self, relation: str) -> DataFrame:
        own = self._own.frames
        return own[relation] if relation in own else self._frames[relation]

    def _planned(self, relations: Iterable[str], sql: str) -> DataFrame:
        """The rows of a statement that reads some relations. Spark looks a view up once, when it is planned."""
        with self._planning:
            for relation in relations:
                self._frame(relation).createOrReplaceTempView(relation)
            return self._session.sql(sql)

    def _days_of(self, relation: str) -> Days | None:
        kind, _, table = relation.partition("_")
        return self.touched(table) if kind == "touched" else self._days[relation]

    def _among(self, rows: DataFrame, key: Key, units: str) -> DataFrame:
        """The rows whose key is in the first columns of `units`."""
        found = self._frame(units)
        return _semi(rows, key, found.select(*found.columns[: len(key)]))

    def _beside(self, rows: DataFrame, key: Key, units: str | DataFrame | None) -> DataFrame:
        """The rows whose key is not in the first columns of `units`."""
        if units is None:
            return rows
        found = self._frame(units) if isinstance(units, str) else units
        return _semi(rows, key, found.select(*found.columns[: len(key)]), how="left_anti")

    def _keep(self, relation: str, rows: DataFrame) -> int:
        """Compute a relation now, and let the cluster keep its rows, and not how they came to be: what is made of them
        is planned anew, and plans that hold the plans of all before them take minutes.
        """
        kept = _kept(rows)
        count = int(kept._jdf.queryExecution().toRdd().count())  # one job; a query that counts plans and shuffles
        if count == 0:
            self._give_nothing(relation, rows)
        else:
            self._kept[relation] = count
            self.give(relation, kept)
        return count

    def _give_nothing(self, relation: str, rows: DataFrame) -> None:
        self._kept[relation], self._days[relation] = 0, ()
        self.give(relation, nothing(self._session, dict(rows.dtypes)))


def _kept(rows: DataFrame) -> DataFrame:
    """The rows, computed when they are first read, and then kept by the cluster."""
    return rows.localCheckpoint(eager=False)


class _Own(threading.local):
    """The relations of the part of a step that this thread does."""

    def __init__(self) -> None:
        self.frames: dict[str, DataFrame] = {}

    def alone(self, part: Callable[[], None]) -> None:
        """Do a part that begins without relations of its own."""
        self.frames = {}
        part()


def _semi(rows: DataFrame, key: Key, units: DataFrame, how: str = "left_semi") -> DataFrame:
    from pyspark.sql import functions as f

    names = [f"unit_key_{number}" for number in range(len(key))]
    same = [f.expr(expression) == f.col(name) for expression, name in zip(key, names, strict=True)]
    return rows.join(units.toDF(*names), reduce(and_, same), how)


def _changed_days(new: DataFrame, known: DataFrame, partition: str) -> set[date]:
    """The partitions of the rows that only one of two relations has."""
    from pyspark.sql import functions as f

    sign = "appearances"
    both = new.withColumn(sign, f.lit(1)).unionByName(known.withColumn(sign, f.lit(-1)))
    changed = both.groupBy(*new.columns).agg(f.sum(sign).alias(sign)).where(f"{sign} <> 0")
    return _values(changed.select(partition).distinct())


def _values(days: DataFrame) -> set[date]:
    return {row[0] for row in days.collect()}
