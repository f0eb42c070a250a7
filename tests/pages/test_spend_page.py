"""The Spend page in its three states, drilled into, by every basis, and with the filters of its link."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from console.finops.charges import Basis
from tests.pages.conftest import Open, charts_of, lake_of_sales, text_of
from tests.sql.test_metrics_spend import Row, charge
from tests.support.lake_rows import Rows


def spent(page: AppTest) -> Decimal:
    """The first tile's amount, as it is spoken."""
    found = re.search(r'aria-label="Spend, \w+ \$([\d,.]+)', text_of(page))
    assert found is not None
    return Decimal(found[1].replace(",", "").rstrip("."))


def test_the_page_answers_on_the_sample_lake(open_page: Open, sample_lake: Path) -> None:
    page = open_page("spend", sample_lake)
    assert not page.exception
    text = text_of(page)
    for said in (
        "<h1>Spend",
        "sample data",
        "DuckDB",
        "SELECT",
        "Spend by day and service",
        "What changed",
        "Apart from usage",
    ):
        assert said in text
    assert "tk-failed" not in text
    assert "tk-empty" not in text


def test_the_table_and_the_waterfall_agree_with_the_tile(open_page: Open, sample_lake: Path) -> None:
    page = open_page("spend", sample_lake)
    by_service, movers = page.dataframe[0].value, page.dataframe[1].value
    assert sum(by_service["cost"]).quantize(Decimal("0.01")) == spent(page)
    assert sum(movers["change"]) == sum(by_service["change"])
    waterfall = next(chart for chart in charts_of(page) if "less_above" in str(chart))
    assert waterfall["baseOption"]["dataset"]["source"][-1][-1] == f"${spent(page):,}"


@pytest.mark.parametrize("basis", Basis)
def test_the_basis_is_printed_beside_the_amounts_and_stays_in_the_link(
    open_page: Open, sample_lake: Path, basis: Basis
) -> None:
    page = open_page("spend", sample_lake, basis=[basis.value])
    text = text_of(page)
    for said in (f"Spend, {basis}", f"Tax, {basis}", f"{basis}, USD", f"Usage and purchases, {basis}"):
        assert said in text
    assert page.segmented_control(key="tk-spend-basis").value == basis
    assert page.query_params.get("basis", "effective") == basis.value


def test_looking_into_a_value_narrows_goes_on_and_a_crumb_leads_back(open_page: Open, sample_lake: Path) -> None:
    page = open_page("spend", sample_lake)
    whole = spent(page)
    page.selectbox(key="tk-spend-into-service-0").select("AWS Lambda").run()
    assert not page.exception
    inside = spent(page)
    assert 0 < inside < whole
    assert page.query_params["drill"] == "service"
    assert page.query_params["by"] == "usage_type"
    assert page.query_params["service"] == "AWS Lambda"
    assert "Spend by day and usage type" in text_of(page)

    reopened = open_page("spend", sample_lake, drill=["service"], by=["usage_type"], service=["AWS Lambda"])
    assert spent(reopened) == inside
    assert "› <b>AWS Lambda</b>" in text_of(reopened)

    page.button(key="tk-crumb-0").click().run()
    assert not page.exception
    assert spent(page) == whole
    assert "drill" not in page.query_params


