"""Models in one SQLite file in the lake's folder. Fills the `ModelStore` port.

One process writes at a time; others read meanwhile, and see a new model within `RENEW_SECONDS`.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import datetime
from pathlib import Path

from catalogue.clock import utc_now
from catalogue.errors import SourceError
from pipeline.failures import sqlite_failures
from pipeline.recommend.models.items import Key
from pipeline.recommend.models.stored_models import StoredModels
from pipeline.sqlite import erase_rows

FILE = "recommendations.sqlite"  # in the lake's folder
RENEW_SECONDS = 0.5
_BUSY_SECONDS = 30.0  # another process may write a whole model
_SCHEMA = """
create table if not exists items (
    pk text not null, sk text not null, content blob not null, expires real, primary key (pk, sk)
)
"""
_INDEX = "create index if not exists items_by_expiry on items (expires) where expires is not null"
_VALID = "(expires is null or expires > ?)"


class SqliteItems:
    """The items in the file `path`, which is made where there is none."""

    def __init__(self, path: Path, *, now: Callable[[], datetime] = utc_now) -> None:
        self._path, self._now = path, now
        self._writing, self._reading = threading.Lock(), threading.Lock()
        with self._translate_errors():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._writer = self._connect()
            try:
                self._writer.execute("pragma journal_mode = wal")
                self._writer.execute("pragma synchronous = normal")
                self._writer.execute(_SCHEMA)
                self._writer.execute(_INDEX)
                self._reader = self._connect()
            except BaseException:
                self._writer.close()
                raise

    def close(self) -> None:
        """Close the file. Later calls raise SourceError."""
        with self._writing, self._reading:
            self._writer.close()
            self._reader.close()

    def get(self, key: Key) -> bytes | None:
        return self.get_all([key]).get(key)

    def get_all(self, keys: Sequence[Key], *, consistent: bool = False) -> Mapping[Key, bytes]:  # noqa: ARG002 - a file always is
        query = f"select content from items where pk = ? and sk = ? and {_VALID}"  # noqa: S608 - our own text
        now, found = self._now().timestamp(), {}
        with self._reading, self._translate_errors(), closing(self._reader.cursor()) as cursor:
            for key in keys:
                row = cursor.execute(query, (*key, now)).fetchone()
                if row is not None:
                    found[key] = row[0]
        return found

    def beginning(self, pk: str, sk: str) -> Mapping[str, bytes]:
        query = f"select sk, content from items where pk = ? and substr(sk, 1, ?) = ? and {_VALID} order by sk"  # noqa: S608 - our own text
        values = (pk, len(sk), sk, self._now().timestamp())
        with self._reading, self._translate_errors(), closing(self._reader.execute(query, values)) as cursor:
            return dict(cursor.fetchall())

    def put_all(self, items: Iterable[tuple[Key, bytes]], *, expires: datetime | None = None) -> None:
        until = expires.timestamp() if expires else None
        with self._transaction() as database:
            database.execute("delete from items where expires <= ?", (self._now().timestamp(),))
            database.executemany(
                "insert or replace into items values (?, ?, ?, ?)", ((*key, packed, until) for key, packed in items)
            )

    def delete_all(self, keys: Iterable[Key]) -> None:
        with self._transaction() as database:
            database.executemany("delete from items where pk = ? and sk = ?", keys)

    def erase_all(self, keys: Sequence[Key]) -> int:
        """Delete items, and leave nothing of them in the file; returns how many there were.

        The file is written again as a whole.
        """
        with self._writing, self._translate_errors():
            return erase_rows(self._writer, "delete from items where pk = ? and sk = ?", keys)

    def swap(self, key: Key, before: bytes | None, after: bytes) -> bool:
        with self._transaction() as database:
            row = database.execute("select content from items where pk = ? and sk = ?", key).fetchone()
            if (None if row is None else row[0]) != before:
                return False
            database.execute("insert or replace into items values (?, ?, ?, null)", (*key, after))
        return True

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._writing, self._translate_errors():
            self._writer.execute("begin immediate")
            try:
                yield self._writer
                self._writer.execute("commit")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("rollback")

    def _translate_errors(self) -> AbstractContextManager[None]:
        return sqlite_failures(
            "Models of recommendations cannot be kept",
            where=str(self._path),
            remedy="Free disk space. A damaged file may be deleted: the next training makes models again, but who"
            " opted out has to be entered again.",
            error=SourceError,
        )


class EmbeddedModelStore(StoredModels):
    """The models in the file `path`, which is made where there is none.

    Raises
    ------
    SourceError
        The file cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        now: Callable[[], datetime] = utc_now,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._file = SqliteItems(path, now=now)
        super().__init__(self._file, renew_after=RENEW_SECONDS, now=now, clock=clock)

    def close(self) -> None:
        """Close the file. Later calls raise SourceError."""
        self._file.close()
