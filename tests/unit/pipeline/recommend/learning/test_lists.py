"""Lists for everybody, on literal rows."""

from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.recommend.learning import lists as lists_module
from pipeline.recommend.learning.lists import LENGTH, MOST_NAME_BYTES, has_sales, ranked_lists, sales
from pipeline.recommend.models.model import BEST_SELLERS, TRENDING
from tests.support.shop_data import TODAY, shop_data

CATEGORIES = [
    {"product_id": "cup", "category": "Home"},
    {"product_id": "pot", "category": "Home"},
    {"product_id": "kite", "category": "Toys"},
]


def sold(product, units, *, days_ago=0, region=None):
    day = TODAY - timedelta(days=days_ago)
    return {"product_id": product, "units": float(units), "orders": 1, "day": day, "region": region}


def viewed(product, views, *, days_ago=0, region=None):
    return {"product_id": product, "views": views, "day": TODAY - timedelta(days=days_ago), "region": region}


def lists(data, *, unavailable=()):
    available = np.array([product not in unavailable for product in data.interactions.products], dtype=bool)
    names = data.interactions.products
    return {
        (ranked.surface, ranked.scope): [
            (names[place], pytest.approx(score)) for place, score in zip(ranked.places, ranked.scores, strict=True)
        ]
        for ranked in ranked_lists(data, available)
    }


def test_best_sellers_are_units_that_count_half_after_thirty_days_everywhere_and_in_each_scope():
    data = shop_data(
        activity=[
            sold("cup", 4, days_ago=30, region="UK"),
            sold("pot", 3, region="US"),
            sold("kite", 1, region="UK"),
            sold("kite", 1),
        ],
        products=CATEGORIES,
    )
    found = {scope: ranked for (surface, scope), ranked in lists(data).items() if surface == BEST_SELLERS}
    assert found == {
        "": [("pot", 3), ("cup", 2), ("kite", 2)],
        "category:Home": [("pot", 3), ("cup", 2)],
        "category:Toys": [("kite", 2)],
        "region:UK": [("cup", 2), ("kite", 1)],
        "region:US": [("pot", 3)],
    }


def test_what_is_no_longer_available_is_on_no_list():
    data = shop_data(activity=[sold("cup", 4), sold("pot", 3)])
    assert lists(data, unavailable={"cup"})[BEST_SELLERS, ""] == [("pot", 3)]


def test_in_a_shop_that_has_sold_nothing_best_sellers_are_the_products_with_which_most_is_done():
    data = shop_data(activity=[viewed("cup", 2), viewed("pot", 5)])
    assert not has_sales(data)
    assert lists(data)[BEST_SELLERS, ""] == [("pot", 5), ("cup", 2)]


def test_trending_is_what_rises_against_its_share_of_the_weeks_before_in_standard_deviations():
    data = shop_data(
        activity=[
            *(viewed("cup", 15, days_ago=days) for days in (10, 20)),
            *(viewed("pot", 35, days_ago=days) for days in (10, 20)),
            viewed("cup", 60, days_ago=1),
            viewed("pot", 40, days_ago=1),
        ]
    )
    expected = 100 * 30 / 100
    assert lists(data)[TRENDING, ""] == [("cup", (60 - expected) / (expected + 10) ** 0.5)]


def test_a_shop_whose_traffic_doubles_has_nothing_that_trends():
    data = shop_data(
        activity=[
            viewed("cup", 10, days_ago=20),
            viewed("pot", 30, days_ago=20),
            viewed("cup", 20, days_ago=1),
            viewed("pot", 60, days_ago=1),
        ]
    )
    assert (TRENDING, "") not in lists(data)


def test_few_views_rise_less_than_many_at_the_same_rate():
    before = [viewed(name, views, days_ago=20) for name, views in (("few", 2), ("many", 200), ("rest", 1000))]
    now = [viewed(name, views, days_ago=1) for name, views in (("few", 4), ("many", 400), ("rest", 1000))]
    assert [name for name, _ in lists(shop_data(activity=before + now))[TRENDING, ""]] == ["many", "few"]


def test_a_list_has_no_more_than_serving_looks_at():
    data = shop_data(activity=[sold(f"p{number:03d}", number + 1) for number in range(LENGTH + 5)])
    found = lists(data)[BEST_SELLERS, ""]
    assert len(found) == LENGTH
    assert found[0] == ("p304", 305)


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 9), st.sampled_from(["UK", "US", None])), min_size=1))
@settings(max_examples=40, deadline=None)
def test_the_regions_of_a_day_sell_together_what_the_shop_sells(rows):
    data = shop_data(activity=[sold(product, units, region=region) for product, units, region in rows])
    region = data.activity.region
    parts = [sales(data, region == number) for number in (-1, *range(len(data.regions)))]
    assert np.sum(parts, axis=0) == pytest.approx(sales(data, np.ones(len(region), dtype=bool)))
    assert sum(map(sum, parts)) == pytest.approx(sum(units for _, units, _ in rows))


def test_only_the_largest_regions_and_categories_have_lists_whatever_senders_name(monkeypatch):
    monkeypatch.setattr(lists_module, "MOST_REGIONS", 2)
    monkeypatch.setattr(lists_module, "MOST_CATEGORIES", 1)
    long = "森" * (MOST_NAME_BYTES // 3 + 1)
    data = shop_data(
        activity=[
            *[sold("cup", 1, region="UK") for _ in range(3)],
            *[sold("pot", 1, region="US") for _ in range(2)],
            sold("kite", 1, region="FR"),
            *[sold("kite", 1, region=long) for _ in range(9)],
        ],
        products=[*CATEGORIES, {"product_id": "log", "category": long}, {"product_id": "twig", "category": long}],
    )
    assert {scope for _, scope in lists(data)} == {"", "category:Home", "region:UK", "region:US"}
