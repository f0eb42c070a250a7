"""Scores of products by what a customer did lately."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.recommend.customers.histories import Action
from pipeline.recommend.models.model import Neighbours
from pipeline.recommend.models.packing import PackedNeighbours
from pipeline.recommend.serving.array_scoring import ArrayScoring
from pipeline.recommend.serving.diversity import spread
from pipeline.recommend.serving.scoring import (
    HALF_LIFE_DAYS,
    ROUNDS,
    PlainScoring,
    Scoring,
    Seed,
    action_weights,
    share,
)
from tests.support.models import card
from tests.unit.pipeline.recommend.serving.shop import packed

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
# weights that are whole steps of the strongest: they come back as they are
GO_WITH = {0: packed(Neighbours((1, 2), (0.5, -0.25))), 1: packed(Neighbours((2, 3), (1.0, 0.125)))}
CLOSE = 1e-4


PLAIN, WITH_ARRAYS = PlainScoring(), ArrayScoring()


@pytest.fixture(params=[PLAIN, WITH_ARRAYS], ids=["plain", "arrays"])
def scoring(request: pytest.FixtureRequest) -> Scoring:
    chosen: Scoring = request.param
    return chosen


def scored(scoring: Scoring, seeds: Sequence[Seed], **options: Any) -> dict[int, float]:
    return dict(
        scoring.score(seeds, options.pop("neighbours", GO_WITH), **{"products": 5, "most": 10} | options).ranked
    )


def test_a_score_is_the_sum_of_weight_times_strength_and_what_speaks_against_a_product_counts(scoring: Scoring):
    seeds = [Seed(0, "product_view", 2.0), Seed(1, "purchase", 1.0)]
    found = scoring.score(seeds, GO_WITH, products=5, most=10).ranked
    assert [place for place, _ in found] == [1, 2, 3]
    assert [score for _, score in found] == pytest.approx([1.0, 0.5, 0.125], abs=CLOSE)
    assert list(scored(scoring, [Seed(0, "product_view", 2.0)])) == [1]  # all that is left speaks against the other


def test_the_prior_is_added_once_to_each_and_brings_popular_products_in(scoring: Scoring):
    seeds = [Seed(0, "product_view", 1.0), Seed(1, "product_view", 1.0)]
    found = scored(scoring, seeds, prior=(0.0, 10.0, 20.0, 30.0, 40.0), popular=(4, 3))
    assert found == pytest.approx({4: 40.0, 3: 30.125, 2: 20.75, 1: 10.5}, abs=CLOSE)
    assert list(found) == [4, 3, 2, 1]


@pytest.mark.parametrize("neighbours", [{}, {0: packed(Neighbours())}])
def test_where_nothing_goes_with_the_seeds_nothing_is_scored(scoring: Scoring, neighbours: dict[int, PackedNeighbours]):
    seeds = [Seed(0, "product_view", 1.0)]
    assert scored(scoring, seeds, neighbours=neighbours) == {}
    assert scored(scoring, seeds, neighbours={}, prior=(1.0,) * 5, popular=(4,)) == {}


def test_of_equal_scores_the_first_place_comes_first(scoring: Scoring):
    same = {0: packed(Neighbours((4, 2, 3, 1), (1.0, 1.0, 1.0, 1.0)))}
    assert list(scored(scoring, [Seed(0, "purchase", 1.0)], neighbours=same, most=3)) == [1, 2, 3]


PRODUCTS = 60
WEIGHTS = st.integers(-50, 50).map(float)
LISTS = st.dictionaries(st.integers(0, PRODUCTS - 1), WEIGHTS, min_size=1, max_size=PRODUCTS).map(
    lambda found: packed(Neighbours(*zip(*sorted(found.items(), key=lambda pair: -abs(pair[1])), strict=True)))
)


@given(
    st.dictionaries(st.integers(0, PRODUCTS - 1), LISTS, min_size=1, max_size=8),
    st.lists(st.integers(0, 9).map(float), min_size=PRODUCTS, max_size=PRODUCTS),
    st.integers(1, 70),
)
def test_the_best_are_those_that_sorting_every_score_gives(
    neighbours: dict[int, PackedNeighbours], prior: list[float], most: int
):
    scores = list(prior)
    seeds = [Seed(place, "product_view", 1.0 + place) for place in neighbours]
    for seed in seeds:
        found = neighbours[seed.place]
        for place, weight in zip(found.places, found.weights, strict=True):
            scores[place] += seed.weight * weight
    expected = sorted((score for score in scores if score > CLOSE), reverse=True)[:most]
    popular = range(PRODUCTS)  # every product may come
    for scoring in (PLAIN, WITH_ARRAYS):
        ranked = scoring.score(seeds, neighbours, prior=prior, popular=popular, products=PRODUCTS, most=most).ranked
        assert [score for _, score in ranked if score > CLOSE] == pytest.approx(expected, abs=CLOSE)
        assert [score for _, score in ranked] == pytest.approx([scores[place] for place, _ in ranked], abs=CLOSE)


@given(
    st.dictionaries(st.integers(0, PRODUCTS - 1), LISTS, max_size=8),
    st.lists(st.integers(0, 9).map(float), min_size=PRODUCTS, max_size=PRODUCTS) | st.just([]),
    st.lists(st.integers(0, PRODUCTS - 1), max_size=5),
    st.integers(1, 70),
)
def test_with_arrays_and_without_the_answers_and_their_reasons_are_the_same(
    neighbours: dict[int, PackedNeighbours], prior: list[float], popular: list[int], most: int
):
    # weights of different sizes: a seed is never as strong as another by chance
    seeds = [Seed(place, "product_view", 1.0 + 0.013 * place) for place in range(0, PRODUCTS, 2)]
    found = [
        scoring.score(seeds, neighbours, prior=prior, popular=popular, products=PRODUCTS, most=most)
        for scoring in (PLAIN, WITH_ARRAYS)
    ]
    plain, arrays = (scored.ranked for scored in found)
    assert [score for _, score in arrays if score > CLOSE] == pytest.approx(
        [score for _, score in plain if score > CLOSE], abs=1e-9
    )
    assert {place for place, score in arrays if score > plain[-1][1] + CLOSE} == {
        place for place, score in plain if score > plain[-1][1] + CLOSE
    }
    places = [place for place, _ in plain]
    assert found[0].strongest(places) == found[1].strongest(places)


def test_lists_of_more_products_than_two_bytes_number_are_scored_beside_others(scoring: Scoring):
    lists = {0: packed(Neighbours((1, 70_000), (1.0, 0.5))), 1: packed(Neighbours((2,), (0.25,)))}
    seeds = [Seed(0, "purchase", 1.0), Seed(1, "purchase", 1.0)]
    found = scoring.score(seeds, lists, products=70_001, most=5)
    assert [place for place, _ in found.ranked] == [1, 70_000, 2]
    assert found.strongest([70_000, 2]) == {70_000: seeds[0], 2: seeds[1]}


def test_the_work_of_an_answer_is_bounded(scoring: Scoring, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("pipeline.recommend.serving.scoring.ROUNDS", 4)
    lists = {place: packed(Neighbours((7, 8, 9), (3.0, 2.0, 1.0))) for place in range(2)}
    seeds = [Seed(0, "purchase", 1.0), Seed(1, "purchase", 1.0), Seed(2, "purchase", 1.0)]  # the third has none
    found = scoring.score(seeds, lists, products=10, most=5)
    assert dict(found.ranked) == pytest.approx({7: 6.0, 8: 4.0}, abs=1e-3)
    assert found.strongest([7, 9]) == {7: seeds[0]}
    assert dict(scoring.score(seeds[:1], lists, products=10, most=5).ranked).keys() == {7, 8, 9}


def test_a_short_history_has_all_of_each_list_and_a_long_one_its_share():
    assert (share(0), share(1), share(25), share(200)) == (ROUNDS, ROUNDS, ROUNDS // 25, ROUNDS // 200)
    assert share(10 * ROUNDS) == 1


def test_the_reason_is_the_seed_that_adds_most_and_none_where_the_prior_adds_more(scoring: Scoring):
    view, purchase = Seed(0, "product_view", 1.0), Seed(1, "purchase", 1.0)
    scored = scoring.score([view, purchase], GO_WITH, prior=(0.0, 0.25, 0.5, 0.5), products=4, most=4)
    assert scored.strongest((1, 2, 3)) == {1: view, 2: purchase}


def weight(days: float, **parameters: float | str) -> float:
    """What a purchase of some days ago counts in a model with these parameters."""
    done_at = (NOW - timedelta(days=days)).timestamp()
    return action_weights([Action("p", "purchase", done_at)], NOW, card(parameters=parameters))[0]


def test_an_action_counts_half_after_a_half_life_and_one_of_the_future_as_one_of_now():
    weights = [weight(days, history_half_life_days=10) for days in (0, 10, 20, -10)]
    assert weights == pytest.approx([1.0, 0.5, 0.25, 1.0])


def test_an_action_counts_as_the_models_card_says():
    assert weight(5, history_half_life_days=0) == 1.0
    assert weight(0, weight_purchase=3, weight_product_view=0.5) == 3.0
    assert weight(HALF_LIFE_DAYS) == weight(HALF_LIFE_DAYS, history_half_life_days="long") == pytest.approx(0.5)


def test_of_ten_items_at_most_six_are_of_one_category_as_long_as_there_are_others():
    categories = ["Kitchen"] * 8 + ["Home"] * 4 + [""] * 9
    found = list(spread(range(len(categories)), categories.__getitem__, 10))
    assert found[:10] == [0, 1, 2, 3, 4, 5, 8, 9, 10, 11]
    assert sorted(found) == list(range(len(categories)))
    assert list(spread([3, 1, 2], lambda _: "Kitchen", 3)) == [3, 1, 2]
