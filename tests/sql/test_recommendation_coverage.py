"""Which products recommendations show, how evenly, and which they never show, on literal rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.asking.formatting import NARROW_SPACE
from console.asking.periods import Period
from console.asking.slices import Slices
from console.recommendations.coverage import words
from console.recommendations.coverage.answer import Coverage, NeverShown, coverage, tenths
from console.recommendations.source import CatalogueProduct
from tests.support.lake_rows import Rows, money

EVERYTHING = Slices()
MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))


def product(product_id: str, category: str = "Home", *, available: bool = True) -> CatalogueProduct:
    return CatalogueProduct(product_id, product_id.capitalize(), category, available)


CATALOGUE = [
    product("mug"),
    product("lamp"),
    product("vase"),
    product("spade", "Garden"),
    product("old", available=False),
]


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    rows = Rows(tmp_path / "lake")
    rows.table(
        "daily_recommended_products",
        [
            shown(date(2026, 3, 10), "mug", 70),
            shown(date(2026, 3, 11), "mug", 20),
            shown(date(2026, 3, 11), "spade", 9),
            shown(date(2026, 3, 11), "old", 1),
            shown(date(2026, 2, 10), "mug", 5),
            shown(date(2026, 2, 10), "lamp", 5),
            shown(date(2026, 2, 10), "spade", 5),
        ],
    )
    rows.table(
        "daily_product_sales",
        [
            {
                "order_date": date(2026, 3, 5), "order_month": date(2026, 3, 1), "product_id": "vase",
                "category": "Home", "currency": "USD", "gross_revenue": money("84.00"), "refunds": money("14.00"),
                "units": Decimal(6), "orders": 5,
            },
        ],
    )  # fmt: skip
    return rows


def shown(day: date, product_id: str, impressions: int) -> dict[str, Any]:
    return {
        "event_date": day, "event_month": day.replace(day=1), "product_id": product_id, "surface": "for_you",
        "region": "South", "impressions": impressions, "clicks": 0,
    }  # fmt: skip


def asked(lake: Rows, slices: Slices = EVERYTHING, catalogue: list[CatalogueProduct] = CATALOGUE) -> Coverage:
    return coverage(lake.scope(), MARCH, [("February", Period(date(2026, 2, 1), date(2026, 3, 1)))], slices, catalogue)


def test_coverage_is_the_share_of_the_available_products_that_were_shown(lake: Rows) -> None:
    found = asked(lake)
    assert (found.shown, found.available, found.withdrawn) == (2, 4, 1)
    assert found.share == Decimal("0.5")
    assert found.figures[0].changes[0].value == Decimal("0.75")
    assert (found.last_weeks, found.weeks_before) == (Decimal("0.5"), Decimal("0.75"))
    assert [line.replace(NARROW_SPACE, " ") for line in words.lines(found, "USD")] == [
        "Coverage falls in the last 28 days against the 28 before: from 75.0 % to 50.0 %.",
        "1 product of the 2 never shown sold all the same: $70.00 of net revenue.",
        "1 shown product is not available now.",
    ]


def test_what_is_never_shown_comes_with_what_it_sells_meanwhile(lake: Rows) -> None:
    assert asked(lake).never_shown == [
        NeverShown("vase", "Vase", "Home", Decimal(6), 5, money("70.00")),
        NeverShown("lamp", "Lamp", "Home", Decimal(0), 0, Decimal(0)),
    ]


def test_tenths_of_the_products_hold_every_impression_once(lake: Rows) -> None:
    assert asked(lake).tenths == []  # three products have no tenths
    assert tenths([50, 30, 5, 5, 2, 2, 2, 2, 1, 1])[:3] == [Decimal("0.5"), Decimal("0.3"), Decimal("0.05")]
    fifteen = tenths([30, 20, *[5] * 10, 0, 0, 0])  # a tenth is a product and a half
    assert fifteen == [Decimal(40) / 100, Decimal(15) / 100, *[Decimal("7.5") / 100] * 6, Decimal(0), Decimal(0)]
    rows = [shown(date(2026, 3, 10), f"p{number}", number) for number in range(1, 24)]
    found = asked(lake.table("daily_recommended_products", rows), catalogue=[product(f"p{n}") for n in range(1, 24)])
    assert sum(found.tenths) == pytest.approx(1)
    assert found.tenths == sorted(found.tenths, reverse=True)
    assert found.tenths[0] == (23 + 22 + Decimal("0.3") * 21) / sum(range(1, 24))


def test_a_category_chosen_narrows_the_catalogue_and_what_was_shown(lake: Rows) -> None:
    found = asked(lake, Slices(categories=("Garden",)))
    assert (found.shown, found.available, found.impressions, found.never_shown) == (1, 1, [9], [])


def test_a_channel_chosen_changes_nothing_and_that_is_said(lake: Rows) -> None:
    channels = {"web": "84.00", "app": "16.00"}
    rows = [
        {
            "order_date": date(2026, 3, 5), "order_month": date(2026, 3, 1), "product_id": "vase", "category": "Home",
            "channel": channel, "currency": "USD", "gross_revenue": money(revenue), "units": Decimal(1), "orders": 1,
        }
        for channel, revenue in channels.items()
    ]  # fmt: skip
    found = asked(lake.table("daily_product_sales", rows), Slices(channels=("web",)))
    assert (found.shown, found.available) == (2, 4)
    assert found.never_shown[0].net_revenue == money("100.00")
    said = words.lines(found, "USD")
    assert (
        said[0] == "The products shown are not kept by channel: coverage, and what is never shown, are of all channels."
    )
    assert said[1:] == words.lines(asked(lake), "USD")


def test_a_category_of_which_nothing_is_available_is_not_taken_for_a_missing_model(lake: Rows) -> None:
    found = asked(lake, Slices(categories=("Garden",)), [product("spade", "Garden", available=False)])
    assert (found.share, found.shown, found.withdrawn) == (None, 0, 1)
    assert words.lines(found, "USD") == [
        "No product of this selection is available.", "1 shown product is not available now."
    ]  # fmt: skip


def test_without_a_model_coverage_is_unknown(lake: Rows) -> None:
    found = asked(lake, catalogue=[])
    assert found.share is None
    assert [(figure.name, figure.value) for figure in found.figures[:3]] == [
        ("Coverage", None), ("Products shown", None), ("Never shown", None)
    ]  # fmt: skip
    assert (found.shown, found.withdrawn, found.impressions) == (None, 0, [90, 9, 1])
    assert "There is no model in use" in words.lines(found, "USD")[0]
