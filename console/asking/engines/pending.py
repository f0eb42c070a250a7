"""What arrived since the last curation: the entries of the append log that the curated lake does not hold yet.

The log is kept until its entries are curated, so it is all there is to read, in this process or in another one. New
entries go through the same SQL that curates them (`queries/curate/events.sql`), so the rows are those that curation
will write; an event that the lake holds already is left out. Only the `events` table sees them: derived tables, marts
and the quarantine hold what is curated.
"""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.tables import TABLES
from pipeline.curate import raw
from pipeline.curate.bound import table_sql, unit_sql
from pipeline.lake import Lake
from pipeline.streams import Kind
from pipeline.streams.checkpoints import CHECKPOINTS, CURATED, STREAM, Checkpoints
from pipeline.streams.segments import LogReader

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CURATED_EVENTS = "curated_events"  # the curated events, beside which the pending ones are shown
_PENDING = "pending_events"
_ID = "(namespace, event_id)"
_READ_ENTRIES = 20_000  # some 10 MiB at a time


def curated_position(lake: Lake) -> str | None:
    """The position after the last entry that is certainly curated. Read it *before* the lake's state: never newer."""
    return Checkpoints(lake.root / CHECKPOINTS).load(CURATED)


class PendingEvents:
    """The pending rows of one snapshot of the lake. Safe to use from several threads.

    Makes the table `pending_events` in the snapshot's database; `curated_events` must exist there. `start` is the
    `curated_position`, read before the snapshot was made.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake, start: str | None) -> None:
        self._lake = lake
        self._reader = LogReader(lake.root / STREAM)
        self._lock = threading.Lock()
        self._position = start
        self.data_as_of: datetime | None = None
        self._cursor = connection.cursor()
        self._cursor.execute(f"create table {_PENDING} as select * from {CURATED_EVENTS} where false")

    @staticmethod
    def select() -> str:
        """The select of all events, curated and pending."""
        names = ", ".join(TABLES["events"].columns)
        return f"select {names} from {CURATED_EVENTS} union all select {names} from {_PENDING}"

    @property
    def version(self) -> str:
        """Changes whenever something arrived."""
        return self._reader.end()

    def refresh(self) -> None:
        """Take in what arrived since the last call; costs one look at the log where nothing did.

        Raises OSError, TakingsError or duckdb.Error where the log or the curated events cannot be read; the next call
        tries again.
        """
        with self._lock:
            while True:
                batch = self._reader.read(self._position, _READ_ENTRIES)
                lines = [entry.line for entry in batch.entries if entry.kind is Kind.EVENT]
                if lines:
                    self._add(lines)
                self._position = batch.position
                if not batch.entries:
                    return

    def _add(self, lines: list[bytes]) -> None:
        """Merge lines into the pending rows."""
        import duckdb

        # the snapshot may read curated files only: rows are made in a database of their own
        with duckdb.connect(":memory:") as scratch, tempfile.TemporaryDirectory() as folder:
            arrived = Path(folder) / "arrived.jsonl"
            arrived.write_bytes(b"\n".join(lines) + b"\n")
            raw.read(scratch, raw.REFUSED, [])
            raw.read(scratch, raw.EVENTS, [arrived])
            ids = scratch.sql("select distinct namespace, event_id from raw_events").to_arrow_table()
            with self._given("arrived_ids", ids) as cursor:
                known = cursor.sql(f"select * from {_PENDING} where {_ID} in (from arrived_ids)").to_arrow_table()
                curated = cursor.sql(
                    f"select namespace, event_id from {CURATED_EVENTS} where {_ID} in (from arrived_ids)"
                ).to_arrow_table()
            scratch.register("known_events", known)
            scratch.register("curated_ids", curated)
            repeated = unit_sql("repeated_ids", self._lake.settings, "duckdb")
            scratch.execute(f"create temp view repeated_ids as {repeated}")
            rows = table_sql("events", self._lake.settings, "duckdb")
            changed = scratch.sql(f"from ({rows}) where {_ID} not in (from curated_ids)").to_arrow_table()
        with self._given("changed_events", changed) as cursor:
            self._replace(cursor)

    def _replace(self, cursor: duckdb.DuckDBPyConnection) -> None:
        cursor.begin()
        try:
            cursor.execute(f"delete from {_PENDING} where {_ID} in (select namespace, event_id from changed_events)")
            cursor.execute(f"insert into {_PENDING} by name from changed_events")
        except BaseException:
            cursor.rollback()
            raise
        cursor.commit()
        ((newest,),) = cursor.execute(f"select max(received_at) from {_PENDING}").fetchall()
        self.data_as_of = newest.replace(tzinfo=UTC) if newest else None

    @contextmanager
    def _given(self, name: str, table: pa.Table) -> Iterator[duckdb.DuckDBPyConnection]:
        """The snapshot's database with one more relation, which nobody else sees."""
        self._cursor.register(name, table)
        try:
            yield self._cursor
        finally:
            self._cursor.unregister(name)
