"""Athena's API with Trino behind it: moto's server answers, its executor sends the SQL to a real engine.

What is Athena's own is written here as its documentation says: states, result file, statistics, the workgroup's cap on
bytes, result reuse by age, `UNLOAD`. Rows, types, errors and bytes read are Trino's.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

import boto3
from moto.athena.models import athena_backends
from moto.athena.responses import AthenaResponse
from moto.core.exceptions import JsonRESTError

from catalogue.tables import TABLES
from tests.engines import athena_results
from tests.engines.names import ACCOUNT, ATHENA_WORKGROUP, CUTOFF_BYTES, LAKE_BUCKET, REGION, RESULTS
from tests.engines.refusals import Refusals
from tests.engines.trino_client import Column, TrinoError, TrinoQuery, texts
from tests.engines.trino_server import TrinoServer

_PAGE = 1000  # rows in one answer of GetQueryResults, its header row included
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
_UNLOAD = re.compile(
    r"^\s*unload\s*\((?P<sql>.*)\)\s*to\s*'(?P<place>s3://[^']+)'\s*(?:with\s*\(.*\))?\s*$", re.I | re.S
)
_OUR_OWN_TYPES = {"varchar": "string", "integer": "int", "varbinary": "binary", "timestamp(6)": "timestamp"}


@dataclass
class Execution:
    """One statement that was submitted, as Athena keeps it."""

    request: dict[str, Any]
    output: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    state: str = "QUEUED"
    reason: str | None = None
    submitted: float = field(default_factory=time.time)
    completed: float | None = None
    query: TrinoQuery | None = None
    columns: list[Column] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    scanned: int = 0
    reused: bool = False
    manifest: str | None = None

    @property
    def sql(self) -> str:
        """The statement, as it was sent."""
        return str(self.request["QueryString"])

    @property
    def unload(self) -> re.Match[str] | None:
        """Its parts, where it is an `UNLOAD`."""
        return _UNLOAD.match(self.sql)


class AthenaDouble:
    """The executor behind moto's Athena. Made by `serving`.

    Attributes
    ----------
    trino : the engine, with one of its catalogues; a database of the API is its schema of the same name
    refusals : errors to answer with, for tests
    executions : everything submitted, by query execution id, in order
    """

    def __init__(self, trino: TrinoServer) -> None:
        self.trino = trino
        self.refusals = Refusals()
        self.executions: dict[str, Execution] = {}
        self._tokens: dict[str, str] = {}
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(8, thread_name_prefix="athena")
        self._open = threading.Event()
        self._open.set()

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Keep what is submitted meanwhile in the state RUNNING, until the end or until it is stopped."""
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def forget(self) -> None:
        """Forget results, so that none is reused."""
        with self._lock:
            self.executions.clear()

    def close(self) -> None:
        """Stop what still runs, and wait for it."""
        for execution in list(self.executions.values()):
            self._stop(execution)
        self._open.set()
        self._pool.shutdown(wait=True)

    # what the API's operations do

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """`StartQueryExecution`; a statement that cannot be parsed is refused at once, as Athena does."""
        self.refusals.check("start_query_execution")
        token = request.get("ClientRequestToken")
        with self._lock:
            if token in self._tokens:
                return {"QueryExecutionId": self._tokens[token]}
        execution = Execution(request, self._output(request))
        execution.output += f"{execution.id}.csv"
        earlier = self._reusable(execution)
        if earlier is None:
            schema = (request.get("QueryExecutionContext") or {}).get("Database")
            unload = execution.unload
            execution.query = self.trino.query(unload["sql"] if unload else execution.sql, schema)
            try:
                execution.query.start()
            except TrinoError as error:
                if error.name == "SYNTAX_ERROR":
                    raise JsonRESTError("InvalidRequestException", error.message) from error
                _end(execution, "FAILED", _reason(error))
        with self._lock:
            self.executions[execution.id] = execution
            if token:
                self._tokens[token] = execution.id
        if execution.state not in _FINAL:
            self._pool.submit(self._run, execution, earlier)
        return {"QueryExecutionId": execution.id}

    def execution(self, request: dict[str, Any]) -> dict[str, Any]:
        """`GetQueryExecution`."""
        self.refusals.check("get_query_execution")
        return {"QueryExecution": _described(self._known(request))}

    def results(self, request: dict[str, Any]) -> dict[str, Any]:
        """`GetQueryResults`: pages of at most a thousand rows, the first of which is the header."""
        self.refusals.check("get_query_results")
        execution = self._known(request)
        if execution.state != "SUCCEEDED":
            raise JsonRESTError(
                "InvalidRequestException", f"Query has not yet finished. Current state: {execution.state}"
            )
        if execution.unload:
            return {"ResultSet": {"Rows": [], "ResultSetMetadata": {"ColumnInfo": []}}}
        everything: list[list[str | None]] = [[column.name for column in execution.columns], *execution.rows]
        first = int(request.get("NextToken") or 0)
        last = first + min(int(request.get("MaxResults") or _PAGE), _PAGE)
        information = [athena_results.column_info(column) for column in execution.columns]
        answer: dict[str, Any] = {
            "ResultSet": {
                "Rows": athena_results.page(everything[first:last]),
                "ResultSetMetadata": {"ColumnInfo": information},
            },
            "UpdateCount": 0,
        }
        return answer | ({"NextToken": str(last)} if last < len(everything) else {})

    def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        """`StopQueryExecution`: the engine's own query is broken off."""
        self.refusals.check("stop_query_execution")
        self._stop(self._known(request))
        return {}

    # how

    def _known(self, request: dict[str, Any]) -> Execution:
        name = request["QueryExecutionId"]
        try:
            return self.executions[name]
        except KeyError:
            raise JsonRESTError("InvalidRequestException", f"QueryExecution {name} was not found") from None

    def _output(self, request: dict[str, Any]) -> str:
        """Where the result goes: the workgroup decides where it enforces its settings."""
        group = athena_backends[ACCOUNT][REGION].work_groups.get(request.get("WorkGroup") or "primary")
        if group is None:
            raise JsonRESTError("InvalidRequestException", f"WorkGroup {request.get('WorkGroup')} is not found.")
        ours = (group.configuration.get("ResultConfiguration") or {}).get("OutputLocation")
        asked = (request.get("ResultConfiguration") or {}).get("OutputLocation")
        place = ours if ours and group.configuration.get("EnforceWorkGroupConfiguration") else asked or ours
        if not place:
            raise JsonRESTError(
                "InvalidRequestException",
                "No output location provided. An output location is required either through the Workgroup result"
                " configuration setting or as an API input.",
            )
        return str(place).rstrip("/") + "/"

    def _cutoff(self, execution: Execution) -> int | None:
        group = athena_backends[ACCOUNT][REGION].work_groups[execution.request.get("WorkGroup") or "primary"]
        cutoff = group.configuration.get("BytesScannedCutoffPerQuery")
        return None if cutoff is None else int(cutoff)

    def _reusable(self, execution: Execution) -> Execution | None:
        """An earlier result of the same text, young enough. Athena does not look whether the data changed since."""
        wanted = (execution.request.get("ResultReuseConfiguration") or {}).get("ResultReuseByAgeConfiguration") or {}
        if not wanted.get("Enabled"):
            return None
        oldest = time.time() - 60 * int(wanted.get("MaxAgeInMinutes", 60))
        same = ("QueryString", "QueryExecutionContext", "WorkGroup")
        with self._lock:
            for earlier in reversed(self.executions.values()):
                if (
                    earlier.state == "SUCCEEDED"
                    and not earlier.reused
                    and earlier.submitted >= oldest
                    and all(earlier.request.get(key) == execution.request.get(key) for key in same)
                ):
                    return earlier
        return None

    def _run(self, execution: Execution, earlier: Execution | None) -> None:
        execution.state = "RUNNING"
        self._open.wait()
        if execution.state in _FINAL:
            return
        try:
            if earlier is not None:
                execution.columns, execution.rows, execution.reused = earlier.columns, earlier.rows, True
            else:
                self._ask(execution)
            cutoff = self._cutoff(execution)
            if cutoff is not None and execution.scanned > cutoff:
                _end(execution, "CANCELLED", "Query cancelled! : Bytes scanned limit was exceeded")
                return
            self._write(execution)
            _end(execution, "SUCCEEDED")
        except TrinoError as error:
            _end(execution, "FAILED", _reason(error))
        except Exception as error:  # noqa: BLE001 - nobody waits for this thread: what went wrong must be told
            _end(execution, "FAILED", f"GENERIC_INTERNAL_ERROR: {error}")

    def _ask(self, execution: Execution) -> None:
        assert execution.query is not None
        query = execution.query.finish()
        execution.columns, execution.rows = query.columns, list(texts(query))
        execution.scanned = int(query.statistics.get("physicalInputBytes", 0))

    def _write(self, execution: Execution) -> None:
        unload = execution.unload
        if unload is None:
            _put(execution.output, athena_results.csv(execution.columns, execution.rows))
            return
        assert execution.query is not None
        place = f"{unload['place'].rstrip('/')}/{execution.id}_0.parquet"
        if execution.rows:
            _put(place, athena_results.parquet_file(execution.columns, execution.query.rows))
        execution.manifest = execution.output.removesuffix(".csv") + "-manifest.csv"
        _put(execution.manifest, f"{place}\n".encode() if execution.rows else b"")

    def _stop(self, execution: Execution) -> None:
        if execution.state not in _FINAL:
            _end(execution, "CANCELLED", "Query cancelled by user")
            if execution.query is not None:
                execution.query.cancel()


