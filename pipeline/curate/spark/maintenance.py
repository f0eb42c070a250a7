"""Keeps the Iceberg tables fast and small, once a day: fewer and larger files, and no snapshot that nobody reads.

The tables say the same afterwards, by other snapshots: it publishes a version, as a run of curation does, and may not
run beside one. What a run left that was killed is not taken over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from catalogue.clock import utc_now
from pipeline.curate.spark.publishing import Exports, Version, publish, published
from pipeline.objects import Objects

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

KEEP_SNAPSHOTS = timedelta(days=3)  # a question that runs has read the version before; older ones serve for recovery
_MOST_MILLISECONDS = 2**53  # later than any file
_NEVER = "timestamp '1970-01-01 00:00:00'"  # snapshots go by their ids alone


@dataclass(frozen=True)
class Maintained:
    """What maintenance did.

    Attributes
    ----------
    version : the published version after it
    rewritten : data files that were put together or freed of deleted rows
    expired : snapshots that are gone
    orphans : files that no table knew, removed
    """

    version: Version
    rewritten: int
    expired: int
    orphans: int


def maintain(
    session: SparkSession,
    objects: Objects,
    namespace: str,
    *,
    keep: timedelta = KEEP_SNAPSHOTS,
    exports: Exports | None = None,
    now: Callable[[], datetime] = utc_now,
) -> Maintained:
    """Rewrite what is scattered in the tables of the published version, publish that, and remove what is old.

    Parameters
    ----------
    session : its configuration has the catalog and Iceberg's extensions
    namespace : catalog and database of the tables, such as ``glue_catalog.takings``
    keep : how long a snapshot is kept that neither the published version nor the one before names

    Raises
    ------
    LakeError
        Another job has published meanwhile: nothing is removed, and readers see what it published.
    """
    before = published(objects)
    tables = {table: MaintainedTable(session, namespace, table) for table in before.tables}
    for table, snapshot in before.tables.items():
        tables[table].go_to(snapshot)
    rewritten = sum(table.rewrite() for table in tables.values())
    after = replace(before, tables={name: table.snapshot() for name, table in tables.items()})
    version = publish(objects, before, after, exports)
    oldest = now() - keep
    expired = sum(table.expire({before.tables[name], after.tables[name]}, oldest) for name, table in tables.items())
    return Maintained(version, rewritten, expired, sum(table.remove_orphans() for table in tables.values()))


@dataclass(frozen=True)
class MaintainedTable:
    """One table, with the procedures of its catalog."""

    session: SparkSession
    namespace: str
    name: str

    def snapshot(self) -> str:
        """The id of its newest snapshot."""
        rows = self.session.sql(f"select snapshot_id from {self._whole_name}.refs where name = 'main'").collect()
        return str(rows[0][0])

    def refresh(self) -> None:
        """Forget the table as this session has seen it: another one has written it."""
        self.session.catalog.refreshTable(self._whole_name)

    def go_to(self, snapshot: str) -> None:
        """Let a snapshot be the newest: what a killed run wrote after it is not this version's."""
        if self.snapshot() != snapshot:
            self._call("set_current_snapshot", snapshot_id=snapshot)

    def rewrite(self) -> int:
        """Put small files of a day together, in the table's order, and let no file of deleted rows stay beside them."""
        done = self._call(
            "rewrite_data_files",
            strategy="'sort'",
            options="map('delete-file-threshold', '1', 'remove-dangling-deletes', 'true')",
        )
        self._call("rewrite_manifests")
        return int(done["rewritten_data_files_count"])

    def expire(self, kept: set[str], oldest: datetime) -> int:
        """Remove the snapshots made before an instant, with the files that only they have."""
        found = self.session.sql(f"select snapshot_id, unix_micros(committed_at) from {self._whole_name}.snapshots")
        limit = oldest.timestamp() * 1_000_000
        old = [str(snapshot) for snapshot, made in found.collect() if made < limit and str(snapshot) not in kept]
        if old:
            self._call("expire_snapshots", older_than=_NEVER, snapshot_ids=f"array({', '.join(old)})")
        return len(old)

    def remove_orphans_now(self) -> None:
        """Remove files that no snapshot names, however new they are; nobody may write the table meanwhile.

        The catalog's procedure leaves those of the last day.
        """
        java = self.session._jvm.org.apache.iceberg.spark
        action = java.actions.SparkActions.get(self.session._jsparkSession).deleteOrphanFiles(self._loaded)
        action.olderThan(_MOST_MILLISECONDS).execute()

    @property
    def location(self) -> str:
        """Where its files lie."""
        return str(self._loaded.location()).removeprefix("file:")

    @property
    def _loaded(self) -> Any:
        """The table as Iceberg's own library knows it."""
        java = self.session._jvm.org.apache.iceberg.spark
        return java.Spark3Util.loadIcebergTable(self.session._jsparkSession, self._whole_name)

    def remove_orphans(self) -> int:
        """Remove files that no snapshot names and that are older than three days, as killed jobs leave them."""
        return len(self._rows("remove_orphan_files"))

    @property
    def _whole_name(self) -> str:
        return f"{self.namespace}.{self.name}"

    def _call(self, procedure: str, **arguments: str) -> Any:
        return self._rows(procedure, **arguments)[0]

    def _rows(self, procedure: str, **arguments: str) -> list[Any]:
        catalog, _, database = self.namespace.partition(".")
        given = "".join(f", {name} => {value}" for name, value in arguments.items())
        call = f"call {catalog}.system.{procedure}(table => '{database}.{self.name}'{given})"
        return list(self.session.sql(call).collect())
