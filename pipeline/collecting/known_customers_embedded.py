"""Known customers in one SQLite file. Fills the `KnownCustomers` port.

A link outlives a killed process. After a power failure the last ones may be missing: forcing the disk for each would
cost more than storing the event does, and the next message with both ids makes the link again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, closing
from pathlib import Path

from pipeline.collecting.known_customers import CACHED, CachedCustomers
from pipeline.failures import sqlite_failures
from pipeline.sqlite import erase_rows

FILE = "customers.sqlite"

_BUSY_SECONDS = 5.0
_SCHEMA = """
create table if not exists links (
    namespace text, anonymous_id text, customer_id text not null, primary key (namespace, anonymous_id)
) without rowid
"""


class EmbeddedKnownCustomers(CachedCustomers):
    """The links in the file `path`, which is made where there is none. One process at a time.

    Raises
    ------
    StreamUnavailable
        The file cannot be opened.
    """

    def __init__(self, path: Path, *, capacity: int = CACHED) -> None:
        super().__init__(capacity=capacity)
        self._path = path
        with self._translate_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            try:
                self._database.execute("pragma journal_mode = wal")
                self._database.execute("pragma synchronous = normal")
                self._database.execute(_SCHEMA)
            except BaseException:
                self._database.close()
                raise

    def close(self) -> None:
        """Close the file. Later calls raise StreamUnavailable."""
        with self._lock:
            self._database.close()
            self._answers.clear()

    def linked_to(self, customers: Collection[str]) -> frozenset[str]:
        """The anonymous ids, of all namespaces, that were last linked to some customers, or to one of these ids."""
        found, wanted = set[str](), set(customers)
        with self._lock, self._translate_errors():
            while wanted:
                query = "select distinct anonymous_id from links where customer_id = ?"
                rows = [row for name in wanted for row in self._database.execute(query, (name,)).fetchall()]
                wanted = {anonymous for (anonymous,) in rows} - found - set(customers)
                found |= wanted
        return frozenset(found)

    def forget(self, customers: Collection[str]) -> int:
        """Delete the links from and to some customers, and leave nothing of them in the file; returns how many."""
        with self._lock, self._translate_errors():
            query = "delete from links where ? in (customer_id, anonymous_id)"
            self._answers.clear()
            return erase_rows(self._database, query, [(name,) for name in customers])

    def _read(self, namespace: str, anonymous_id: str) -> str | None:
        query = "select customer_id from links where namespace = ? and anonymous_id = ?"
        with self._translate_errors(), closing(self._database.execute(query, (namespace, anonymous_id))) as cursor:
            row = cursor.fetchone()
        return row[0] if row else None

    def _write(self, namespace: str, links: Mapping[str, str]) -> None:
        rows = [(namespace, anonymous_id, customer_id) for anonymous_id, customer_id in links.items()]
        with self._translate_errors():
            self._database.execute("begin immediate")
            try:
                self._database.executemany("insert or replace into links values (?, ?, ?)", rows)
                self._database.execute("commit")
            finally:
                if self._database.in_transaction:
                    self._database.execute("rollback")

    def _translate_errors(self) -> AbstractContextManager[None]:
        return sqlite_failures(
            "Known customers cannot be kept",
            where=str(self._path),
            remedy="Free disk space; a damaged file may be deleted: each visitor is known again once identified.",
        )
