"""The SQL of a load, made of the names of our own tables. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from catalogue.redshift import column_type
from catalogue.tables import TABLES

SCHEMA = "loaded"  # of the tables; the views are in `public`, which questions search
REGISTER = f"{SCHEMA}.loaded_tables"
NO_ROWS = "none"  # in place of the snapshot of a table that never had a row


@dataclass(frozen=True)
class Load:
    """One snapshot of a table, as the warehouse keeps it.

    Attributes
    ----------
    table : its name
    snapshot : of the lake's table; `NO_ROWS` where that has none
    definition : digest of what the table is made from: another one makes the table anew
    """

    table: str
    snapshot: str
    definition: str

    @property
    def place(self) -> str:
        """The table that holds it, without the schema."""
        return f"{self.table}_{self.snapshot}_{self.definition}"


def definition_of(table: str) -> str:
    """The digest of the columns, types and order of a table in the warehouse."""
    return hashlib.sha256(create(table, "").encode()).hexdigest()[:8]


def create(table: str, place: str) -> str:
    """Make an empty table with the columns of a curated one."""
    definition = TABLES[table]
    columns = ", ".join(f"{name} {column_type(kind)}" for name, kind in definition.columns.items())
    order = ", ".join(definition.sort)
    return f"create table {SCHEMA}.{place} ({columns}) diststyle auto compound sortkey ({order})"


def copy(place: str, manifest: str, role: str) -> str:
    """Fill a table from the Parquet files that a manifest names.

    Parameters
    ----------
    manifest : its ``s3://`` address
    role : ARN of the role that reads them; empty for the default one of the namespace
    """
    by = f"'{role}'" if role else "default"
    return f"copy {SCHEMA}.{place} from '{manifest}' iam_role {by} format as parquet manifest"


def prepare() -> list[str]:
    """Make the schema and the register where there are none."""
    columns = (
        "table_name varchar(128), snapshot varchar(32), definition varchar(8), version bigint, row_count bigint,"
        " loaded_at timestamp"
    )
    return [f"create schema if not exists {SCHEMA}", f"create table if not exists {REGISTER} ({columns})"]


def registered() -> str:
    """What the views show: table, snapshot, definition, version, rows, since when."""
    return f"select table_name, snapshot, definition, version, row_count, loaded_at from {REGISTER} order by table_name"


def tables_there() -> str:
    """The tables of the schema."""
    return f"select tablename from pg_tables where schemaname = '{SCHEMA}' order by tablename"


def drop(places: Iterable[str]) -> str:
    """Drop tables of the schema."""
    return f"drop table {', '.join(f'{SCHEMA}.{place}' for place in places)}"


def counts(loads: Sequence[Load]) -> str:
    """The number of rows of each table."""
    return " union all ".join(f"select '{load.table}', count(*) from {SCHEMA}.{load.place}" for load in loads)


def drop_views(tables: Sequence[str]) -> str:
    """Drop the views of these tables: one with other columns cannot be replaced."""
    return f"drop view if exists {', '.join(f'public.{table}' for table in tables)}"


def view(load: Load) -> str:
    """Let questions read this table by its bare name."""
    columns = ", ".join(TABLES[load.table].columns)
    return f"create or replace view public.{load.table} as select {columns} from {SCHEMA}.{load.place}"


def forget(tables: Sequence[str]) -> str:
    """Take tables out of the register."""
    names = ", ".join(f"'{table}'" for table in tables)
    return f"delete from {REGISTER} where table_name in ({names})"


def register(loads: Sequence[Load], rows: dict[str, int], version: int) -> str:
    """Put tables into the register, as loaded now."""
    values = ", ".join(
        f"('{load.table}', '{load.snapshot}', '{load.definition}', {version}, {rows[load.table]}, getdate())"
        for load in loads
    )
    return f"insert into {REGISTER} values {values}"


def roles() -> str:
    """The roles of the database."""
    return "select role_name from svv_roles"


def grants(tables: Sequence[str], role: str) -> list[str]:
    """Let a role read the views."""
    views = ", ".join(f"public.{table}" for table in tables)
    return [f"grant usage on schema public to role {role}", f"grant select on {views} to role {role}"]
