"""Decisions in one SQLite file of the lake folder. Fills the `DecisionStore` port.

History is only ever appended to. A commit is on the disk before `decide` returns: with SQLite's rollback journal that
takes ``synchronous = extra``, which forces the folder too once the journal is gone (``full`` alone could, after a power
cut, find the journal again and roll a commit back). Every call opens the file for itself, so threads and processes
share nothing but the file and its locks; decisions are rare enough for that.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from catalogue.errors import SourceError
from console.decisions import Decision
from console.decisions.validation import as_texts, check, from_texts, latest

BUSY_SECONDS = 10.0  # how long a writer waits for the others before it gives up
_SCHEMA = """
create table if not exists decisions (
    number integer primary key autoincrement,
    kind text not null, key text not null, verdict text not null, note text not null,
    decided_by text not null, decided_at text not null
)
"""
_INDEX = "create index if not exists decisions_by_key on decisions (kind, key, decided_at, number)"
_SELECT = "select kind, key, verdict, note, decided_by, decided_at from decisions"
_INSERT = (
    "insert into decisions (kind, key, verdict, note, decided_by, decided_at) values"
    " (:kind, :key, :verdict, :note, :decided_by, :decided_at)"
)


class EmbeddedDecisionStore:
    """Decisions in the file `path`; it is made, with its folder, by the first decision."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def current(self, kind: str) -> Mapping[str, Decision]:
        return latest(self._read(f"{_SELECT} where kind = ? order by decided_at, number", kind))

    def history(self, kind: str, key: str) -> Sequence[Decision]:
        return self._read(f"{_SELECT} where kind = ? and key = ? order by decided_at, number", kind, key)

    def decide(self, decision: Decision) -> None:
        """Raises BindingError too, for a decision that cannot be kept."""
        check(decision)
        with self._translated():
            self._path.parent.mkdir(exist_ok=True)
            with closing(self._connect()) as database:
                database.execute("begin immediate")
                database.execute(_SCHEMA)
                database.execute(_INDEX)
                database.execute(_INSERT, as_texts(decision))
                database.execute("commit")

    def _connect(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
        database.execute("pragma synchronous = extra")
        return database

    def _read(self, query: str, *values: str) -> list[Decision]:
        with self._translated():
            if not self._path.exists():
                return []
            with closing(self._connect()) as database:
                if not database.execute("select 1 from sqlite_schema where name = 'decisions'").fetchone():
                    return []  # a first decision broke off before its commit
                database.row_factory = sqlite3.Row
                return [from_texts(dict(row)) for row in database.execute(query, values)]

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            raise SourceError(
                f"Decisions cannot be read or kept: {error}",
                where=str(self._path),
                remedy="Check the folder's rights and free disk space, then try again.",
            ) from error
        except sqlite3.DatabaseError as error:
            raise SourceError(
                f"The file of decisions is damaged: {error}",
                where=str(self._path),
                remedy="Put a backup in its place, or move the file away: decisions then begin anew.",
            ) from error
        except OSError as error:
            raise SourceError(
                f"Decisions cannot be kept: {error.strerror}",
                where=str(self._path),
                remedy="Check that the lake folder is there and may be written.",
            ) from error
