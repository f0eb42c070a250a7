"""The curated tables as Iceberg tables of one namespace of a catalog: made, read at a snapshot, and written.

Every table is read as the published version names it, not as it is now: a run that was killed leaves newer snapshots
behind, which no one reads. Before a table is written it goes back to the published snapshot.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from catalogue.tables.table import Columns, Table
from pipeline.curate.spark import ddl
from pipeline.curate.spark.types import sql_type

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

Days = Collection[date]

# What opening a file costs, in bytes that could be read meanwhile. By Iceberg's own 4 MiB a task reads four small
# files; the tables have a file a day, and starting a task takes longer than reading it.
_OPEN_BYTES = 256 * 1024


class IcebergTables:
    """The tables of one run: as they were published, and as the run has written them so far.

    Parameters
    ----------
    session : its configuration has the catalog
    namespace : the catalog and the database, such as ``glue_catalog.takings``; it exists
    definitions : what each table is
    published : table → id of the snapshot, in decimal, that the published version names
    """

    def __init__(
        self,
        session: SparkSession,
        namespace: str,
        definitions: Mapping[str, Table],
        published: Mapping[str, str],
    ) -> None:
        self._session = session
        self._namespace = namespace
        self._definitions = definitions
        self._published = {table: snapshot for table, snapshot in published.items() if table in definitions}
        self._snapshots = dict(self._published)

    @property
    def snapshots(self) -> Mapping[str, str]:
        """The snapshot of every table that this run has written, and of the others the published one."""
        return dict(self._snapshots)

    def definition(self, table: str) -> Table:
        """What the table is."""
        return self._definitions[table]

    def is_empty(self, table: str) -> bool:
        """Whether the published table has no row, or there is none."""
        if table not in self._published:
            return True
        summary = self._loaded(table).snapshot(int(self._published[table])).summary()
        return str(summary.get("total-records")) == "0"

    def has_other_columns(self, table: str) -> bool:
        """Whether the table was made with other columns, or with another partition, than its definition says."""
        if not self._session.catalog.tableExists(self._name(table)):
            return False
        return self._shape_now(table) != self._shape(table)

    def earlier(self, table: str) -> DataFrame:
        """The table as it was published."""
        return self._at(table, self._published.get(table))

    def current(self, table: str) -> DataFrame:
        """The table as this run has written it; as it was published where it was not written."""
        return self._at(table, self._snapshots.get(table))

    def nothing(self, table: str) -> DataFrame:
        """No row, with the table's columns."""
        return nothing(self._session, self._definitions[table].columns)

    def append(self, table: str, rows: DataFrame) -> None:
        """Add rows."""
        self._prepare(table)
        rows.writeTo(self._name(table)).append()
        self._committed(table)

    def overwrite(self, table: str, rows: DataFrame, *, days: Days | None = None) -> None:
        """Put rows in the place of all rows, or of all rows of some partitions.

        Parameters
        ----------
        days : partitions that `rows` are of; None for all
        """
        from pyspark.sql import functions as f

        self._prepare(table)
        partition = self._definitions[table].partition
        if partition is None:
            rows = rows.hint("rebalance")  # else there would be one more file at every run
        condition = f.lit(True) if days is None else on_days(str(partition), days)
        rows.writeTo(self._name(table)).overwrite(condition)
        self._committed(table)

    def merge(self, table: str, rows: DataFrame, *, key: Sequence[str], days: Days) -> None:
        """Add rows, and put those whose key is there already in the place of the existing ones.

        Parameters
        ----------
        key : columns that name a row
        days : partitions in which the existing rows are
        """
        self._prepare(table)
        source = f"merged_{table}"
        rows.createOrReplaceTempView(source)
        partition = self._definitions[table].partition
        listed = ", ".join(f"date '{day}'" for day in sorted(days))
        same = " and ".join(f"existing.{column} = {source}.{column}" for column in key)
        self._session.sql(
            f"merge into {self._name(table)} as existing using {source}"
            f" on existing.{partition} in ({listed}) and {same}"
            " when matched then update set * when not matched then insert *"
        )
        self._committed(table)

    def added(self, table: str) -> int:
        """How many rows the last write of the table added."""
        summary = self._loaded(table).currentSnapshot().summary()
        return int(summary.get("added-records") or 0)

    def _at(self, table: str, snapshot: str | None) -> DataFrame:
        if snapshot is None:
            return self.nothing(table)
        reader = self._session.read.option("snapshot-id", snapshot).option("file-open-cost", _OPEN_BYTES)
        frame = reader.table(self._name(table))
        return frame.select(*self._definitions[table].columns)

    def _prepare(self, table: str) -> None:
        """Let the table exist as it is defined, with the published snapshot as its newest; once a run."""
        name, published = self._name(table), self._published.get(table)
        if self._snapshots.get(table) != published:
            return
        if not self._session.catalog.tableExists(name):
            self._create(table)
        elif self._shape_now(table) != self._shape(table):
            self._create(table, replacing=True)
            return
        found = self._loaded(table)
        newest = found.currentSnapshot()
        if published is not None and (newest is None or str(newest.snapshotId()) != published):
            found.manageSnapshots().setCurrentSnapshot(int(published)).commit()

    def _create(self, table: str, *, replacing: bool = False) -> None:
        name, definition = self._name(table), self._definitions[table]
        self._session.sql(ddl.create(name, definition, replacing=replacing))
        self._session.sql(ddl.order(name, definition))

    def _committed(self, table: str) -> None:
        found = self._loaded(table)
        found.refresh()
        self._snapshots[table] = str(found.currentSnapshot().snapshotId())

    def _shape(self, table: str) -> tuple[list[tuple[str, str]], str | None]:
        return _types(self.nothing(table)), self._definitions[table].partition

    def _shape_now(self, table: str) -> tuple[list[tuple[str, str]], str | None]:
        partition = self._loaded(table).spec().fields()
        return _types(self._session.table(self._name(table))), partition[0].name() if len(partition) else None

    def _name(self, table: str) -> str:
        return f"{self._namespace}.{table}"

    def _loaded(self, table: str) -> Any:
        """The table as Iceberg's own library knows it."""
        spark = self._session._jvm.org.apache.iceberg.spark.Spark3Util
        return spark.loadIcebergTable(self._session._jsparkSession, self._name(table))


def _types(frame: DataFrame) -> list[tuple[str, str]]:
    return [(field.name, field.dataType.simpleString()) for field in frame.schema]


def nothing(session: SparkSession, columns: Columns) -> DataFrame:
    """A relation that Spark knows to be empty: what is joined with it is not read."""
    nulls = ", ".join(f"cast(null as {sql_type(kind)}) as `{name}`" for name, kind in columns.items())
    return session.sql(f"select {nulls} where false")


def on_days(column: str, days: Days) -> Column:
    """Whether a date column is one of some days; the days are literals, by which Iceberg opens no other partition."""
    from pyspark.sql import functions as f

    return f.col(column).isin(*sorted(days)) if days else f.lit(False)
