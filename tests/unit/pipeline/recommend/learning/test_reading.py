"""What is learnt from of customers who refuse: nothing of their own, and their part of what everybody did."""

from __future__ import annotations

from pipeline.recommend.customers.keys import digest_of
from tests.support.shop_data import TODAY, shop_data

ROWS = [
    {"visitor": visitor, "product_id": "mug", "event_type": "product_view", "day": TODAY, "hour": 9}
    for visitor in ("c:c1", "c:c2", "s:c1", "n:shop/c1")
]
ACTIVITY = [{"day": TODAY, "product_id": "mug", "views": 4}]


def test_who_refuses_is_not_learnt_from_and_sessions_of_the_same_name_are_others():
    data = shop_data(interactions=ROWS, activity=ACTIVITY, refusing={digest_of("c1"), digest_of("nobody")})
    assert data.interactions.customers == ("c:c2", "n:shop/c1", "s:c1")
    assert (len(data.interactions), len(data.viewed), data.events) == (3, 3, 3)
    assert data.activity.weight.tolist() == [4.0]


def test_where_nobody_refuses_everybody_is_learnt_from():
    assert len(shop_data(interactions=ROWS, activity=ACTIVITY).interactions) == 4
