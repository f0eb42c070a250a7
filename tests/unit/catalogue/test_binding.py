"""Binding: whatever a person types stays a value, and the row filter reaches every table."""

# ruff: noqa: S608 - statements are the test's own

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlglot import exp, parse_one

from catalogue.base_tables import base_tables
from catalogue.binding import (
    MAXIMUM_LIST,
    MAXIMUM_TEXT,
    SHARED,
    RowFilter,
    Statement,
    at_snapshots,
    bind,
    literal,
    restrict,
)
from catalogue.errors import BindingError
from catalogue.parquet import duckdb_type
from catalogue.queries import Query, load
from catalogue.query_file import Parameter
from catalogue.tables import TABLES

DIALECTS = ("duckdb", "trino", "athena", "redshift", "spark", "postgres")
QUERIES = sorted(load(), key=lambda query: query.name)
HARMLESS = "harmless"

_PIECES = ["'", "''", '"', "\\", "\\'", "\n", "\r", "\t", "--", "/*", "*/", ";", "$$", "$1", ":x", "?", "%", "_", "{"]
_WORDS = [
    "or 1=1",
    "drop table orders",
    "union all select",
    "null",
    "--\n",
    "\\u0041",
    "\\x27",
    "E'",
    "N'",
    "’",
    "\u2028",
]
NASTY = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=12),
    st.lists(st.sampled_from(_PIECES + _WORDS + ["a", " "]), max_size=8).map("".join),
)


def values(query: Query, text: str) -> dict[str, Any]:
    """A fitting value for every parameter, `text` wherever text goes."""
    plain: dict[str, Any] = {
        "date": date(2026, 3, 1),
        "timestamp": datetime(2026, 3, 1, tzinfo=UTC),
        "str": text,
        "int": 4,
        "decimal": Decimal("1.5"),
        "bool": True,
    }
    return {
        name: [plain[item.type], plain[item.type]] if item.is_list else plain[item.type]
        for name, item in query.parameters.items()
    }


def shape(tree: exp.Expr) -> exp.Expr:
    """The tree with every string literal taken for the same."""
    return tree.transform(lambda node: exp.Literal.string("?") if is_text(node) else node)


def is_text(node: exp.Expr) -> bool:
    return isinstance(node, exp.Literal) and node.is_string


def texts(tree: exp.Expr) -> list[str]:
    return [node.this for node in tree.find_all(exp.Literal) if is_text(node)]


def query_of(sql: str, *parameters: Parameter) -> Query:
    tree = parse_one(sql, read="trino")
    assert isinstance(tree, exp.Query)
    named = {parameter.name: parameter for parameter in parameters}
    return dataclasses.replace(QUERIES[0], name="tests/query", parameters=named, tree=tree, text=sql)


@given(value=NASTY, query=st.sampled_from(QUERIES), dialect=st.sampled_from(DIALECTS))
@hypothesis_settings(max_examples=250, deadline=None)
@pytest.mark.slow
def test_nothing_that_is_typed_changes_the_shape_of_a_statement_in_any_dialect(
    value: str, query: Query, dialect: str
) -> None:
    plain = bind(query, values(query, HARMLESS), dialect=dialect, row_filter=RowFilter((HARMLESS, "A")))
    bound = bind(query, values(query, value), dialect=dialect, row_filter=RowFilter((value, "A")))
    expected, found = (parse_one(statement.sql, read=dialect) for statement in (plain, bound))
    assert shape(found) == shape(expected)
    assert texts(found) == [value if text == HARMLESS else text for text in texts(expected)]


@pytest.fixture(scope="module")
def sales() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for table in ("daily_sales", "monthly_sales"):
        columns = ", ".join(f"{name} {duckdb_type(kind)}" for name, kind in TABLES[table].columns.items())
        connection.execute(f"create table {table} ({columns})")
    return connection