def test_a_tile_of_the_treemap_leads_where_its_row_does_and_what_is_around_leads_back(
    open_page: Open, sample_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: dict[str, Any] = {}

    def draw(figure: dict[str, Any], *, key: str, on_select: Callable[[], None], **_: object) -> dict[str, Any]:
        drawn["marks"] = dict(zip(figure["data"][0]["labels"], figure["data"][0]["ids"], strict=True))
        # a click is a button here: what a browser reports is in the session when the callback runs
        name = st.session_state.get("clicked")
        points = [{"id": drawn["marks"][name]}] if name in drawn["marks"] else []
        st.session_state[key] = {"selection": {"points": points}}
        st.button("Tile", key="tile", on_click=on_select)
        return {"selection": {"points": []}}

    monkeypatch.setattr(st, "plotly_chart", draw)
    page = open_page("spend", sample_lake)
    assert {"Whole bill", "AWS Lambda"} <= set(drawn["marks"])
    page.session_state["clicked"] = "AWS Lambda"
    page.run()
    page.button(key="tile").click().run()
    assert not page.exception
    by_row = open_page("spend", sample_lake)
    by_row.selectbox(key="tk-spend-into-service-0").select("AWS Lambda").run()
    assert {name: page.query_params[name] for name in ("service", "drill", "by")} == {
        name: by_row.query_params[name] for name in ("service", "drill", "by")
    }
    assert spent(page) == spent(by_row)
    page.session_state["clicked"] = "Whole bill"
    page.run()
    page.button(key="tile").click().run()
    assert not page.exception
    assert "drill" not in page.query_params


def test_a_tag_and_a_resource_are_looked_into_down_to_the_charges(open_page: Open, sample_lake: Path) -> None:
    page = open_page("spend", sample_lake, by=["tag:component"])
    by_tag = page.dataframe[0].value.set_index("name")["cost"]
    page.selectbox(key="tk-spend-into-tag:component-0").select("collector").run()
    assert not page.exception
    assert spent(page) == by_tag["collector"].quantize(Decimal("0.01"))
    page.selectbox(key="tk-spend-by").select("resource").run()
    assert not page.exception
    assert sum(page.dataframe[0].value["cost"]) == by_tag["collector"]
    assert "Commitments and tag coverage follow the filters on service and account only" in text_of(page)


def test_estimated_days_are_dashed_and_labelled(open_page: Open, sample_lake: Path) -> None:
    chart = charts_of(open_page("spend", sample_lake))[0]["baseOption"]
    named = [area[0]["name"] for area in chart["series"][0]["markArea"]["data"]]
    assert named == ["estimated"]
    dashed = [series for series in chart["series"] if series.get("itemStyle", {}).get("borderType") == "dashed"]
    assert len(dashed) == len(chart["legend"]["data"])
    assert chart["dataset"]["source"][-1][1].endswith(", estimated")


def test_without_a_comparison_nothing_is_said_about_change(open_page: Open, sample_lake: Path) -> None:
    page = open_page("spend", sample_lake, compare=["none"])
    assert not page.exception
    assert "What changed" not in text_of(page)
    assert "change" not in page.dataframe[0].value.columns


def test_filters_that_leave_nothing_say_so(open_page: Open, sample_lake: Path) -> None:
    page = open_page("spend", sample_lake, service=["Amazon Athena"], charge=["Tax"])
    assert not page.exception
    assert "Nothing to show for this selection" in text_of(page)
    page.button(key="tk-spend-clear").click().run()
    assert "Nothing to show" not in text_of(page)


def test_a_lake_without_a_bill_says_how_to_import_one(open_page: Open, tmp_path: Path) -> None:
    page = open_page("spend", lake_of_sales(tmp_path / "shop", [{}]))
    assert not page.exception
    text = text_of(page)
    assert "There is no cloud bill yet" in text
    assert "python -m console spend import FILE" in text
    assert "python -m pipeline sample" not in text  # the shop has data of its own


def test_an_empty_lake_and_one_that_is_not_there_are_explained(
    open_page: Open, empty_lake: Path, tmp_path: Path
) -> None:
    text = text_of(open_page("spend", empty_lake))
    assert "python -m console spend import FILE" in text
    assert "python -m pipeline sample" in text
    assert "There is no data yet" in text_of(open_page("spend", tmp_path / "nowhere"))


def lake_of_charges(root: Path, rows: list[Row]) -> Path:
    """A lake with these rows of `daily_spend`, and nothing else."""
    lake = Rows(root)
    lake.table("daily_spend", rows)
    return lake.lake.root


def test_a_basis_that_no_charge_says_is_called_unknown_and_never_0(open_page: Open, tmp_path: Path) -> None:
    unsaid = {"list_cost": None, "contracted_cost": None}
    lake = lake_of_charges(tmp_path / "lake", [charge("2026-03-10", "6", **unsaid)])
    text = text_of(open_page("spend", lake, basis=["list"]))
    assert "The list cost of these charges is unknown" in text
    assert "Choose billed or effective" in text
    assert "$0.00" not in text
    assert "Spend, billed" in text_of(open_page("spend", lake, basis=["billed"]))


def test_charges_without_a_cost_in_the_basis_are_counted_under_the_page(open_page: Open, tmp_path: Path) -> None:
    rows = [charge("2026-03-10", "6", list_cost=None, charges=3), charge("2026-03-10", "2", service_name="S3")]
    page = open_page("spend", lake_of_charges(tmp_path / "lake", rows), basis=["list"])
    assert "The list cost of 3 of 4 charges is unknown" in text_of(page)
    costs = page.dataframe[0].value.set_index("name")["cost"]
    assert (costs["S3"], costs["EC2"]) == (Decimal(2), None)


def test_what_is_estimated_within_a_day_is_dashed_and_the_rest_is_not(open_page: Open, tmp_path: Path) -> None:
    rows = [
        charge("2026-03-09", "3"),
        charge("2026-03-09", "4", service_name="AWS Support", charge_category="Purchase", estimated=True),
        charge("2026-03-10", "3"),
    ]
    chart = charts_of(open_page("spend", lake_of_charges(tmp_path / "lake", rows)))[0]["baseOption"]
    data = chart["dataset"]
    day = {name: value for name, value in zip(data["dimensions"], data["source"][-2], strict=True) if value is not None}
    assert day == {
        "day": 26, "day_name": "Mon 9 Mar 2026, partly estimated", "all": "$7.00",
        "sure0": 3, "text0": "$3.00", "dashed1": 4, "text1": "$4.00",
    }  # fmt: skip
    assert "markArea" not in chart["series"][0]


def test_the_share_that_a_tag_does_not_allocate_is_printed(open_page: Open, sample_lake: Path) -> None:
    page = open_page("spend", sample_lake, untagged=["component"])
    said = re.search(r"Unallocated by tag component, effective: ([\d.]+)\s?% of usage, \$([\d.,]+)", text_of(page))
    assert said is not None
    untagged = page.dataframe[2].value["untagged"]
    assert said[2] == f"{sum(untagged).quantize(Decimal('0.01')):,}"


def test_a_damaged_bill_shows_the_failed_state_and_not_a_traceback(
    open_page: Open, sample_lake: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(sample_lake, broken)
    (broken / "curated" / "daily_spend" / "data.parquet").write_bytes(b"PAR1 not really PAR1")
    page = open_page("spend", broken)
    assert not page.exception
    assert 'role="alert"' in text_of(page)
    assert "python -m pipeline curate --full" in text_of(page)
