"""The console's own calls as a table: files that appear every few seconds, without a curation."""

# The folder is listed anew for every question: a list of files that was made with the snapshot would miss the newest.

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from console.parquet import select
from console.tables import TABLES
from pipeline.lake import Lake

if TYPE_CHECKING:
    import duckdb

TABLE = "console_calls"


class ConsoleCalls:
    """The view `console_calls` of one snapshot. Safe to use from several threads."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
        self._folder = lake.root / TABLES[TABLE].zone / TABLE
        self._cursor = connection.cursor()
        self._lock = threading.Lock()
        self._shown: list[Path] = []
        self._show([])  # opened when asked for: a damaged file of ours must not keep the lake shut

    @property
    def version(self) -> str:
        """Changes whenever calls were written: files are never changed, only added and merged."""
        files = self._files()
        return f"{len(files)}-{max((path.name for path in files), default='')}"

    @property
    def stand(self) -> bool:
        """Whether the files shown are still there: those of a day are put together now and then."""
        return all(path.exists() for path in self._shown)

    def refresh(self) -> None:
        """Show the files that are there now."""
        with self._lock:
            files = self._files()
            if files != self._shown:
                self._show(files)

    def _show(self, files: list[Path]) -> None:
        self._cursor.execute(f"create or replace view {TABLE} as {select(TABLE, files)}")
        self._shown = files

    def _files(self) -> list[Path]:
        return sorted(self._folder.glob("*/*.parquet"))
