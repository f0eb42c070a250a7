"""Profit and loss of recommendations in its states, and what it promises."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from catalogue.errors import SourceError
from console.__main__ import main
from console.kit import tables
from console.recommendations.source import CatalogueProduct, ExperimentRecord, VariantRecord
from console.recommendations.stored import StoredRecommendations
from pipeline.curate import curate
from pipeline.lake import Lake
from tests.pages.conftest import Open, charts_of, lake_of_sales, text_of

PROFIT = ["profit"]
TITLES = (
    "Cost of recommending", "By surface", "By model", "Available, and never shown",
)  # fmt: skip


@pytest.fixture
def known_products(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model knows 40 products of the sample shop, and one that is withdrawn."""
    products = [CatalogueProduct(f"p{number}", f"Product {number}", "Home", True) for number in range(10_000, 10_040)]
    products.append(CatalogueProduct("gone", "Gone", "Home", is_available=False))
    monkeypatch.setattr(StoredRecommendations, "catalogue", lambda _self: products)


@pytest.fixture
def held_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of the customers of half a year are shown nothing."""
    record = ExperimentRecord(
        "nobody",
        (VariantRecord("none", 0.5, is_holdout=True), VariantRecord("shown", 0.5)),
        ("8000", "g"),
        datetime(2025, 12, 1, tzinfo=UTC),
    )
    monkeypatch.setattr(StoredRecommendations, "experiments", lambda _self: [record])


def test_it_shows_what_came_of_recommendations_what_they_cost_and_that_nobody_knows_whether_they_pay(
    open_page: Open, sample_lake: Path, known_products: None
) -> None:
    page = open_page("recommendations", sample_lake, part=PROFIT, period=["12m"], compare=["previous"])
    assert not page.exception
    text = text_of(page)
    for name in ("Impressions", "Click rate", "Attributed net revenue", "of all net revenue", "Cost of recommending"):
        assert name in text
    assert "Does it pay? Not known" in text
    assert "Without a hold-out nobody can know whether recommendations pay" in text
    assert "Unknown without a hold-out" in text
    assert "Break-even" in text
    assert "Coverage and what is shown" in text
    for title in TITLES:
        assert title in text
    assert len(charts_of(page)) == 5
    assert "SELECT" in text
    costs, surfaces, models, never = (table.value for table in page.dataframe)
    assert set(costs["purpose"]) <= {"Training", "Serving", "Shared"}
    assert set(surfaces["name"]) == {"home", "product_page", "cart"}
    assert set(models["name"]) == {"cooccurrence", "popularity"}
    assert surfaces["impressions"].sum() == models["impressions"].sum()
    assert "gone" not in set(never["product_id"])


def test_with_a_holdout_it_says_what_is_incremental_with_its_interval(
    open_page: Open, sample_lake: Path, held_out: None
) -> None:
    page = open_page("recommendations", sample_lake, part=PROFIT, period=["90d"])
    assert not page.exception
    text = text_of(page)
    assert "Without a hold-out" not in text
    assert "Incremental margin: hold-out nobody" in text
    assert "Left after cost" in text
    assert "always-valid interval" in text
    assert "Does it pay? Not known yet" in text  # variants are drawn by chance: there is no effect to find


def test_without_a_bill_the_cost_is_unknown_and_it_says_how_to_import_one(open_page: Open, tmp_path: Path) -> None:
    page = open_page("recommendations", lake_with_impressions(tmp_path / "lake"), part=PROFIT, period=["all"])
    assert not page.exception
    text = text_of(page)
    assert "The cost is unknown" in text
    assert "There is no cloud bill yet. Import it: python -m console spend import FILE." in text
    assert "Cost of recommending unknown" in text  # as it is spoken
    assert "There is no model in use" in text


def test_who_sees_some_regions_sees_their_part_and_no_cost(
    open_page: Open, sample_lake: Path, held_out: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TAKINGS_REGIONS", "UK")
    page = open_page("recommendations", sample_lake, part=PROFIT, period=["12m"])
    assert not page.exception
    text = text_of(page)
    assert "You see UK; the cloud’s bill is of the whole shop" in text
    assert "You see UK; experiments are of all the shop’s customers." in text
    assert "By surface" in text


def test_a_category_changes_no_outcome_and_that_is_said(open_page: Open, sample_lake: Path) -> None:
    page = open_page("recommendations", sample_lake, part=PROFIT, period=["12m"], category=["Home"])
    assert not page.exception
    assert "Impressions have no category" in text_of(page)


def test_an_export_names_a_category_only_where_it_was_applied(
    open_page: Open, sample_lake: Path, known_products: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    categories: dict[str, str] = {}

    def kept(*_: object, export_as: str, about: Sequence[tuple[str, str]], **_more: object) -> None:
        categories[export_as] = dict(about)["Category"]

    monkeypatch.setattr(tables, "show", kept)
    page = open_page("recommendations", sample_lake, part=PROFIT, period=["12m"], category=["Home"])
    assert not page.exception
    assert categories == {
        "cost-of-recommending": "all",
        "recommendations-by-surface": "all",
        "recommendations-by-model": "all",
        "never-recommended": "Home",
    }


def test_before_the_first_impression_it_says_how_to_send_one(open_page: Open, tmp_path: Path) -> None:
    page = open_page("recommendations", lake_of_sales(tmp_path / "lake", [{}]), part=PROFIT)
    assert not page.exception
    text = text_of(page)
    assert "No recommendation was shown, clicked or followed in this selection" in text
    assert "recommendation_impression" in text
    assert "$(date -u +%FT%TZ)" in page.code[0].value
    assert not charts_of(page)


def test_where_the_models_cannot_be_read_the_rest_is_drawn(
    open_page: Open, sample_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object) -> None:
        raise SourceError("The models cannot be read", where="recommendations.sqlite", remedy="Look at the disk.")

    monkeypatch.setattr(StoredRecommendations, "catalogue", broken)
    page = open_page("recommendations", sample_lake, part=PROFIT, period=["12m"])
    text = text_of(page)
    assert "tk-failed" in text
    assert "Look at the disk." in text
    assert "By surface" in text
    assert "Does it pay?" in text


def test_where_neither_models_nor_experiments_can_be_read_the_rest_is_drawn_and_it_is_said(
    open_page: Open, sample_lake: Path, known_products: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_self: object) -> None:
        raise SourceError("The experiments cannot be read", where="recommendations.sqlite", remedy="Look at the disk.")

    monkeypatch.setattr(StoredRecommendations, "experiments", broken)
    monkeypatch.setattr(StoredRecommendations, "models", broken)
    page = open_page("recommendations", sample_lake, part=PROFIT, period=["12m"])
    assert not page.exception
    text = text_of(page)
    assert "Does it pay? Not known" in text
    assert text.count("The experiments cannot be read. Look at the disk.") >= 2
    assert "Too few days to say whether the click rate falls" in text
    for title in TITLES:
        assert title in text


def test_the_command_says_as_the_page_does_that_nothing_came_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lake = lake_of_sales(tmp_path / "lake", [{}])
    assert main(["recommendations", "--profit", "--lake", str(lake)]) == 0
    said = capsys.readouterr().err
    assert "No recommendation was shown, clicked or followed in this selection." in said
    assert "Does it pay" not in said


def test_without_an_impression_a_holdout_is_still_heard(open_page: Open, tmp_path: Path, held_out: None) -> None:
    page = open_page("recommendations", lake_of_sales(tmp_path / "lake", [{}]), part=PROFIT)
    assert not page.exception
    text = text_of(page)
    assert "No recommendation was shown" not in text
    assert "The cost is unknown" in text
    assert "The hold-out nobody" in text


def test_a_lake_that_cannot_be_read_is_the_failed_state(open_page: Open, sample_lake: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    shutil.copytree(sample_lake, broken)
    for file in (broken / "curated" / "daily_recommendations").rglob("*.parquet"):
        file.write_bytes(b"not parquet")
    page = open_page("recommendations", broken, part=PROFIT)
    assert not page.exception
    assert "tk-failed" in text_of(page)


def test_the_command_gives_the_same_figures(
    open_page: Open, sample_lake: Path, known_products: None, held_out: None, capsys: pytest.CaptureFixture[str]
) -> None:
    days = {"period": ["custom"], "from_": ["2026-02-01"], "to": ["2026-05-15"]}
    page = open_page("recommendations", sample_lake, part=PROFIT, **days)
    costs, surfaces, _models, never = (table.value for table in page.dataframe)
    asked = ["recommendations", "--profit", "--lake", str(sample_lake), "--start", "2026-02-01", "--end", "2026-05-16"]
    assert main([*asked, "--format", "json"]) == 0
    answer = json.loads(capsys.readouterr().out, parse_float=Decimal)
    assert answer["impressions"] == surfaces["impressions"].sum()
    assert [row["name"] for row in answer["surfaces"]] == list(surfaces["name"])
    assert sum(row["net_revenue"] for row in answer["surfaces"]) == answer["attributed_net_revenue"]
    assert answer["cost"]["effective_cost"] == sum(costs["amount"]) == answer["balance"]["cost"]
    assert answer["balance"]["incremental_margin"]["low"] <= answer["balance"]["incremental_margin"]["value"]
    assert len(answer["coverage"]["never_shown"]) == len(never)
    assert answer["balance"]["verdict"] == "open"
    assert main(asked) == 0
    printed = capsys.readouterr()
    assert "Attributed net revenue" in printed.out
    assert "Does it pay? Not known yet." in printed.err


def lake_with_impressions(root: Path) -> Path:
    """A sale after a click on one of two recommendations; no bill and no model."""
    shown = {"request_id": "r1", "surface": "for_you", "model": "m1"}
    lines = [
        event("i1", "recommendation_impression", "lamp", recommendation={**shown, "rank": 1}),
        event("i2", "recommendation_impression", "vase", recommendation={**shown, "rank": 2}),
        event("c1", "recommendation_click", "lamp", recommendation={**shown, "rank": 1}),
        event("b1", "purchase", "lamp", minute=5, quantity=1, unit_price="20.00", currency="USD", order_id="o1"),
    ]
    lake = Lake.create(root)
    with lake.writing(), lake.transaction() as change:
        raw = change.stage("raw/events/dt=2026-05-20/hour=10/shop.jsonl")
        raw.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    curate(lake)
    return lake.root


def event(event_id: str, kind: str, product_id: str, *, minute: int = 0, **more: object) -> dict[str, object]:
    return {
        "event_id": event_id, "event_type": kind, "occurred_at": f"2026-05-20T10:{minute:02}:00Z", "customer_id": "ann",
        "session_id": "s1", "product_id": product_id, "channel": "web", "region": "South",
        "received_at": "2026-05-20T10:10:00Z", "source": "native", **more,
    }  # fmt: skip
