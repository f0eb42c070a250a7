"""The Tiers and the Unit costs page in their states, and what they promise."""

from __future__ import annotations

import json
import re
import shutil
from decimal import Decimal
from pathlib import Path

import pytest

from console.__main__ import main
from tests.pages.conftest import Open, charts_of, lake_of_sales, text_of

DAYS = {"period": ["custom"], "from_": ["2026-04-01"], "to": ["2026-05-15"]}


def test_tiers_shows_three_sizes_their_bands_and_todays_bill(open_page: Open, sample_lake: Path) -> None:
    page = open_page("tiers", sample_lake)
    assert not page.exception
    text = text_of(page)
    assert "sample data" in text
    for spoken in ("Dev $49.43", "Startup $370.18", "Scale $1,460.62"):
        assert spoken in text
    assert "in the Startup band" in text
    assert "Type the old bill; 60 % would take" in text
    assert "Measured in this lake" in text
    assert "Dev costs more than $50 a month from" in text
    assert "Startup: 1.94 events a request: 1.73 from pages whose tracker gathers for 30 seconds" in text
    assert "Requests to Scale cost less through the load balancer than through CloudFront and API Gateway from" in text
    assert [element.label for element in page.expander] == ["In no estimate, and why"]
    assert "AWS Budgets, budgets: budgets that only notify are free." in text
    assert len(charts_of(page)) == 4
    assert "SELECT" in text


def test_tiers_lists_every_line_with_formula_price_source_and_date(open_page: Open, sample_lake: Path) -> None:
    page = open_page("tiers", sample_lake)
    table = page.dataframe[0].value
    assert list(table.columns) == [
        "service", "what", "monthly_usd", "formula", "quantity", "unit", "price", "source", "as_of", "confidence",
    ]  # fmt: skip
    assert round(sum(table["monthly_usd"]), 2) == Decimal("370.18")
    assert table["source"].str.startswith("aws.amazon.com/").all()
    page.segmented_control(key="tk-lines").set_value("dev").run()
    assert round(sum(page.dataframe[0].value["monthly_usd"]), 2) == Decimal("49.43")
    assert dict(page.query_params) == {"lines": "dev"}
    page.select_slider(key="tk-what-if-kept").set_value(30).run()  # the bar writes the link too
    assert not page.exception
    assert dict(page.query_params) == {"lines": "dev", "kept": "30"}
    page.segmented_control(key="tk-lines").set_value("startup").run()
    assert dict(page.query_params) == {"kept": "30"}
    linked = open_page("tiers", sample_lake, lines=["scale"], events=["30000000"])
    assert round(sum(linked.dataframe[0].value["monthly_usd"]), 2) == Decimal("1460.62")


def test_what_is_tried_on_tiers_comes_from_the_link_and_goes_into_it(open_page: Open, sample_lake: Path) -> None:
    page = open_page("tiers", sample_lake, events=["5000000"], batch=["1"], legacy=["2500"], free=["yes"])
    assert page.select_slider(key="tk-what-if-events").value == 5_000_000
    text = text_of(page)
    assert "Above its band of $200 to $400" in text
    assert "Against the bill you typed" in text
    page.select_slider(key="tk-what-if-events").set_value(0).run()
    page.select_slider(key="tk-what-if-kept").set_value(30).run()
    assert dict(page.query_params) == {"batch": "1", "kept": "30", "free": "yes", "legacy": "2500"}
    assert not page.exception


