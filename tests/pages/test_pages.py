"""Every page in its three states, with the filters of its link, and the figures it promises."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
import streamlit as st

from tests.pages.conftest import PAGES, Open, charts_of, lake_of_sales, text_of

READING = [name for name in PAGES if name != "definitions"]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_answers_on_the_sample_lake(name: str, open_page: Open, sample_lake: Path) -> None:
    page = open_page(name, sample_lake)
    assert not page.exception
    assert f"<h1>{name.capitalize()}" in text_of(page)
    assert "tk-failed" not in text_of(page)
    assert "tk-empty" not in text_of(page)


@pytest.mark.parametrize("name", READING)
def test_a_page_labels_the_sample_and_says_where_its_numbers_come_from(
    name: str, open_page: Open, sample_lake: Path
) -> None:
    text = text_of(open_page(name, sample_lake))
    assert "sample data" in text
    assert "Data as of 31 May 2026" in text or "Data as of 1 Jun 2026" in text
    assert "DuckDB" in text
    assert "quarantined" in text
    assert "SELECT" in text  # behind Show SQL


@pytest.mark.parametrize("name", READING)
def test_an_empty_lake_is_explained_with_a_next_step(name: str, open_page: Open, empty_lake: Path) -> None:
    page = open_page(name, empty_lake)
    assert not page.exception
    assert "There is no data yet" in text_of(page)
    assert "python -m pipeline sample" in text_of(page)


@pytest.mark.parametrize("name", READING)
def test_a_lake_that_is_not_there_is_explained_with_a_next_step(name: str, open_page: Open, tmp_path: Path) -> None:
    page = open_page(name, tmp_path / "nowhere")
    assert not page.exception
    assert "There is no data yet" in text_of(page)
    assert "python -m pipeline sample" in text_of(page)


@pytest.mark.parametrize("name", READING)
def test_a_damaged_lake_shows_the_failed_state_and_not_a_traceback(
    name: str, open_page: Open, sample_lake: Path, tmp_path: Path
) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(sample_lake, broken)
    (broken / "curated" / "daily_sales" / "data.parquet").write_bytes(b"PAR1 not really PAR1")
    page = open_page(name, broken)
    assert not page.exception
    assert 'role="alert"' in text_of(page)
    assert "python -m pipeline curate --full" in text_of(page)
    assert [button.label for button in page.button] == ["Try again"]


@pytest.mark.parametrize("name", READING)
def test_filters_that_leave_nothing_offer_to_be_cleared(name: str, open_page: Open, tmp_path: Path) -> None:
    lake = lake_of_sales(tmp_path / "two", [{"region": "South"}, {"channel": "app", "region": "North"}])
    page = open_page(name, lake, channel=["web"], region=["North"])
    assert not page.exception
    assert "Nothing to show for this selection" in text_of(page)
    page.button(key="tk-empty-clear").click().run()
    assert not page.exception
    assert page.multiselect(key="tk-filter-region").value == []
    assert "Nothing to show" not in text_of(page)


def test_revenue_shows_the_filters_of_its_link(open_page: Open, sample_lake: Path) -> None:
    page = open_page("revenue", sample_lake, period=["90d"], region=["UK", "France"], compare=["previous", "year"])
    assert page.multiselect(key="tk-filter-region").value == ["UK", "France"]
    drawn = str(charts_of(page)[2])
    assert "UK" in drawn
    assert "France" in drawn
    assert "Germany" not in drawn
    assert "3 Mar" in text_of(page)


def test_the_parts_of_the_brief_add_up_to_the_change_of_net_revenue(open_page: Open, sample_lake: Path) -> None:
    page = open_page("brief", sample_lake)
    rows = charts_of(page)[0]["baseOption"]["dataset"]["source"]
    amounts = [Decimal(re.sub(r"[^0-9.−-]", "", row[-1]).replace("−", "-")) for row in rows]
    assert amounts[0] + sum(amounts[1:-1]) == amounts[-1]
    assert len(amounts) == 5


def test_the_brief_speaks_in_sentences(open_page: Open, sample_lake: Path) -> None:
    text = text_of(open_page("brief", sample_lake))
    assert re.search(r"<h2>We took \$[\d.,]+k? net in 28 days: .* than the period before\.</h2>", text)
    assert re.search(r"(more|fewer) visits", text)
    assert re.search(r"(gained|lost) most", text)
    assert "Needs attention" in text


def test_the_brief_without_a_comparison_makes_no_claim_about_change(open_page: Open, sample_lake: Path) -> None:
    text = text_of(open_page("brief", sample_lake, compare=["none"]))
    assert re.search(r"<h2>We took \$[\d.,]+k? net in 28 days\.</h2>", text)
    assert "Rising" not in text


def test_tiles_and_category_table_of_revenue_agree_to_the_cent(open_page: Open, sample_lake: Path) -> None:
    page = open_page("revenue", sample_lake)
    table = page.dataframe[0].value
    total = sum((Decimal(str(value)) for value in table["net_revenue"]), Decimal(0))
    spoken = re.search(r"Net revenue \$([\d,]+\.\d\d)", text_of(page))
    assert spoken is not None
    assert Decimal(spoken[1].replace(",", "")) == total


def test_products_lists_what_sells_and_what_is_bought_with_it(open_page: Open, tmp_path: Path) -> None:
    together = [
        {"order_id": f"both-{order}", "product_id": product.lower(), "product": product}
        for order in range(4)
        for product in ("Lamp", "Bulb")
    ]
    alone = [{"order_id": f"vase-{order}", "product_id": "vase", "product": "Vase"} for order in range(4)]
    page = open_page("products", lake_of_sales(tmp_path / "pairs", together + alone))
    products, pairs = (element.value for element in page.dataframe)
    assert list(products["name"]) == ["Bulb", "Lamp", "Vase"]
    assert list(products["net_revenue"]) == [Decimal("80.0000")] * 3
    # 4 of 8 orders hold both: confidence 4 ÷ 4, lift 1 ÷ (4 ÷ 8)
    assert pairs.to_dict("records") == [
        {"first": "Bulb", "second": "Lamp", "orders": 4, "confidence": 100.0, "lift": 2.0}
    ]


def test_products_selected_in_the_scatter_are_the_only_rows_until_they_are_cleared(
    open_page: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sales = [{"product_id": name.lower(), "product": name} for name in ("Lamp", "Bulb", "Vase")]
    lake = lake_of_sales(tmp_path / "sales", sales)
    selections = {"tk-plot-products-price-volume-margin-0": [{"customdata": "vase"}]}

    def drawn(figure: object, *, key: str, **_: object) -> dict[str, dict[str, object]]:
        return {"selection": {"points": selections.get(key, [])}}

    monkeypatch.setattr(st, "plotly_chart", drawn)
    page = open_page("products", lake)
    assert list(page.dataframe[0].value["name"]) == ["Vase"]
    assert "1 of 3 products selected" in text_of(page)
    assert "Selected products <small>1 row<" in text_of(page)
    page.button(key="tk-products-clear").click().run()
    assert not page.exception
    assert list(page.dataframe[0].value["name"]) == ["Bulb", "Lamp", "Vase"]
    assert "All products <small>3 rows<" in text_of(page)
    assert "selected" not in text_of(page)


def test_products_that_were_only_looked_at_have_a_table_and_no_scatter(open_page: Open, tmp_path: Path) -> None:
    lake = lake_of_sales(tmp_path / "views", [{"event_type": "product_view", "order_id": ""}])
    page = open_page("products", lake)
    assert not page.exception
    assert "no product was sold" in text_of(page)
    assert not page.get("plotly_chart")
    assert list(page.dataframe[0].value["name"]) == ["Lamp"]


def test_definitions_finds_a_word_and_says_when_it_does_not(open_page: Open, sample_lake: Path) -> None:
    found = text_of(open_page("definitions", sample_lake, search=["abandonment"]))
    assert "<h2>Cart abandonment</h2>" in found
    assert "<h2>Net revenue</h2>" not in found
    missing = open_page("definitions", sample_lake, search=["zebra"])
    assert "No definition mentions “zebra”" in text_of(missing)


def test_an_export_says_what_it_holds() -> None:
    import pyarrow as pa

    from console.kit import export

    table = pa.table({"Category": ["Home"], "Net revenue": pa.array([Decimal("12.3400")], pa.decimal128(38, 4))})
    written = export.to_csv(table, (("Period", "1 – 28 Nov 2026 (28 days)"), ("Data as of", "28 Nov 2026, 23:59 UTC")))
    lines = written.decode("utf-8-sig").splitlines()
    assert lines[:2] == ["# Period: 1 – 28 Nov 2026 (28 days)", "# Data as of: 28 Nov 2026, 23:59 UTC"]
    rows = list(csv.reader(io.StringIO("\n".join(line for line in lines if not line.startswith("#")))))
    assert rows[-1][0] == "Home"
    assert Decimal(rows[-1][1]) == Decimal("12.34")
