"""Metrics of ranked lists: by hand, and what holds for any list."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from pipeline.recommend.evaluation import metrics


def lists(*rows):
    return np.array(rows, dtype=np.int32)


def matrix(*rows):
    return sparse.csr_array(np.array(rows, dtype=np.float32))


def test_one_list_by_hand():
    # products 0 to 4; the list is 3, 1, 4; relevant are 1, 2 and 4, so that ranks 2 and 3 are hits
    found = metrics.accuracy(lists([3, 1, 4]), matrix([0, 1, 1, 0, 1]))
    ideal = 1 + 1 / math.log2(3) + 1 / 2
    assert found["ndcg"] == pytest.approx([(1 / math.log2(3) + 1 / 2) / ideal])
    assert found["map"] == pytest.approx([(1 / 2 + 2 / 3) / 3])
    assert found["precision"] == pytest.approx([2 / 3])
    assert found["recall"] == pytest.approx([2 / 3])
    assert found["mrr"] == pytest.approx([1 / 2])
    assert found["hit_rate"] == pytest.approx([1])


def test_the_ideal_has_no_more_hits_than_there_are_relevant_products():
    found = metrics.accuracy(lists([0, 1, 2, 3]), matrix([1, 0, 0, 0, 0]))  # the one relevant product is on top
    assert (found["ndcg"], found["map"], found["recall"]) == ([1.0], [1.0], [1.0])
    assert found["precision"] == [0.25]


def test_the_ideal_has_no_more_hits_than_the_list_is_long():
    found = metrics.accuracy(lists([0, 1]), matrix([1, 1, 1, 1]))
    assert (found["ndcg"], found["map"], found["precision"]) == ([1.0], [1.0], [1.0])
    assert found["recall"] == [0.5]


def test_a_list_without_a_hit_is_worth_nothing():
    found = metrics.accuracy(lists([2, 3]), matrix([1, 1, 0, 0]))
    assert {name: float(values[0]) for name, values in found.items()} == dict.fromkeys(metrics.ACCURACY, 0.0)


def test_a_list_that_ends_early_is_no_hit_on_the_last_product():
    # -1 marks the end, and must not be read as the last product of the customer before
    found = metrics.accuracy(lists([0, -1], [1, -1]), matrix([1, 0, 1], [1, 0, 0]))
    assert found["hit_rate"].tolist() == [1.0, 0.0]
    assert found["recall"].tolist() == [0.5, 0.0]


def test_each_customer_is_measured_alone():
    found = metrics.accuracy(lists([0, 1], [0, 1]), matrix([1, 0, 0], [0, 1, 0]))
    assert found["mrr"].tolist() == [1.0, 0.5]


def test_a_customer_without_a_relevant_product_is_refused():
    with pytest.raises(ValueError, match="no relevant product"):
        metrics.accuracy(lists([0]), matrix([0, 0]))


def test_beyond_accuracy_by_hand():
    # four customers know: product 0 all of them, 1 the first two, 2 the last one, 3 nobody
    known = matrix([1, 1, 0, 0], [1, 1, 0, 0], [1, 0, 0, 0], [1, 0, 1, 0])
    found = metrics.beyond_accuracy(lists([0, 1], [0, 2]), known)
    assert found["coverage"] == 3 / 4
    assert found["entropy"] == pytest.approx(1 / 2 * 1 + 2 * 1 / 4 * 2)  # shares 1/2, 1/4, 1/4
    assert found["novelty"] == pytest.approx((0 + 1 + 0 + 2) / 4)  # known to 4/4, 2/4, 4/4, 1/4
    similarities = (2 / math.sqrt(4 * 2), 1 / math.sqrt(4 * 1))
    assert found["diversity"] == pytest.approx(1 - sum(similarities) / 2)


def test_one_list_for_everybody_has_no_entropy():
    found = metrics.beyond_accuracy(lists([0], [0]), matrix([0, 1], [0, 1]))
    assert (found["coverage"], found["entropy"]) == (0.5, 0.0)


def test_nothing_recommended_is_zero_throughout():
    found = metrics.beyond_accuracy(lists([-1, -1]), matrix([1, 0]))
    assert found == {"coverage": 0.0, "entropy": 0.0, "novelty": 0.0, "diversity": 0.0}


@st.composite
def ranked(draw):
    products = draw(st.integers(2, 12))
    k = draw(st.integers(1, products))
    relevant = draw(st.lists(st.sets(st.integers(0, products - 1), min_size=1).map(sorted), min_size=1, max_size=5))
    orders = [draw(st.permutations(range(products))) for _ in relevant]
    rows = np.zeros((len(relevant), products), dtype=np.float32)
    for row, places in zip(rows, relevant, strict=True):
        row[places] = 1
    return k, np.array(orders, dtype=np.int32), sparse.csr_array(rows)


@given(ranked())
@settings(max_examples=200, deadline=None)
def test_every_metric_of_accuracy_is_within_zero_and_one(case):
    k, orders, relevant = case
    for values in metrics.accuracy(orders[:, :k], relevant).values():
        assert values.shape == (len(orders),)
        assert ((values >= 0) & (values <= 1 + 1e-12)).all()


@given(ranked())
@settings(max_examples=200, deadline=None)
def test_a_list_with_every_relevant_product_first_is_perfect(case):
    k, orders, relevant = case
    dense = relevant.toarray()
    best = np.array(
        [sorted(order, key=lambda place: -row[place]) for order, row in zip(orders, dense, strict=True)], dtype=np.int32
    )
    found = metrics.accuracy(best[:, :k], relevant)
    for name in ("ndcg", "map", "mrr", "hit_rate"):
        assert found[name] == pytest.approx(np.ones(len(best)))
    count = dense.sum(axis=1)
    assert found["precision"] == pytest.approx(np.minimum(count, k) / k)
    assert found["recall"] == pytest.approx(np.minimum(count, k) / count)


@given(ranked())
@settings(max_examples=100, deadline=None)
def test_lists_of_anything_stay_within_the_bounds_of_what_is_beyond_accuracy(case):
    k, orders, known = case
    found = metrics.beyond_accuracy(orders[:, :k], known)
    assert 0 < found["coverage"] <= 1
    assert 0 <= found["entropy"] <= math.log2(known.shape[1]) + 1e-9
    assert 0 <= found["novelty"] <= math.log2(known.shape[0]) + 1e-9
    assert 0 <= found["diversity"] <= 1
