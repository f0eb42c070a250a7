"""The embedded engine: DuckDB over the curated Parquet of a lake folder.

A snapshot is one in-memory database for one version of the lake. Marts and sales tables, which every page asks, are
copied into native tables (396 small daily files cost an order of magnitude more than one native table); events,
customers, sessions and quarantine stay views over the Parquet. When curation commits a new version, the next question
builds a new snapshot; questions under way end on the old one. A question that reads files while a commit moves them
is asked again, so that no answer mixes two versions.
"""

from __future__ import annotations

import threading
import time
import uuid
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.errors import LakeMissing, QueryFailed, SettingsError, TakingsError
from catalogue.parquet import quoted, select, select_all
from catalogue.tables import CURATED_TABLES, TABLES
from console.asking.engines import Result, Statistics, newest
from console.asking.engines.calls import CALLS, ConsoleCalls, Kept
from console.asking.engines.pending import CURATED_EVENTS, PendingEvents, curated_position
from console.asking.engines.running import TIMEOUT_SECONDS, too_slow
from pipeline.lake import CURATED, STATE, Lake

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogue.binding import Statement

MEMORY_LIMIT = "1500MB"  # leaves the rest of 2 GiB to Streamlit and Arrow
NATIVE = frozenset({
    "attributed_lines", "daily_baskets", "daily_device_sales", "daily_events", "daily_orders", "daily_pairs",
    "daily_product_sales", "daily_quarantine", "daily_recommendations", "daily_sales", "daily_spend",
    "daily_spend_tags", "daily_traffic", "hourly_events", "monthly_device_sales", "monthly_interest",
    "monthly_product_sales", "monthly_sales", "order_lines", "orders", "products",
})  # fmt: skip
# Native, and compressed in memory: bills repeat few words over many rows, and take a sixth of the room and two
# thirds of the time so (measured on 1.6 M and 2.6 M rows); loading them takes twice as long.
PACKED = frozenset({"daily_spend", "daily_spend_tags"})
_PACK = "packed"  # the database that holds them
_TRIES = 3  # to read one version of the lake while curations follow one another
_MOVING_SECONDS = 10.0  # a commit moves some hundred files in well under a second
_JOURNAL = ".journal.json"  # is in the lake folder while a commit moves its files


class _Snapshot:
    """One version of the lake, opened."""

    def __init__(self, lake: Lake, kept: Kept) -> None:
        import duckdb

        self.root = lake.root
        start = curated_position(lake)  # before the version: it says what every later version holds
        self.version = _version(lake.root)  # before anything is read: a commit meanwhile then shows
        state = lake.state()
        self.data_as_of, self.bills_as_of = (_moment(state.get(name)) for name in ("data_as_of", "bills_as_of"))
        self.connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY_LIMIT,
                "autoinstall_known_extensions": "false",
                "autoload_known_extensions": "false",
            },
        )
        self.connection.execute(f"attach ':memory:' as {_PACK} (compress)")
        # a statement may read the files of our tables and nothing else of this machine
        zones = sorted({table.zone for table in TABLES.values()})
        folders = ", ".join(f"'{quoted(lake.root / zone)}/'" for zone in zones)
        self.connection.execute(f"set allowed_directories = [{folders}]")
        self.connection.execute("set enable_external_access = false")
        self.connection.execute("set lock_configuration = true")
        made = state.get("made_by", {}).keys() & CURATED_TABLES.keys()
        self.unmade = set(CURATED_TABLES.keys() - made) if made else set()  # as after an update
        for name in sorted(CURATED_TABLES):
            self._open(lake, name)
        self.pending = PendingEvents(self.connection, lake, start)
        self.calls = ConsoleCalls(self.connection, lake, kept)
        self.connection.execute(f"create view events as {self.pending.select()}")

    def _open(self, lake: Lake, table: str) -> None:
        """Open a table; one whose files lack a column that this version has is not made yet."""
        import duckdb

        place = CURATED_EVENTS if table == "events" else table
        kind = "table" if table in NATIVE else "view"
        if table in PACKED:
            kind, place = "table", f"{_PACK}.{table}"
        try:
            self.connection.execute(f"create {kind} {place} as {select_all(lake.root, table)}")
        except duckdb.BinderException:
            self.unmade.add(table)
            self.connection.execute(f"create {kind} {place} as {select(table, [])}")
        if table in PACKED:
            self.connection.execute(f"checkpoint {_PACK}")  # compresses it
            self.connection.execute(f"create view {table} as select * from {place}")

    @property
    def is_current(self) -> bool:
        """Whether the files of the lake are still those of this version, all of them."""
        return not (self.root / _JOURNAL).exists() and self.version == _version(self.root)

    def answer(self, statement: Statement) -> pa.Table:
        """Run one statement.

        Raises
        ------
        QueryFailed
            A table was made by another version of Takings, without what this one asks for.
        duckdb.InterruptException
            It ran longer than TIMEOUT_SECONDS.
        """
        if missing := sorted(statement.tables & self.unmade):
            raise QueryFailed(
                f"This version of Takings has not made {', '.join(missing)} yet",
                where=statement.query,
                remedy="A console that takes events for this lake makes it by itself: wait a minute. Else run"
                " `python -m pipeline curate`.",
            )
        if "events" in statement.tables:
            self.pending.refresh()
        if statement.tables & CALLS:
            self.calls.refresh(statement.tables)
        cursor = self.connection.cursor()
        clock = threading.Timer(TIMEOUT_SECONDS, cursor.interrupt)
        clock.daemon = True
        clock.start()
        try:
            return cursor.sql(statement.sql).to_arrow_table()
        finally:
            clock.cancel()
            clock.join()  # else its thread may outlive us at exit and hold the cursor
            cursor.close()

    def as_of(self, statement: Statement) -> datetime | None:
        """The largest ``received_at`` that an answer can contain."""
        times = [self.data_as_of, self.pending.data_as_of if "events" in statement.tables else None]
        events = max((at for at in times if at is not None), default=None)
        return newest(statement.tables, events, self.bills_as_of)


