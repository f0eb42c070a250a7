"""Methods that solve for their weights: what must hold at the solution."""

import numpy as np
import pytest
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import cut, keep_strongest, neighbours_of
from pipeline.recommend.methods.slim import Slim


@pytest.fixture
def interactions():
    """Two groups of customers with tastes of their own, and some noise."""
    random = np.random.default_rng(5)
    likely = np.where((np.arange(60)[:, np.newaxis] % 2) == (np.arange(12) % 2), 0.6, 0.1)
    customer, product = np.nonzero(random.random((60, 12)) < likely)
    return Interactions(
        customers=tuple(f"c{number:02}" for number in range(60)),
        products=tuple(f"p{number:02}" for number in range(12)),
        customer=customer.astype(np.int32),
        product=product.astype(np.int32),
        weight=np.ones(len(customer), dtype=np.float32),
        at=np.zeros(len(customer), dtype=np.int64),
    )


def test_slim_meets_the_conditions_of_its_minimum(interactions):
    """Karush, Kuhn and Tucker: the slope is zero where a weight is positive, and does not fall where it is zero."""
    l1, l2 = 2.0, 5.0
    weights = Slim(l1=l1, l2=l2, step=30.0, rounds=2000).fit(interactions, seed=1).weights.toarray()
    together = (histories(interactions).T @ histories(interactions)).toarray()
    slope = together @ weights - together + l2 * weights + l1
    elsewhere = ~np.eye(12, dtype=bool)
    assert (np.diag(weights) == 0).all()
    assert (weights >= 0).all()
    assert 0 < (weights > 0).sum() < elsewhere.sum()
    assert np.abs(slope[weights > 0]).max() < 0.02
    assert slope[(weights == 0) & elsewhere].min() > -0.02


def test_slim_leads_from_a_taste_to_the_same_taste(interactions):
    weights = Slim(l1=1.0, l2=5.0, step=30.0, rounds=100).fit(interactions, seed=1).weights.toarray()
    same = (np.arange(12)[:, np.newaxis] % 2) == (np.arange(12) % 2)
    assert weights[same].sum() > 5 * weights[~same].sum()


def test_ials_scores_the_products_of_a_taste_higher(interactions):
    pytest.importorskip("implicit", reason="implicit has no wheel here")
    from pipeline.recommend.methods.ials import IALS

    fitted = IALS(factors=4, regularisation=1.0, confidence=4.0, rounds=10).fit(interactions, seed=1)
    scores = fitted.scores(np.arange(60, dtype=np.int32))
    same = (np.arange(60)[:, np.newaxis] % 2) == (np.arange(12) % 2)
    assert scores[same].mean() > scores[~same].mean() + 0.2


def test_the_product_of_two_matrices_keeps_the_strongest_of_each_row():
    random = np.random.default_rng(3)
    left, right = (sparse.csr_array(random.normal(size=shape)) for shape in ((7, 5), (5, 7)))
    kept = keep_strongest(left, right, 3)
    for row, expected in enumerate(neighbours_of(cut((left @ right).toarray(), 3))):
        places = kept.indices[kept.indptr[row] : kept.indptr[row + 1]]
        assert sorted(places) == sorted(expected.places)
        assert kept[[row]].toarray()[0, list(expected.places)] == pytest.approx(expected.weights)
