"""Weights between products: how they score, and which of them are published."""

import numpy as np
import pytest
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import ItemToItem, cut, neighbours_of
from pipeline.recommend.models.model import Neighbours

WEIGHTS = np.array([[0, 0.5, -0.7], [0.25, 0, 0.125], [0, 1, 0]], dtype=np.float32)
HISTORIES = sparse.csr_array(np.array([[1, 1, 0], [0, 0, 2], [0, 0, 0]], dtype=np.float32))


@pytest.mark.parametrize("weights", [WEIGHTS, sparse.csr_array(WEIGHTS)], ids=["dense", "sparse"])
def test_a_score_is_the_sum_of_the_weights_from_the_history(weights):
    fitted = ItemToItem(HISTORIES, weights)
    found = fitted.scores(np.array([1, 0, 2], dtype=np.int32))
    assert found == pytest.approx(np.array([[0, 2, 0], [0.25, 0.5, -0.575], [0, 0, 0]]))
    assert found.dtype == np.float32


def test_the_prior_is_added_for_everybody():
    fitted = ItemToItem(HISTORIES, WEIGHTS, np.array([0.5, 0, 0.25], dtype=np.float32))
    assert fitted.scores(np.array([2, 1], dtype=np.int32)).tolist() == [[0.5, 0, 0.25], [0.5, 2, 0.25]]


@pytest.mark.parametrize("weights", [WEIGHTS, sparse.csr_array(WEIGHTS)], ids=["dense", "sparse"])
def test_the_strongest_are_those_of_the_largest_size_whatever_their_sign(weights):
    assert neighbours_of(cut(weights, 1)) == (
        Neighbours((2,), (pytest.approx(-0.7),)),
        Neighbours((0,), (0.25,)),
        Neighbours((1,), (1.0,)),
    )
    assert [len(found.places) for found in neighbours_of(cut(weights, 5))] == [2, 2, 1]  # zero is no neighbour


def test_equals_come_in_the_order_of_their_places_and_a_product_is_not_its_own_neighbour():
    weights = np.array([[9, 2, 2, -2], [0, 0, 0, 0]], dtype=np.float32)
    assert neighbours_of(cut(weights, 2)) == (Neighbours((1, 2), (2.0, 2.0)), Neighbours((), ()))


@pytest.mark.parametrize("weights", [WEIGHTS, sparse.csr_array(WEIGHTS)], ids=["dense", "sparse"])
def test_a_weight_to_a_product_that_matters_more_comes_first(weights):
    kept = cut(weights, 1, matters=np.array([1, 2, 1], dtype=np.float32))
    assert [found.places for found in neighbours_of(kept)] == [(1,), (0,), (1,)]  # 0.5 × 2 is more than 0.7


def test_what_is_published_is_learnt_again_and_put_in_the_order_of_the_new_weights():
    swapped = lambda kept: sparse.csr_array((kept.data[::-1], kept.indices, kept.indptr), shape=kept.shape)  # noqa: E731
    fitted = ItemToItem(HISTORIES, np.array([[0, 4, 2], [0, 0, 0], [0, 0, 0]], dtype=np.float32), learn_again=swapped)
    assert neighbours_of(fitted.kept(2))[0] == Neighbours((2, 1), (4.0, 2.0))


def test_several_interactions_with_one_product_are_one():
    interactions = Interactions(
        customers=("ann", "bob"),
        products=("tea", "cup"),
        customer=np.array([0, 0, 1], dtype=np.int32),
        product=np.array([1, 1, 0], dtype=np.int32),
        weight=np.array([1, 5, 1], dtype=np.float32),
        at=np.zeros(3, dtype=np.int64),
    )
    assert histories(interactions).toarray().tolist() == [[0, 1], [1, 0]]
