"""The console's own calls as tables: files that appear every few seconds, without a curation."""

# The folders are listed anew for every question: a list of files made with the snapshot would miss the newest.

from __future__ import annotations

import threading
from collections.abc import Set
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.parquet import select
from catalogue.tables import TABLES
from pipeline.lake import Lake

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

CALLS = frozenset(name for name, table in TABLES.items() if table.zone == "console")
# Hundreds of small files that never change: each is copied into a native table once.
ADDED_UP = frozenset({"daily_page_calls", "daily_question_calls"})


Kept = dict[str, tuple[frozenset[Path], "pa.Table"]]
"""Files that never change and were read: table → the files and their rows, for later snapshots."""


class ConsoleCalls:
    """The tables `CALLS` of one snapshot. Safe to use from several threads.

    `kept` is the engine's: a snapshot takes from it what an earlier one has read.
    """

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake, kept: Kept) -> None:
        self._root = lake.root
        self._kept = kept
        self._cursor = connection.cursor()
        self._lock = threading.Lock()
        self._shown: dict[str, list[Path]] = {}
        for name in sorted(CALLS):  # read when asked for: a damaged file of ours must not stop the lake from opening
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
    def files_exist(self) -> bool:
        """Whether the files shown still exist: those of a day are deleted an hour after it was closed."""
        return all(path.exists() for name, files in self._shown.items() if name not in ADDED_UP for path in files)

    def refresh(self, tables: Set[str]) -> None:
        """Let these tables show the files that are there now."""
        with self._lock:
            for name in sorted(tables & CALLS):
                files = self._files(name)
                if files == self._shown[name]:
                    continue
                if name in ADDED_UP:
                    self._add(name, files)
                else:
                    self._cursor.execute(f"create or replace view {name} as {select(name, files)}")
                self._shown[name] = files

    def _add(self, name: str, files: list[Path]) -> None:
        """Let a native table hold all of these files, each read once in the life of the engine."""
        shown = set(self._shown[name])
        read, rows = self._kept.get(name, (frozenset(), None))
        if not shown and rows is not None and read <= set(files):
            self._cursor.register("kept", rows)
            self._cursor.execute(f"insert into {name} select * from kept")
            self._cursor.unregister("kept")
            shown = set(read)
        new = sorted(set(files) - shown)
        if new:
            self._cursor.execute(f"insert into {name} {select(name, new)}")
            self._kept[name] = (frozenset(files), self._cursor.sql(f"select * from {name}").to_arrow_table())

    def _files(self, table: str) -> list[Path]:
        return sorted((self._root / TABLES[table].zone / table).glob("*/*.parquet"))
