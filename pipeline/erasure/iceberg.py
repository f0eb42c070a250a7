"""What the published tables leave behind of a person: snapshots, copies, and files that no snapshot names."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from catalogue.errors import LakeError
from catalogue.tables import CURATED_TABLES
from pipeline.curate import raw
from pipeline.curate.spark.maintenance import MaintainedTable
from pipeline.erasure.workers import RawFile
from pipeline.objects import Objects, opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

TABLE = "table"  # the area of a file of a table
# columns in which an id may be; all other tables are sums
_NAMING = frozenset(
    {"customer_id", "session_id", "session_key", "visitor", "attributes", "record", "recommendation_request_id"}
)


def keep_only(session: SparkSession, namespace: str, snapshots: Mapping[str, str], now: datetime) -> int:
    """Of the tables that may name a person keep the published snapshot alone, and its files; returns snapshots removed.

    Raises
    ------
    LakeError
        Another job writes a table. Nobody may: its files are removed as those of a killed one.
    """
    removed = 0
    for name in sorted(naming() & snapshots.keys()):
        table = MaintainedTable(session, namespace, name)
        table.refresh()
        if table.snapshot() != snapshots[name]:
            raise LakeError(
                "Another job writes this table",
                where=f"{namespace}.{name}",
                remedy="Pause the schedules of the other jobs, then run it again.",
            )
        removed += table.expire({snapshots[name]}, now + timedelta(days=1))
        table.remove_orphans_now()
        objects, folder = place_of(session, namespace, name)
        objects.remove_former(f"{folder}/")
    return removed


def unreadable(session: SparkSession, namespace: str, snapshot: str) -> dict[str, dict[int, datetime]]:
    """Lines that curation could not read: of each raw object their numbers, and when it came in (UTC)."""
    from pyspark.sql import functions as f

    session.catalog.refreshTable(f"{namespace}.quarantine")
    rows = session.read.option("snapshot-id", snapshot).table(f"{namespace}.quarantine")
    found: dict[str, dict[int, datetime]] = {}
    for origin, at in rows.where(f.col("reason") == raw.UNREADABLE).select("origin", "received_at").collect():
        name, _, number = origin.rpartition(":")
        if number.isdecimal():  # a refused record that says so itself has an origin of its own
            found.setdefault(name, {})[int(number)] = at.replace(tzinfo=UTC)
    return found


def naming() -> frozenset[str]:
    """The tables in which an id may be."""
    return frozenset(name for name, table in CURATED_TABLES.items() if _NAMING & table.columns.keys())


def files(session: SparkSession, namespace: str, table: str) -> tuple[Objects, list[RawFile]]:
    """Every Parquet file below a table's place, whether a snapshot names it or not."""
    objects, folder = place_of(session, namespace, table)
    return objects, [RawFile(TABLE, file.name) for file in objects.found(folder) if file.name.endswith(".parquet")]


def place_of(session: SparkSession, namespace: str, table: str) -> tuple[Objects, str]:
    """Where a table's files lie."""
    above, _, folder = MaintainedTable(session, namespace, table).location.rstrip("/").rpartition("/")
    return opened(above), folder
