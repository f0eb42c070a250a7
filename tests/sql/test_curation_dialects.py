"""The curation's SQL is written once: every engine that runs it must be able to read it."""

import pytest
from sqlglot import ErrorLevel, parse_one

from catalogue.binding import bind
from catalogue.queries import load_curation, load_units
from catalogue.tables import CURATED_TABLES
from pipeline.lake import LakeSettings

VALUES = LakeSettings().of_curation()


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "trino"])
@pytest.mark.parametrize("table", sorted(CURATED_TABLES))
def test_a_tables_sql_is_written_for_every_engine_and_reads_back(table: str, dialect: str):
    query = load_curation()[table]
    sql = bind(query, {name: VALUES[name] for name in query.parameters}, dialect=dialect).sql
    tree = parse_one(sql, read=dialect, error_level=ErrorLevel.RAISE)
    again = tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
    assert parse_one(again, read=dialect).sql(dialect=dialect) == again
    assert tree.named_selects == list(CURATED_TABLES[table].columns)


@pytest.mark.parametrize("dialect", ["duckdb", "spark", "trino"])
@pytest.mark.parametrize("relation", sorted(load_units()))
def test_the_sql_that_names_changed_units_is_written_for_every_engine(relation: str, dialect: str):
    query = load_units()[relation]
    sql = bind(query, {name: VALUES[name] for name in query.parameters}, dialect=dialect).sql
    tree = parse_one(sql, read=dialect, error_level=ErrorLevel.RAISE)
    assert tuple(tree.named_selects) == query.columns


def test_spark_reads_days_in_the_reporting_time_zone():
    query = load_curation()["events"]
    sql = bind(query, {"reporting_time_zone": "Europe/London"}, dialect="spark").sql
    assert "CAST(FROM_UTC_TIMESTAMP((FROM_UTC_TIMESTAMP(occurred_at, 'UTC')), 'Europe/London') AS DATE)" in sql


def test_every_table_has_its_sql():
    assert set(load_curation()) == set(CURATED_TABLES)
