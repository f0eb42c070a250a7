"""What goes with one product, on literal rows."""

from datetime import timedelta

import numpy as np
import pytest

from pipeline.recommend.learning.together import bought_together, viewed_together
from tests.support.shop_data import TODAY, shop_data


def in_orders(product, orders):
    return {"product_id": product, "orders": orders, "units": float(orders)}


def view(visitor, product, *, days_ago=0):
    return {"visitor": visitor, "product_id": product, "day": TODAY - timedelta(days=days_ago)}


def test_bought_together_is_the_share_of_orders_beyond_chance_seen_from_each_product():
    data = shop_data(
        activity=[in_orders("cup", 10), in_orders("saucer", 40)],
        pairs=[{"product_id": "cup", "other_product_id": "saucer", "orders": 8}],
        orders=100,
    )
    beyond = 8 - 10 * 40 / 100
    expected = [[0, beyond / (10 + 10)], [beyond / (40 + 10), 0]]
    assert bought_together(data).toarray() == pytest.approx(np.array(expected))


def test_a_pair_that_chance_explains_is_none_however_many_orders_it_has():
    data = shop_data(
        activity=[in_orders("bag", 90), in_orders("cup", 50)],
        pairs=[{"product_id": "bag", "other_product_id": "cup", "orders": 45}],
        orders=100,
    )
    assert bought_together(data).nnz == 0


def test_few_orders_prove_less_than_many_with_the_same_share():
    data = shop_data(
        activity=[in_orders(*each) for each in (("a", 2), ("b", 2), ("c", 20), ("d", 20))],
        pairs=[
            {"product_id": "a", "other_product_id": "b", "orders": 1},
            {"product_id": "c", "other_product_id": "d", "orders": 10},
        ],
        orders=10_000,
    )
    found = bought_together(data)
    assert found[0, 1] < found[2, 3] / 2


def test_a_shop_without_orders_has_nothing_bought_together():
    assert bought_together(shop_data(activity=[{"product_id": "cup", "views": 3}])).nnz == 0


def test_viewed_together_are_views_of_one_visitor_on_one_day():
    data = shop_data(
        interactions=[
            view("c:ann", "cup"),
            view("c:ann", "pot"),
            view("c:ann", "kite", days_ago=1),
            view("s:1", "kite"),
        ]
    )
    found = viewed_together(data).toarray()  # cup, kite, pot
    assert (found > 0).tolist() == [[False, False, True], [False, False, False], [True, False, False]]


def test_what_is_bought_without_a_look_is_not_viewed_together():
    data = shop_data(interactions=[view("c:ann", "cup"), view("c:ann", "pot") | {"event_type": "purchase"}])
    assert viewed_together(data).nnz == 0
