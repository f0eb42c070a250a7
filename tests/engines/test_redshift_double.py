"""The Redshift double behaves as the Data API's documentation says, seen through awswrangler and boto3."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from tests.engines.names import REDSHIFT_WORKGROUP, REGION, SAMPLE

if TYPE_CHECKING:
    from tests.engines.redshift_double import RedshiftDouble

pytestmark = [pytest.mark.engines, pytest.mark.xdist_group("engines")]


class Api:
    """The Data API as boto3 gives it."""

    def __init__(self) -> None:
        import boto3

        self.client = boto3.client("redshift-data", region_name=REGION)

    def submit(self, sql: str, database: str = SAMPLE) -> str:
        answer = self.client.execute_statement(WorkgroupName=REDSHIFT_WORKGROUP, Database=database, Sql=sql)
        return str(answer["Id"])

    def finished(self, statement: str) -> dict[str, Any]:
        found: dict[str, Any] = until(
            lambda: self.client.describe_statement(Id=statement),
            lambda described: described["Status"] in ("FINISHED", "FAILED", "ABORTED"),
        )
        return found

    def result(self, sql: str) -> dict[str, Any]:
        statement = self.submit(sql)
        described = self.finished(statement)
        assert described["Status"] == "FINISHED", described
        found: dict[str, Any] = self.client.get_statement_result(Id=statement)
        return found

    def value(self, sql: str) -> Any:
        ((field,),) = self.result(sql)["Records"]
        return None if field.get("isNull") else next(iter(field.values()))


@pytest.fixture
def api(redshift_double: RedshiftDouble) -> Api:
    return Api()


def until(look: Callable[[], Any], good: Callable[[Any], bool], seconds: float = 30) -> Any:
    deadline = time.monotonic() + seconds
    while not good(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def test_awswrangler_reads_rows(redshift_double: RedshiftDouble) -> None:
    import awswrangler as wr

    connection = wr.data_api.redshift.connect(workgroup_name=REDSHIFT_WORKGROUP, database=SAMPLE)
    frame = wr.data_api.redshift.read_sql_query("select 1 as one, 'x' as text, true as yes, null as none", connection)
    assert frame.to_dict("records") == [{"one": 1, "text": "x", "yes": True, "none": None}]


def test_columns_have_redshifts_names_of_types(api: Api) -> None:
    found = api.result(
        "select order_id, ordered_at, order_date, lines, net_revenue, placed, cast(1 as double precision) as wide"
        " from orders"
    )
    reported = {
        column["name"]: (column["typeName"], column["precision"], column["scale"]) for column in found["ColumnMetadata"]
    }
    assert [kind for kind, _, _ in reported.values()] == [
        "varchar",
        "timestamp",
        "date",
        "int8",
        "numeric",
        "bool",
        "float8",
    ]
    assert reported["net_revenue"] == ("numeric", 38, 4)


@pytest.mark.parametrize("condition", ["true", "false"])
def test_a_sum_has_the_scale_of_what_it_adds_with_rows_and_without(api: Api, condition: str) -> None:
    sales = f"select net_revenue as n from daily_sales where {condition}"  # noqa: S608 - our own words
    sql = f"with s as ({sales}) select coalesce(sum(n), 0) as total from s"  # noqa: S608
    (column,) = api.result(sql)["ColumnMetadata"]
    assert (column["typeName"], column["precision"], column["scale"]) == ("numeric", 38, 4)


def test_results_come_in_pages(api: Api) -> None:
    statement = api.submit("select event_id from events order by event_id limit 1200")
    assert api.finished(statement)["ResultRows"] == 1200
    pages = list(api.client.get_paginator("get_statement_result").paginate(Id=statement))
    ids = [row[0]["stringValue"] for page in pages for row in page["Records"]]
    assert (len(pages), len(set(ids))) == (3, 1200)


def test_a_backslash_is_an_escape_as_in_redshift(api: Api) -> None:
    assert api.value(r"select 'it\'s \\ here'") == "it's \\ here"


def test_texts_are_ordered_by_bytes(api: Api) -> None:
    rows = api.result(
        "select x from (select 'b' as x union all select 'A' union all select 'ä' union all select 'a') t order by x"
    )
    assert [row[0]["stringValue"] for row in rows["Records"]] == ["A", "a", "b", "ä"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("datediff(month, cast('2026-01-31' as timestamp), cast('2026-02-01' as timestamp))", 1),
        ("datediff(day, cast('2026-03-01 23:59' as timestamp), cast('2026-03-02 00:01' as timestamp))", 1),
        ("datediff(year, cast('2026-12-31' as date), cast('2027-01-01' as date))", 1),
        ("datediff(hour, cast('2026-03-01 10:59' as timestamp), cast('2026-03-01 12:00' as timestamp))", 2),
        ("dateadd(month, 1, cast('2026-01-31' as date))", "2026-02-28 00:00:00"),
        ("convert_timezone('Europe/Berlin', cast('2026-03-29 01:00' as timestamp))", "2026-03-29 03:00:00"),
        ("nvl(null, 'x')", "x"),
        ("len('äb')", 2),
    ],
)
def test_redshifts_own_functions_give_what_its_documentation_says(api: Api, expression: str, expected: object) -> None:
    assert api.value(f"select {expression}") == expected


@pytest.mark.parametrize(
    ("sql", "database", "error"),
    [
        ("select no_such from orders", SAMPLE, 'ERROR: column "no_such" does not exist'),
        ("select 1 from no_such", SAMPLE, 'ERROR: relation "no_such" does not exist'),
        ("delete from orders", SAMPLE, "ERROR: cannot execute DELETE in a read-only transaction"),
        ("select 1", "no_such", 'FATAL: database "no_such" does not exist'),
    ],
)
def test_a_statement_that_fails_says_why(api: Api, sql: str, database: str, error: str) -> None:
    described = api.finished(api.submit(sql, database))
    assert (described["Status"], described["Error"]) == ("FAILED", error)


def test_an_unknown_workgroup_is_refused(api: Api) -> None:
    with pytest.raises(api.client.exceptions.ValidationException, match="endpoint doesn't exist"):
        api.client.execute_statement(WorkgroupName="other", Database=SAMPLE, Sql="select 1")


def test_a_cancelled_statement_is_broken_off_in_the_database(api: Api, redshift_double: RedshiftDouble) -> None:
    statement = api.submit(
        "select count(*) from events a cross join events b cross join events c where a.event_id > b.event_id"
    )
    running = (
        "select count(*) from pg_stat_activity"
        " where query like '%cross join events c%' and state = 'active' and pid <> pg_backend_pid()"
    )

    def count() -> int:
        with redshift_double.postgres.connect() as connection:
            return int(connection.execute(running).fetchone()[0])

    until(count, lambda found: found == 1)
    assert api.client.cancel_statement(Id=statement)["Status"]
    described = api.client.describe_statement(Id=statement)
    assert (described["Status"], described["Error"]) == ("ABORTED", "Query cancelled by user")
    until(count, lambda found: found == 0)
    with pytest.raises(api.client.exceptions.ValidationException, match="already in ABORTED state"):
        api.client.cancel_statement(Id=statement)
