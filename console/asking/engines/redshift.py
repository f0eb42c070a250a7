"""Redshift Serverless over its Data API, through awswrangler's connection. Fills the `SqlEngine` port.

The workgroup and the role of this process are all it needs: no password, no connection that stays open. awswrangler
checks the connection and makes its client; its ``read_sql_query`` is not used, because it cannot be stopped and gives
decimals and dates as text. The curated tables must be found by their bare names: they are in the schema ``public`` of
the database: `pipeline.warehouse` makes them.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from catalogue.errors import QueryFailed, UsageLimitReached
from catalogue.redshift import LONGEST_STATEMENT, is_usage_limit
from console.asking.engines import Result, Statistics
from console.asking.engines.curated_state import CuratedEngine, CuratedState
from console.asking.engines.prices import CapacityClock, capacity_price
from console.asking.engines.redshift_results import Pages, read_records
from console.asking.engines.running import TIMEOUT_SECONDS, check_length, poll, report_cost, too_large, unreadable
from console.aws.clients import SharedClients
from console.aws.failures import KnownFailure, statement_failure, translate_errors

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogue.binding import Statement

SERVICE = "Redshift"
LARGEST_RESULT = 64 * 2**20  # bytes: the Data API gives a result in pages of a megabyte, one call each
_PAUSES = (0.05, 0.1, 0.1, 0.2, 0.3, 0.5)  # seconds between two looks at its state
_NANOSECONDS = Decimal(10) ** 9

KNOWN = (
    KnownFailure(
        r"permission denied for (?:relation|schema|database|table) (\S+)",
        "Redshift may not read {0}",
        "Grant usage on the schema and select on its tables to the role of this process.",
    ),
    KnownFailure(
        r"access ?denied|not authorized|insufficient (?:privileges|permissions)",
        "Redshift may not read what the query needs: access denied",
        "Allow the role of the warehouse to read the lake's bucket and its Glue database, and grant the schema to the"
        " role of this process.",
    ),
    KnownFailure(
        r"query (?:cancelled|aborted).*(?:limit|monitoring rule)|query monitoring rule",
        "The query was stopped by a limit of the workgroup",
        "Choose a shorter period; the limits are the workgroup's query monitoring rules.",
    ),
    KnownFailure(
        r"(?:relation|table|schema) \"?([\w.\"]+?)\"? (?:does not exist|not found)",
        "There is no {0}",
        "Curate once, load the warehouse, and check TAKINGS_REDSHIFT_DATABASE.",
    ),
    KnownFailure(
        r"endpoint (?:doesn't|does not) exist|workgroup.*(?:not found|does not exist)|(?:not find|no such) workgroup",
        "There is no such workgroup",
        "Set TAKINGS_REDSHIFT_WORKGROUP to the workgroup that was deployed, in the right region, or leave it out.",
    ),
    KnownFailure(
        r"database \"?(\S+?)\"? does not exist",
        "There is no database {0} in the workgroup",
        "Check TAKINGS_REDSHIFT_DATABASE.",
    ),
    KnownFailure(
        r"statement timeout|query timeout",
        "The query ran longer than the workgroup allows, and was stopped",
        "Choose a shorter period, or fewer columns.",
    ),
    KnownFailure(
        r"(syntax error[^\n]*|column [^\n]* does not exist[^\n]*|function [^\n]* does not exist[^\n]*"
        r"|operator does not exist[^\n]*|invalid input syntax[^\n]*|type mismatch[^\n]*)",
        "Redshift cannot run the query as it is written: {0}",
        "Correct the SQL; `python -m console queries` lists the tables' questions.",
    ),
)


class RedshiftEngine(CuratedEngine):
    """Answers statements through one serverless workgroup.

    Parameters
    ----------
    session : a boto3 session
    workgroup, database : where the statements run
    state : the version of the curated tables
    base_rpus : the workgroup's base capacity, in Redshift processing units
    price_per_rpu_hour : dollars, by the price book; None where unknown
    """

    dialect = "redshift"

    def __init__(
        self,
        session: Any,
        *,
        workgroup: str,
        database: str,
        state: CuratedState,
        base_rpus: int,
        price_per_rpu_hour: Decimal | None,
        timeout_seconds: float = TIMEOUT_SECONDS,
    ) -> None:
        self._session = SharedClients(session)
        self._workgroup = workgroup
        self._database = database
        self._state = state
        self._base_rpus = base_rpus
        self._price = price_per_rpu_hour
        self._timeout_seconds = timeout_seconds
        self._clock = CapacityClock()

    def run(self, statement: Statement) -> Result:
        """Answer one statement; see `SqlEngine.run`."""
        started = time.perf_counter()
        check_length(statement.sql, LONGEST_STATEMENT, engine=SERVICE, where=statement.query)
        state = self._state.current()
        client = self._client()
        described = self._wait(client, statement)
        # before the pages are read: that takes time, and the warehouse none
        ran = Decimal(int(described.get("Duration", 0))) / _NANOSECONDS
        spent = self._spent(described["Id"], ran)
        try:
            table = self._read(client, described, statement.query)
        except QueryFailed:
            report_cost(spent)
            raise
        statistics = replace(
            spent, elapsed_seconds=time.perf_counter() - started, data_as_of=state.as_of(statement.tables)
        )
        return Result(table, statistics, statement.query, statement.sql)

    def _spent(self, statement_id: str, ran: Decimal) -> Statistics:
        """What a statement cost that ran so many seconds until now."""
        ended = Decimal(repr(time.monotonic()))
        rpu_seconds = self._clock.charge(ended - ran, ended) * self._base_rpus
        return Statistics(
            engine=SERVICE,
            elapsed_seconds=float(ran),
            dollars=None if self._price is None else capacity_price(rpu_seconds, self._price),
            query_id=statement_id,
            engine_seconds=float(ran),
            rpu_seconds=rpu_seconds,
        )

    def _client(self) -> Any:
        import awswrangler as wr

        with translate_errors(SERVICE, self._workgroup, KNOWN):
            connection = wr.data_api.redshift.connect(
                workgroup_name=self._workgroup, database=self._database, boto3_session=self._session
            )
        return connection.client

    def _wait(self, client: Any, statement: Statement) -> dict[str, Any]:
        """The description of the finished statement; stopped when time is up or no reader waits."""
        where = statement.query
        deadline = time.monotonic() + self._timeout_seconds
        with translate_errors(SERVICE, where, KNOWN):
            answer = client.execute_statement(WorkgroupName=self._workgroup, Database=self._database, Sql=statement.sql)
        begun = time.monotonic()

        def look() -> dict[str, Any] | None:
            with translate_errors(SERVICE, where, KNOWN):
                found: dict[str, Any] = client.describe_statement(Id=answer["Id"])
            return found if found["Status"] in ("FINISHED", "FAILED", "ABORTED") else None

        described: dict[str, Any] | None = None
        try:
            described = poll(look, _PAUSES, deadline=deadline, timeout_seconds=self._timeout_seconds, where=where)
        finally:
            if described is None:
                with suppress(QueryFailed), translate_errors(SERVICE, where):  # a failure is being raised already
                    client.cancel_statement(Id=answer["Id"])
            if described is not None and is_usage_limit(described.get("Error", "")):
                # refused for nothing, or broken off after some time: the service does not say
                report_cost(Statistics(SERVICE, time.monotonic() - begun, query_id=answer["Id"]))
            elif described is None or described["Status"] != "FINISHED":  # the warehouse was awake for it all the same
                report_cost(self._spent(answer["Id"], Decimal(repr(time.monotonic() - begun))))
        if described["Status"] != "FINISHED":
            raise _failure(described.get("Error", ""), where)
        return described

    def _read(self, client: Any, described: dict[str, Any], where: str) -> pa.Table:
        """The result, typed."""
        import pyarrow as pa

        try:
            return read_records(self._pages(client, described, where))
        except (pa.ArrowException, ValueError, ArithmeticError) as error:
            remedy = "Cast what has no plain type, such as an infinite date, to text in the SQL."
            raise unreadable(error, remedy, engine=SERVICE, where=where) from error

    def _pages(self, client: Any, described: dict[str, Any], where: str) -> Pages:
        """The result, page by page."""
        size = int(described.get("ResultSize", 0))
        if size > LARGEST_RESULT:
            raise too_large(size, "the Data API can deliver quickly", where)
        with translate_errors(SERVICE, where, KNOWN):
            yield from client.get_paginator("get_statement_result").paginate(Id=described["Id"])


def _failure(error: str, where: str) -> QueryFailed:
    """The failure of a statement that ended with this error."""
    if is_usage_limit(error):
        return UsageLimitReached(
            f"{SERVICE} reached its usage limit",
            where=where,
            remedy="Raise the RPU-hours of the workgroup's usage limit, or wait for its next period.",
        )
    return statement_failure(error, KNOWN, engine=SERVICE, where=where)