def _end(execution: Execution, state: str, reason: str | None = None) -> None:
    """Enter a final state, once."""
    if execution.state not in _FINAL:
        execution.completed, execution.reason = time.time(), reason
        execution.state = state


def _reason(error: TrinoError) -> str:
    """Athena's wording: its catalogue's name in the place of Trino's."""
    message = error.message.replace("'hive.", "'awsdatacatalog.").replace("'iceberg.", "'awsdatacatalog.")
    if error.name == "COLUMN_NOT_FOUND":
        message += " or requester is not authorized to access requested resources"
    return f"{error.name}: {message}"


def _put(url: str, content: bytes) -> None:
    bucket, _, key = url.removeprefix("s3://").partition("/")
    boto3.client("s3", region_name=REGION).put_object(Bucket=bucket, Key=key, Body=content)


def _described(execution: Execution) -> dict[str, Any]:
    """An execution as `GetQueryExecution` tells it; the times are Trino's."""
    found = execution.query.statistics if execution.query is not None and not execution.reused else {}
    total = round(1000 * ((execution.completed or time.time()) - execution.submitted))
    queued, planned = int(found.get("queuedTimeMillis", 0)), int(found.get("planningTimeMillis", 0))
    engine = max(int(found.get("elapsedTimeMillis", 0)) - queued, 0)
    status: dict[str, Any] = {"State": execution.state, "SubmissionDateTime": execution.submitted}
    if execution.completed is not None:
        status["CompletionDateTime"] = execution.completed
    if execution.reason is not None:
        status["StateChangeReason"] = execution.reason
        status["AthenaError"] = {
            "ErrorCategory": 2,
            "ErrorType": 1000,
            "Retryable": False,
            "ErrorMessage": execution.reason,
        }
    statistics: dict[str, Any] = {
        "EngineExecutionTimeInMillis": engine,
        "DataScannedInBytes": execution.scanned,
        "TotalExecutionTimeInMillis": total,
        "QueryQueueTimeInMillis": queued,
        "QueryPlanningTimeInMillis": planned,
        "ServiceProcessingTimeInMillis": max(total - engine - queued, 0),
        "ResultReuseInformation": {"ReusedPreviousResult": execution.reused},
    }
    if execution.manifest is not None:
        statistics["DataManifestLocation"] = execution.manifest
    return {
        "QueryExecutionId": execution.id,
        "Query": execution.sql,
        "StatementType": "DML",
        "ResultConfiguration": {"OutputLocation": execution.output},
        "ResultReuseConfiguration": execution.request.get("ResultReuseConfiguration")
        or {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": execution.request.get("QueryExecutionContext") or {},
        "Status": status,
        "Statistics": statistics,
        "WorkGroup": execution.request.get("WorkGroup") or "primary",
        "EngineVersion": {
            "SelectedEngineVersion": "AUTO",
            "EffectiveEngineVersion": "Athena engine version 3",
        },
    }


@contextmanager
def serving(
    trino: TrinoServer, *, cutoff: int = CUTOFF_BYTES, workgroup: str = ATHENA_WORKGROUP, results: str = RESULTS
) -> Iterator[AthenaDouble]:
    """Let every Athena client of this process talk to Trino. Stands inside moto's `mock_aws`.

    Makes a bucket for results and a workgroup that enforces it and caps a statement's bytes at `cutoff`.
    """
    double = AthenaDouble(trino)
    operations: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
        "start_query_execution": double.start,
        "get_query_execution": double.execution,
        "get_query_results": double.results,
        "stop_query_execution": double.stop,
    }
    boto3.client("s3", region_name=REGION).create_bucket(Bucket=results.split("/")[2])
    configuration: dict[str, Any] = {
        "ResultConfiguration": {"OutputLocation": results},
        "EnforceWorkGroupConfiguration": True,
        "BytesScannedCutoffPerQuery": cutoff,
    }
    client = boto3.client("athena", region_name=REGION)
    client.create_work_group(Name=workgroup, Configuration=configuration)
    with ExitStack() as stack:
        for name, operation in operations.items():
            stack.enter_context(patch.object(AthenaResponse, name, _responder(operation)))
        try:
            yield double
        finally:
            double.close()


def _responder(operation: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[AthenaResponse], str]:
    def respond(response: AthenaResponse) -> str:
        return json.dumps(operation(json.loads(response.body)))

    return respond


def catalogue_tables(database: str, location: str = f"s3://{LAKE_BUCKET}/curated") -> None:
    """Let moto's Glue know the curated tables, as the deployment's catalogue does."""
    glue = boto3.client("glue", region_name=REGION)
    glue.create_database(DatabaseInput={"Name": database})
    for name, table in TABLES.items():
        columns = [
            {"Name": key, "Type": _OUR_OWN_TYPES.get(kind, kind)}
            for key, kind in table.columns.items()
            if key != table.partition
        ]
        keys = [{"Name": table.partition, "Type": "date"}] if table.partition else []
        glue.create_table(
            DatabaseName=database,
            TableInput={
                "Name": name,
                "TableType": "EXTERNAL_TABLE",
                "StorageDescriptor": {"Columns": columns, "Location": f"{location}/{name}/"},
                "PartitionKeys": keys,
            },
        )