@given(value=NASTY, other=NASTY)
@hypothesis_settings(max_examples=150, deadline=None)
@pytest.mark.slow
def test_a_nasty_value_finds_itself_and_nothing_else_and_does_nothing_else(
    sales: duckdb.DuckDBPyConnection, value: str, other: str
) -> None:
    sales.execute("delete from daily_sales")
    for region in {value, other, HARMLESS}:
        sales.execute(
            "insert into daily_sales (order_date, region, channel, currency, net_revenue, units)"
            " values (date '2026-03-01', ?, ?, ?, 1, 1)",
            [region, region, region],
        )
    query = load()["sales/by_region"]
    given_values = {"start_date": date(2026, 3, 1), "end_date": date(2026, 3, 2), "reporting_currency": value}
    for narrowed, row_filter in (({"channels": [value]}, None), ({}, RowFilter((value,)))):
        statement = bind(query, given_values | narrowed, dialect="duckdb", row_filter=row_filter)
        assert [row[0] for row in sales.execute(statement.sql).fetchall()] == [value]
    assert sales.execute("select count(*) from daily_sales").fetchall() == [(len({value, other, HARMLESS}),)]
    assert [name for (name,) in sales.execute("show tables").fetchall()] == ["daily_sales", "monthly_sales"]


def single(kind: str, *, nullable: bool = False, is_list: bool = False) -> Parameter:
    return Parameter("x", kind, is_list, nullable, "")


def read_back(value: object, kind: str) -> object:
    """What DuckDB gets from a literal."""
    sql = exp.select(literal(value, single(kind, nullable=True), "tests")).sql(dialect="duckdb")
    ((found,),) = duckdb.sql(sql).fetchall()
    return found


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_whole_number_of_64_bits_is_read_back(value: int) -> None:
    assert read_back(value, "int") == value


@given(st.dates())
def test_every_date_is_read_back(value: date) -> None:
    assert read_back(value, "date") == value


_ZONES = st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))])


@given(st.datetimes(min_value=datetime(1, 1, 2), timezones=_ZONES))  # UTC can write no earlier day
def test_every_instant_is_read_back_in_utc_to_the_microsecond(value: datetime) -> None:
    assert read_back(value, "timestamp") == value.astimezone(UTC).replace(tzinfo=None)


@given(st.decimals(allow_nan=False, allow_infinity=False, places=4, min_value=-(10**30), max_value=10**30))
def test_every_decimal_is_read_back_exactly(value: Decimal) -> None:
    found = read_back(value, "decimal")
    assert isinstance(found, Decimal)
    assert found == value


def test_a_decimal_keeps_all_38_digits() -> None:
    longest = Decimal("9" * 34 + ".9999")
    assert read_back(longest, "decimal") == longest
    assert read_back(Decimal("9." + "9" * 37), "decimal") == Decimal("9." + "9" * 37)


def test_null_and_truth_are_themselves() -> None:
    assert read_back(None, "str") is None
    assert (read_back(True, "bool"), read_back(False, "bool")) == (True, False)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("date", "2026-03-01", "x takes a date, not str"),
        ("date", datetime(2026, 3, 1, tzinfo=UTC), "x takes a date, not datetime"),
        ("timestamp", date(2026, 3, 1), "x takes a timestamp, not date"),
        ("timestamp", datetime(2026, 3, 1), "x has no time zone"),
        ("timestamp", datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "which UTC cannot write"),
        ("str", 5, "x takes a str, not int"),
        ("str", "a" * (MAXIMUM_TEXT + 1), "x is 4,097 characters long"),
        ("str", "a\x00b", "x holds a character that no engine stores"),
        ("str", "\ud800", "x holds a character that no engine stores"),
        ("str", None, "x must have a value"),
        ("int", "5", "x takes a int, not str"),
        ("int", True, "x takes a int, not bool"),
        ("int", 2**63, "x does not fit 64 bits"),
        ("int", 5.0, "x takes a int, not float"),
        ("decimal", 5.5, "x takes a decimal, not float"),
        ("decimal", Decimal("NaN"), "x is not a number"),
        ("decimal", Decimal("Infinity"), "x is not a number"),
        ("decimal", Decimal("1E+38"), "x has more than 38 digits"),
        ("decimal", Decimal("1E-39"), "x has more than 38 digits"),
        ("bool", 1, "x takes a bool, not int"),
    ],
)
def test_a_value_of_the_wrong_type_names_query_and_parameter(kind: str, value: object, said: str) -> None:
    query = query_of("select * from orders where order_id = :x", single(kind))
    with pytest.raises(BindingError) as caught:
        bind(query, {"x": value}, dialect="duckdb")  # type: ignore[dict-item]
    assert said in caught.value.what
    assert caught.value.where == "tests/query"


