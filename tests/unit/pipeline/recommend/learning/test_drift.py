"""What a model no longer fits."""

from datetime import timedelta

import pytest

from pipeline.recommend.learning.drift import unknown_share
from tests.support.shop_data import TODAY, shop_data


def test_an_unknown_product_counts_by_what_was_done_with_it_in_the_newest_week_alone():
    data = shop_data(
        activity=[
            {"product_id": "cup", "views": 3},
            {"product_id": "new", "views": 1, "day": TODAY - timedelta(days=6)},
            {"product_id": "new", "cart_adds": 2, "day": TODAY - timedelta(days=7)},  # the week before
        ]
    )
    assert unknown_share(data, lambda product: product == "cup") == pytest.approx(1 / 4)
    assert unknown_share(data, lambda _: True) == 0.0


def test_of_a_week_in_which_nothing_was_done_nothing_is_known():
    assert unknown_share(shop_data(), lambda _: True) is None
