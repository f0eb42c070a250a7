"""A lake's curated tables as a PostgreSQL database, copied from the very files that curation wrote."""

from __future__ import annotations

import tempfile
from pathlib import Path

import duckdb
from psycopg import sql

from catalogue.parquet import quoted, select
from catalogue.tables import TABLES, Table
from tests.engines.postgres_server import PostgresServer
from tests.engines.redshift_shims import FUNCTIONS

_TYPES = {"double": "double precision", "varbinary": "bytea", "timestamp(6)": "timestamp"}
_CHUNK = 1 << 20


def load(server: PostgresServer, root: Path, database: str) -> None:
    """Make a database of all curated tables of the lake at `root`, with the functions that Redshift has besides."""
    with server.connect() as owner:
        owner.execute(sql.SQL("create database {}").format(sql.Identifier(database)))
    with server.connect(database) as connection, duckdb.connect() as files, tempfile.TemporaryDirectory() as scratch:
        connection.execute(FUNCTIONS.read_text(encoding="utf-8"))
        for name, table in TABLES.items():
            columns = sql.SQL(", ").join(
                sql.SQL("{} " + _TYPES.get(kind, kind)).format(sql.Identifier(column))
                for column, kind in table.columns.items()
            )
            connection.execute(sql.SQL("create table {} ({})").format(sql.Identifier(name), columns))
            written = Path(scratch) / f"{name}.csv"
            files.execute(_export(root, name, table, written))
            copy = sql.SQL("copy {} from stdin (format csv, null '\\N')").format(sql.Identifier(name))
            with connection.cursor().copy(copy) as into, written.open("rb") as file:
                while chunk := file.read(_CHUNK):
                    into.write(chunk)
            written.unlink()
        connection.execute("analyze")


def _export(root: Path, name: str, table: Table, path: Path) -> str:
    """The statement that writes a table as PostgreSQL reads it: everything quoted but null."""
    found = sorted((root / table.zone / name).rglob("*.parquet"))
    columns = ", ".join(
        f"'\\x' || hex({column})" if kind == "varbinary" else column for column, kind in table.columns.items()
    )
    options = "format csv, header false, force_quote *, null '\\N'"
    return f"copy (select {columns} from ({select(name, found)})) to '{quoted(path)}' ({options})"  # noqa: S608 - our own names