@pytest.mark.parametrize("value", ["web", 5, {"web"}])
def test_a_list_takes_a_list(value: object) -> None:
    query = query_of("select * from orders where channel in (:x)", single("str", is_list=True))
    with pytest.raises(BindingError, match="x takes a list"):
        bind(query, {"x": value}, dialect="duckdb")  # type: ignore[dict-item]


def test_a_list_without_members_restricts_nothing_and_a_long_one_is_refused() -> None:
    query = query_of("select * from orders where channel in (:x) and lines > 1", single("str", is_list=True))
    for empty in ({}, {"x": []}, {"x": ()}, {"x": None}):
        assert bind(query, empty, dialect="duckdb").sql == "SELECT * FROM orders WHERE TRUE AND lines > 1"
    assert "IN ('a', 'b')" in bind(query, {"x": ["a", "b"]}, dialect="duckdb").sql
    with pytest.raises(BindingError, match="x has 1,001 members"):
        bind(query, {"x": ["a"] * (MAXIMUM_LIST + 1)}, dialect="duckdb")


def test_a_missing_and_an_unknown_value_name_query_and_parameter() -> None:
    query = load()["sales/by_region"]
    with pytest.raises(BindingError, match=r"sales/by_region needs a value for start_date \(sales/by_region\)"):
        bind(query, {}, dialect="duckdb")
    with pytest.raises(BindingError, match=r"sales/by_region has no parameter colour.*start_date, end_date"):
        bind(query, {"colour": "red"}, dialect="duckdb")


def test_a_parameter_that_stands_twice_is_bound_twice_and_the_query_stays_as_it_was() -> None:
    query = query_of("select * from orders where channel = :x or device = :x", single("str"))
    before = query.tree.sql()
    assert bind(query, {"x": "web"}, dialect="duckdb").sql.count("'web'") == 2
    assert query.tree.sql() == before


# The row filter. Rows of region A have texts that start with a; what comes out of a restricted statement must be what
# the plain one gives where only region A exists.

REGIONS = ("A", "B", None)
ASKED = """
select * from orders
select o.region, o.order_id from orders as o
select orders.order_id from orders where orders.lines > 0
select o.first_column from (select order_id from orders) as o(first_column)
select * from orders as "order" where "order".lines > 0
with orders as (select * from orders) select * from orders
with orders as (select order_id from orders where region = 'B') select * from orders
with recursive orders as (select * from orders union select * from orders) select * from orders
with recursive n(i) as (select 1 union all select i + 1 from n where i < 3) select i, order_id from n, orders
with a as (with b as (select * from orders) select * from b) select count(*) as n from a
with a as (select lines from orders), b as (with a as (select events from sessions) select * from a) select * from a, b
select * from (with orders as (select 1 as region) select * from orders) as q, orders
select order_id from orders union select order_id from order_lines
select order_id from orders except select order_id from order_lines where region = 'B'
(select order_id from orders) union all (select order_id from order_lines)
select count(*) as n from orders where exists (select 1 from sessions where sessions.customer_id = orders.customer_id)
select count(*) as n from sessions s where not exists (select 1 from orders o where o.customer_id = s.customer_id)
select (select count(*) from orders) as n, (select max(region) from orders) as r
select a.order_id, b.order_id as other from orders a inner join orders b on a.channel = b.channel
select a.order_id, b.session_key from orders a left join sessions b on a.channel = b.channel
select a.order_id, b.session_key from orders a right join sessions b on a.channel = b.channel
select a.order_id, b.session_key from orders a full join sessions b on a.customer_id = b.session_key
select order_id, lines from orders left join sessions using (region)
select count(*) as n from order_lines natural join orders
select count(*) as n from orders cross join events
select count(*) as n from orders, orders as other
select count(*) as n from (orders cross join events)
select count(*) as n from (orders inner join events on true) inner join sessions on true
select p.product_id, x.order_id from products p, lateral (select o.order_id from orders o where o.lines > 0) x
select x.order_id from products p cross join lateral (select order_id from orders where orders.lines > 0) as x
select order_id from orders where order_id in (select order_id from order_lines)
select order_id from orders where region = any (select region from sessions)
select order_id from orders order by (select count(*) from sessions), order_id
select count(*) filter (where order_id in (select order_id from order_lines)) as n from orders
select v.x, order_id from (values (1)) as v(x), orders
select order_id, row_number() over (order by (select max(session_key) from sessions), order_id) as n from orders
select customer_id from customers
select * from quarantine
select product_id from products where (select max(region) from orders) = 'B'
select region, sum(sum(lines)) over () as n from orders group by grouping sets ((region), ())
""".strip().splitlines()


