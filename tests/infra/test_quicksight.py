"""The dashboard of the executive figures: ours in definition and limits, and for whom the configuration says."""

from __future__ import annotations

import re
from typing import Any

from sqlglot import exp, parse_one

from catalogue.tables import CURATED_TABLES
from tests.infra.templates import Templates

EXECUTIVES = "arn:aws:quicksight:eu-central-1:123456789012:group/default/executives"


def data_sets(templates: Templates) -> dict[str, dict[str, Any]]:
    """What the data sets ask, by their names."""
    return {
        name: table["CustomSql"]
        for properties in templates.resources("AWS::QuickSight::DataSet", "quicksight").values()
        for name, table in properties["PhysicalTableMap"].items()
    }


def visuals(templates: Templates) -> list[dict[str, Any]]:
    (sheet,) = templates.one("AWS::QuickSight::Dashboard")["Definition"]["Sheets"]
    return [visual for entry in sheet["Visuals"] for visual in entry.values()]


def test_without_the_flag_there_is_no_quicksight(templates: Templates) -> None:
    assert "quicksight" not in templates.by_part


def test_the_data_sets_ask_tables_of_the_lake_in_the_reporting_currency(everything: Templates) -> None:
    asked = data_sets(everything)
    tables = {
        name: {f"{table.db}.{table.name}" for table in parse_one(custom["SqlQuery"], read="trino").find_all(exp.Table)}
        for name, custom in asked.items()
    }
    assert tables == {
        "figures": {"takings_scale.daily_sales", "takings_scale.daily_orders", "takings_scale.daily_traffic"},
        "sales": {"takings_scale.daily_sales"},
    }
    assert all("currency = 'USD'" in custom["SqlQuery"] for custom in asked.values())
    assert not any(re.search(r":\w", custom["SqlQuery"]) for custom in asked.values())


def test_each_column_has_the_kind_that_the_lake_has(everything: Templates) -> None:
    for custom in data_sets(everything).values():
        selected = [column.alias_or_name for column in parse_one(custom["SqlQuery"], read="trino").selects]
        assert [column["Name"] for column in custom["Columns"]] == selected
    kinds = {
        column["Name"]: column["Type"] for custom in data_sets(everything).values() for column in custom["Columns"]
    }
    of_lake = {
        "day": CURATED_TABLES["daily_sales"].columns["order_date"],
        **{name: CURATED_TABLES["daily_sales"].columns[name] for name in ("channel", "category", "region", "units")},
        "net_revenue": CURATED_TABLES["daily_sales"].columns["net_revenue"],
        "orders": CURATED_TABLES["daily_orders"].columns["orders"],
        **{name: CURATED_TABLES["daily_traffic"].columns[name] for name in ("sessions", "sessions_with_purchase")},
    }
    as_quicksight = {"date": "DATETIME", "varchar": "STRING", "decimal": "DECIMAL", "bigint": "INTEGER"}
    assert kinds == {name: as_quicksight[kind.partition("(")[0]] for name, kind in of_lake.items()}


def test_questions_are_asked_in_the_limited_workgroup_by_a_role_of_its_own(everything: Templates) -> None:
    source = everything.one("AWS::QuickSight::DataSource", "quicksight")
    assert source["Type"] == "ATHENA"
    athena = source["DataSourceParameters"]["AthenaParameters"]
    assert athena["WorkGroup"] == "takings-scale-console"
    assert "Fn::GetAtt" in athena["RoleArn"]
    assert {each["ImportMode"] for each in everything.resources("AWS::QuickSight::DataSet").values()} == {
        "DIRECT_QUERY"
    }
    (policy,) = everything.resources("AWS::IAM::Policy", "quicksight").values()
    writing = [
        statement["Resource"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "s3:PutObject" in statement["Action"]
    ]
    results = "arn:aws:s3:::takings-scale-results-123456789012-eu-central-1"
    assert writing == [[results, f"{results}/*"]]


def test_everything_belongs_to_whom_the_configuration_names(everything: Templates) -> None:
    given = [
        (kind.rpartition("::")[2], permission["Principal"])
        for kind in ("AWS::QuickSight::DataSource", "AWS::QuickSight::DataSet", "AWS::QuickSight::Dashboard")
        for properties in everything.resources(kind, "quicksight").values()
        for permission in properties["Permissions"]
    ]
    assert given == [(kind, EXECUTIVES) for kind in ("DataSource", "DataSet", "DataSet", "Dashboard")]


def test_the_dashboard_shows_the_four_figures_and_revenue_by_day_category_and_region(everything: Templates) -> None:
    assert [visual["Title"]["FormatText"]["PlainText"] for visual in visuals(everything)] == [
        "Net revenue", "Orders", "Average order value", "Conversion rate",
        "Net revenue by day", "Net revenue by category", "Net revenue by region",
    ]  # fmt: skip


def test_every_field_of_the_dashboard_is_a_column_or_a_quotient_of_its_data_set(everything: Templates) -> None:
    shown = everything.one("AWS::QuickSight::Dashboard")["Definition"]
    known = {(name, column["Name"]) for name, custom in data_sets(everything).items() for column in custom["Columns"]}
    for field in shown["CalculatedFields"]:
        named = re.findall(r"\{(\w+)\}", field["Expression"])
        assert {(field["DataSetIdentifier"], name) for name in named} <= known
    quotients = {(field["DataSetIdentifier"], field["Name"]) for field in shown["CalculatedFields"]}
    fields = list(_fields(shown["Sheets"])) + list(_fields(shown["FilterGroups"]))
    assert len(fields) == 11
    assert set(fields) <= known | quotients
    elements = shown["Sheets"][0]["Layouts"][0]["Configuration"]["GridLayout"]["Elements"]
    assert {element["ElementId"] for element in elements} == {visual["VisualId"] for visual in visuals(everything)}
    assert all(element["ColumnIndex"] + element["ColumnSpan"] <= 36 for element in elements)


def _fields(content: Any) -> Any:
    """Data set and name of every column that a definition names."""
    if isinstance(content, dict):
        if content.keys() == {"DataSetIdentifier", "ColumnName"}:
            yield content["DataSetIdentifier"], content["ColumnName"]
        content = list(content.values())
    if isinstance(content, list):
        for part in content:
            yield from _fields(part)
