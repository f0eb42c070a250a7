"""What most methods learn: a weight from each product to each other, which is what is published and served."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import Scores
from pipeline.recommend.model import Neighbours

Weights = Any  # a dense float32 array or a scipy.sparse.csr_array (scipy has no types), shape (products, products)
Histories = Any  # a scipy.sparse.csr_array, shape (customers, products)

_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class ItemToItem:
    """A customer's score of a product is the sum of the weights that lead to it from the customer's history.

    Attributes
    ----------
    histories : what each product of a customer's history counts; 1 where all count alike
    weights : row by row, what a product of the history says for each product; zero to itself
    prior : by product, what is added to each score, such as recent popularity; None adds nothing
    """

    histories: Histories
    weights: Weights
    prior: NDArray[np.float32] | None = None

    def scores(self, customers: NDArray[np.int32]) -> Scores:
        """See `pipeline.recommend.methods.Fitted`."""
        found = self.histories[customers] @ self.weights
        scores = np.asarray(found.toarray() if sparse.issparse(found) else found, dtype=np.float32)
        return scores if self.prior is None else scores + self.prior


def incidence(interactions: Interactions) -> Histories:
    """Who did anything with what, float32: 1 where there is an interaction, however many."""
    shape = (len(interactions.customers), len(interactions.products))
    ones = np.ones(len(interactions), dtype=np.float32)
    matrix = sparse.csr_array((ones, (interactions.customer, interactions.product)), shape=shape)
    matrix.sum_duplicates()
    matrix.data[:] = 1
    return matrix


def strongest(weights: Weights, count: int) -> tuple[Neighbours, ...]:
    """Up to `count` neighbours of each product, by absolute weight; the lower place first among equals.

    A weight of zero is no neighbour, nor is a product its own.
    """
    neighbours: list[Neighbours] = []
    for start in range(0, weights.shape[0], _ROWS_AT_ONCE):
        rows = weights[start : start + _ROWS_AT_ONCE]
        for offset, row in enumerate(rows.toarray() if sparse.issparse(rows) else rows):
            sizes = np.abs(row)
            sizes[start + offset] = 0
            places = _largest(sizes, count)
            neighbours.append(Neighbours(tuple(places.tolist()), tuple(row[places].tolist())))
    return tuple(neighbours)


def keep_strongest(left: Weights, right: Weights, count: int) -> Weights:
    """The product of two sparse matrices, with the `count` largest absolute weights of each row and none on its
    diagonal; it is never whole in memory.
    """
    places, weights, ends = [], [], [0]
    for start in range(0, left.shape[0], _ROWS_AT_ONCE):
        rows = (left[start : start + _ROWS_AT_ONCE] @ right).toarray()
        for offset, row in enumerate(rows):
            sizes = np.abs(row)
            sizes[start + offset] = 0
            best = _largest(sizes, count)
            places.append(best)
            weights.append(row[best].astype(np.float32))
            ends.append(ends[-1] + len(best))
    kept = (np.concatenate(weights), np.concatenate(places), np.array(ends))
    return sparse.csr_array(kept, shape=(left.shape[0], right.shape[1]))


def _largest(sizes: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The places of the largest positive sizes, largest first, the lower place first among equals."""
    threshold = np.partition(sizes, len(sizes) - count)[len(sizes) - count] if 0 < count < len(sizes) else 0
    candidates = np.flatnonzero((sizes >= threshold) & (sizes > 0))
    return candidates[np.argsort(-sizes[candidates], kind="stable")][:count]
