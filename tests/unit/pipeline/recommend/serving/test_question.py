"""Paths and parameters as questions."""

from __future__ import annotations

import pytest

from pipeline.collecting.envelope import Problem
from pipeline.recommend.serving.question import Question, is_recommendations, parse

BASE = "/v1/recommendations"


def test_a_customer_alone_is_asked_for_ten_items_of_for_you():
    assert parse(f"{BASE}/c1", {}) == Question(customer_id="c1", surface="for_you", n=10)


def test_everything_that_may_be_asked_for_is_read():
    query = {
        "surface": "viewed_also_viewed",
        "n": "50",
        "exclude": "p1,,p2",
        "context_item": "mug",
        "category": "Kitchen/Cups",
        "region": "North",
        "key": "tk_secret",
    }
    assert parse(f"{BASE}/c1", query) == Question(
        customer_id="c1",
        surface="viewed_also_viewed",
        n=50,
        exclude=frozenset({"p1", "p2"}),
        context_item="mug",
        category="Kitchen",
        region="North",
    )


def test_a_category_without_a_top_one_is_none():
    assert parse(f"{BASE}/c1", {"category": "/Cups"}).category is None


@pytest.mark.parametrize("path", [BASE, f"{BASE}/"])
def test_without_a_customer_in_the_path_it_is_that_of_the_parameter_or_nobodys(path: str):
    assert parse(path, {"context_item": "mug"}).customer_id is None
    assert parse(path, {"customer_id": "a/b?c"}).customer_id == "a/b?c"


def test_all_of_the_path_is_the_customers_id():
    assert parse(f"{BASE}/shop/ü 7%", {}).customer_id == "shop/ü 7%"


def test_an_empty_parameter_counts_as_not_given():
    assert parse(f"{BASE}/c1", {"surface": "", "n": "", "category": "", "exclude": ""}) == Question(customer_id="c1")


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ({"surface": "foryou"}, "there are for_you, bought_together, viewed_also_viewed, best_sellers, trending"),
        ({"n": "0"}, "1 to 50"),
        ({"n": "51"}, "1 to 50"),
        ({"n": "-1"}, "1 to 50"),
        ({"n": "ten"}, "1 to 50"),
        ({"n": "１０"}, "1 to 50"),
        ({"n": "9" * 5000}, "1 to 50"),
        ({"exclude": ",".join(map(str, range(101)))}, "101 products; it may name 100"),
        ({"context_item": "p" * 65}, "context_item has 65 characters; it may have 64"),
        ({"customer_id": "c" * 65}, "customer_id has 65"),
        ({"region": "r" * 65}, "region has 65"),
        ({"category": "k" * 513}, "category has 513"),
        ({"limit": "3"}, "no parameter 'limit'; there are customer_id, surface, n"),
    ],
)
def test_what_cannot_be_used_is_a_400_that_says_what_can(query: dict[str, str], why: str):
    with pytest.raises(Problem, match=why) as caught:
        parse(BASE, query)
    assert (caught.value.status, caught.value.code) == (400, "invalid_parameter")


def test_an_id_in_the_path_may_have_64_characters():
    assert parse(f"{BASE}/{'c' * 64}", {}).customer_id == "c" * 64
    with pytest.raises(Problem, match="may have 64"):
        parse(f"{BASE}/{'c' * 65}", {})


def test_which_paths_are_of_recommendations():
    paths = [BASE, f"{BASE}/", f"{BASE}/c1", f"{BASE}/a/b", "/v1/recommendationsx", "/v1/events", "/"]
    assert [is_recommendations(path) for path in paths] == [True, True, True, True, False, False, False]
