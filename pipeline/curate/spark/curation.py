"""Raw → curated on Spark: what new raw files can have changed, by the SQL that DuckDB runs, in Spark's dialect.

A Glue job is this call, with the catalog in the configuration of its session::

    curate(spark, "s3://shop-lake", "glue_catalog.takings", settings)

Tables that do not depend on each other are written at once, and nobody sees it: readers ask the snapshots that the
published version names, and the next version is published last. A run that was killed left the old version; the next
one begins at the published snapshots and at the files that were new to them.

A line is judged as `pipeline.curate.raw` judges it: one that cannot be read goes to quarantine with its bytes, its file
and its line, a file that breaks off is refused as a whole, and nothing is published unless
received = accepted + duplicates + quarantined.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from catalogue.clock import utc_now
from catalogue.tables import CURATED_TABLES
from pipeline.curate.definitions import fingerprints, outdated
from pipeline.curate.side_by_side import InTurn
from pipeline.curate.spark import new_files as files
from pipeline.curate.spark import raw as spark_raw
from pipeline.curate.spark import spend as bills
from pipeline.curate.spark.iceberg import IcebergTables, on_days
from pipeline.curate.spark.packing import settle
from pipeline.curate.spark.publishing import Exports, Version, publish, published
from pipeline.curate.spark.source_tables import BILLS, SOURCES, WATERMARKS, SparkWatermarks, rows_of, save, watermarks
from pipeline.curate.spark.store import SparkStore
from pipeline.curate.status import require_conservation
from pipeline.curate.step import Key, Progress, curate_events, curate_marts, curate_quarantine
from pipeline.lake import LakeSettings
from pipeline.objects import Objects, opened

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SESSION = {
    "spark.sql.session.timeZone": "UTC",  # curated instants are UTC, without a zone of their own
    "spark.sql.ansi.enabled": "true",  # money that overflows stops the job; without it, it would become null
    "spark.sql.json.enablePartialResults": "true",  # one field that cannot be read is null; its line is kept
}

_FROM_FILES = frozenset({"events", "quarantine"})  # cannot be made again without all raw files
_BILL: Key = ("coalesce(provider_name, '')", "coalesce(cast(cast(billing_period_start as date) as string), '')")


@dataclass(frozen=True)
class SparkCuration:
    """What a run did.

    Attributes
    ----------
    version : the published version after it; that of before where nothing changed
    changed : the tables that have another snapshot than before
    raw_files : raw files of events and refused records that were read
    """

    version: Version
    changed: frozenset[str]
    raw_files: int


def curate(
    session: SparkSession,
    root: str,
    namespace: str,
    settings: LakeSettings,
    *,
    full: bool = False,
    exports: Exports | None = None,
    now: Callable[[], datetime] = utc_now,
    progress: Progress | None = None,
) -> SparkCuration:
    """Bring the curated tables up to date with the raw files below `root`, and publish them where anything changed.

    Works in a session of its own, which shares the cluster and the catalogs with `session` and no setting and no view.

    Parameters
    ----------
    root : the lake: a folder, or ``s3://bucket/prefix``; the raw areas and ``curated/state.json`` lie below it
    namespace : catalog and database of the tables, such as ``glue_catalog.takings``
    full : make all tables again from all raw files; happens by itself where the definition of events changed
    exports : copies for the warehouse, made before the version is seen
    progress : called with a step's name and the fraction done, by one thread at a time

    Raises
    ------
    CurationError
        A raw file cannot be read, or the conservation law does not hold. Nothing is published.
    LakeError
        Another job has published meanwhile, or the lake cannot be read or written.
    """
    report = InTurn(progress or (lambda _step, _fraction: None))
    own = own_session(session)
    own.sql(f"create namespace if not exists {namespace}")
    objects = opened(root)
    settle(objects, SparkWatermarks(own, objects, namespace))
    before = published(objects)
    definitions = {**CURATED_TABLES, **SOURCES}
    tables = IcebergTables(own, namespace, definitions, before.tables)
    remade = outdated(before.made_by, settings) | set(filter(tables.has_other_columns, CURATED_TABLES))
    if full or remade & _FROM_FILES:
        before = Version(before.number, tag=before.tag)
        tables, remade = IcebergTables(own, namespace, definitions, {}), frozenset(CURATED_TABLES)
    store = SparkStore(own, tables, settings, frozenset(remade))
    run = _Run(own, objects, tables, store, before, exports, report)
    return run.curated(now(), fingerprints(settings))


def own_session(session: SparkSession) -> SparkSession:
    """A session that shares the cluster and the catalogs with another one, and judges values as curation does."""
    own = session.newSession()
    for name, value in SESSION.items():
        own.conf.set(name, value)
    return own


@dataclass(frozen=True)
class _Run:
    """One run: what it works with."""

    session: SparkSession
    objects: Objects
    tables: IcebergTables
    store: SparkStore
    before: Version
    exports: Exports | None
    report: Progress

    def curated(self, now: datetime, made_by: Mapping[str, str]) -> SparkCuration:
        known = watermarks(self.tables)
        found = files.new_files(self.objects, known, now=now)
        self.report("Reading", 0.05)
        batch = spark_raw.read(self.session, self.objects, found.files)
        try:
            records = self._records(batch)
        finally:
            batch.release()
        as_of = self._spend()
        curate_marts(self.store, self.report)
        if found or found.checked or not self.before.tables:
            self._save(WATERMARKS, found.watermarks)
        self.report("Publishing", 0.99)
        instants = (self.before.data_as_of, batch.newest and batch.newest.replace(tzinfo=UTC))
        after = replace(
            self.before,
            data_as_of=max(filter(None, instants), default=None),
            bills_as_of=as_of,
            made_by=made_by,
            records=records,
            tables=self.tables.snapshots,
        )
        changed = {name for name, snapshot in after.tables.items() if snapshot != self.before.tables.get(name)}
        version = publish(self.objects, self.before, after, self.exports)
        return SparkCuration(version, frozenset(changed), sum(map(len, found.files.values())))

    def _records(self, batch: spark_raw.RawBatch) -> dict[str, int]:
        """Curate events and refused records, and count them by verdict; refuses to lose any."""
        store = self.store
        store.give("raw_events", batch.events)
        store.give("raw_quarantine", batch.refused)
        if batch.received > batch.quarantined or any(map(store.is_remade, _OF_EVENTS)):
            curate_events(store, self.report)
        if batch.quarantined or store.is_remade("quarantine"):
            curate_quarantine(store)
        counts = dict.fromkeys(("received", "accepted", "duplicates", "quarantined"), 0) | dict(self.before.records)
        events, copies = self._events(earlier=False)
        earlier_events, earlier_copies = self._events(earlier=True)
        accepted = events - earlier_events
        counts["received"] += batch.received
        counts["accepted"] += accepted
        counts["duplicates"] += copies - earlier_copies - accepted
        if store.has_changed("quarantine"):
            counts["quarantined"] += self.tables.added("quarantine")
        remedy = "The published version stays. Report it."
        require_conservation(**counts, where=self.objects.place, remedy=remedy)
        return counts

    def _events(self, *, earlier: bool) -> tuple[int, int]:
        """Events, and how many copies of them arrived, on the days that changed."""
        if not self.store.has_changed("events"):
            return 0, 0
        rows = self.tables.earlier("events") if earlier else self.tables.current("events")
        days = self.store.touched("events")
        if days is not None:
            rows = rows.where(on_days("event_date", days))
        found = rows.selectExpr("count(*)", "coalesce(sum(copies), 0)").first()
        return (int(found[0]), int(found[1])) if found else (0, 0)

    def _spend(self) -> datetime | None:
        """Curate bills; returns when the last came in."""
        known = [] if self.store.is_remade("spend") else rows_of(self.tables.earlier(BILLS))
        batch = bills.read_spend(self.session, self.objects, [bills.BillFile(*row) for row in known])
        if batch.changed or self.store.is_remade("spend"):
            self.report("Bills", 0.93)
            self.store.give("raw_spend", batch.charges)
            replaced = self.session.createDataFrame(sorted(batch.replaced), "provider string, period string")
            self.store.give("replaced_bills", replaced)
            self.store.load_known("spend", key=_BILL, units="replaced_bills")
            self.store.make("spend")
            self.store.merge("spend", key=_BILL, units="replaced_bills")
            self._save(BILLS, batch.bills)
        return batch.as_of

    def _save(self, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
        save(self.session, self.tables, table, rows)


_OF_EVENTS = ("events", "products", "order_lines", "orders", "sessions", "customers")
