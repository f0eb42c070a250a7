"""One statement on Athena: submitted, waited for, and stopped where no reader waits for it.

Submission, status and stopping are awswrangler's; waiting is ours, because its own cannot be stopped.
"""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from catalogue.errors import QueryFailed
from console.asking.engines.athena_results import ResultColumn, columns_of
from console.asking.engines.running import poll, stop_event, unwanted
from console.aws.clients import SharedClients
from console.aws.failures import KnownFailure, statement_failure, translate_errors

SERVICE = "Athena"
_PAUSES = (0.1, 0.1, 0.2, 0.2, 0.3, 0.5)  # seconds between two looks at its state
_RUNS = 3  # of one statement that Athena itself says may be tried again
_RETRY_SECONDS = 1.0
_FINAL = ("SUCCEEDED", "FAILED", "CANCELLED")
_AFTER_STOP = (0.0, 0.1, 0.3, 0.6)  # seconds before each look at what a stopped statement had scanned; nobody waits

EXPIRED = KnownFailure(
    r"snapshot\b.{0,60}?(?:not exist|not found|expired)|ICEBERG_(?:CANNOT_OPEN_SPLIT|MISSING_METADATA)",
    "Files of the published version of the tables are no longer there",
    "Curate once, which publishes a new version; expire snapshots and remove files only once no version names them.",
)
"""A version that was replaced, and removed before its last reader was done; or what is published is damaged."""

KNOWN = (
    KnownFailure(
        r"bytes scanned limit",
        "The query would scan more than the workgroup allows, and was stopped",
        "Choose a shorter period or fewer columns; the cutoff is the workgroup's BytesScannedCutoffPerQuery.",
    ),
    KnownFailure(
        r"work ?group.*(?:not found|does not exist)",
        "There is no such workgroup",
        "Set TAKINGS_ATHENA_WORKGROUP to the workgroup that was deployed, in the right region.",
    ),
    KnownFailure(
        r"TABLE_NOT_FOUND.*?Table '?([\w.]+)|SCHEMA_NOT_FOUND.*?Schema '?([\w.]+)|Schema '?([\w.]+)'? does not exist",
        "There is no {0}",
        "Curate once, and check TAKINGS_DATABASE.",
    ),
    KnownFailure(
        r"insufficient (?:lake formation )?permission|access ?denied|not authorized to perform|PERMISSION_DENIED",
        "Athena may not read what the query needs: access denied",
        "Allow the role of this process to read the lake's bucket and its Glue database;"
        " `python -m console permissions` lists all it needs.",
    ),
    EXPIRED,  # after what may not be read: that is a file which cannot be opened, too
    KnownFailure(
        r"exhausted resources|EXCEEDED_\w+_LIMIT",
        "The query needs more than Athena gives one query",
        "Choose a shorter period or fewer columns.",
    ),
    KnownFailure(
        r"((?:\w*SYNTAX_ERROR|COLUMN_NOT_FOUND|TYPE_MISMATCH|FUNCTION_NOT_FOUND|[^\n]{0,40}mismatched input)[^\n]*)",
        "Athena cannot run the query as it is written: {0}",
        "Correct the SQL; the columns are those of `catalogue/tables/`.",
    ),
)


def managed_results(where: str) -> QueryFailed:
    """The failure of a workgroup that writes no result files, so that results cannot be read or reused."""
    return QueryFailed(
        "The workgroup writes no result files",
        where=where,
        remedy="Turn managed query results off in the workgroup, and give it a results location.",
    )


