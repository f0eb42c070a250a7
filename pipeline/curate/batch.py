"""One batch of raw files on one machine, curated in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from pipeline.curate import raw
from pipeline.curate.step import Progress, curate_marts, curate_records
from pipeline.curate.store import DuckDbStore
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, Lake
from pipeline.spend.curation import BillsByFile, SpendStep, curated_bills
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import duckdb

FilesByArea = Mapping[str, Sequence[str]]  # raw area → names of its files below the raw root


class BatchResult(NamedTuple):
    """What one batch read and changed.

    Attributes
    ----------
    received, quarantined : records of this batch
    accepted, duplicates : of the whole lake, with this batch
    newest : the largest ``received_at`` of the batch (UTC, naive); None where it has no record
    changed : tables → files written
    bills : raw file of charges → the bills in it, of the whole lake
    """

    received: int
    quarantined: int
    accepted: int
    duplicates: int
    newest: datetime | None
    changed: Mapping[str, int]
    bills: BillsByFile


def curate_batch(
    lake: Lake,
    raw_root: Path,
    batch: FilesByArea,
    connection: duckdb.DuckDBPyConnection,
    change: Transaction,
    report: Progress,
    *,
    missing: Sequence[str] = (),
    remade: frozenset[str] = frozenset(),
) -> BatchResult:
    """Read the batch, compute the changed rows of every table, and stage the changed files.

    Parameters
    ----------
    lake : its curated tables are read, and changed with `change`
    raw_root : the folder that holds the raw files
    missing : raw files of charges that are curated and no longer there
    remade : tables whose rows are all made again from their sources
    """

    def row(select: str) -> tuple[Any, ...]:
        return connection.execute(select).fetchone() or ()

    store = DuckDbStore(lake, connection, change, remade)
    report("Reading raw records", 0.0)
    files = {area: [raw_root / name for name in names] for area, names in batch.items()}
    for kind, area in ((raw.REFUSED, RAW_QUARANTINE), (raw.EVENTS, RAW_EVENTS)):
        raw.read(connection, kind, files[area], root=raw_root, workshop=change.folder / area)
    (events, refused) = row("select (select count(*) from raw_events), (select count(*) from raw_quarantine)")
    curate_records(store, report)
    spend = SpendStep(connection, store, raw_root, known=curated_bills(lake), new=batch[RAW_SPEND], missing=missing)
    bills = spend.run(store.sql("spend"))
    curate_marts(store, report)
    (newest,) = row(
        "select max(received_at) from"
        " (select received_at from new_events union all select received_at from raw_quarantine)"
    )
    accepted, duplicates = row(
        f"select coalesce(sum(events), 0), coalesce(sum(duplicates), 0) from {store.current('daily_events')}"
    )
    return BatchResult(events + refused, refused, int(accepted), int(duplicates), newest, store.changed, bills)
