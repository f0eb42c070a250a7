"""Copies of the tables that the warehouse loads, as plain Parquet: Redshift cannot read a snapshot of an Iceberg table.

A copy is made before the version is published that names its snapshot, and removed when neither that version nor the
one after it is the published one: a load that has begun finds its files.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogue.tables import TABLES
from catalogue.warehouse import EXPORTS, export_folder, warehouse_tables
from pipeline.objects import Objects

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_MOST_FILES = 8  # of one table; a load reads them side by side
_COMPLETE = ".complete"  # beside the folder: a load takes every file in it


@dataclass(frozen=True)
class WarehouseExports:
    """The copies of one lake.

    Attributes
    ----------
    namespace : catalog and database of the tables, such as ``glue_catalog.takings``
    """

    session: SparkSession
    objects: Objects
    namespace: str

    def write(self, snapshots: Mapping[str, str]) -> None:
        """Copy the snapshots that are not copied yet: whole tables, all columns in the files, no partitions.

        Parameters
        ----------
        snapshots : table → id of its snapshot, in decimal; a table without one has no rows, and gets no copy
        """
        for table in warehouse_tables():
            snapshot = snapshots.get(table)
            if snapshot is None or self.objects.stored(_mark(table, snapshot)) is not None:
                continue
            # another session has written it: this one may remember the table as it was
            self.session.catalog.refreshTable(f"{self.namespace}.{table}")
            rows = self.session.read.option("snapshot-id", snapshot).table(f"{self.namespace}.{table}")
            writer = rows.select(*TABLES[table].columns).coalesce(_MOST_FILES).write.mode("overwrite")
            # Hadoop's empty file _SUCCESS is no Parquet, and COPY reads all below a prefix
            writer = writer.option("mapreduce.fileoutputcommitter.marksuccessfuljobs", "false")
            writer.parquet(f"{self.objects.place}/{export_folder(table, snapshot)}")
            self.objects.replace(_mark(table, snapshot), b"", tag=None)

    def keep(self, *versions: Mapping[str, str]) -> None:
        """Remove the copies of all snapshots but those of some versions."""
        kept = {(table, snapshot) for tables in versions for table, snapshot in tables.items()}
        names = [file.name for file in self.objects.found(EXPORTS)]
        old = [name for name in names if _of(name) not in kept]
        # without its mark a copy is made again
        self.objects.remove(sorted(old, key=lambda name: not name.endswith(_COMPLETE)))


def _mark(table: str, snapshot: str) -> str:
    return export_folder(table, snapshot).rstrip("/") + _COMPLETE


def _of(name: str) -> tuple[str, str]:
    """The table and the snapshot of a file."""
    _, table, snapshot = name.split("/")[:3]
    return table, snapshot.removesuffix(_COMPLETE)
