"""Redshift where the contract does not reach: what is sent, what it costs, how it fails, and how it is stopped."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import botocore.endpoint
import pyarrow as pa
import pytest

from catalogue.binding import Statement
from catalogue.errors import QueryFailed, UsageLimitReached
from console.asking.engines import Statistics, redshift
from console.asking.engines.curated_state import CuratedState
from console.asking.engines.prices import CapacityClock
from console.asking.engines.redshift import RedshiftEngine
from console.asking.engines.running import reporting_costs_to, stoppable
from tests.support.aws_service import Refused, Service

QUESTION = Statement("sales/by_day", "By day", "select 1 as n", "redshift", frozenset())
STATE = b'{"version": 1, "data_as_of": "2026-03-31T11:59:00Z"}'
SECOND = 10**9


class Redshift(Service):
    """A serverless workgroup whose statements end as a test says."""

    def __init__(self) -> None:
        super().__init__(
            ExecuteStatement=lambda _: {"Id": "s1"},
            DescribeStatement=lambda _: self._described(),
            GetStatementResult=lambda given: self.pages[int(given.get("NextToken", 0))],
            CancelStatement=lambda _: {"Status": True},
        )
        self.objects["lake/curated/state.json"] = STATE
        self.states: list[dict[str, Any]] = [{"Status": "FINISHED"}]
        self.pages: list[dict[str, Any]] = [
            {"ColumnMetadata": [{"name": "n", "typeName": "int4"}], "Records": [[{"longValue": 1}]]}
        ]

    def _described(self) -> dict[str, Any]:
        state = self.states.pop(0) if len(self.states) > 1 else self.states[0]
        return {"Id": "s1", "Duration": 2 * SECOND, "ResultSize": 8, "HasResultSet": True} | state

    def engine(self, **given: Any) -> RedshiftEngine:
        options = {"price_per_rpu_hour": Decimal("0.36"), "base_rpus": 8} | given
        state = CuratedState(self.session.client("s3"), "lake", keep_seconds=0)
        return RedshiftEngine(self.session, workgroup="warehouse", database="shop", state=state, **options)


@pytest.fixture
def service() -> Redshift:
    return Redshift()


def test_the_bound_statement_goes_to_the_workgroup_without_any_password(service: Redshift) -> None:
    assert service.engine().run(QUESTION).rows() == [{"n": 1}]
    (sent,) = service.given("ExecuteStatement")
    del sent["ClientToken"]  # botocore's own: a request that is sent twice is one statement
    assert sent == {"WorkgroupName": "warehouse", "Database": "shop", "Sql": "select 1 as n"}


def test_every_type_comes_back_as_duckdb_has_it_and_null_as_null(service: Redshift) -> None:
    kinds: list[tuple[str, dict[str, Any], Any, pa.DataType, Any]] = [
        (
            "numeric",
            {"precision": 38, "scale": 4},
            {"stringValue": "-9999999999999999999999999999999999.9999"},
            pa.decimal128(38, 4),
            Decimal("-9999999999999999999999999999999999.9999"),
        ),
        ("int2", {}, {"longValue": -3}, pa.int16(), -3),
        ("int4", {}, {"longValue": 4}, pa.int32(), 4),
        ("int8", {}, {"longValue": 2**63 - 1}, pa.int64(), 2**63 - 1),
        ("float8", {}, {"doubleValue": 0.1}, pa.float64(), 0.1),
        ("bool", {}, {"booleanValue": False}, pa.bool_(), False),
        ("date", {}, {"stringValue": "2026-03-29"}, pa.date32(), date(2026, 3, 29)),
        (
            "timestamp",
            {},
            {"stringValue": "2026-03-29 01:30:00.123456"},
            pa.timestamp("us"),
            datetime(2026, 3, 29, 1, 30, 0, 123456),
        ),
        (
            "timestamptz",
            {},
            {"stringValue": "2026-03-29 01:30:00+02"},
            pa.timestamp("us", "UTC"),
            datetime(2026, 3, 28, 23, 30, tzinfo=UTC),
        ),
        ("varchar", {}, {"stringValue": ""}, pa.string(), ""),
        ("varbyte", {}, {"stringValue": "e282ac"}, pa.binary(), b"\xe2\x82\xac"),
        ("super", {}, {"stringValue": "[1]"}, pa.string(), "[1]"),
    ]
    columns = [{"name": name, "label": name, "typeName": name} | more for name, more, *_ in kinds]
    full = [field for _, _, field, _, _ in kinds]
    null: list[dict[str, Any]] = [{"isNull": True} for _ in kinds]
    service.pages = [{"ColumnMetadata": columns, "Records": [full, null]}]
    table = service.engine().run(QUESTION).table
    assert table.schema == pa.schema([(name, kind) for name, _, _, kind, _ in kinds])
    assert list(table.to_pylist()[0].values()) == [value for *_, value in kinds]
    assert set(table.to_pylist()[1].values()) == {None}


def test_an_answer_of_several_pages_is_one_and_one_without_rows_keeps_its_columns(service: Redshift) -> None:
    columns = [{"name": "n", "typeName": "int8"}]
    service.pages = [
        {"ColumnMetadata": columns, "Records": [[{"longValue": 1}]], "NextToken": "1"},
        {"ColumnMetadata": columns, "Records": [[{"longValue": 2}]]},
    ]
    assert service.engine().run(QUESTION).rows() == [{"n": 1}, {"n": 2}]
    service.pages = [{"ColumnMetadata": columns, "Records": []}]
    table = service.engine().run(QUESTION).table
    assert (table.num_rows, table.schema) == (0, pa.schema([("n", pa.int64())]))


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("timestamp", {"stringValue": "infinity"}),
        ("date", {"stringValue": "0044-03-15 BC"}),
        ("numeric", {"stringValue": "NaN"}),
        ("numeric", {"stringValue": "many"}),
        ("oid", {"longValue": 3}),
    ],
)
@pytest.mark.slow
def test_a_value_that_has_no_plain_type_is_named_and_the_page_has_its_failed_state(
    service: Redshift, kind: str, field: dict[str, Any]
) -> None:
    service.pages = [{"ColumnMetadata": [{"name": "n", "typeName": kind}], "Records": [[field]]}]
    with pytest.raises(QueryFailed, match=r"Redshift's result cannot be read: .*Cast what has no plain type"):
        service.engine().run(QUESTION)


def test_time_spent_reading_pages_is_not_time_the_warehouse_was_awake(
    service: Redshift, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [1000.0]
    monkeypatch.setattr(redshift.time, "monotonic", lambda: now[0])
    engine, page = service.engine(), service.pages[0]

    def slow(_: dict[str, Any]) -> dict[str, Any]:
        now[0] += 50
        return page

    service.answers["GetStatementResult"] = slow
    assert engine.run(QUESTION).statistics.rpu_seconds == 8 * 60  # awake from 998 to 1058
    now[0] = 1058.0
    assert engine.run(QUESTION).statistics.rpu_seconds == 0, "it ran from 1056 to 1058, which is paid for"


def test_the_first_statement_pays_the_minimum_minute_and_the_next_pays_nothing(
    service: Redshift,
) -> None:
    engine = service.engine()
    first, second = engine.run(QUESTION).statistics, engine.run(QUESTION).statistics
    assert first.rpu_seconds is not None
    assert first.dollars is not None
    assert round(first.rpu_seconds) == 8 * 60
    assert round(first.dollars, 6) == Decimal("0.048000")  # 8 RPU × 60 s × $0.36 ÷ 3600 s
    assert (second.rpu_seconds, second.dollars) == (0, 0)
    assert (first.engine, first.query_id, first.engine_seconds) == ("Redshift", "s1", 2.0)
    assert first.data_as_of == datetime(2026, 3, 31, 11, 59, tzinfo=UTC)


@pytest.mark.slow
def test_without_a_price_the_cost_is_unknown_not_nothing(service: Redshift) -> None:
    assert service.engine(price_per_rpu_hour=None).run(QUESTION).statistics.dollars is None


@pytest.mark.parametrize(
    ("runs", "charged"),
    [
        ([(0, 2)], [60]),
        ([(0, 2), (1, 3)], [60, 0]),
        ([(0, 2), (50, 70)], [60, 10]),
        ([(0, 90), (10, 80)], [90, 0]),
        ([(0, 2), (61, 62)], [60, 60]),
        ([(0, 2), (60, 62)], [60, 2]),
        ([(0, 100), (90, 130), (120, 125)], [100, 30, 0]),
    ],
)
def test_a_warehouse_is_charged_while_it_is_awake_and_a_minute_at_least(
    runs: list[tuple[int, int]], charged: list[int]
) -> None:
    clock = CapacityClock()
    assert [clock.charge(Decimal(start), Decimal(end)) for start, end in runs] == charged


FAILURES = {
    "table": ('ERROR: relation "orders" does not exist', "There is no orders", "TAKINGS_REDSHIFT_DATABASE"),
    "view": (
        'ERROR: relation "awsdatacatalog"."shop"."orders" does not exist',
        "There is no awsdatacatalog.shop.orders",
        "Curate once",
    ),
    "lake": (
        "ERROR: Spectrum Scan Error Detail: S3ServiceException:Access Denied,Status 403,Error AccessDenied",
        "may not read what the query needs: access denied",
        "role of the warehouse",
    ),
    "database": ('FATAL: database "shop" does not exist', "There is no database shop", "TAKINGS_REDSHIFT_DATABASE"),
    "column": ('ERROR: column "x" does not exist in orders', 'as it is written: column "x"', "Correct the SQL"),
    "syntax": (
        'ERROR: syntax error at or near "selec"\n  Position: 1',
        'syntax error at or near "selec"',
        "Correct the SQL",
    ),
    "denied": ("ERROR: permission denied for relation orders", "Redshift may not read orders", "Grant usage"),
    "limit": ("ERROR: Query cancelled because of a query monitoring rule", "limit of the workgroup", "shorter period"),
    "usage limit": ("ERROR: Query reached usage limit", "Redshift reached its usage limit", "RPU-hours"),
    "timeout": (
        "ERROR: Query (12) cancelled on user's request: statement timeout",
        "longer than the workgroup",
        "shorter",
    ),
    "other": ("ERROR: division by zero", "Redshift refused the query: ERROR: division by zero", "Try again"),
}


@pytest.mark.parametrize("name", FAILURES)
@pytest.mark.slow
def test_a_statement_that_fails_says_why_and_what_to_do(service: Redshift, name: str) -> None:
    reason, what, remedy = FAILURES[name]
    service.states = [{"Status": "STARTED"}, {"Status": "FAILED", "Error": reason}]
    with pytest.raises(QueryFailed) as caught:
        service.engine().run(QUESTION)
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert caught.value.where == "sales/by_day"
    assert "\n" not in str(caught.value)
    assert service.times("CancelStatement") == 0


REFUSALS = {
    "workgroup": (
        "ValidationException",
        "Redshift endpoint doesn't exist in this region.",
        "no such workgroup",
        "REDSHIFT_WORKGROUP",
    ),
    "denied": (
        "AccessDeniedException",
        "not authorized to perform: redshift-serverless:GetCredentials",
        "redshift-serverless:GetCredentials",
        "Allow",
    ),
    "expired": ("ExpiredTokenException", "expired", "have expired", "Sign in again"),
    "busy": (
        "ActiveStatementsExceededException",
        "Active statements exceeded the limit of 500.",
        "Redshift is busy",
        "Try again",
    ),
}


@pytest.mark.parametrize("name", REFUSALS)
def test_a_call_that_is_refused_says_why_and_what_to_do(service: Redshift, name: str) -> None:
    code, message, what, remedy = REFUSALS[name]
    service.refuse("ExecuteStatement", Refused(code, message))
    with pytest.raises(QueryFailed) as caught:
        service.engine().run(QUESTION)
    assert what in caught.value.what
    assert remedy in caught.value.remedy


def test_a_throttled_call_is_tried_again(service: Redshift, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr(botocore.endpoint, "time", type("Clock", (), {"sleep": staticmethod(waits.append)}))
    service.refuse("ExecuteStatement", *[Refused("ThrottlingException", "Rate exceeded")] * 3)
    assert service.engine().run(QUESTION).rows() == [{"n": 1}]
    assert len(set(waits)) == 3


def test_a_statement_that_takes_too_long_is_cancelled(service: Redshift) -> None:
    service.states = [{"Status": "STARTED"}]
    with pytest.raises(QueryFailed, match=r"ran longer than 0 seconds and was stopped.*Choose a shorter period"):
        service.engine(timeout_seconds=0.05).run(QUESTION)
    assert service.given("CancelStatement") == [{"Id": "s1"}]


@pytest.mark.parametrize(
    ("reason", "is_limit"),
    [
        ("ERROR: Query reached usage limit", True),
        ("ERROR: Query cancelled because of a query monitoring rule", False),
        ("ERROR: permission denied for relation usage_limits", False),
    ],
)
def test_the_usage_limit_is_a_failure_of_its_own(service: Redshift, reason: str, is_limit: bool) -> None:
    service.states = [{"Status": "FAILED", "Error": reason}]
    costs: list[Statistics] = []
    with pytest.raises(QueryFailed) as caught, reporting_costs_to(costs.append):
        service.engine().run(QUESTION)
    assert isinstance(caught.value, UsageLimitReached) is is_limit
    assert [cost.dollars is None for cost in costs] == [is_limit]  # at the limit nobody says what a statement cost


def test_a_statement_that_nobody_waits_for_any_more_is_cancelled(service: Redshift) -> None:
    service.states = [{"Status": "STARTED"}]
    left = threading.Event()

    def ask() -> None:
        with stoppable(left):
            service.engine().run(QUESTION)

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(ask)
        while not service.times("DescribeStatement"):
            assert not asked.done()
        left.set()
        with pytest.raises(QueryFailed, match="nobody waits for it"):
            asked.result(5)
    assert service.times("CancelStatement") == 1


@pytest.mark.slow
def test_a_statement_without_an_answer_is_charged_for_the_warehouse_time(service: Redshift) -> None:
    reported: list[Statistics] = []
    waking_minute = Decimal(60) * 8 * Decimal("0.36") / 3600
    with reporting_costs_to(reported.append):
        service.states = [{"Status": "STARTED"}]
        with pytest.raises(QueryFailed, match="was stopped"):
            service.engine(timeout_seconds=0).run(QUESTION)
        service.states = [{"Status": "FAILED", "Error": "ERROR: syntax error"}]
        with pytest.raises(QueryFailed, match="syntax error"):
            service.engine().run(QUESTION)
        service.states = [{"Status": "FINISHED", "ResultSize": 2**40}]
        with pytest.raises(QueryFailed, match="more than the Data API can deliver"):
            service.engine().run(QUESTION)
        service.states = [{"Status": "FINISHED"}]
        service.engine().run(QUESTION)
    assert [(item.engine, item.query_id, item.dollars) for item in reported] == [("Redshift", "s1", waking_minute)] * 3


def test_a_statement_that_ends_while_it_is_cancelled_tells_the_first_failure(service: Redshift) -> None:
    service.states = [{"Status": "STARTED"}]
    service.refuse("CancelStatement", Refused("ValidationException", "Could not cancel a query that is FINISHED"))
    with pytest.raises(QueryFailed, match="ran longer"):
        service.engine(timeout_seconds=0.05).run(QUESTION)


def test_a_statement_that_is_longer_than_the_data_api_takes_is_not_sent(service: Redshift) -> None:
    long = Statement("q", "Q", f"select '{'x' * 100_000}' as n", "redshift", frozenset())
    with pytest.raises(QueryFailed, match="more than Redshift takes"):
        service.engine().run(long)
    assert service.calls == []


def test_an_answer_that_is_too_large_for_the_data_api_is_refused_with_its_size(service: Redshift) -> None:
    service.states = [{"Status": "FINISHED", "ResultSize": redshift.LARGEST_RESULT + 1}]
    with pytest.raises(QueryFailed, match=r"The answer has 64 MB, more than the Data API can deliver"):
        service.engine().run(QUESTION)
    assert service.times("GetStatementResult") == 0
