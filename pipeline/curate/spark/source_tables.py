"""What the curated tables are made from, kept in Iceberg tables of the same version: read raw files, and bills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalogue.tables.table import Table
from pipeline.curate.spark import new_files as files
from pipeline.curate.spark import spend as bills
from pipeline.curate.spark.iceberg import IcebergTables
from pipeline.curate.spark.publishing import Exports, Version, publish
from pipeline.curate.spark.types import schema
from pipeline.objects import Objects

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

WATERMARKS, BILLS = "raw_watermarks", "bills"
SOURCES = {
    WATERMARKS: Table("one row per raw folder, or per file of an open one", files.COLUMNS, ("folder", "name")),
    BILLS: Table("one row per raw file and bill in it", bills.COLUMNS, ("name",)),
}


def watermarks(tables: IcebergTables) -> list[files.Watermark]:
    """The watermarks of the published version."""
    return [files.Watermark(*row) for row in rows_of(tables.earlier(WATERMARKS))]


def rows_of(frame: DataFrame) -> Iterable[tuple[Any, ...]]:
    """The rows of a frame; instants, which are UTC, with their zone."""
    for row in frame.collect():
        yield tuple(value.replace(tzinfo=UTC) if isinstance(value, datetime) else value for value in row)


def save(session: SparkSession, tables: IcebergTables, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put rows in the place of all rows of one of these tables."""
    columns = schema(tables.definition(table).columns)
    tables.overwrite(table, session.createDataFrame([tuple(row) for row in rows], columns))


@dataclass(frozen=True)
class SparkWatermarks:
    """The watermarks of the versions of a lake. Fills the port of `pipeline.curate.spark.packing`.

    Attributes
    ----------
    session : its time zone is UTC
    namespace : catalog and database of the tables
    """

    session: SparkSession
    objects: Objects
    namespace: str
    exports: Exports | None = None

    def of(self, version: Version) -> list[files.Watermark]:
        """Those of a published version."""
        return watermarks(self._tables(version))

    def publish(self, before: Version, rows: Sequence[files.Watermark]) -> Version:
        """Publish a version with other ones; raises LakeError where another job has published since `before`."""
        tables = self._tables(before)
        save(self.session, tables, WATERMARKS, rows)
        after = replace(before, tables={**before.tables, **tables.snapshots})
        return publish(self.objects, before, after, self.exports)

    def _tables(self, version: Version) -> IcebergTables:
        return IcebergTables(self.session, self.namespace, SOURCES, version.tables)
