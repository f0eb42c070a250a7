"""Athena where the contract does not reach: what is sent, what it costs, how it fails, and how it is stopped."""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

import dataclasses
import io
import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import awswrangler as wr
import botocore.endpoint
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from catalogue.binding import Statement
from catalogue.errors import QueryFailed
from console.asking.engines import Statistics, athena_executions, athena_files
from console.asking.engines.athena import AthenaEngine
from console.asking.engines.curated_state import CuratedState
from console.asking.engines.running import reporting_costs_to, stoppable
from console.aws.clients import Memory
from tests.support.aws_service import Refused, Service

COMMITTED = datetime(2026, 3, 31, 12, tzinfo=UTC)  # what the service says of every object
NOW = COMMITTED + timedelta(hours=3)
STATE = b'{"version": 1, "data_as_of": "2026-03-31T11:59:00Z"}'
VERSIONS = b'{"version": 2, "data_as_of": "2026-03-31T11:59:00Z", "tables": {"orders": "17", "products": "4"}}'
QUESTION = Statement("sales/by_day", "By day", "select 1 as n", "trino", frozenset())
BIGINT = {"Name": "n", "Type": "bigint", "Precision": 19, "Scale": 0}


class Athena(Service):
    """A workgroup whose statements end as a test says.

    Attributes
    ----------
    states : what GetQueryExecution tells of a statement, one after the other; the last one stays
    statistics : of a finished statement
    result : of every statement, as CSV
    """

    def __init__(self) -> None:
        super().__init__(
            GetWorkGroup=lambda given: {"WorkGroup": {"Name": given["WorkGroup"], "Configuration": self.workgroup}},
            StartQueryExecution=self._start,
            GetQueryExecution=self._execution,
            GetQueryResults=lambda _: {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": self.columns}}},
            StopQueryExecution=lambda _: {},
        )
        self.workgroup: dict[str, Any] = {
            "EnforceWorkGroupConfiguration": True,
            "BytesScannedCutoffPerQuery": 1_000_000_000,
            "ResultConfiguration": {"OutputLocation": "s3://results/athena/"},
        }
        self.objects["lake/curated/state.json"] = STATE
        self.columns = [BIGINT]
        self.result = b'"n"\n"1"\n'
        self.states: list[dict[str, Any]] = [{"State": "SUCCEEDED"}]
        self.statistics: dict[str, Any] = {"DataScannedInBytes": 0}
        self._numbers = itertools.count(1)

    def _start(self, given: dict[str, Any]) -> dict[str, Any]:
        number = next(self._numbers)
        self.objects[f"results/athena/q{number}.csv"] = self.result
        return {"QueryExecutionId": f"q{number}"}

    def _execution(self, given: dict[str, Any]) -> dict[str, Any]:
        status = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        name = given["QueryExecutionId"]
        return {
            "QueryExecution": {
                "QueryExecutionId": name,
                "Status": status,
                "Statistics": self.statistics,
                "ResultConfiguration": {"OutputLocation": f"s3://results/athena/{name}.csv"},
            }
        }

    def engine(self, **given: Any) -> AthenaEngine:
        options = {"price_per_terabyte": Decimal(5), "now": lambda: NOW} | given
        options.setdefault("state", CuratedState(self.session.client("s3"), "lake", keep_seconds=0))
        return AthenaEngine(
            self.session, workgroup="capped", database="shop", results="s3://results/athena/", **options
        )

    @property
    def files(self) -> list[str]:
        """Result files that lie in the bucket."""
        return sorted(key for key in self.objects if key.startswith("results/"))


@pytest.fixture
def athena() -> Athena:
    return Athena()


class Clock:
    """Waits that pass at once; remembers how long they would have been."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    clock = Clock()
    monkeypatch.setattr(botocore.endpoint, "time", clock)
    monkeypatch.setattr(athena_executions, "_RETRY_SECONDS", 0.0)
    return clock.waits


def test_the_bound_statement_runs_in_the_capped_workgroup_without_a_table(athena: Athena) -> None:
    assert athena.engine().run(QUESTION).rows() == [{"n": 1}]
    (sent,) = athena.given("StartQueryExecution")
    assert (sent["QueryString"], sent["WorkGroup"]) == ("select 1 as n", "capped")
    assert sent["QueryExecutionContext"] == {"Database": "shop"}
    assert "ExecutionParameters" not in sent


def test_the_workgroup_is_asked_for_once_a_minute_and_a_refusal_is_not_remembered(athena: Athena) -> None:
    engine = athena.engine()
    athena.refuse("GetWorkGroup", Refused("InvalidRequestException", "WorkGroup capped is not found."))
    with pytest.raises(QueryFailed, match="no such workgroup"):
        engine.run(QUESTION)
    for _ in range(3):
        engine.run(QUESTION)
    assert athena.times("GetWorkGroup") == 2


def test_a_workgroup_without_a_cutoff_runs_nothing_and_says_how_to_set_one(athena: Athena) -> None:
    del athena.workgroup["BytesScannedCutoffPerQuery"]
    with pytest.raises(QueryFailed, match="workgroup capped does not cap") as refused:
        athena.engine().run(QUESTION)
    assert "aws athena update-work-group --work-group capped" in refused.value.remedy
    assert athena.times("StartQueryExecution") == 0


def test_an_answer_is_remembered_by_its_question_for_a_minute(athena: Athena) -> None:
    now = [0.0]
    client = athena.session.client("athena")
    Memory(lambda: now[0]).watch(client, "GetWorkGroup")
    for name in ("a", "b", "a", "b"):
        assert client.get_work_group(WorkGroup=name)["WorkGroup"]["Name"] == name
    assert athena.times("GetWorkGroup") == 2
    now[0] = 60.0
    client.get_work_group(WorkGroup="a")
    assert athena.times("GetWorkGroup") == 3


@pytest.mark.slow
def test_a_result_is_reused_only_where_it_cannot_be_older_than_the_last_curation(athena: Athena) -> None:
    for age, minutes in ((3 * 3600, 60), (31 * 60, 30), (119, None), (0, None)):
        athena.engine(now=lambda age=age: COMMITTED + timedelta(seconds=age)).run(QUESTION)
        reuse = athena.given("StartQueryExecution")[-1].get("ResultReuseConfiguration")
        expected = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": minutes}}
        assert reuse == (expected if minutes else None), age


def test_nothing_is_reused_before_the_first_curation_or_where_reuse_is_off(athena: Athena) -> None:
    athena.engine(reuse_seconds=0).run(QUESTION)
    del athena.objects["lake/curated/state.json"]
    athena.engine().run(QUESTION)
    assert [sent.get("ResultReuseConfiguration") for sent in athena.given("StartQueryExecution")] == [None, None]


def test_awswranglers_own_cache_stays_off_even_where_its_configuration_turns_it_on(athena: Athena) -> None:
    wr.config.max_cache_seconds = 3600  # what WR_MAX_CACHE_SECONDS does when it is imported
    try:
        athena.engine().run(QUESTION)
        athena.engine().run(Statement("q", "Q", "SELECT 1 AS N", "trino", frozenset()))
    finally:
        wr.config.reset("max_cache_seconds")
    assert athena.times("StartQueryExecution") == 2
    assert athena.times("ListQueryExecutions") == 0


@pytest.mark.parametrize(
    ("scanned", "dollars"),
    [
        (0, "0.0000476837158203125"),
        (10 * 2**20, "0.0000476837158203125"),
        (2**40, "5"),
        (2**40 + 1, "5.00000476837158203125"),
    ],
)
@pytest.mark.slow
def test_a_statement_costs_whole_megabytes_and_at_least_ten(athena: Athena, scanned: int, dollars: str) -> None:
    athena.statistics = {
        "DataScannedInBytes": scanned,
        "QueryQueueTimeInMillis": 120,
        "EngineExecutionTimeInMillis": 840,
    }
    statistics = athena.engine().run(QUESTION).statistics
    assert statistics.dollars == Decimal(dollars)
    assert (statistics.bytes_scanned, statistics.queue_seconds, statistics.engine_seconds) == (scanned, 0.12, 0.84)
    assert (statistics.engine, statistics.query_id, statistics.reused) == ("Athena", "q1", False)
    assert statistics.data_as_of == datetime(2026, 3, 31, 11, 59, tzinfo=UTC)


def test_without_a_price_the_cost_is_unknown_not_nothing(athena: Athena) -> None:
    assert athena.engine(price_per_terabyte=None).run(QUESTION).statistics.dollars is None


def test_a_reused_result_costs_nothing_says_so_and_is_left_to_the_run_that_made_it(athena: Athena) -> None:
    athena.statistics = {"DataScannedInBytes": 0, "ResultReuseInformation": {"ReusedPreviousResult": True}}
    statistics = athena.engine(reuse_seconds=0).run(QUESTION).statistics
    assert (statistics.reused, statistics.dollars, statistics.bytes_scanned) == (True, 0, 0)
    assert athena.files == ["results/athena/q1.csv"]


def test_result_files_are_deleted_as_soon_as_nobody_can_reuse_them(athena: Athena) -> None:
    athena.engine(reuse_seconds=0).run(QUESTION)
    assert athena.files == []
    times = iter(
        [
            NOW,
            NOW,
            NOW + timedelta(minutes=69),
            NOW + timedelta(minutes=69),
            NOW + timedelta(minutes=71),
            NOW + timedelta(minutes=71),
        ]
    )
    engine = athena.engine(reuse_seconds=3600, now=lambda: next(times))
    for _ in range(2):
        engine.run(QUESTION)
    assert athena.files == ["results/athena/q2.csv", "results/athena/q3.csv"]
    engine.run(QUESTION)
    assert athena.files == ["results/athena/q3.csv", "results/athena/q4.csv"]


def test_a_file_that_cannot_be_deleted_does_not_cost_the_answer(athena: Athena) -> None:
    athena.refuse("DeleteObjects", Refused("AccessDenied", status=403))
    assert athena.engine(reuse_seconds=0).run(QUESTION).rows() == [{"n": 1}]


FAILURES = {
    "bytes": (
        "CANCELLED",
        "Query cancelled! : Bytes scanned limit was exceeded",
        "more than the workgroup allows",
        "BytesScannedCutoffPerQuery",
    ),
    "table": (
        "FAILED",
        "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.shop.orders' does not exist",
        "There is no awsdatacatalog.shop.orders",
        "Curate once",
    ),
    "schema": (
        "FAILED",
        "SCHEMA_NOT_FOUND: line 1:15: Schema 'shop' does not exist",
        "There is no shop",
        "TAKINGS_DATABASE",
    ),
    "column": (
        "FAILED",
        "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
        "as it is written: COLUMN_NOT_FOUND: line 1:8",
        "catalogue/tables/",
    ),
    "syntax": (
        "FAILED",
        "SYNTAX_ERROR: line 1:8: 'x' must be an aggregate expression",
        "as it is written: SYNTAX_ERROR",
        "Correct the SQL",
    ),
    "glue": (
        "FAILED",
        "Insufficient permissions to execute the query. Principal does not have glue:GetTable",
        "access denied",
        "permissions",
    ),
    "bucket": (
        "FAILED",
        "PERMISSION_DENIED: Access Denied (Service: Amazon S3; Status Code: 403)",
        "access denied",
        "lake's bucket",
    ),
    "resources": (
        "FAILED",
        "Query exhausted resources at this scale factor",
        "more than Athena gives",
        "shorter period",
    ),
    "other": (
        "FAILED",
        "DIVISION_BY_ZERO: Division by zero",
        "Athena refused the query: DIVISION_BY_ZERO",
        "Try again",
    ),
    "silent": ("FAILED", "", "no reason given", "Try again"),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.slow
def test_a_statement_that_fails_says_why_and_what_to_do(athena: Athena, name: str) -> None:
    state, reason, what, remedy = FAILURES[name]
    athena.states = [{"State": "RUNNING"}, {"State": state, "StateChangeReason": reason}]
    with pytest.raises(QueryFailed) as caught:
        athena.engine().run(QUESTION)
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.where == "sales/by_day"
    assert "\n" not in str(caught.value)
    assert athena.times("StopQueryExecution") == 0


REFUSALS = {
    "workgroup": (
        "GetWorkGroup",
        "InvalidRequestException",
        "WorkGroup capped is not found.",
        "no such workgroup",
        "TAKINGS_ATHENA_WORKGROUP",
    ),
    "syntax": (
        "StartQueryExecution",
        "InvalidRequestException",
        "line 1:1: mismatched input 'selec'. Expecting: 'SELECT'",
        "mismatched input 'selec'",
        "Correct the SQL",
    ),
    "denied": (
        "StartQueryExecution",
        "AccessDeniedException",
        "User: arn is not authorized to perform: athena:StartQueryExecution on resource",
        "denied access to athena:StartQueryExecution",
        "Allow athena:StartQueryExecution",
    ),
    "expired": (
        "StartQueryExecution",
        "ExpiredTokenException",
        "The security token included in the request is expired",
        "have expired",
        "Sign in again",
    ),
    "results": ("GetObject", "AccessDenied", "Access Denied", "Amazon S3 denied access", "Allow s3:GetObject"),
    "clock": (
        "StartQueryExecution",
        "InvalidSignatureException",
        "Signature expired: 20260331T120000Z is now earlier than 20260331T130000Z",
        "have expired or are not valid",
        "Sign in again",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.slow
def test_a_call_that_is_refused_says_why_and_what_to_do(athena: Athena, name: str) -> None:
    operation, code, message, what, remedy = REFUSALS[name]
    engine = athena.engine()
    if operation == "GetObject":
        _ = engine.data_version
        athena._object = lambda *_: (_ for _ in ()).throw(Refused(code, message, 403))  # type: ignore[method-assign]
    else:
        athena.refuse(operation, Refused(code, message))
    with pytest.raises(QueryFailed) as caught:
        engine.run(QUESTION)
    assert what in caught.value.what
    assert remedy in caught.value.remedy


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException"])
@pytest.mark.slow
def test_a_throttled_call_is_tried_again_after_waits_that_differ(athena: Athena, waits: list[float], code: str) -> None:
    athena.refuse("StartQueryExecution", *[Refused(code, "Rate exceeded")] * 4)
    assert athena.engine().run(QUESTION).rows() == [{"n": 1}]
    assert athena.times("StartQueryExecution") == 5
    assert len(set(waits)) == len(waits) == 4, "waits have jitter"


@pytest.mark.parametrize("code", ["TooManyRequestsException", "ThrottlingException"])
@pytest.mark.parametrize("operation", ["GetWorkGroup", "StartQueryExecution", "GetQueryExecution"])
@pytest.mark.slow
def test_a_service_that_stays_busy_is_named_so_after_the_attempts_it_names(
    athena: Athena, waits: list[float], operation: str, code: str
) -> None:
    athena.refuse(operation, *[Refused(code, "Rate exceeded")] * 60)
    with pytest.raises(QueryFailed, match=r"Athena is busy: 6 attempts were throttled.*Try again in a minute"):
        athena.engine().run(QUESTION)
    assert athena.times(operation) == 6, "awswrangler would try five times that, asleep where nobody can stop it"
    assert sum(waits) < 1 + 2 + 4 + 8 + 16


@pytest.mark.slow
def test_a_failure_that_athena_calls_passing_is_run_again_and_a_lasting_one_is_told(
    athena: Athena, waits: list[float]
) -> None:
    passing = {"State": "FAILED", "StateChangeReason": "Slow down", "AthenaError": {"Retryable": True}}
    athena.states = [passing, passing, {"State": "SUCCEEDED"}]
    assert athena.engine().run(QUESTION).rows() == [{"n": 1}]
    assert athena.times("StartQueryExecution") == 3
    athena.states = [passing]
    with pytest.raises(QueryFailed, match="Slow down"):
        athena.engine().run(QUESTION)
    assert athena.times("StartQueryExecution") == 6


def test_a_statement_that_would_be_run_again_is_not_when_nobody_waits_or_time_is_up(athena: Athena) -> None:
    athena.states = [{"State": "FAILED", "StateChangeReason": "Slow down", "AthenaError": {"Retryable": True}}]
    left = threading.Event()
    described = athena.answers["GetQueryExecution"]

    def leave_meanwhile(given: dict[str, Any]) -> Any:
        left.set()
        return described(given)

    athena.answers["GetQueryExecution"] = leave_meanwhile
    with stoppable(left), pytest.raises(QueryFailed, match="nobody waits for it"):
        athena.engine().run(QUESTION)
    assert athena.times("StartQueryExecution") == 1
    athena.answers["GetQueryExecution"] = described
    with pytest.raises(QueryFailed, match="Slow down"):
        athena.engine(timeout_seconds=0).run(QUESTION)
    assert athena.times("StartQueryExecution") == 2


def test_a_statement_that_takes_too_long_is_stopped(athena: Athena) -> None:
    athena.states = [{"State": "RUNNING"}]
    with pytest.raises(QueryFailed, match=r"ran longer than 0 seconds and was stopped.*Choose a shorter period"):
        athena.engine(timeout_seconds=0.05).run(QUESTION)
    assert athena.given("StopQueryExecution") == [{"QueryExecutionId": "q1"}]


def test_a_statement_that_nobody_waits_for_any_more_is_stopped_at_once(athena: Athena) -> None:
    athena.states = [{"State": "RUNNING"}]
    left = threading.Event()

    def ask() -> None:
        with stoppable(left):
            athena.engine(timeout_seconds=60).run(QUESTION)

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        while not athena.times("GetQueryExecution"):
            assert not asked.done()
        left.set()
        with pytest.raises(QueryFailed, match="nobody waits for it"):
            asked.result(5)
    assert athena.given("StopQueryExecution") == [{"QueryExecutionId": "q1"}]


def test_a_statement_whose_state_cannot_be_read_is_stopped_and_reported(
    athena: Athena,
) -> None:
    athena.refuse(
        "GetQueryExecution", Refused("AccessDeniedException", "not authorized to perform: athena:GetQueryExecution")
    )
    athena.refuse("StopQueryExecution", Refused("AccessDeniedException"))
    with pytest.raises(QueryFailed, match="denied access to athena:GetQueryExecution"):
        athena.engine().run(QUESTION)
    assert athena.times("StopQueryExecution") == 1


def spent(engine: AthenaEngine, message: str) -> list[tuple[str, int | None, Decimal | None]]:
    """What was charged for a question that fails."""
    reported: list[Statistics] = []
    with reporting_costs_to(reported.append), pytest.raises(QueryFailed, match=message):
        engine.run(QUESTION)
    return [(item.query_id, item.bytes_scanned, item.dollars) for item in reported]


TWENTY_MEGABYTES = Decimal(5) * 20 / 2**20


def test_a_statement_that_is_stopped_is_charged_for_what_it_had_scanned(athena: Athena) -> None:
    athena.states = [{"State": "RUNNING"}, {"State": "RUNNING"}, {"State": "CANCELLED"}]
    athena.statistics = {"DataScannedInBytes": 20 * 2**20}
    assert spent(athena.engine(timeout_seconds=0), "ran longer") == [("q1", 20 * 2**20, TWENTY_MEGABYTES)]


def test_a_statement_that_ends_while_being_stopped_is_charged_as_answered(athena: Athena) -> None:
    athena.states = [{"State": "RUNNING"}, {"State": "SUCCEEDED"}]
    athena.statistics = {"DataScannedInBytes": 20 * 2**20}
    assert spent(athena.engine(timeout_seconds=0), "ran longer") == [("q1", 20 * 2**20, TWENTY_MEGABYTES)]


def test_bytes_of_a_stopped_statement_are_unknown_where_athena_gives_none(
    athena: Athena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(athena_executions, "_AFTER_STOP", (0.0, 0.0))
    athena.states = [{"State": "RUNNING"}]
    assert spent(athena.engine(timeout_seconds=0), "ran longer") == [("q1", None, None)]
    athena.refuse("StopQueryExecution", Refused("AccessDeniedException"))
    assert spent(athena.engine(timeout_seconds=0), "ran longer") == [("q2", None, None)]
    athena.refuse("GetQueryExecution", Refused("AccessDeniedException", "not authorized"))
    assert spent(athena.engine(), "denied access") == [("q3", None, None)]


def test_a_statement_that_the_cutoff_stops_is_charged_and_one_that_fails_is_not(athena: Athena) -> None:
    athena.statistics = {"DataScannedInBytes": 20 * 2**20}
    athena.states = [{"State": "CANCELLED", "StateChangeReason": "Query cancelled! : Bytes scanned limit was exceeded"}]
    assert spent(athena.engine(), "more than the workgroup allows") == [("q1", 20 * 2**20, TWENTY_MEGABYTES)]
    athena.states = [{"State": "FAILED", "StateChangeReason": "SYNTAX_ERROR: line 1"}]
    assert spent(athena.engine(), "as it is written") == []


def test_a_statement_that_is_stopped_before_it_scans_costs_nothing(athena: Athena) -> None:
    athena.states = [{"State": "QUEUED"}, {"State": "CANCELLED"}]
    assert spent(athena.engine(timeout_seconds=0), "ran longer") == [("q1", 0, Decimal(0))]


@pytest.mark.slow
def test_a_statement_whose_result_cannot_be_read_is_charged_all_the_same(athena: Athena) -> None:
    athena.statistics = {"DataScannedInBytes": 20 * 2**20}
    athena.result = b'"n"\n"no number"\n'
    assert spent(athena.engine(), "cannot be read") == [("q1", 20 * 2**20, TWENTY_MEGABYTES)]


def test_an_answer_is_told_by_itself_alone(athena: Athena) -> None:
    reported: list[Statistics] = []
    with reporting_costs_to(reported.append):
        athena.engine().run(QUESTION)
    assert reported == []


def test_eight_threads_share_one_client_of_each_service(athena: Athena) -> None:
    engine = athena.engine()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: engine.run(QUESTION).rows(), range(16)))
    assert answers == [[{"n": 1}]] * 16


@pytest.mark.slow
def test_an_answer_that_the_console_cannot_hold_is_refused_with_its_size(
    athena: Athena, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(athena_files, "LARGEST_RESULT", 4)
    with pytest.raises(QueryFailed, match=r"The answer has 0 MB, more than the console can hold"):
        athena.engine(reuse_seconds=0).run(QUESTION)
    assert athena.files == []


def test_a_workgroup_with_managed_results_is_refused_even_with_reuse(
    athena: Athena,
) -> None:
    athena.workgroup["ManagedQueryResultsConfiguration"] = {"Enabled": True}
    with pytest.raises(QueryFailed, match=r"writes no result files.*managed query results"):
        athena.engine().run(QUESTION)


def test_a_workgroup_that_keeps_its_results_itself_is_named(athena: Athena) -> None:
    athena.answers["GetQueryExecution"] = lambda _: {
        "QueryExecution": {"QueryExecutionId": "q", "Status": {"State": "SUCCEEDED"}}
    }
    with pytest.raises(QueryFailed, match=r"writes no result files.*managed query results"):
        athena.engine().run(QUESTION)


def test_a_damaged_result_is_named(athena: Athena) -> None:
    athena.result = b'"n"\n"one"\n'
    with pytest.raises(QueryFailed, match="Athena's result cannot be read"):
        athena.engine().run(QUESTION)


def test_a_damaged_unloaded_result_is_named_and_deleted() -> None:
    athena = Unloading([("2026-03-29 01:30:00.000001", Decimal(1))])
    athena.columns = [{"Name": "at", "Type": "timestamp"}, {"Name": "amount", "Type": "date"}]
    with pytest.raises(QueryFailed, match="Athena's result cannot be read"):
        athena.engine(large_result=0).run(LARGE)
    assert athena.files == []


def test_a_statement_that_is_longer_than_athena_takes_is_not_sent(athena: Athena) -> None:
    long = Statement("q", "Q", f"select '{'é' * 140_000}' as n", "trino", frozenset())
    with pytest.raises(QueryFailed, match=r"has 280 kB of SQL, more than Athena takes \(q\). Choose fewer values"):
        athena.engine().run(long)
    assert athena.calls == []


@pytest.mark.slow
def test_a_message_that_quotes_the_whole_statement_is_cut(athena: Athena) -> None:
    athena.states = [{"State": "FAILED", "StateChangeReason": f"GENERIC_INTERNAL_ERROR: {'x' * 9000}"}]
    with pytest.raises(QueryFailed) as caught:
        athena.engine().run(QUESTION)
    assert len(str(caught.value)) < 600


# Large results


LARGE = Statement("export/days", "Days", "select at, amount from t order by amount desc", "trino", frozenset())
LARGE_COLUMNS = [
    {"Name": "at", "Type": "timestamp"},
    {"Name": "amount", "Type": "decimal", "Precision": 38, "Scale": 4},
]


class Unloading(Athena):
    """An Athena that writes two Parquet files for an UNLOAD, as the real one types them."""

    def __init__(self, rows: list[tuple[str | None, Decimal | None]]) -> None:
        super().__init__()
        self.columns = LARGE_COLUMNS
        self.rows = rows
        self.answers["StartQueryExecution"] = self._unload

    def _unload(self, given: dict[str, Any]) -> dict[str, Any]:
        sql: str = given["QueryString"]
        self.result = b"" if sql.startswith("unload ") else b'"at","amount"\n'
        if sql.startswith("unload "):
            folder = sql.rpartition(" to 's3://")[2].partition("'")[0]
            for number, rows in enumerate((self.rows[::2], self.rows[1::2])):
                if rows:
                    self.objects[f"{folder}{number}"] = parquet_of(rows)
        return super()._start(given)


def parquet_of(rows: list[tuple[str | None, Decimal | None]]) -> bytes:
    file = io.BytesIO()
    ats, amounts = zip(*rows, strict=True)
    parquet.write_table(
        pa.table({"at": pa.array(ats, "string"), "amount": pa.array(amounts, pa.decimal128(38, 4))}), file
    )
    return file.getvalue()


def test_a_large_result_is_unloaded_sorted_typed_and_cleaned_up() -> None:
    athena = Unloading(
        [
            ("2026-03-29 01:30:00.123456", Decimal("1.0000")),
            (None, Decimal("3.0000")),
            ("2026-03-29 02:00:00.000001", None),
        ]
    )
    athena.statistics = {"DataScannedInBytes": 2**40}
    answer = athena.engine(large_result=0).run(LARGE)
    assert answer.rows() == [
        {"at": None, "amount": Decimal("3.0000")},
        {"at": datetime(2026, 3, 29, 1, 30, 0, 123456), "amount": Decimal("1.0000")},
        {"at": datetime(2026, 3, 29, 2, 0, 0, 1), "amount": None},
    ]
    assert answer.statistics.dollars == Decimal(10), "both statements are charged"
    asked, unloaded = (sent["QueryString"] for sent in athena.given("StartQueryExecution"))
    assert asked == f"select * from ({LARGE.sql}) as answer limit 0"
    assert unloaded.startswith(
        f'unload (select cast("at" as varchar) as "at", "amount" from ({LARGE.sql}) as answer) to'
    )
    assert athena.files == []


def test_a_large_query_without_rows_keeps_its_columns_and_types() -> None:
    table = Unloading([]).engine(large_result=0).run(LARGE).table
    assert table.schema == pa.schema([("at", pa.timestamp("us")), ("amount", pa.decimal128(38, 4))])
    assert table.num_rows == 0


def test_a_query_is_unloaded_from_its_second_large_result_on(athena: Athena) -> None:
    engine = athena.engine(large_result=8)
    for _ in range(2):
        engine.run(QUESTION)
    engine.run(Statement("other", "Other", "select 2 as n", "trino", frozenset()))
    starts = [sent["QueryString"][:7] for sent in athena.given("StartQueryExecution")]
    assert starts == ["select ", "select ", "unload ", "select "]


def test_rows_whose_order_the_result_cannot_tell_come_as_csv(athena: Athena) -> None:
    hidden = Statement("export/days", "Days", "select n from t order by other", "trino", frozenset())
    assert athena.engine(large_result=0).run(hidden).rows() == [{"n": 1}]
    assert not any(sent["QueryString"].startswith("unload") for sent in athena.given("StartQueryExecution"))


@pytest.mark.slow
def test_files_too_large_together_are_refused_unread_and_deleted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    athena = Unloading([("2026-03-29 01:30:00.000001", Decimal(1)), ("2026-03-29 01:30:00.000002", Decimal(2))])
    largest = len(parquet_of(athena.rows[:1]))
    monkeypatch.setattr(athena_files, "LARGEST_EXPORT", largest + 1)
    monkeypatch.setattr(athena_files, "LARGEST_RESULT", largest + 1)
    with pytest.raises(QueryFailed, match="more than the console can hold"):
        athena.engine(large_result=0).run(LARGE)
    assert [request["Key"] for request in athena.given("GetObject") if "unloaded" in request["Key"]] == []
    assert athena.files == []


def test_the_file_that_only_names_the_columns_is_deleted_at_once() -> None:
    athena = Unloading([])
    unsorted = Statement("export/hidden", "Hidden", "select at, amount from t order by other", "trino", frozenset())
    engine = athena.engine(large_result=0)
    engine.run(unsorted)  # comes as CSV, which is kept: it may be reused
    engine.run(LARGE)
    assert athena.files == ["results/athena/q2.csv"]


def test_what_a_failed_unload_wrote_is_deleted() -> None:
    athena = Unloading([("2026-03-29 01:30:00.123456", Decimal(1))])
    athena.states = [{"State": "SUCCEEDED"}, {"State": "FAILED", "StateChangeReason": "Query exhausted resources"}]
    with pytest.raises(QueryFailed, match="more than Athena gives"):
        athena.engine(large_result=0).run(LARGE)
    assert athena.files == ["results/athena/q2.csv"], "an execution that failed has no result; the double writes one"


ORDERS = Statement("sales/orders", "Orders", "select count(*) as n from orders as o", "trino", frozenset({"orders"}))
GONE = {
    "State": "FAILED",
    "StateChangeReason": "INVALID_ARGUMENTS: Iceberg snapshot ID does not exists: 17",
}


def test_a_question_is_asked_of_the_published_snapshots(athena: Athena) -> None:
    athena.objects["lake/curated/state.json"] = VERSIONS
    result = athena.engine().run(ORDERS)
    (sent,) = athena.given("StartQueryExecution")
    assert sent["QueryString"] == result.sql == "SELECT COUNT(*) AS n FROM orders FOR VERSION AS OF 17 AS o"


def test_a_large_answer_is_unloaded_from_the_published_snapshots(athena: Athena) -> None:
    athena.objects["lake/curated/state.json"] = VERSIONS
    assert athena.engine(large_result=0).run(ORDERS).rows() == []  # this service writes no Parquet
    sent = [given["QueryString"] for given in athena.given("StartQueryExecution")]
    assert [sql.count("FROM orders FOR VERSION AS OF 17 AS o") for sql in sent] == [1, 1]


def test_a_question_whose_snapshot_was_removed_is_asked_once_more_of_the_version_published_since(
    athena: Athena,
) -> None:
    athena.objects["lake/curated/state.json"] = VERSIONS
    athena.states = [GONE, {"State": "SUCCEEDED"}]
    state = CuratedState(athena.session.client("s3"), "lake", keep_seconds=3600)
    engine = athena.engine(state=state)
    assert engine.data_version
    athena.objects["lake/curated/state.json"] = (
        b'{"version": 3, "data_as_of": "2026-04-01T00:00:00Z", "tables": {"orders": "18"}}'
    )
    result = engine.run(ORDERS)
    sent = [given["QueryString"].rpartition(" OF ")[2] for given in athena.given("StartQueryExecution")]
    assert sent == ["17 AS o", "18 AS o"]
    assert result.statistics.data_as_of == datetime(2026, 4, 1, tzinfo=UTC)


@pytest.mark.parametrize("published", [1, 2])
def test_a_version_that_is_published_and_removed_is_a_failure_that_says_so(athena: Athena, published: int) -> None:
    """One version asked for once, two once each."""
    athena.objects["lake/curated/state.json"] = VERSIONS
    athena.states = [GONE]
    engine = athena.engine(state=CuratedState(athena.session.client("s3"), "lake", keep_seconds=3600))
    assert engine.data_version
    if published == 2:
        athena.objects["lake/curated/state.json"] = VERSIONS.replace(b"17", b"18")
    with pytest.raises(QueryFailed, match=r"no longer there \(sales/orders\). Curate once"):
        engine.run(ORDERS)
    assert athena.times("StartQueryExecution") == published


def test_a_failure_of_another_kind_is_not_asked_again(athena: Athena) -> None:
    athena.objects["lake/curated/state.json"] = VERSIONS
    reason = "ICEBERG_CANNOT_OPEN_SPLIT: Error opening Iceberg split s3://lake/orders/1.parquet: Access Denied"
    athena.states = [{"State": "FAILED", "StateChangeReason": reason}]
    with pytest.raises(QueryFailed, match="access denied"):
        athena.engine().run(ORDERS)
    assert athena.times("StartQueryExecution") == 1


def test_a_result_of_named_snapshots_is_reused_though_the_curation_is_new(athena: Athena) -> None:
    athena.objects["lake/curated/state.json"] = VERSIONS
    engine = athena.engine(now=lambda: COMMITTED)
    engine.run(ORDERS)
    engine.run(dataclasses.replace(ORDERS, tables=frozenset({"orders", "closed_calls"})))  # no version names these
    reuse = [given.get("ResultReuseConfiguration") for given in athena.given("StartQueryExecution")]
    assert reuse == [{"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}, None]
