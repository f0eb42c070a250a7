"""What a model needs before it is worth training."""

from datetime import timedelta

from pipeline.recommend.learning.readiness import needs
from tests.support.shop_data import TODAY, shop_data, two_tastes


def test_an_empty_shop_lacks_everything():
    assert [(need.what, need.have) for need in needs(shop_data(last_day=None)) if not need.is_met] == [
        ("events", 0),
        ("products", 0),
        ("customers with two products or more", 0),
        ("days", 0),
    ]


def test_each_need_says_how_much_there_is_and_how_much_it_takes():
    rows = [
        {"visitor": "c:ann", "product_id": "cup", "actions": 3, "day": TODAY - timedelta(days=4)},
        {"visitor": "c:ann", "product_id": "pot", "actions": 1},
        {"visitor": "c:bob", "product_id": "cup", "actions": 1_500},
    ]
    assert [str(need) for need in needs(shop_data(interactions=rows))] == [
        "1,504 of 2,000 events",
        "2 of 20 products",
        "1 of 200 customers with two products or more",
        "5 of 14 days",
    ]


def test_a_shop_of_two_months_lacks_nothing():
    assert all(need.is_met for need in needs(two_tastes()))
