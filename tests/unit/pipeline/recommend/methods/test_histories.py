"""What a product of a history counts."""

import pytest

from pipeline.recommend.methods.histories import histories
from pipeline.recommend.recency import DAY_SECONDS, decayed
from tests.support.interactions import interactions

SHOP = interactions([("ann", "tea", 0), ("ann", "cup", 10), ("ann", "tea", 20), ("ann", "pot", 5), ("bob", "pot", 10)])


def test_the_newest_interaction_with_a_product_decides_and_counts_half_after_each_half_life():
    found = histories(SHOP, half_life_days=10).toarray()
    assert found.tolist() == [[0.5, pytest.approx(0.5**1.5), 1.0], [0.0, 0.5, 0.0]]  # cup, pot, tea


def test_without_a_half_life_all_count_alike():
    assert histories(SHOP).toarray().tolist() == [[1, 1, 1], [0, 1, 0]]


def test_only_the_newest_products_of_each_customer_count_where_so_many_are_asked_for():
    assert histories(SHOP, most=2).toarray().tolist() == [[1, 0, 1], [0, 1, 0]]


@pytest.mark.parametrize(
    ("days", "half_life", "counted"), [(0, 7, 1), (7, 7, 0.5), (21, 7, 0.125), (9, 0, 1), (-1, 7, 1)]
)
def test_what_serves_lets_age_count_as_what_learns(days, half_life, counted):
    assert decayed(days * DAY_SECONDS, half_life) == counted