@pytest.fixture(scope="module")
def lakes() -> dict[str, duckdb.DuckDBPyConnection]:
    return {"all": _lake(REGIONS), "only A": _lake(("A",))}


def _lake(regions: tuple[str | None, ...]) -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for name, table in TABLES.items():
        columns = ", ".join(f"{column} {duckdb_type(kind)}" for column, kind in table.columns.items())
        connection.execute(f"create table {name} ({columns})")
        for region in regions if table.has_region else ():
            key = next(iter(table.columns))
            if table.columns[key] != "varchar":
                continue
            row: dict[str, object] = {key: f"{region} {name}", "region": region, "channel": "web"}
            more: dict[str, object] = {"order_id": f"{region} o", "customer_id": f"{region} c", "lines": 2}
            row |= {column: value for column, value in more.items() if column in table.columns}
            marks = ", ".join("?" for _ in row)
            connection.execute(f"insert into {name} ({', '.join(row)}) values ({marks})", list(row.values()))
    connection.execute("insert into products (product_id) values ('p')")
    if len(regions) > 1:  # of many regions at once: a viewer of one sees none of them
        connection.execute("insert into customers (customer_id) values ('B c')")
        connection.execute("insert into quarantine (detail) values ('B secret')")
    return connection


def asked(connection: duckdb.DuckDBPyConnection, tree: exp.Expr) -> list[str]:
    return sorted(map(repr, connection.execute(tree.sql(dialect="duckdb")).fetchall()))


@pytest.mark.parametrize("sql", ASKED)
def test_a_viewer_of_one_region_gets_what_a_lake_of_that_region_gives(
    lakes: dict[str, duckdb.DuckDBPyConnection], sql: str
) -> None:
    plain, restricted = parse_one(sql, read="trino"), parse_one(sql, read="trino")
    assert isinstance(restricted, exp.Query)
    restrict(restricted, ["A"])
    assert asked(lakes["all"], restricted) == asked(lakes["only A"], plain)


@pytest.mark.parametrize("sql", ASKED)
@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.slow
def test_a_row_filter_restricts_every_table_in_every_dialect(sql: str, dialect: str) -> None:
    tree = parse_one(sql, read="trino")
    assert isinstance(tree, exp.Query)
    restrict(tree, ["A"])
    again = parse_one(tree.sql(dialect=dialect), read=dialect)
    assert isinstance(again, exp.Query)
    for table in base_tables(again):
        if table.name.lower() not in SHARED:
            where = table.find_ancestor(exp.Select).args["where"]  # type: ignore[union-attr]
            assert where.sql() in ("WHERE region IN ('A')", "WHERE FALSE")


def test_a_viewer_of_no_region_gets_no_row(lakes: dict[str, duckdb.DuckDBPyConnection]) -> None:
    tree = parse_one("select order_id from orders union all select session_key from sessions", read="trino")
    assert isinstance(tree, exp.Query)
    restrict(tree, [])
    assert asked(lakes["all"], tree) == []


def test_a_row_without_a_region_is_seen_by_nobody_who_is_restricted(
    lakes: dict[str, duckdb.DuckDBPyConnection],
) -> None:
    tree = parse_one("select order_id from orders", read="trino")
    assert isinstance(tree, exp.Query)
    restrict(tree, ["A", "B", "None", ""])
    assert asked(lakes["all"], tree) == ["('A o',)", "('B o',)"]