class DuckDbEngine:
    """Answers statements from a lake folder. Fills the `SqlEngine` port."""

    dialect = "duckdb"

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._current: _Snapshot | None = None
        self._kept: Kept = {}  # of snapshot to snapshot

    @property
    def data_version(self) -> str:
        """The lake's version; changes with every curation."""
        return self._snapshot().version

    @property
    def data_as_of(self) -> datetime | None:
        """The largest ``received_at`` in the curated lake."""
        return self._snapshot().data_as_of

    def version_of(self, statement: Statement) -> str:
        """The data version of one answer: arrivals change only those that read `events` or the console's own calls."""
        snapshot = self._snapshot()
        version = snapshot.version
        if "events" in statement.tables:
            version += f"/{snapshot.pending.version}"
        if statement.tables & CALLS:
            version += f"/{snapshot.calls.version(statement.tables)}"
        return version

    def run(self, statement: Statement) -> Result:
        """Answer one statement; see `SqlEngine.run`."""
        import duckdb

        started = time.perf_counter()
        reads_files = not statement.tables <= NATIVE
        for _ in range(_TRIES):
            if reads_files:
                self._wait_for_moves()
            snapshot = self._snapshot()
            try:
                table = snapshot.answer(statement)
            except duckdb.InterruptException as error:
                raise too_slow(TIMEOUT_SECONDS, statement.query) from error
            except QueryFailed:
                raise
            except (OSError, TakingsError) as error:
                raise QueryFailed(
                    f"What arrived since the last curation cannot be read: {error}",
                    where=statement.query,
                    remedy="Check the disk of the lake, then try again.",
                ) from error
            except duckdb.Error as error:
                if reads_files and not (snapshot.is_current and snapshot.calls.files_exist):
                    continue
                raise QueryFailed(
                    f"DuckDB refused the query: {str(error).splitlines()[0]}",
                    where=statement.query,
                    remedy="If the lake's files were changed by hand, run `python -m pipeline curate --full`.",
                ) from error
            if reads_files and not snapshot.is_current:
                continue
            statistics = Statistics(
                engine="DuckDB",
                elapsed_seconds=time.perf_counter() - started,
                dollars=Decimal(0),
                query_id=uuid.uuid4().hex[:12],
                data_as_of=snapshot.as_of(statement),
            )
            return Result(table, statistics, statement.query, statement.sql)
        raise QueryFailed("The lake kept changing while it was read", where=statement.query, remedy="Try again.")

    def _snapshot(self) -> _Snapshot:
        """The current version; while a commit moves its files, the one before."""
        if (self._root / _JOURNAL).exists():
            opened(self._root).recover()  # a killed writer's commit is finished; one under way is left alone
        current = self._current
        if current is not None and current.version == _version(self._root):
            return current
        lake = opened(self._root)
        with self._lock:
            current = self._current
            if current is None or current.version != _version(lake.root):
                current = self._current = self._build(lake)
        return current

    def _build(self, lake: Lake) -> _Snapshot:
        """A snapshot of one version: built again where a commit moved files meanwhile."""
        import duckdb

        failure = "the lake kept changing"
        for _ in range(_TRIES):
            self._wait_for_moves()
            try:
                snapshot = _Snapshot(lake, self._kept)
            except duckdb.Error as error:
                failure = str(error).splitlines()[0]
                continue
            if snapshot.is_current:
                return snapshot
        raise QueryFailed(
            f"The curated tables could not be opened: {failure}",
            where=str(lake.root / CURATED),
            remedy="Try again; if it stays, run `python -m pipeline curate --full`.",
        )

    def _wait_for_moves(self) -> None:
        """Return when no commit is moving files."""
        deadline = time.monotonic() + _MOVING_SECONDS
        while (self._root / _JOURNAL).exists() and time.monotonic() < deadline:
            opened(self._root).recover()
            time.sleep(0.01)


def opened(root: Path) -> Lake:
    """The lake at `root`; raises LakeMissing where there is none, or where its settings cannot be used."""
    try:
        return Lake.open(root)
    except SettingsError as error:
        raise LakeMissing(error.what, where=error.where, remedy=error.remedy) from error


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if isinstance(text, str) else None


def _version(root: Path) -> str:
    """Cheap and exact: the state file is replaced with every curation, so its identity is the version."""
    try:
        found = (root / STATE).stat()
    except FileNotFoundError:
        return "empty"
    return f"{found.st_mtime_ns:x}-{found.st_ino:x}-{found.st_size:x}"
