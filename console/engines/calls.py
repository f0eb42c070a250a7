"""The console's own calls as tables: files that appear every few seconds, without a curation."""

# The folders are listed anew for every question: a list of files made with the snapshot would miss the newest.

from __future__ import annotations

import threading
from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING

from console.parquet import select
from console.tables import TABLES
from pipeline.lake import Lake

if TYPE_CHECKING:
    import duckdb

CALLS = frozenset(name for name, table in TABLES.items() if table.zone == "console")
# Hundreds of small files that never change: each is copied into a native table once.
ADDED_UP = frozenset({"daily_page_calls", "daily_question_calls"})


class ConsoleCalls:
    """The tables `CALLS` of one snapshot. Safe to use from several threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self._root = lake.root
        self._cursor = connection.cursor()
        self._lock = threading.Lock()
        self._shown: dict[str, list[Path]] = {}
        for name in sorted(CALLS):  # opened when asked for: a damaged file of ours must not keep the lake shut
            kind = "table" if name in ADDED_UP else "view"
            self._cursor.execute(f"create {kind} {name} as {select(name, [])}")
            self._shown[name] = []

    def version(self, tables: Set[str]) -> str:
        """Changes whenever an answer from these tables could: with a file that comes, goes or is replaced."""
        files = [path for name in sorted(tables & CALLS) for path in self._files(name)]
        replaced = [path.stat() for path in files if path.parent.parent.name not in ADDED_UP and path.exists()]
        newest = max((found.st_mtime_ns for found in replaced), default=0)
        size = sum(found.st_size for found in replaced)
        return f"{len(files)}-{max((str(path) for path in files), default='')}-{newest:x}-{size:x}"

    @property
    def stand(self) -> bool:
        """Whether the files shown are still there: those of a day go when it has been closed for an hour."""
        return all(path.exists() for name, files in self._shown.items() if name not in ADDED_UP for path in files)

    def refresh(self, tables: Set[str]) -> None:
        """Let these tables show the files that are there now."""
        with self._lock:
            for name in sorted(tables & CALLS):
                files = self._files(name)
                if files == self._shown[name]:
                    continue
                if name in ADDED_UP:
                    come = sorted(set(files) - set(self._shown[name]))
                    self._cursor.execute(f"insert into {name} {select(name, come)}")
                else:
                    self._cursor.execute(f"create or replace view {name} as {select(name, files)}")
                self._shown[name] = files

    def _files(self, table: str) -> list[Path]:
        return sorted((self._root / TABLES[table].zone / table).glob("*/*.parquet"))
