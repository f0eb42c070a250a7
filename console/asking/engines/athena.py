"""Athena over the curated tables of the Glue catalog, through awswrangler. Fills the `SqlEngine` port.

A statement goes into our workgroup, whose configuration caps the bytes that one statement may scan; its result file is
read from S3. A query whose result was large once is unloaded as Parquet from then on. Not taken from awswrangler are

- its parameters, which stay in the SQL where one is missing (statements are bound here), and its temporary tables;
- its cache (``athena_cache_settings``): it compares statements without case and spaces, so that a row filter on
  ``'North'`` would be answered with that on ``'north'``;
- its readers and its waiting (`athena_results`, `athena_executions`).

Tables are read in the snapshots of the published version (`curated_state`): what a curation has begun to write is not
seen. A version that is removed while a question runs is one that was replaced: it is asked once more, of the new one.

Athena's own result reuse is used. It goes by the statement's text and its age alone: a text that names a snapshot for
each of its tables is always about the same rows; for others the age is kept below that of the last curation, so that a
reused result is never older than the data. A result file stays as long as it may be reused.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from catalogue.binding import at_snapshots
from catalogue.clock import utc_now
from catalogue.errors import QueryFailed
from console.asking.engines import Result, Statistics
from console.asking.engines.athena_executions import EXPIRED, SERVICE, Executions, is_final, managed_results
from console.asking.engines.athena_export import columns_sql, in_order, order_of, unload_sql
from console.asking.engines.athena_files import ResultFiles
from console.asking.engines.athena_results import read_csv, read_parquet
from console.asking.engines.curated_state import CuratedEngine, CuratedState, CuratedVersion
from console.asking.engines.prices import scan_price
from console.asking.engines.running import TIMEOUT_SECONDS, check_length, report_cost, unreadable
from console.aws.clients import SharedClients

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogue.binding import Statement

REUSE_SECONDS = 3600.0  # an unchanged lake gives the same result for longer; this bounds what lies in the bucket
LONGEST_STATEMENT = 262_144 - 4096  # bytes that Athena takes, less what snapshots and an UNLOAD add
LARGE_RESULT = 32 * 2**20  # bytes of CSV, some seconds of one node's writing: from here on a query is unloaded
_LAST_READER_SECONDS = 600.0  # a reader who reused a result just before it expired may still be reading it

Execution = dict[str, Any]  # as GetQueryExecution describes it


class AthenaEngine(CuratedEngine):
    """Answers statements through one workgroup.

    Parameters
    ----------
    session : a boto3 session
    workgroup : the capped workgroup
    database : the Glue database of the curated tables
    results : ``s3://bucket/prefix/`` for result files, below what the workgroup writes to
    state : the version of the tables
    price_per_terabyte : dollars, by the price book; None where unknown
    reuse_seconds : how old a result may be to be reused; 0 for never
    timeout_seconds : of one statement
    large_result : bytes of a result from which on its query is unloaded; 0 to unload every one
    """

    dialect = "trino"

    def __init__(
        self,
        session: Any,
        *,
        workgroup: str,
        database: str,
        results: str,
        state: CuratedState,
        price_per_terabyte: Decimal | None,
        reuse_seconds: float = REUSE_SECONDS,
        timeout_seconds: float = TIMEOUT_SECONDS,
        large_result: int = LARGE_RESULT,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        clients = SharedClients(session)
        self._results = results.rstrip("/") + "/"
        self._executions = Executions(
            clients, workgroup=workgroup, database=database, results=self._results, timeout_seconds=timeout_seconds
        )
        self._files = ResultFiles(clients, now)
        self._state = state
        self._price = price_per_terabyte
        self._reuse_seconds = reuse_seconds
        self._timeout_seconds = timeout_seconds
        self._large_result = large_result
        self._now = now
        self._sizes: dict[str, int] = {}

    def run(self, statement: Statement) -> Result:
        """Answer one statement; see `SqlEngine.run`."""
        check_length(statement.sql, LONGEST_STATEMENT, engine=SERVICE, where=statement.query)
        state = self._state.current()
        try:
            return self._answer(statement, state)
        except QueryFailed as error:
            if error.what != EXPIRED.what:
                raise
            renewed = self._state.renewed()
            if renewed.version == state.version:
                raise
        return self._answer(statement, renewed)

    def _answer(self, statement: Statement, state: CuratedVersion) -> Result:
        """The answer from one version of the tables."""
        import pyarrow as pa

        started = time.perf_counter()
        statement = at_snapshots(statement, state.snapshots)
        spent: list[Execution] = []
        table: pa.Table | None = None
        try:
            if self._sizes.get(statement.query, 0) >= self._large_result:
                table = self._unloaded(statement, spent)
            if table is None:
                table = self._plain(statement, spent, self._reuse_minutes(statement, state))
        except (pa.ArrowException, ValueError) as error:
            raise unreadable(error, "Try again.", engine=SERVICE, where=statement.query) from error
        finally:
            if spent:
                as_of = state.as_of(statement.tables)
                statistics = self._statistics(spent, time.perf_counter() - started, as_of)
                if table is None:
                    report_cost(statistics)
        return Result(table, statistics, statement.query, statement.sql)

    def _plain(self, statement: Statement, spent: list[Execution], reuse_minutes: int) -> pa.Table:
        """The answer read from one CSV file."""
        where = statement.query
        execution = self._executions.run(statement.sql, where, spent, reuse_minutes=reuse_minutes)
        location = execution.get("ResultConfiguration", {}).get("OutputLocation")
        if not location:
            raise managed_results(where)
        try:
            content = self._files.read(location, where)
            self._sizes[where] = len(content)
            table = read_csv(content, self._executions.columns(execution, where))
        finally:
            if not _is_reused(execution):  # a reused file belongs to the run that made it
                kept = self._reuse_seconds + _LAST_READER_SECONDS if self._reuse_seconds > 0 else 0
                self._files.forget(location, after_seconds=kept)
        return table

    def _unloaded(self, statement: Statement, spent: list[Execution]) -> pa.Table | None:
        """The answer read from Parquet; None where the rows could not be sorted again."""
        where = statement.query
        asked = self._executions.run(columns_sql(statement.sql), where, spent)
        columns = self._executions.columns(asked, where)
        self._files.forget(asked["ResultConfiguration"]["OutputLocation"], after_seconds=0)
        order = order_of(statement.sql, [column.name for column in columns])
        if order is None:
            return None
        folder = f"{self._results}unloaded/{uuid.uuid4().hex}/"
        others: list[str] = []
        try:
            execution = self._executions.run(unload_sql(statement.sql, columns, folder), where, spent)
            manifest = execution.get("Statistics", {}).get("DataManifestLocation")
            output = execution.get("ResultConfiguration", {}).get("OutputLocation", "")
            others += [path for path in (manifest, output, output and f"{output}.metadata") if path]
            files = self._files.read_below(folder, where)
        finally:
            self._files.delete_below(folder, others)
        return in_order(read_parquet(files, columns), order)

    def _reuse_minutes(self, statement: Statement, state: CuratedVersion) -> int:
        """Whole minutes that a result may be old and still hold this version of the data; 0 for none.

        A result is dated by its end and may have started `timeout_seconds` before, so that much is kept between the
        commit and the oldest result, where the statement does not name the version of all its tables.
        """
        if self._reuse_seconds <= 0 or state.committed_at is None:
            return 0
        if state.snapshots and statement.tables <= state.snapshots.keys():
            return int(self._reuse_seconds // 60)
        unchanged = (self._now() - state.committed_at).total_seconds() - self._timeout_seconds
        return max(0, int(min(unchanged, self._reuse_seconds) // 60))

    def _statistics(self, executions: list[Execution], elapsed: float, as_of: datetime | None) -> Statistics:
        is_known = all(is_final(execution) for execution in executions)  # else one was stopped and did not say
        return Statistics(
            engine=SERVICE,
            elapsed_seconds=elapsed,
            bytes_scanned=sum(map(_scanned, executions)) if is_known else None,
            dollars=self._dollars(executions) if is_known else None,
            query_id=executions[-1]["QueryExecutionId"],
            data_as_of=as_of,
            queue_seconds=_seconds(executions, "QueryQueueTimeInMillis"),
            engine_seconds=_seconds(executions, "EngineExecutionTimeInMillis"),
            reused=all(_is_reused(execution) for execution in executions),
        )

    def _dollars(self, executions: list[Execution]) -> Decimal | None:
        if self._price is None:
            return None
        charged = (scan_price(_scanned(execution), self._price) for execution in executions if not _is_free(execution))
        return sum(charged, Decimal(0))


def _scanned(execution: Execution) -> int:
    """Bytes that one execution read."""
    return int(execution.get("Statistics", {}).get("DataScannedInBytes", 0))


def _seconds(executions: list[Execution], name: str) -> float:
    """The sum of a time that Athena gives in milliseconds."""
    return sum(int(execution.get("Statistics", {}).get(name, 0)) for execution in executions) / 1000


def _is_free(execution: Execution) -> bool:
    """A result that was reused, and what was stopped before it scanned anything."""
    is_stopped = execution["Status"]["State"] == "CANCELLED"
    return _is_reused(execution) or (is_stopped and not _scanned(execution))


def _is_reused(execution: Execution) -> bool:
    reuse = execution.get("Statistics", {}).get("ResultReuseInformation", {})
    return bool(reuse.get("ReusedPreviousResult", False))
