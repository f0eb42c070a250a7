"""The embedded engine: DuckDB over the curated Parquet of a lake folder.

A snapshot is one in-memory database for one version of the lake. Marts and sales tables, which every page asks, are
copied into native tables (396 small daily files cost an order of magnitude more than one native table); events,
sessions and quarantine stay views over the Parquet. When curation commits a new version, the next question builds a new
snapshot; questions under way end on the old one.
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from console.engines import Result, Statistics
from console.errors import LakeMissing, QueryFailed
from console.tables import TABLES
from pipeline.errors import LakeError
from pipeline.lake import CURATED, STATE, Lake

if TYPE_CHECKING:
    import duckdb

    from console.binding import Statement

TIMEOUT_SECONDS = 60.0  # a page gives up long before; the workbench may need it
MEMORY_LIMIT = "1500MB"  # leaves the rest of 2 GiB to Streamlit and Arrow
NATIVE = ("daily_sales", "daily_orders", "daily_traffic", "daily_events", "order_lines", "orders", "products", "spend")
_REBUILDS = 3  # tries to read one consistent version while a curation is moving files


class _Snapshot:
    """One version of the lake, opened."""

    def __init__(self, lake: Lake) -> None:
        import duckdb

        state = lake.state()
        self.version = _version(lake.root)
        text = state.get("data_as_of")
        self.data_as_of = datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None
        self.connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY_LIMIT,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        for name in TABLES:
            kind = "table" if name in NATIVE else "view"
            self.connection.execute(f"create {kind} {name} as {_select(lake, name)}")


class DuckDbEngine:
    """Answers statements from a lake folder. Fills the `SqlEngine` port."""

    dialect = "duckdb"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._current: _Snapshot | None = None

    @property
    def data_version(self) -> str:
        """The lake's version; changes with every curation."""
        return self._snapshot().version

    @property
    def data_as_of(self) -> datetime | None:
        """The largest ``received_at`` in the curated lake."""
        return self._snapshot().data_as_of

    def run(self, statement: Statement) -> Result:
        """Answer one statement; see `SqlEngine.run`."""
        import duckdb

        snapshot = self._snapshot()
        started = time.perf_counter()
        cursor = snapshot.connection.cursor()
        clock = threading.Timer(TIMEOUT_SECONDS, cursor.interrupt)
        clock.daemon = True
        clock.start()
        try:
            table = cursor.sql(statement.sql).to_arrow_table()
        except duckdb.InterruptException as error:
            raise QueryFailed(
                f"The query ran longer than {TIMEOUT_SECONDS:.0f} seconds and was stopped",
                where=statement.query,
                remedy="Choose a shorter period, or fewer columns.",
            ) from error
        except duckdb.Error as error:
            raise QueryFailed(
                f"DuckDB refused the query: {str(error).splitlines()[0]}",
                where=statement.query,
                remedy="If the lake's files were changed by hand, run `python -m pipeline curate --full`.",
            ) from error
        finally:
            clock.cancel()
            cursor.close()
        statistics = Statistics(
            engine="DuckDB",
            elapsed_seconds=time.perf_counter() - started,
            dollars=Decimal(0),
            query_id=uuid.uuid4().hex[:12],
            data_as_of=snapshot.data_as_of,
        )
        return Result(table, statistics, statement.query, statement.sql)

    def _snapshot(self) -> _Snapshot:
        current = self._current
        if current is not None and current.version == _version(self._root):
            return current
        try:
            lake = Lake.open(self._root)
        except LakeError as error:
            raise LakeMissing(error.what, where=error.where, remedy=error.remedy) from error
        with self._lock:
            current = self._current
            if current is None or current.version != _version(lake.root):
                current = self._current = _consistent(lake)
        return current


def _consistent(lake: Lake) -> _Snapshot:
    """A snapshot of one version: read again where a curation moved files meanwhile."""
    import duckdb

    failure: duckdb.Error | None = None
    for _ in range(_REBUILDS):
        lake.recover()
        try:
            snapshot = _Snapshot(lake)
        except duckdb.Error as error:
            failure = error
            continue
        if snapshot.version == _version(lake.root):
            return snapshot
    raise QueryFailed(
        f"The curated tables could not be opened: {str(failure).splitlines()[0] if failure else 'they kept changing'}",
        where=str(lake.root / CURATED),
        remedy="Try again; if it stays, run `python -m pipeline curate --full`.",
    )


def _version(root: Path) -> str:
    """Cheap and exact: the state file is replaced with every curation, so its identity is the version."""
    try:
        found = (root / STATE).stat()
    except FileNotFoundError:
        return "empty"
    return f"{found.st_mtime_ns:x}-{found.st_ino:x}-{found.st_size:x}"


def _select(lake: Lake, table: str) -> str:
    """A select over the table's files; a table without files has its columns and no rows."""
    definition = TABLES[table]
    folder = lake.root / CURATED / table
    pattern = "data.parquet" if definition.partition is None else f"{definition.partition}=*/data.parquet"
    names = ", ".join(definition.columns)
    if not any(folder.glob(pattern)):
        empty = ", ".join(f"cast(null as {duckdb_type(kind)}) as {name}" for name, kind in definition.columns.items())
        return f"select {names} from (select {empty} where false)"
    place = str(folder / pattern).replace("'", "''")
    hive = f", hive_partitioning=true, hive_types={{'{definition.partition}': DATE}}" if definition.partition else ""
    return f"select {names} from read_parquet('{place}'{hive})"


def duckdb_type(kind: str) -> str:
    """A Trino type as DuckDB writes it."""
    return {"timestamp(6)": "timestamp", "varbinary": "blob"}.get(kind, kind)