class Executions:
    """Statements of one workgroup and database.

    `results` is the ``s3://bucket/prefix/`` of result files, where the workgroup does not enforce its own.
    """

    def __init__(
        self, session: SharedClients, *, workgroup: str, database: str, results: str, timeout_seconds: float
    ) -> None:
        self._session = session
        self._workgroup = workgroup
        self._database = database
        self._results = results
        self._timeout_seconds = timeout_seconds

    def run(self, sql: str, where: str, spent: list[dict[str, Any]], *, reuse_minutes: int = 0) -> dict[str, Any]:
        """Athena's description of a finished execution; a statement that may be tried again is.

        Parameters
        ----------
        where : the query's name, for the failure
        spent : every execution that is charged is added, answer or not: a failed one is free
        reuse_minutes : how old an earlier result may be to be given instead; 0 for none

        Raises
        ------
        QueryFailed
            Refused, failed, too long, or not wanted any more.
        """
        deadline = time.monotonic() + self._timeout_seconds
        stop, pause = stop_event(), 0.0
        for attempt in range(_RUNS):
            if stop.wait(pause):
                raise unwanted(where)
            execution = self._wait(self._start(sql, where, reuse_minutes), where, deadline, spent)
            status = execution["Status"]
            if status["State"] == "SUCCEEDED":
                return execution
            if not status.get("AthenaError", {}).get("Retryable", False) or time.monotonic() >= deadline:
                break
            pause = random.uniform(0, _RETRY_SECONDS * 2**attempt)  # noqa: S311 - jitter
        reason = status.get("StateChangeReason") or status.get("AthenaError", {}).get("ErrorMessage") or ""
        raise statement_failure(reason, KNOWN, engine=SERVICE, where=where)

    def columns(self, execution: dict[str, Any], where: str) -> list[ResultColumn]:
        """The columns of a finished execution, as Athena types them."""
        with translate_errors(SERVICE, where):
            answer = self._session.client("athena").get_query_results(
                QueryExecutionId=execution["QueryExecutionId"], MaxResults=1
            )
        return columns_of(answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"])

    def _start(self, sql: str, where: str, reuse_minutes: int) -> str:
        import awswrangler as wr

        reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": reuse_minutes}}
        try:
            with translate_errors(SERVICE, where, KNOWN):
                group = self._session.client("athena").get_work_group(WorkGroup=self._workgroup)
                if not group["WorkGroup"].get("Configuration", {}).get("BytesScannedCutoffPerQuery"):
                    raise QueryFailed(
                        f"The workgroup {self._workgroup} does not cap what one query may scan",
                        where=where,
                        remedy=f"Cap it: `aws athena update-work-group --work-group {self._workgroup}"
                        " --configuration-updates BytesScannedCutoffPerQuery=1000000000`, for 1 GB at most.",
                    )
                started = wr.athena.start_query_execution(
                    sql,
                    database=self._database,
                    workgroup=self._workgroup,
                    s3_output=self._results,
                    result_reuse_configuration=reuse if reuse_minutes > 0 else None,
                    athena_cache_settings={"max_cache_seconds": 0},  # or an environment variable could turn it on
                    boto3_session=self._session,
                )
        except wr.exceptions.InvalidArgumentCombination as error:  # raised so where a result is to be reused
            raise managed_results(where) from error
        return str(started)

    def _wait(self, execution_id: str, where: str, deadline: float, spent: list[dict[str, Any]]) -> dict[str, Any]:
        """The execution in its final state; stopped when time is up or when nobody waits any more."""
        import awswrangler as wr

        answers = False

        def look() -> dict[str, Any] | None:
            nonlocal answers
            answers = False
            with translate_errors(SERVICE, where, KNOWN):
                found: dict[str, Any] = wr.athena.get_query_execution(execution_id, boto3_session=self._session)
            answers = True
            return found if is_final(found) else None

        final: dict[str, Any] | None = None
        try:
            final = poll(look, _PAUSES, deadline=deadline, timeout_seconds=self._timeout_seconds, where=where)
        finally:
            execution = final or self._stopped(execution_id, where, looks=_AFTER_STOP if answers else ())
            if execution["Status"]["State"] != "FAILED":
                spent.append(execution)
        return final

    def _stopped(self, execution_id: str, where: str, looks: Sequence[float]) -> dict[str, Any]:
        """Stop a statement; returns Athena's last description of it, which is not final where the cost stays unknown.

        Never raises: a failure is being raised already. `looks` are the seconds before each look; none where Athena
        does not answer anyway.
        """
        import awswrangler as wr

        found: dict[str, Any] = {"QueryExecutionId": execution_id, "Status": {"State": "RUNNING"}}
        with suppress(QueryFailed), translate_errors(SERVICE, where):
            wr.athena.stop_query_execution(execution_id, boto3_session=self._session)
            for pause in looks:
                time.sleep(pause)
                found = wr.athena.get_query_execution(execution_id, boto3_session=self._session)
                if is_final(found):
                    break
        return found


def is_final(execution: dict[str, Any]) -> bool:
    """Whether nothing more will be scanned."""
    return execution["Status"]["State"] in _FINAL
