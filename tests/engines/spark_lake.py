"""A lake that Spark curates from the raw files of another one, and what its Iceberg tables hold for a reader."""

from __future__ import annotations

import shutil
from itertools import count
from typing import TYPE_CHECKING, Any

import duckdb

from catalogue.parquet import select
from catalogue.tables import CURATED_TABLES
from pipeline.curate import spark as on_spark
from pipeline.curate.spark.publishing import Version, published
from pipeline.lake import CURATED
from pipeline.objects import opened
from tests.engines.spark_session import CATALOG
from tests.support.given import Given

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_numbers = count(1)


class SparkLake:
    """The same raw files as those of `given`, curated into a namespace: a new one of the session's own catalogue."""

    def __init__(self, spark: SparkSession, given: Given, namespace: str | None = None) -> None:
        self.spark = spark
        self.given = given
        self.root = given.lake.root.parent / "on-spark"
        self.namespace = namespace or f"{CATALOG}.lake{next(_numbers)}"

    @property
    def version(self) -> Version:
        """What is published."""
        return published(opened(str(self.root)))

    def curate(self) -> on_spark.SparkCuration:
        """Curate the raw files that `given` has by now; the books must balance."""
        raw = self.given.lake.root / "raw"
        if raw.exists():
            shutil.copytree(raw, self.root / "raw", dirs_exist_ok=True)  # with their times
        done = on_spark.curate(self.spark, str(self.root), self.namespace, self.given.lake.settings)
        records = done.version.records
        assert records["received"] == records["accepted"] + records["duplicates"] + records["quarantined"]
        return done

    def select(self, table: str) -> str:
        """DuckDB's select of a table at the published snapshot: its data files without the rows deleted in them."""
        spark = self.spark._jvm.org.apache.iceberg.spark.Spark3Util
        loaded = spark.loadIcebergTable(self.spark._jsparkSession, f"{self.namespace}.{table}")
        loaded.refresh()  # the session keeps tables for half a minute, and the run had a session of its own
        tasks = []
        planned = loaded.newScan().useSnapshot(int(self.version.tables[table])).planFiles().iterator()
        while planned.hasNext():
            tasks.append(planned.next())
        columns = ", ".join(CURATED_TABLES[table].columns)
        if not tasks:
            return select(table, ())
        files = [_path(task.file()) for task in tasks]
        deletes = sorted({_path(file) for task in tasks for file in task.deletes()})
        rows = f"select {columns} from read_parquet({files}, file_row_number=true, filename=true)"  # noqa: S608 - our own names
        if deletes:
            gone = f"select replace(file_path, 'file:', ''), pos from read_parquet({deletes})"  # noqa: S608
            rows += f" where (filename, file_row_number) not in ({gone})"
        return rows

    def rows(self, table: str) -> list[dict[str, Any]]:
        """The rows of a published table."""
        with duckdb.connect(":memory:") as connection:
            found = connection.sql(f"select * from ({self.select(table)}) order by all")  # noqa: S608
            return [dict(zip(CURATED_TABLES[table].columns, row, strict=True)) for row in found.fetchall()]

    def require_same_as(self, other: Given) -> None:
        """Hold every table, and the books, against those of a lake that DuckDB curated."""
        report = other.report
        assert dict(self.version.records) == {name: getattr(report, name) for name in self.version.records}
        found = {table: rows for table in CURATED_TABLES if (rows := self._differences(other, table))}
        assert found == {}

    def _differences(self, other: Given, table: str) -> list[tuple[str, Any]]:
        """Rows that only one engine made, and columns whose types differ; at most three of each."""
        ours = select(table, sorted((other.lake.root / CURATED / table).rglob("*.parquet")))
        theirs = self.select(table)
        with duckdb.connect(":memory:") as connection:
            shapes = [
                [tuple(row[:2]) for row in connection.execute(f"describe {item}").fetchall()] for item in (ours, theirs)
            ]
            found: list[tuple[str, Any]] = [("type", pair) for pair in zip(*shapes, strict=True) if pair[0] != pair[1]]
            for name, one, more in (("DuckDB", ours, theirs), ("Spark", theirs, ours)):
                rows = connection.execute(f"({one}) except all ({more}) limit 3").fetchall()
                found += [(f"only {name}", row) for row in rows]
        return found


def _path(file: Any) -> str:
    return str(file.location()).removeprefix("file:")
