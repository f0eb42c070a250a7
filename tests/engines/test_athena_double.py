"""The Athena double behaves as Athena's documentation says, seen through awswrangler and boto3."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from tests.engines.names import ATHENA_WORKGROUP, REGION, RESULTS, RESULTS_BUCKET, SAMPLE

if TYPE_CHECKING:
    from tests.engines.athena_double import AthenaDouble

pytestmark = [
    pytest.mark.engines,
    pytest.mark.xdist_group("engines"),
    pytest.mark.filterwarnings("ignore:The copy keyword is deprecated"),  # awswrangler's, on pandas 3
]

EDGE_VALUES = """
select cast('0.1' as decimal(38, 4)) as amount, cast(null as decimal(38, 4)) as no_amount, date '2025-03-30' as day,
    timestamp '2025-03-30 01:30:00.123456' as at, 'it''s "so", \\ ' as text, '' as empty, cast(null as varchar) as none,
    bigint '9007199254740993' as large, double '1e300' as wide, true as yes, from_hex('ff00') as bytes
"""


class Api:
    """Athena and S3 as boto3 gives them."""

    def __init__(self) -> None:
        import boto3

        self.client = boto3.client("athena", region_name=REGION)
        self.s3 = boto3.client("s3", region_name=REGION)

    def start(self, sql: str, **more: Any) -> str:
        request = {"QueryString": sql, "QueryExecutionContext": {"Database": SAMPLE}, "WorkGroup": ATHENA_WORKGROUP}
        return str(self.client.start_query_execution(**request | more)["QueryExecutionId"])

    def execution(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get_query_execution(QueryExecutionId=name)["QueryExecution"]
        return found

    def finished(self, name: str) -> dict[str, Any]:
        final = ("SUCCEEDED", "FAILED", "CANCELLED")
        found: dict[str, Any] = until(lambda: self.execution(name), lambda each: each["Status"]["State"] in final)
        return found


@pytest.fixture
def api(athena_double: AthenaDouble) -> Api:
    return Api()


def until(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not good(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def read(sql: str, **more: Any) -> Any:
    import awswrangler as wr

    return wr.athena.read_sql_query(
        sql,
        database=SAMPLE,
        workgroup=ATHENA_WORKGROUP,
        ctas_approach=False,
        athena_query_wait_polling_delay=0.05,
        **more,
    )


def test_awswrangler_reads_every_type(athena_double: AthenaDouble) -> None:
    (row,) = read(EDGE_VALUES).to_dict("records")
    assert row["amount"] == Decimal("0.1000")
    assert (row["day"], row["at"]) == (date(2025, 3, 30), datetime(2025, 3, 30, 1, 30, 0, 123456))
    assert (row["text"], row["large"], row["wide"], row["yes"]) == ('it\'s "so", \\ ', 2**53 + 1, 1e300, True)


def test_the_result_file_quotes_values_and_leaves_null_out(api: Api) -> None:
    found = api.finished(api.start("select 'a\"b' as \"x y\", '' as empty, cast(null as varchar) as none, 1.50 as n"))
    bucket, _, key = found["ResultConfiguration"]["OutputLocation"].removeprefix("s3://").partition("/")
    body = api.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    assert body == b'"x y","empty","none","n"\n"a""b","",,"1.50"\n'
    assert bucket == RESULTS_BUCKET, "the workgroup enforces its place"


def test_columns_are_described_with_the_precision_of_decimals(api: Api) -> None:
    execution = api.start(EDGE_VALUES)
    api.finished(execution)
    answer = api.client.get_query_results(QueryExecutionId=execution)["ResultSet"]
    reported = {
        column["Name"]: (column["Type"], column["Precision"], column["Scale"])
        for column in answer["ResultSetMetadata"]["ColumnInfo"]
    }
    assert reported["amount"] == ("decimal", 38, 4)
    assert [reported[name][0] for name in ("at", "text", "bytes", "large")] == [
        "timestamp",
        "varchar",
        "varbinary",
        "bigint",
    ]
    (_, values) = (row["Data"] for row in answer["Rows"])
    assert (values[1], values[5], values[6], values[10]) == ({}, {"VarCharValue": ""}, {}, {"VarCharValue": "ff 00"})


def test_results_come_in_pages_whose_first_row_is_the_header(api: Api) -> None:
    execution = api.start("select n from unnest(sequence(1, 2500)) as t(n)")
    api.finished(execution)
    pages = list(api.client.get_paginator("get_query_results").paginate(QueryExecutionId=execution))
    rows = [row["Data"][0]["VarCharValue"] for page in pages for row in page["ResultSet"]["Rows"]]
    assert (len(pages), rows[0], len(rows), rows[-1]) == (3, "n", 2501, "2500")


def test_statistics_are_the_engines_and_a_reused_result_scans_nothing(api: Api) -> None:
    reuse = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}
    sql = "select sum(net_revenue) as n from daily_sales"
    first, second = (api.finished(api.start(sql, ResultReuseConfiguration=reuse)) for _ in range(2))
    assert 0 < first["Statistics"]["DataScannedInBytes"] < 100_000, "the column of one small file"
    assert not first["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]
    assert second["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]
    assert second["Statistics"]["DataScannedInBytes"] == 0
    other_text = api.finished(api.start(sql.upper(), ResultReuseConfiguration=reuse))
    assert not other_text["Statistics"]["ResultReuseInformation"]["ReusedPreviousResult"]


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select no_such from orders", "COLUMN_NOT_FOUND: line 1:8: Column 'no_such' cannot be resolved"),
        ("select 1 from no_such", "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.sample.no_such' does not exist"),
        ("select 1 / (count(*) - count(*)) from products", "DIVISION_BY_ZERO: Division by zero"),
    ],
)
def test_a_statement_that_fails_says_why(api: Api, sql: str, reason: str) -> None:
    status = api.finished(api.start(sql))["Status"]
    assert (status["State"], status["StateChangeReason"][: len(reason)]) == ("FAILED", reason)


def test_a_statement_that_cannot_be_parsed_is_refused_at_once(api: Api, athena_double: AthenaDouble) -> None:
    with pytest.raises(api.client.exceptions.InvalidRequestException, match="mismatched input 'selec'"):
        api.start("selec 1")
    assert athena_double.executions == {}


def test_a_stopped_statement_is_broken_off_in_the_engine(api: Api, athena_double: AthenaDouble) -> None:
    endless = api.start(
        "select count(*) from events a cross join events b cross join events c where a.event_id > b.event_id"
    )
    running = "select count(*) from system.runtime.queries where state = 'RUNNING' and query like '%events c where%'"

    def count() -> int:
        return int(athena_double.trino.execute(running).rows[0][0])

    until(count, lambda found: found == 2)  # itself names the statement too
    api.client.stop_query_execution(QueryExecutionId=endless)
    assert api.execution(endless)["Status"]["State"] == "CANCELLED"
    until(count, lambda found: found == 1)


def test_a_statement_above_the_workgroups_cutoff_is_cancelled(api: Api) -> None:
    api.client.create_work_group(
        Name="small",
        Configuration={"ResultConfiguration": {"OutputLocation": RESULTS}, "BytesScannedCutoffPerQuery": 10_000_000},
    )
    from moto.athena.models import athena_backends

    group = next(iter(athena_backends.values()))[REGION].work_groups["small"]
    group.configuration["BytesScannedCutoffPerQuery"] = 1  # AWS allows no less than 10 MB, the sample has less
    status = api.finished(api.start("select count(net_revenue) from daily_sales", WorkGroup="small"))["Status"]
    assert (status["State"], status["StateChangeReason"]) == (
        "CANCELLED",
        "Query cancelled! : Bytes scanned limit was exceeded",
    )


def test_unload_writes_parquet_that_awswrangler_reads(api: Api) -> None:
    found = read(
        "select channel, sum(net_revenue) as n from daily_sales where channel = 'web' group by 1",
        unload_approach=True,
        s3_output=f"{RESULTS}unloaded/",
    )
    plain = read("select channel, sum(net_revenue) as n from daily_sales where channel = 'web' group by 1")
    assert found.to_dict("records") == plain.to_dict("records") != []


def test_a_planned_refusal_comes_once_and_then_the_service_answers(api: Api, athena_double: AthenaDouble) -> None:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import ClientError

    athena_double.refusals.plan("start_query_execution", "ThrottlingException", "Rate exceeded")
    once = boto3.client("athena", region_name=REGION, config=Config(retries={"total_max_attempts": 1}))
    request = {"QueryString": "select 1", "WorkGroup": ATHENA_WORKGROUP}
    with pytest.raises(ClientError, match=r"ThrottlingException.*Rate exceeded"):
        once.start_query_execution(**request)
    assert api.finished(once.start_query_execution(**request)["QueryExecutionId"])["Status"]["State"] == "SUCCEEDED"


def test_what_is_held_runs_until_it_is_let_go(api: Api, athena_double: AthenaDouble) -> None:
    with athena_double.holding():
        execution = api.start("select 1")
        until(lambda: api.execution(execution)["Status"]["State"], lambda found: found == "RUNNING")
    assert api.finished(execution)["Status"]["State"] == "SUCCEEDED"


def test_glue_knows_the_tables_by_athenas_types(api: Api) -> None:
    import awswrangler as wr

    types = wr.catalog.get_table_types(database=SAMPLE, table="orders")
    assert types is not None
    assert (types["net_revenue"], types["order_id"], types["ordered_at"], types["order_date"]) == (
        "decimal(38,4)",
        "string",
        "timestamp",
        "date",
    )
