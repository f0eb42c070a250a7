"""The statements that make a curated table: Iceberg DDL, in Spark's dialect, made from its definition. Pure."""

from __future__ import annotations

from catalogue.tables.table import Table
from pipeline.curate.spark.types import schema

PROPERTIES = {
    "format-version": "2",  # the newest that Athena reads
    "write.parquet.compression-codec": "zstd",
    # a copy of an event that arrives again changes one row of a day: its files stay, and a small one names the row
    "write.merge.mode": "merge-on-read",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
}


def create(name: str, table: Table, *, replacing: bool = False) -> str:
    """Make an empty table with the columns and the partition of its definition.

    Parameters
    ----------
    name : catalog, database and table, such as ``glue_catalog.takings.orders``
    replacing : in the place of one with other columns, whose snapshots stay, each with the columns it was written with
    """
    how = "create or replace table" if replacing else "create table"
    partitioned = f" partitioned by ({table.partition})" if table.partition else ""
    properties = ", ".join(f"'{key}' = '{value}'" for key, value in PROPERTIES.items())
    return f"{how} {name} ({schema(table.columns)}) using iceberg{partitioned} tblproperties ({properties})"


def order(name: str, table: Table) -> str:
    """Let each file be sorted as the definition says, and hold rows of one partition."""
    distributed = "distributed by partition " if table.partition else ""
    return f"alter table {name} write {distributed}locally ordered by {', '.join(table.sort)}"
