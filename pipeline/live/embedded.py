"""Live in one SQLite file beside the lake. Fills the `LiveStore` port.

A batch is one transaction with its position: after ``kill -9`` the file holds all of a batch or nothing of it. The
write-ahead log is not forced to the disk for every batch; a machine that loses power loses the last batches together
with their positions, and the consumer applies them again.

What was seen is kept in two generations of hashes, in memory too: an index on disk would be written in a different
place for every event. When the young one is an hour old, or full, the old one is forgotten. A duplicate is recognised
for at least `DUPLICATE_WINDOW`, as long as fewer than `GENERATION` identities arrive in it.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from catalogue.clock import utc_now
from pipeline.failures import sqlite_failures
from pipeline.live import rows
from pipeline.live.documents import Document, Flow, Item, pack, unpack
from pipeline.live.lines import Arrivals, read
from pipeline.live.rollup import DUPLICATE_WINDOW, RollSettings, identities, minute_of, roll
from pipeline.live.seen import SortedHashes, hashes_of, unpack_hashes
from pipeline.live.store import SHARD, Gap, Head, Totals, totals_of
from pipeline.sqlite import erase_rows
from pipeline.streams import Batch

FILE = "live/live.sqlite"  # in the lake's folder
GENERATION = 1_000_000  # hashes: an hour at 230 events a second, 8 MB in memory and on disk
_DECODED = 512  # documents: an hour of eight regions
_BUSY_SECONDS = 10.0


class EmbeddedLiveStore:
    """Live in the file `path`, made where there is none.

    Parameters
    ----------
    currency, confirm_public_orders : the lake's (`pipeline.lake.LakeSettings`)
    refuses : whether a customer refuses recommendations: no recent items are kept then
    generation : hashes in one generation of what was seen
    """

    def __init__(
        self,
        path: Path,
        currency: str,
        *,
        confirm_public_orders: bool = False,
        refuses: Callable[[str], bool] = lambda _: False,
        now: Callable[[], datetime] = utc_now,
        generation: int = GENERATION,
    ) -> None:
        self._path = path
        self._settings: RollSettings = {
            "currency": currency,
            "confirm_public_orders": confirm_public_orders,
            "refuses": refuses,
        }
        self._now = now
        self._generation = generation
        self._held: dict[
            tuple[int, str], Document
        ] = {}  # of the last batch, which the next one most often goes on with
        self._held_at: tuple[str, str | None] = ("", None)
        self._seen = {0: SortedHashes(), 1: SortedHashes()}  # by generation, as of `_recalled`
        self._recalled: rows.Memory | None = None
        self._writing = threading.Lock()
        self._reading = threading.Lock()
        with self._translate_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            self._writer.execute("pragma journal_mode = wal")
            self._writer.execute("pragma synchronous = normal")
            self._writer.executescript(rows.SCHEMA)
            self._reader = self._connect()

    def close(self) -> None:
        """Close the file."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    def position(self, shard: str = SHARD) -> str | None:
        found = self._rows("select position from heads where shard = ?", shard)
        return found[0][0] if found else None

    def apply(self, batch: Batch, *, after: str | None, shard: str = SHARD) -> bool:
        now = self._now()
        arrivals = read(batch.entries, now)
        with self._writing, self._translate_errors():
            return self._apply(arrivals, batch.position, now, after, shard)

    def skip(self, gap: Gap, *, after: str | None) -> bool:
        with self._writing, self._translate_errors(), self._transaction() as database:
            stored = database.execute(f"select {rows.HEAD} from heads where shard = ?", (SHARD,)).fetchone()  # noqa: S608 - our own names
            head = rows.head_of(*stored) if stored else Head(None, self._now())
            if head.position != after:
                return False
            head.position = gap.until
            rows.write_head(database, SHARD, head)
            rows.write_gap(database, gap)
        return True

    def catch_up(self, batch: Batch, gap: Gap) -> bool:
        now = self._now()
        arrivals = read(batch.entries, now)
        with self._writing, self._translate_errors():
            return self._apply(arrivals, batch.position, now, None, SHARD, gap)

    def gaps(self) -> Sequence[Gap]:
        found = self._rows("select start, until, since, till from gaps")
        return sorted((rows.gap_of(*row) for row in found), key=lambda gap: gap.since)

    def _apply(
        self,
        arrivals: Arrivals,
        position: str,
        now: datetime,
        after: str | None,
        shard: str,
        gap: Gap | None = None,
    ) -> bool:
        """Count entries that follow the shard's position or, where a gap is given, its start."""
        with self._transaction() as database:
            stored = database.execute(f"select {rows.HEAD} from heads where shard = ?", (shard,)).fetchone()  # noqa: S608 - our own names
            head = rows.head_of(*stored) if stored else Head(None, now)
            if gap is None and head.position != after:
                return False
            if gap is not None and not database.execute("delete from gaps where start = ?", (gap.start,)).rowcount:
                return False
            memory = self._recall(database, minute_of(now))
            wanted = hashes_of(identities(arrivals))
            known = {identity for generation in self._seen.values() for identity in generation.known(wanted)}
            delta = roll(arrivals, known, now=now, regions=head.regions, **self._settings)
            # another process may have written since
            held = self._held if self._held_at == (shard, head.position) else {}
            merged = {
                key: (held.get(key) or rows.stored_document(database, *key, shard)).plus(document)
                for key, document in delta.documents.items()
            }
            database.executemany(
                "insert or replace into documents values (?, ?, ?, ?)",
                ((*key, shard, pack(document)) for key, document in merged.items()),
            )
            for minute, flow in delta.flows.items():
                found = database.execute(
                    "select flow from flows where (minute, shard) = (?, ?)", (minute, shard)
                ).fetchone()
                counted = unpack(found[0], Flow).plus(flow) if found else flow
                database.execute("insert or replace into flows values (?, ?, ?)", (minute, shard, pack(counted)))
            rows.write_items(database, delta.items, minute_of(now))
            is_next = self._remember(database, memory, delta.fresh, minute_of(now))
            if gap is None:
                head.position = position
            elif position != gap.until:
                rows.write_gap(database, replace(gap, start=position, since=max(arrivals.received, default=gap.since)))
            head.totals = head.totals.plus(delta.totals)
            head.regions += delta.regions
            rows.write_head(database, shard, head)
        self._held, self._held_at = merged, (shard, head.position)
        if is_next:
            self._seen[memory.generation] = SortedHashes()
        self._seen[memory.generation].add(hashes_of(delta.fresh))
        self._recalled = memory
        return True

    def documents(self, since: int) -> Sequence[tuple[int, str, Document]]:
        found = self._rows(
            "select minute, region, document from documents where minute >= ? order by minute, region", since
        )
        return [(minute, region, _document(packed)) for minute, region, packed in found]

    def flows(self, since: int) -> Sequence[tuple[int, Flow]]:
        found = self._rows("select minute, flow from flows where minute >= ? order by minute", since)
        return [(minute, unpack(packed, Flow)) for minute, packed in found]

    def totals(self) -> Totals:
        return totals_of(rows.head_of(*row) for row in self._rows(f"select {rows.HEAD} from heads"))  # noqa: S608 - our own names

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        found = self._rows("select items from customers where customer_id = ?", customer_id)
        return unpack(found[0][0], list[Item]) if found else []

    def forget(self, customers: Collection[str]) -> int:
        """Delete the recent items of some customers, and leave nothing of them in the file; returns how many."""
        with self._writing, self._translate_errors():
            return erase_rows(
                self._writer, "delete from customers where customer_id = ?", [(name,) for name in customers]
            )

    def _recall(self, database: sqlite3.Connection, minute: int) -> rows.Memory:
        """What the file says about its hashes, which are read again where another process has added some."""
        found = database.execute("select generation, born, size, pruned from memory").fetchone()
        memory = rows.Memory(*found) if found else rows.Memory(0, minute, 0, minute)
        if memory != self._recalled:
            self._seen = {0: SortedHashes(), 1: SortedHashes()}
            for generation, seen in self._seen.items():
                batches = database.execute("select hashes from seen where generation = ?", (generation,)).fetchall()
                seen.add(unpack_hashes(b"".join(packed for (packed,) in batches)))
        return memory

    def _remember(self, database: sqlite3.Connection, memory: rows.Memory, fresh: Sequence[int], minute: int) -> bool:
        """Keep the hashes, and forget what is beyond memory; whether a new generation starts.

        It does where the young one is an hour old or full.
        """
        is_next = minute - memory.born >= DUPLICATE_WINDOW.total_seconds() / 60 or memory.size >= self._generation
        if is_next:
            memory.generation, memory.born, memory.size = 1 - memory.generation, minute, 0
            database.execute("delete from seen where generation = ?", (memory.generation,))
        if fresh:
            row = (memory.generation, hashes_of(fresh).tobytes())
            database.execute("insert into seen (generation, hashes) values (?, ?)", row)
        memory.size += len(fresh)
        rows.prune(database, memory, minute)
        database.execute("delete from memory")
        values = (memory.generation, memory.born, memory.size, memory.pruned)
        database.execute("insert into memory values (?, ?, ?, ?)", values)
        return is_next

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)

    def _rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._reading, self._translate_errors(), closing(self._reader.execute(query, values)) as cursor:
            return cursor.fetchall()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._writer.execute("begin immediate")
        try:
            yield self._writer
            self._writer.execute("commit")
        except BaseException:
            if self._writer.in_transaction:
                self._writer.execute("rollback")
            raise

    def _translate_errors(self) -> AbstractContextManager[None]:
        return sqlite_failures(
            "Live cannot be kept",
            where=str(self._path),
            remedy="Free disk space; a damaged file may be deleted: it is made again from the log.",
        )


@lru_cache(maxsize=_DECODED)
def _document(packed: bytes) -> Document:
    """The unpacked document, cached: between two readings only the current minutes change."""
    return unpack(packed, Document)
