"""What PostgreSQL would let pass and Redshift would not: held against what Redshift documents, without an engine."""

from __future__ import annotations

import pytest
from sqlglot import exp, parse_one

from catalogue.binding import bind
from catalogue.queries import Query, load
from tests.engines.redshift_shims import functions, spoken
from tests.support.lake_rows import END, START, values_for

# From the SQL reference of the Amazon Redshift developer guide, as far as queries use them.
DOCUMENTED = {
    "abs", "approximate count", "avg", "case", "cast", "ceil", "coalesce", "concat", "convert_timezone", "count",
    "date_part", "date_trunc", "dateadd", "datediff", "dense_rank", "exp", "extract", "first_value", "floor",
    "greatest", "if", "lag", "last_value", "lead", "least", "left", "length", "listagg", "ln", "log", "lower",
    "max", "median", "min", "mod", "nth_value", "ntile", "nullif", "nvl", "percentile_cont", "percentile_disc",
    "power", "rank", "replace", "right", "round", "row_number", "sign", "split_part", "sqrt", "stddev",
    "substring", "sum", "trim", "trunc", "upper", "variance",
}  # fmt: skip
LONGEST = 100_000  # characters of a statement that the Data API takes
WAREHOUSE = [query for query in load() if query.source == "warehouse"]


def redshift(query: Query) -> str:
    values = values_for(query, START, END) | {
        name: "UTC" if name == "reporting_time_zone" else "USD"
        for name in ("reporting_currency", "reporting_time_zone")
        if name in query.parameters
    }
    return bind(query, values, dialect="redshift").sql


@pytest.mark.parametrize("query", WAREHOUSE, ids=lambda query: query.name)
def test_a_warehouse_query_calls_only_functions_that_redshift_documents(query: Query) -> None:
    tree = parse_one(redshift(query), read="redshift")
    called = {
        (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).lower()
        for node in tree.find_all(exp.Func)
        if not isinstance(node, exp.Connector)
    }
    renamed = {"timestamp_trunc": "date_trunc", "timestamptrunc": "date_trunc", "date_diff": "datediff"}
    assert {renamed.get(name, name) for name in called} - DOCUMENTED == set()


@pytest.mark.parametrize("query", WAREHOUSE, ids=lambda query: query.name)
def test_a_warehouse_query_needs_nothing_that_redshift_lacks(query: Query) -> None:
    tree = parse_one(redshift(query), read="redshift")
    lacking = (exp.Filter, exp.Lateral, exp.Unnest, exp.GroupingSets, exp.Array, exp.Bracket, exp.Map, exp.Struct)
    assert [node.sql() for node in tree.find_all(*lacking)] == []
    assert len(redshift(query)) < LONGEST


def test_only_syntax_is_changed_for_postgresql_and_never_a_text() -> None:
    text = r"'DATEADD(DAY, it\'s VARCHAR(MAX) '' \\'"
    assert spoken(f"SELECT DATEADD(DAY, 1, {text})") == f"SELECT DATEADD('DAY', 1, {text})"
    assert spoken("CAST(a AS VARCHAR(MAX))") == "CAST(a AS VARCHAR)"


def test_every_function_that_postgresql_is_given_says_why() -> None:
    assert set(functions()) == {"getdate", "dateadd", "datediff", "convert_timezone", "len", "charindex", "nvl"}


def test_an_instant_is_bound_to_the_microsecond_in_the_words_of_each_dialect() -> None:
    query = load()["live/revenue_by_second"]
    values = values_for(query, START, END) | {"reporting_currency": "USD"}
    written = {name: bind(query, values, dialect=name).sql for name in ("trino", "redshift")}
    assert "CAST('2026-03-01 00:00:00.000000' AS TIMESTAMP(6))" in written["trino"]
    assert "CAST('2026-03-01 00:00:00.000000' AS TIMESTAMP)" in written["redshift"]
