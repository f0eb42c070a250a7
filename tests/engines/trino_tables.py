"""A lake's curated tables as external tables in Trino, over the files that curation wrote; snapshots of Iceberg's."""

from __future__ import annotations

from pathlib import Path

from catalogue.tables import TABLES, Table
from pipeline.lake import CURATED
from tests.engines.trino_server import CATALOG, TrinoServer


def register(server: TrinoServer, root: Path, schema: str) -> None:
    """Make a schema of all curated tables of the lake at `root`; a table without files has no rows."""
    server.execute(f"create schema if not exists {CATALOG}.{schema}")
    for name, table in TABLES.items():
        folder = root / getattr(table, "zone", CURATED) / name
        folder.mkdir(parents=True, exist_ok=True)
        server.execute(definition(schema, name, table, folder))
        if _is_split(table):
            refresh(server, schema, name)


def refresh(server: TrinoServer, schema: str, name: str) -> None:
    """Let a table know the partitions that its folder has now."""
    server.execute(f"call {CATALOG}.system.sync_partition_metadata('{schema}', '{name}', 'FULL')")


def definition(schema: str, name: str, table: Table, folder: Path) -> str:
    """The statement that makes one external table."""
    # a partition's column, which comes last, is in the files of curated tables, and the name of their folder elsewhere
    listed = [f'"{key}" {kind}' for key, kind in table.columns.items()]
    options = [f"external_location = 'local://{folder}'", "format = 'PARQUET'"]
    if _is_split(table):
        options.append(f"partitioned_by = array['{table.partition}']")
    return f"create table {CATALOG}.{schema}.{name} ({', '.join(listed)}) with ({', '.join(options)})"


def _is_split(table: Table) -> bool:
    """Whether the folders of a table name the values of its partition."""
    return table.partition is not None and table.zone != CURATED


def snapshot(server: TrinoServer, schema: str, name: str) -> str | None:
    """The id of the newest snapshot of an Iceberg table; None where it never had a row."""
    sql = f"select snapshot_id from \"{name}$refs\" where name = 'main'"  # noqa: S608 - the test's own names
    found = server.iceberg.execute(sql, schema).rows
    return str(found[0][0]) if found else None
