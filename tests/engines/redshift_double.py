"""Redshift's Data API with PostgreSQL behind it: moto's server answers, its executor sends the SQL to a real database.

PostgreSQL is Redshift's nearest open relative. Statements arrive as our catalogue writes them for Redshift; `spoken`
changes the little that PostgreSQL cannot parse, and `redshift_functions.sql` adds functions that it lacks.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import psycopg
from moto.core.exceptions import JsonRESTError
from moto.redshiftdata.responses import RedshiftDataAPIServiceResponse

from tests.engines import redshift_copy
from tests.engines.names import REDSHIFT_WORKGROUP
from tests.engines.postgres_server import PostgresServer
from tests.engines.redshift_shims import AS_REDSHIFT, spoken
from tests.engines.redshift_types import column_metadata, field_of
from tests.engines.refusals import Refusals

_PAGE = 500  # records in one answer; the service cuts by size, and either way a client must ask on
_FINAL = ("FINISHED", "FAILED", "ABORTED")


class LimitReached(Exception):  # noqa: N818 - what the service says
    """The workgroup's usage limit is reached."""


@dataclass
class Statement:
    """One statement that was submitted, as the Data API keeps it."""

    sql: str
    database: str
    workgroup: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "SUBMITTED"
    error: str = ""
    created: float = field(default_factory=time.time)
    updated: float = field(default_factory=time.time)
    nanoseconds: int = 0
    columns: list[dict[str, Any]] = field(default_factory=list)
    records: list[list[dict[str, Any]]] = field(default_factory=list)
    size: int = 0
    batch: list[dict[str, Any]] = field(default_factory=list)  # its statements, where it is a batch
    connection: psycopg.Connection[Any] | None = None
    ended: threading.Event = field(default_factory=threading.Event)  # the database is done with it


