"""Scores of products by what a customer did lately."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.live.documents import Item
from pipeline.recommend.model import Neighbours
from pipeline.recommend.serving.diversity import spread
from pipeline.recommend.serving.scoring import (
    HALF_LIFE_DAYS,
    Seed,
    action_weight,
    score,
    strongest_seeds,
)
from tests.support.models import card

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
GO_WITH = {0: Neighbours((1, 2), (0.5, -0.25)), 1: Neighbours((2, 3), (1.0, 0.125))}


def test_a_score_is_the_sum_of_weight_times_strength_and_what_speaks_against_a_product_counts():
    seeds = [Seed(0, "product_view", 2.0), Seed(1, "purchase", 1.0)]
    assert score(seeds, GO_WITH, (), ()) == {1: 1.0, 2: 0.5, 3: 0.125}


def test_the_prior_is_added_once_to_each_and_brings_popular_products_in():
    seeds = [Seed(0, "product_view", 1.0), Seed(1, "product_view", 1.0)]
    scores = score(seeds, GO_WITH, (0.0, 10.0, 20.0, 30.0, 40.0), popular=(4, 3))
    assert scores == {1: 10.5, 2: 20.75, 3: 30.125, 4: 40.0}


@pytest.mark.parametrize("neighbours", [{}, {0: Neighbours()}])
def test_where_nothing_goes_with_the_seeds_nothing_is_scored(neighbours: dict[int, Neighbours]):
    assert score([Seed(0, "product_view", 1.0)], neighbours, (1.0,) * 5, (4,)) == {}
    assert score([Seed(0, "product_view", 1.0)], neighbours, (), ()) == {}


def test_the_reason_is_the_seed_that_adds_most_and_none_where_the_prior_adds_more():
    view, purchase = Seed(0, "product_view", 1.0), Seed(1, "purchase", 1.0)
    found = strongest_seeds([view, purchase], GO_WITH, (0.0, 0.25, 0.5, 0.5), (1, 2, 3))
    assert found == {1: view, 2: purchase}


def weight(days: float, **parameters: float | str) -> float:
    """What a purchase of some days ago counts in a model with these parameters."""
    return action_weight(Item("p", "purchase", NOW - timedelta(days=days)), NOW, card(parameters=parameters))


def test_an_action_counts_half_after_a_half_life_and_one_of_the_future_as_one_of_now():
    weights = [weight(days, history_half_life_days=10) for days in (0, 10, 20, -10)]
    assert weights == pytest.approx([1.0, 0.5, 0.25, 1.0])


def test_an_action_counts_as_the_models_card_says():
    assert weight(5, history_half_life_days=0) == 1.0
    assert weight(0, weight_purchase=3, weight_product_view=0.5) == 3.0
    assert weight(HALF_LIFE_DAYS) == weight(HALF_LIFE_DAYS, history_half_life_days="long") == pytest.approx(0.5)


def test_of_ten_items_at_most_six_are_of_one_category_as_long_as_there_are_others():
    categories = ["Kitchen"] * 8 + ["Home"] * 4 + [""] * 9
    found = spread(range(len(categories)), categories.__getitem__, 10)
    assert found[:10] == [0, 1, 2, 3, 4, 5, 8, 9, 10, 11]
    assert sorted(found) == list(range(len(categories)))
    assert spread([3, 1, 2], lambda _: "Kitchen", 3) == [3, 1, 2]
