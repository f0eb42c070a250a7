"""What is learnt from of customers who refuse: nothing of their own, and their part of what everybody did."""

from __future__ import annotations

from datetime import timedelta

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


def test_of_a_very_large_shop_everything_is_read_of_those_who_did_something_lately():
    asked = []
    activity = [*ACTIVITY, {"day": TODAY - timedelta(days=1), "product_id": "mug", "views": 4_000}]
    data = shop_data(interactions=ROWS, activity=activity, most=1_000, active_from=TODAY, asked=asked)
    assert data.lately.customers == ("c:c1", "c:c2", "n:shop/c1", "s:c1")
    (learnt, lately) = [values for name, values in asked if name == "interactions"]
    assert (learnt["first_hash"], learnt["active_from"]) == ("3FEFA1", None)  # 1,000 of 4,004 actions
    assert (lately["first_hash"], lately["active_from"]) == (None, TODAY)
    assert lately["start_date"] == learnt["start_date"]


def test_where_more_are_active_than_fit_some_of_them_are_read():
    asked = []
    activity = [{"day": TODAY, "product_id": "mug", "views": 400}]
    data = shop_data(interactions=ROWS, activity=activity, most=1_000, active_from=TODAY, asked=asked)
    assert data.lately is None  # everything fits, and so do their histories
    data = shop_data(interactions=ROWS, activity=activity, most=200, active_from=TODAY, asked=asked)
    assert data.lately is not None
    hashes = [values["first_hash"] for name, values in asked if name == "interactions"]
    assert hashes == [None, "800000", "0CCCCC"]  # a half of all visitors, 20 ÷ 400 of those of today


def test_before_the_first_training_nobody_has_a_history_that_may_have_changed():
    activity = [{"day": TODAY, "product_id": "mug", "views": 400}]
    assert shop_data(interactions=ROWS, activity=activity, most=200).lately is None