class RedshiftDouble:
    """The executor behind moto's Redshift Data API. Made by `serving`.

    Attributes
    ----------
    postgres : the engine; a database of the API is its database of the same name
    refusals : errors to answer with, for tests
    statements : everything submitted, by statement id, in order
    lose_rows : how many rows each COPY loses, for tests
    limit_reached : whether every statement that reads a table fails, as at the workgroup's usage limit
    """

    def __init__(self, postgres: PostgresServer) -> None:
        self.postgres = postgres
        self.refusals = Refusals()
        self.statements: dict[str, Statement] = {}
        self.limit_reached = False
        self.lose_rows = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="redshift")
        self._open = threading.Event()
        self._open.set()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep what is submitted meanwhile in the state STARTED, until the end or until it is cancelled."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def close(self) -> None:
        """Cancel what still runs, and wait for it."""
        for statement in list(self.statements.values()):
            self._cancel(statement)
        self._open.set()
        self._pool.shutdown(wait=True)

    # what the API's operations do

    def execute(self, request: dict[str, Any]) -> dict[str, Any]:
        """`ExecuteStatement`."""
        self.refusals.check("execute_statement")
        if request.get("WorkgroupName") != REDSHIFT_WORKGROUP:
            raise JsonRESTError("ValidationException", "Redshift endpoint doesn't exist in this region.")
        statement = Statement(request["Sql"], request["Database"], request["WorkgroupName"])
        with self._lock:
            self.statements[statement.id] = statement
        self._pool.submit(self._run, statement)
        return {
            "Id": statement.id,
            "CreatedAt": statement.created,
            "Database": statement.database,
            "WorkgroupName": statement.workgroup,
        }

    def batch(self, request: dict[str, Any]) -> dict[str, Any]:
        """`BatchExecuteStatement`: one transaction."""
        self.refusals.check("batch_execute_statement")
        statement = Statement("", request["Database"], request["WorkgroupName"])
        statement.batch = [
            {"Id": f"{statement.id}:{number}", "QueryString": sql, "Status": "SUBMITTED"}
            for number, sql in enumerate(request["Sqls"], start=1)
        ]
        with self._lock:
            self.statements[statement.id] = statement
        self._pool.submit(self._run, statement)
        return {"Id": statement.id, "CreatedAt": statement.created, "Database": statement.database}

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """`DescribeStatement`; the duration is PostgreSQL's, in nanoseconds."""
        self.refusals.check("describe_statement")
        statement = self._known(request)
        status = statement.status  # first: what follows is complete once it is final
        described: dict[str, Any] = {
            "Id": statement.id,
            "Status": status,
            "CreatedAt": statement.created,
            "UpdatedAt": statement.updated,
            "Database": statement.database,
            "WorkgroupName": statement.workgroup,
            "QueryString": statement.sql,
            "Duration": statement.nanoseconds,
            "HasResultSet": bool(statement.columns),
            "ResultRows": len(statement.records) if statement.columns else -1,
            "ResultSize": statement.size,
            "RedshiftQueryId": list(self.statements).index(statement.id) + 1,
            "RedshiftPid": 1,
        }
        if statement.batch:
            described["SubStatements"] = statement.batch
        return described | ({"Error": statement.error} if statement.error else {})

    def result(self, request: dict[str, Any]) -> dict[str, Any]:
        """`GetStatementResult`, page by page."""
        self.refusals.check("get_statement_result")
        statement = self._known(request)
        if statement.status != "FINISHED":
            raise JsonRESTError(
                "ResourceNotFoundException", f"Query does not have result. Please check query status: {statement.id}"
            )
        first = int(request.get("NextToken") or 0)
        last = first + _PAGE
        answer = {
            "ColumnMetadata": statement.columns,
            "Records": statement.records[first:last],
            "TotalNumRows": len(statement.records),
        }
        return answer | ({"NextToken": str(last)} if last < len(statement.records) else {})

    def cancel(self, request: dict[str, Any]) -> dict[str, Any]:
        """`CancelStatement`: the database breaks the statement off."""
        self.refusals.check("cancel_statement")
        statement = self._known(request)
        if statement.status in _FINAL:
            raise JsonRESTError(
                "ValidationException",
                f"Could not cancel a query that is already in {statement.status} state with ID: {statement.id}",
            )
        self._cancel(statement)
        return {"Status": True}

    # how

    def _known(self, request: dict[str, Any]) -> Statement:
        try:
            return self.statements[request["Id"]]
        except KeyError:
            raise JsonRESTError("ResourceNotFoundException", "Query does not exist.") from None

    def _cancel(self, statement: Statement) -> None:
        if statement.status not in _FINAL:
            statement.error = "Query cancelled by user"
            _end(statement, "ABORTED")
            if statement.connection is not None:
                with suppress(psycopg.Error):
                    statement.connection.cancel()

    def _run(self, statement: Statement) -> None:
        statement.status = "STARTED"
        self._open.wait()
        try:
            self._carry_out(statement)
        finally:
            statement.ended.set()

    def _carry_out(self, statement: Statement) -> None:
        try:
            if statement.status in _FINAL:
                return
            with self.postgres.connect(statement.database, options=AS_REDSHIFT) as connection:
                statement.connection = connection
                if statement.batch:
                    self._transact(statement, connection)
                else:
                    self._ask(statement, connection)
            _end(statement, "FINISHED")
        except psycopg.Error as error:
            severity = "FATAL" if isinstance(error, psycopg.OperationalError) and error.sqlstate is None else "ERROR"
            reported = error.diag.message_primary or str(error).rpartition("FATAL:")[2].strip()
            statement.error = statement.error or f"{severity}: {reported}"
            _end(statement, "FAILED")
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread: what went wrong must be told
            statement.error = f"ERROR: {error}"
            _end(statement, "FAILED")

    def _transact(self, statement: Statement, connection: psycopg.Connection[Any]) -> None:
        """Run a batch, all of it or nothing."""
        cursor = connection.cursor()
        cursor.execute("begin read write")
        for one in statement.batch:
            try:
                if self.limit_reached:
                    raise LimitReached("Query reached usage limit")
                if not redshift_copy.carried_out(cursor, one["QueryString"], lose_rows=self.lose_rows):
                    cursor.execute(spoken(one["QueryString"]))  # type: ignore[arg-type]
            except Exception as error:
                primary = error.diag.message_primary if isinstance(error, psycopg.Error) else None
                one |= {"Status": "FAILED", "Error": f"ERROR: {primary or error}"}
                raise
            one["Status"] = "FINISHED"
        cursor.execute("commit")

    def _ask(self, statement: Statement, connection: psycopg.Connection[Any]) -> None:
        if self.limit_reached and " from " in statement.sql.lower():
            raise LimitReached("Query reached usage limit")
        cursor = connection.cursor()
        started = time.perf_counter_ns()
        cursor.execute(spoken(statement.sql))  # type: ignore[arg-type]  # psycopg wants a literal; ours is bound
        statement.nanoseconds = time.perf_counter_ns() - started
        found = cursor.pgresult
        if cursor.description is None or found is None:
            return
        texts = [[found.get_value(row, place) for place in range(found.nfields)] for row in range(found.ntuples)]
        statement.size = sum(len(value or b"") for row in texts for value in row)
        statement.records = [
            [field_of(column.type_code, value) for column, value in zip(cursor.description, row, strict=True)]
            for row in texts
        ]
        statement.columns = column_metadata(statement.sql, cursor.description, texts)


def _end(statement: Statement, status: str) -> None:
    """Enter a final state, once."""
    if statement.status not in _FINAL:
        statement.updated = time.time()
        statement.status = status


@contextmanager
def serving(postgres: PostgresServer) -> Iterator[RedshiftDouble]:
    """Let every Data API client of this process talk to PostgreSQL. Stands inside moto's `mock_aws`."""
    double = RedshiftDouble(postgres)
    operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "batch_execute_statement": double.batch,
        "execute_statement": double.execute,
        "describe_statement": double.describe,
        "get_statement_result": double.result,
        "cancel_statement": double.cancel,
    }
    with ExitStack() as stack:
        for name, operation in operations.items():
            responder = _responder(operation)  # moto has no batches: `create` adds them
            stack.enter_context(patch.object(RedshiftDataAPIServiceResponse, name, responder, create=True))
        try:
            yield double
        finally:
            double.close()


def _responder(
    operation: Callable[[dict[str, Any]], dict[str, Any]],
) -> Callable[[RedshiftDataAPIServiceResponse], tuple[int, dict[str, str], str]]:
    def respond(response: RedshiftDataAPIServiceResponse) -> tuple[int, dict[str, str], str]:
        return 200, {}, json.dumps(operation(json.loads(response.body)))

    return respond
