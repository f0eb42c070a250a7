"""What is learnt from and what is asked for: by hand, and what no split may do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import SettingsError
from pipeline.recommend.evaluation.splits import SPLITS, divide, split, stratified_by_item
from pipeline.recommend.interactions import Interactions


def interactions(*rows):
    """Rows of customer, product, and time."""
    customers, products = (tuple(sorted({row[column] for row in rows})) for column in (0, 1))
    return Interactions(
        customers=customers,
        products=products,
        customer=np.array([customers.index(row[0]) for row in rows], dtype=np.int32),
        product=np.array([products.index(row[1]) for row in rows], dtype=np.int32),
        weight=np.ones(len(rows), dtype=np.float32),
        at=np.array([row[2] if len(row) > 2 else 0 for row in rows], dtype=np.int64),
    )


def training_rows(found):
    side = found.training
    return [
        (side.customers[customer], side.products[product])
        for customer, product in zip(side.customer, side.product, strict=True)
    ]


def asked(found):
    """The relevant products of each customer who is asked about."""
    side, answers = found.training, found.relevant.toarray()
    return {
        side.customers[customer]: [side.products[place] for place in np.flatnonzero(row)]
        for customer, row in zip(found.customers, answers, strict=True)
    }


def test_temporal_takes_the_oldest_to_learn_from_and_asks_for_what_comes_later():
    rows = interactions(
        ("bob", "tea", 40), ("ann", "tea", 10), ("ann", "cup", 30), ("bob", "cup", 20), ("ann", "pot", 50)
    )  # fmt: skip
    found = split(rows, kind="temporal", ratio=0.6, seed=1)
    assert training_rows(found) == [("ann", "tea"), ("ann", "cup"), ("bob", "cup")]
    assert asked(found) == {"ann": ["pot"], "bob": ["tea"]}


def test_temporal_keeps_one_second_on_one_side():
    rows = interactions(
        ("ann", "tea", 10), ("ann", "cup", 20), ("bob", "tea", 20), ("ann", "pot", 20), ("bob", "cup", 5)
    )
    found = split(rows, kind="temporal", ratio=0.6, seed=1)
    assert training_rows(found) == [("ann", "tea"), ("bob", "cup")]
    assert asked(found) == {"ann": ["cup", "pot"], "bob": ["tea"]}


def test_leave_last_out_asks_for_the_latest_product_of_each_customer():
    rows = interactions(
        ("ann", "pot", 30), ("ann", "tea", 10), ("bob", "cup", 20), ("bob", "tea", 20), ("eve", "tea", 5)
    )  # fmt: skip
    found = split(rows, kind="leave-last-out", ratio=0.75, seed=1)
    assert training_rows(found) == [("ann", "tea"), ("bob", "cup")]  # of bob's one second the further one is later
    assert asked(found) == {"ann": ["pot"], "bob": ["tea"]}
    assert found.strangers == 1  # eve has no history


@pytest.mark.parametrize(
    ("customers", "in_training"), [(1, 1), (2, 2), (3, 2), (4, 3), (6, 4), (8, 6), (10, 8), (100, 75)]
)
def test_stratified_by_item_divides_the_customers_of_each_product_at_the_ratio(customers, in_training):
    # rounded half to even: 1.5 → 2, 4.5 → 4, 7.5 → 8
    rows = interactions(*((f"c{number}", product) for number in range(customers) for product in ("tea", "cup")))
    chosen = stratified_by_item(rows, ratio=0.75, seed=7)
    assert np.bincount(rows.product[chosen]).tolist() == [in_training, in_training]


def test_stratified_by_item_learns_of_every_product():
    rows = interactions(("ann", "tea"), ("bob", "tea"), ("ann", "cup"))
    assert set(rows.product[stratified_by_item(rows, ratio=0.1, seed=1)]) == {0, 1}


def test_stratified_by_item_draws_by_the_seed_alone():
    rows = interactions(*((f"c{number:02}", f"p{number % 5}") for number in range(40)))
    first = stratified_by_item(rows, ratio=0.5, seed=1)
    assert first.tolist() == stratified_by_item(rows, ratio=0.5, seed=1).tolist()
    assert first.tolist() != stratified_by_item(rows, ratio=0.5, seed=2).tolist()
    reverse = Interactions(
        rows.customers, rows.products, rows.customer[::-1], rows.product[::-1], rows.weight[::-1], rows.at[::-1]
    )
    assert stratified_by_item(reverse, ratio=0.5, seed=1)[::-1].tolist() == first.tolist()  # not by the order of rows


def test_what_a_customer_has_in_training_is_no_question_and_is_counted():
    rows = interactions(("ann", "tea", 1), ("ann", "tea", 9), ("ann", "cup", 9), ("ann", "cup", 9), ("bob", "tea", 9))
    found = divide(rows, np.array([True, False, False, False, False]))
    assert asked(found) == {"ann": ["cup"]}
    assert (found.test_interactions, found.known_again, found.strangers, found.unseen_products) == (4, 1, 1, 1)


def test_a_split_by_time_needs_times():
    for kind in ("temporal", "leave-last-out"):
        with pytest.raises(SettingsError, match="goes by time"):
            split(interactions(("ann", "tea"), ("ann", "cup")), kind=kind, ratio=0.5, seed=1)


def test_a_split_that_leaves_nobody_to_ask_about_is_refused():
    with pytest.raises(SettingsError, match="leaves no customer"):
        split(interactions(("ann", "tea", 1), ("bob", "tea", 2)), kind="temporal", ratio=0.5, seed=1)
    with pytest.raises(SettingsError, match="no interaction"):
        split(interactions(), kind="temporal", ratio=0.5, seed=1)


histories = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("uvwxyz"), st.integers(1, 50)), min_size=1, max_size=60
)


@given(histories, st.sampled_from(sorted(SPLITS)), st.floats(0.05, 0.95), st.integers(0, 9))
@settings(max_examples=300, deadline=None)
def test_no_split_asks_for_what_it_shows_and_none_loses_a_row(rows, kind, ratio, seed):
    whole = interactions(*rows)
    found = divide(whole, SPLITS[kind](whole, ratio=ratio, seed=seed))
    shown = set(training_rows(found))
    questions = {(customer, product) for customer, products in asked(found).items() for product in products}
    assert not shown & questions
    assert len(found.training) + found.test_interactions == len(whole)
    assert {customer for customer, _ in questions} <= {customer for customer, _ in shown}
    assert shown | questions <= {(customer, product) for customer, product, _ in rows}
    everything = {(customer, product) for customer, product, _ in rows}
    strangers = {customer for customer, _ in everything} - {customer for customer, _ in shown}
    assert found.strangers == len(strangers)
    assert shown | questions == {pair for pair in everything if pair[0] not in strangers}