def test_tiers_are_estimated_at_the_traffic_that_the_lake_measured(
    open_page: Open, sample_lake: Path, empty_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = open_page("tiers", sample_lake)
    page.toggle(key="tk-what-if-measured").set_value(True).run()
    assert not page.exception
    assert dict(page.query_params) == {"measured": "yes"}
    events = re.findall(r"(?:Dev|Startup|Scale): ([\d,]+) events a day", text_of(page))
    assert len(set(events)) == 1
    assert f"Measured in this lake: {events[0]} events a day" in text_of(page)
    assert main(["tiers", "--measured", "--lake", str(sample_lake), "--format", "json"]) == 0
    measured = capsys.readouterr().out
    assert main(["tiers", "--events-per-day", events[0].replace(",", ""), "--format", "json"]) == 0
    assert capsys.readouterr().out == measured
    assert f"Dev ${json.loads(measured)['tiers'][0]['monthly_usd']}" in text_of(page)  # the page says the same
    assert main(["tiers", "--measured", "--lake", str(empty_lake)]) == 2
    assert "No traffic is measured" in capsys.readouterr().err
    assert open_page("tiers", empty_lake, measured=["yes"]).toggle(key="tk-what-if-measured").disabled


def test_the_command_compares_todays_bill_and_a_typed_one(
    open_page: Open, sample_lake: Path, empty_lake: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = text_of(open_page("tiers", sample_lake, legacy=["2500"]))
    options = ["tiers", "--today", "--lake", str(sample_lake), "--format", "json"]
    assert main([*options, "--legacy-usd", "2500"]) == 0
    (row,) = json.loads(capsys.readouterr().out, parse_float=Decimal)["today"]
    assert f"${row['monthly_usd']}" in text
    assert f"Effective, {row['stands']}" in text
    assert row["saved"] == ((2500 - row["monthly_usd"]) / 2500).quantize(Decimal("0.0001"))
    assert main(options) == 0
    (row,) = json.loads(capsys.readouterr().out)["today"]
    assert (row["legacy_monthly_usd"], row["saved"]) == (None, None)
    assert main([*options, "--legacy-usd", "0"]) == 2
    assert "'0' cannot be used (--legacy-usd)" in capsys.readouterr().err
    assert main(["tiers", "--today", "--lake", str(empty_lake)]) == 2
    assert "no bill in US dollars yet" in capsys.readouterr().err


@pytest.mark.parametrize("lake", ["empty", "nowhere"])
def test_tiers_estimates_without_a_lake_and_says_what_is_missing(
    open_page: Open, empty_lake: Path, tmp_path: Path, lake: str
) -> None:
    page = open_page("tiers", empty_lake if lake == "empty" else tmp_path / "nowhere")
    assert not page.exception
    text = text_of(page)
    assert "Startup $370.18" in text
    assert ("No bill is imported yet" if lake == "empty" else "There is no lake yet") in text
    assert "No bill in US dollars yet" in text


def test_tiers_shows_the_failed_state_when_the_lake_is_damaged(
    open_page: Open, sample_lake: Path, tmp_path: Path
) -> None:
    page = open_page("tiers", damaged(sample_lake, tmp_path))
    assert not page.exception
    assert 'role="alert"' in text_of(page)
    assert "python -m pipeline curate --full" in text_of(page)


def test_unit_costs_divides_the_whole_bill_and_adds_up(open_page: Open, sample_lake: Path) -> None:
    page = open_page("unit_costs", sample_lake, **DAYS)
    assert not page.exception
    text = text_of(page)
    for name in ("Cost of 1 order", "Cost of 1 session", "Cost of 1,000 events", "Margin after cloud"):
        assert name in text
    assert "Margin unknown for" in text
    units, functions = (element.value for element in page.dataframe[:2])
    for _, row in units.iterrows():
        assert row["direct"] + row["shared"] + row["unallocated"] == row["unit_cost"]
    assert list(functions["title"])[-1] == "Unallocated"
    whole = sum(functions["total"])
    order = units.iloc[0]
    assert round(whole / order["count"], 10) == round(order["unit_cost"], 10)
    titles = [title.strip() for title in re.findall(r'<h3 class="tk-chart-title">([^<]+)', text)]
    assert "Margin after cloud by day" in titles
    assert "Cost of 1 order by orders a day" in titles


def test_the_efficiency_curve_is_of_the_unit_chosen(open_page: Open, sample_lake: Path) -> None:
    page = open_page("unit_costs", sample_lake, **DAYS)
    page.segmented_control(key="tk-efficiency").set_value("events").run()
    assert not page.exception
    assert "Cost of 1,000 events by events a day" in text_of(page)
    assert "A day costs" in text_of(page)
    linked = open_page("unit_costs", sample_lake, **DAYS, efficiency=["sessions"])
    assert "Cost of 1 session by sessions a day" in text_of(linked)
    assert linked.segmented_control(key="tk-efficiency").value == "sessions"
    unknown = open_page("unit_costs", sample_lake, **DAYS, efficiency=["parcels"])
    assert not unknown.exception
    assert "Cost of 1 order by orders a day" in text_of(unknown)


@pytest.mark.parametrize("unit", ["orders", "sessions", "events"])
def test_the_split_drawn_is_that_of_the_unit_chosen(open_page: Open, sample_lake: Path, unit: str) -> None:
    page = open_page("unit_costs", sample_lake, **DAYS, efficiency=[unit])
    row = page.dataframe[0].value.iloc[["orders", "sessions", "customers", "events"].index(unit)]
    bars = charts_of(page)[2]["baseOption"]["dataset"]["source"]
    amounts = [re.search(r"(\w+), \$([\d.]+)", str(bar)) for bar in bars]
    drawn = {found[1].lower(): Decimal(found[2]) for found in amounts if found}
    assert set(drawn) == {"direct", "shared", "unallocated"}
    for part, amount in drawn.items():
        assert amount == pytest.approx(row[part], rel=Decimal("0.05"), abs=Decimal("0.005"))
    assert {"orders": "of 1 order", "sessions": "of 1 session", "events": "of 1,000 events"}[unit] in text_of(page)


def test_unit_costs_on_a_lake_without_a_bill_says_how_to_import_one(open_page: Open, tmp_path: Path) -> None:
    page = open_page("unit_costs", lake_of_sales(tmp_path / "sales", [{"region": "South"}]))
    assert not page.exception
    assert "There is no cloud bill yet" in text_of(page)
    assert "python -m console spend import FILE" in text_of(page)


def test_unit_costs_on_an_empty_lake_has_a_next_step(open_page: Open, empty_lake: Path) -> None:
    page = open_page("unit_costs", empty_lake)
    assert not page.exception
    assert "tk-empty" in text_of(page)


def test_unit_costs_shows_the_failed_state_when_the_lake_is_damaged(
    open_page: Open, sample_lake: Path, tmp_path: Path
) -> None:
    page = open_page("unit_costs", damaged(sample_lake, tmp_path))
    assert not page.exception
    assert 'role="alert"' in text_of(page)


def test_a_bill_of_days_without_events_says_so_on_the_page_and_in_the_command(
    open_page: Open, empty_lake: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, bill = tmp_path / "own", tmp_path / "bill.csv"
    shutil.copytree(empty_lake, own)
    bill.write_text(
        "BilledCost,EffectiveCost,BillingCurrency,ProviderName,ServiceName,ChargeCategory,BillingPeriodStart,"
        "BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,BillingAccountId\n"
        "5,4,USD,AWS,Amazon S3,Usage,2026-03-01,2026-04-01,2026-03-02,2026-03-03,1\n",
        encoding="utf-8",
    )
    assert main(["spend", "import", str(bill), "--lake", str(own)]) == 0
    text = text_of(open_page("unit_costs", own))
    assert "No day has both charges and events" in text
    assert "python -m pipeline import --help" in text
    capsys.readouterr()
    assert main(["unit-costs", "--lake", str(own)]) == 0
    assert "Days with charges before the first event or after the last one: 1." in capsys.readouterr().err


def test_a_mistake_in_the_lakes_own_rules_is_shown_with_its_line(
    open_page: Open, sample_lake: Path, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    shutil.copytree(sample_lake, own)
    (own / "allocation.toml").write_text('[function.selling]\ntitle = "Selling"\nunit = "parcels"\n', encoding="utf-8")
    page = open_page("unit_costs", own)
    assert not page.exception
    assert 'role="alert"' in text_of(page)
    assert "allocation.toml:3" in text_of(page)


def test_a_viewer_of_some_regions_is_told_why_there_is_no_unit_cost(
    open_page: Open, sample_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKINGS_REGIONS", "UK")
    page = open_page("unit_costs", sample_lake)
    assert not page.exception
    text = text_of(page)
    assert "Unit costs are of the whole shop" in text
    assert "You see UK" in text
    assert "Cost of 1 order" not in text


def test_the_command_gives_the_same_unit_costs(
    sample_lake: Path, open_page: Open, capsys: pytest.CaptureFixture[str]
) -> None:
    page = open_page("unit_costs", sample_lake, **DAYS)
    shown = page.dataframe[0].value
    options = ["unit-costs", "--lake", str(sample_lake), "--start", "2026-04-01", "--end", "2026-05-16"]
    options += ["--format", "json"]
    assert main(options) == 0
    answer = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert [row["unit_cost"] for row in answer["units"]] == list(shown["unit_cost"])
    assert sum(row["cost"] for row in answer["functions"]) == answer["effective_cost"]
    left = sum(row["cost"] for row in answer["unallocated"])
    assert left == next(row["cost"] for row in answer["functions"] if row["function"] == "Unallocated")
    assert main([*options, "--by", "day"]) == 0
    days = json.loads(capsys.readouterr().out, parse_float=Decimal)["days"]
    known = [row for row in days if row["kind"] == "known"]
    assert next(row["day"] for row in days if row["kind"] == "expected") == "2026-05-16"
    assert sum(row["effective_cost"] for row in known) == answer["effective_cost"]
    assert sum(row["margin_after_cloud"] for row in known) == answer["margin_after_cloud"]
    assert main(["unit-costs", "--lake", str(sample_lake), "--by", "function"]) == 0
    assert "Recommending" in capsys.readouterr().out
    assert main(["unit-costs", "--lake", str(sample_lake), "--start", "2026-05-02", "--end", "2026-05-02"]) == 2
    assert "--end is the day after the last one" in capsys.readouterr().err
    assert main(["unit-costs", "--lake", str(sample_lake), "--start", "soon"]) == 2
    assert "'soon' is no date" in capsys.readouterr().err


def damaged(sample: Path, folder: Path) -> Path:
    broken = folder / "broken"
    shutil.copytree(sample, broken)
    (broken / "curated" / "daily_spend" / "data.parquet").write_bytes(b"PAR1 not really PAR1")
    return broken
