"""How methods are measured on the newest days, and how the shares of a blend are chosen."""

import numpy as np
import pytest
from scipy import sparse

from pipeline.recommend.learning import measuring
from pipeline.recommend.methods.blend import Parts, Scaled, Shares
from pipeline.recommend.methods.ease import Ease, Regression
from tests.support.interactions import interactions

ONE = np.float32(1)
SHOP = interactions([
    ("ann", "a", 0), ("ann", "b", 8), ("ann", "c", 9), ("bob", "b", 1), ("bob", "a", 9), ("bob", "b", 9),
    ("new", "a", 9), ("cy", "c", 0), ("cy", "a", 6), ("cy", "b", 7),
])  # fmt: skip


def asked(newest):
    split = newest.split
    return {
        split.training.customers[customer]: [split.training.products[place] for place in row.nonzero()[0]]
        for customer, row in zip(split.customers, split.relevant, strict=True)
    }


def test_questions_are_about_products_new_to_customers_who_were_known_before():
    newest = measuring.newest_days(SHOP, days=2, most=10, seed=1)
    assert asked(newest) == {"ann": ["b", "c"], "bob": ["a"]}
    assert newest.split.training.at.max() < 8 * 86_400


def test_the_days_that_choose_end_before_those_that_judge():
    newest = measuring.newest_days(SHOP, days=2, before=2, most=10, seed=1)
    assert asked(newest) == {"cy": ["a", "b"]}
    assert newest.split.training.at.max() < 6 * 86_400


def test_of_too_many_customers_the_seed_draws_some():
    drawn = {tuple(asked(measuring.newest_days(SHOP, days=2, most=1, seed=seed))) for seed in range(20)}
    assert drawn == {("ann",), ("bob",)}


@pytest.mark.parametrize(("days", "held"), [(1, 1), (15, 1), (16, 2), (80, 10), (400, 28)])
def test_an_eighth_of_the_days_is_held_back_but_not_more_than_four_weeks(days, held):
    assert measuring.held_days(interactions([("ann", "a", 0), ("ann", "b", days - 1)])) == held


def test_one_method_is_better_only_beyond_chance():
    ours, others = np.full(100, 0.5), np.full(100, 0.4)
    assert measuring.is_better(ours, others, seed=1)
    assert not measuring.is_better(ours, ours, seed=1)
    noisy = np.random.default_rng(1).normal(0.0, 1.0, 100)
    assert not measuring.is_better(ours + noisy - noisy.mean() + 0.01, ours, seed=1)
    assert not measuring.is_better(np.zeros(0), np.zeros(0), seed=1)


def test_shares_go_to_the_part_that_knows_what_comes_next():
    newest = measuring.newest_days(SHOP, days=2, most=10, seed=1)
    count = 3
    right = np.array([[0, 1, 1], [1, 0, 0], [0, 0, 0]], dtype=np.float32)  # from a to b and c, from b to a
    learnt = {"ease": Scaled(sparse.csr_array(right), ONE), "steady": Scaled(sparse.csr_array(-right), ONE)}
    known = sparse.csr_array(newest.known)
    parts = Parts(known, learnt, np.zeros(count, dtype=np.float32), 0, Regression.of(known, Ease()))
    found = measuring.best_shares(parts, newest, Shares(0, 0, 1, 0, 0))
    assert found.ease > found.steady
    assert measuring.quality(parts.blended(found), newest).tolist() == [1, 1]


def test_without_anybody_to_ask_the_shares_stay_but_for_parts_that_learnt_nothing():
    newest = measuring.newest_days(interactions([("ann", "a", 0)]), days=1, most=10, seed=1)
    learnt = {"ease": Scaled(newest.known, ONE)}
    parts = Parts(newest.known, learnt, np.zeros(1, dtype=np.float32), 0, Regression.of(newest.known, Ease()))
    assert measuring.best_shares(parts, newest, Shares(1, 1, 1, 1, 1)) == Shares(1, 0, 0, 0, 1)