@pytest.mark.parametrize("name", ["ORDERS", "Orders", '"Orders"', "main.orders", "memory.main.orders"])
def test_a_table_is_restricted_however_its_name_is_written(
    lakes: dict[str, duckdb.DuckDBPyConnection], name: str
) -> None:
    tree = parse_one(f"with x as (select 1) select order_id from {name}", read="trino")
    assert isinstance(tree, exp.Query)
    restrict(tree, ["A"])
    assert asked(lakes["all"], tree) == ["('A o',)"]


def test_a_name_that_is_also_a_derived_table_does_not_hide_the_table() -> None:
    tree = parse_one("select * from orders, (select 1 as n) as orders", read="trino")
    assert isinstance(tree, exp.Query)
    restrict(tree, ["A"])
    assert "FROM (SELECT * FROM orders WHERE region IN ('A')) AS orders" in tree.sql()


@pytest.mark.parametrize("name", ["invoices", "read_parquet('x')", "information_schema.tables", "duckdb_settings()"])
def test_what_is_no_curated_table_is_refused_under_a_row_filter(name: str) -> None:
    tree = parse_one(f"select * from {name}", read="trino")
    assert isinstance(tree, exp.Query)
    with pytest.raises(BindingError, match="No row filter fits"):
        restrict(tree, ["A"])


def test_an_alias_with_column_names_keeps_them(lakes: dict[str, duckdb.DuckDBPyConnection]) -> None:
    tree = parse_one("select t.a from sessions as t(a, b)", read="trino")
    assert isinstance(tree, exp.Query)
    restrict(tree, ["A"])
    assert asked(lakes["all"], tree) == ["('A sessions',)"]


def test_without_a_row_filter_nothing_is_added() -> None:
    query = load()["lake/days"]
    for row_filter in (None, RowFilter()):
        assert "region" not in bind(query, {}, dialect="duckdb", row_filter=row_filter).sql


SNAPSHOTS = {name: 8270633197658268300 + number for number, name in enumerate(sorted(TABLES))}


def at(sql: str, **snapshots: int) -> str:
    """A statement at snapshots, as it is sent."""
    statement = Statement("q", "Q", sql, "trino", frozenset(snapshots))
    return at_snapshots(statement, snapshots).sql.lower()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select * from orders", "select * from orders for version as of 17"),
        ("select o.net from orders as o", "select o.net from orders for version as of 17 as o"),
        ("select * from Orders, products", "select * from orders for version as of 17, products for version as of 4"),
        (
            "select * from orders as a join orders as b on a.order_id = b.order_id left join sessions on true",
            "select * from orders for version as of 17 as a join orders for version as of 17 as b"
            " on a.order_id = b.order_id left join sessions on true",
        ),
        (
            "with orders as (select * from orders) select * from orders where id in (select id from products)",
            "with orders as (select * from orders for version as of 17) select * from orders"
            " where id in (select id from products for version as of 4)",
        ),
        ("select 'orders' as orders from sessions as orders", "select 'orders' as orders from sessions as orders"),
        ("select * from orders for version as of 16", "select * from orders for version as of 17"),
    ],
)
def test_every_table_is_read_in_its_snapshot_and_a_name_of_a_cte_is_none(sql: str, expected: str) -> None:
    assert at(sql, orders=17, products=4) == expected


def test_without_snapshots_a_statement_stays_as_it_is() -> None:
    statement = Statement("q", "Q", "select *  from orders", "trino", frozenset({"orders"}))
    assert at_snapshots(statement, {}) is statement


@pytest.mark.parametrize("regions", [None, ("north", "it's")])
@pytest.mark.parametrize("query", QUERIES, ids=lambda query: query.name)
def test_every_table_of_a_question_has_its_snapshot_and_nothing_else_changes(
    query: Query, regions: tuple[str, ...] | None
) -> None:
    """Relations and the row filter's own reads included."""
    statement = bind(query, values(query, "it's"), dialect="trino", row_filter=RowFilter(regions))
    tree = parse_one(at_snapshots(statement, SNAPSHOTS).sql, read="trino")
    assert isinstance(tree, exp.Query)
    found = list(base_tables(tree))
    assert {table.name: int(table.args["version"].expression.name) for table in found} == {
        name: SNAPSHOTS[name] for name in query.tables
    }
    for table in found:
        table.set("version", None)
    assert tree.sql(dialect="trino") == statement.sql
