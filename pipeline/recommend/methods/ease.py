"""EASE: one weight from each product to each other by a linear regression in closed form.

H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019. With X the customers' histories and
P = (XᵀX + λI)⁻¹, the weight from j to i is −P[j, i] ÷ P[i, i], and 0 from a product to itself.

H. Steck, Autoencoders that don't overfit towards the Identity, NeurIPS 2020 (EDLAE), learns to rebuild histories of
which a share p is dropped: λ then grows with the customers of each product, by p ÷ (1 − p) of them.

Fewer weights: those that matter most are kept, and learnt again as if there were no others (H. Steck, Markov Random
Fields for Collaborative Filtering, NeurIPS 2019, has the same two steps). A weight to a product that few customers know
rarely decides a list, so a weight matters by its size times a power of the customers of the product it leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from catalogue.errors import SettingsError
from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, Kept, Weights, cut
from pipeline.recommend.methods.parameters import Parameters

REGULARISATION = 500.0  # on shops of 2,000 to 4,000 products; 300 is the same within noise, and worse with half-lives
MOST_PRODUCTS = 20_000  # 1.6 GB of weights, and two minutes of one core; both grow fast (the square, the cube)
MOST_NEIGHBOURS = 800  # of a product, where not all have weights: twice what is published
MATTERS_POWER = 0.5  # between 0.5 and 1 the same within noise; with 0, 200 neighbours lose as much as 100 with it
MOST_SOURCES = 2_000  # of a product's regression: a tenth of a second of one core
_BLOCK = 1_024


@dataclass(frozen=True)
class Ease(Parameters):
    """See the module.

    Attributes
    ----------
    regularisation : λ, where all interactions count 1; times their mean square where older ones count less
    half_life_days : after which an interaction counts half when the weights are learnt; 0 for never
    history_half_life_days : after which a product of the history counts half when customers are scored; 0 for never
    history_items : the newest products of a history that count when customers are scored; 0 for all
    most_products : only the products that most customers know have weights, so many
    dropout : p of EDLAE, within [0, 1)
    popularity_correction : weights to a product are divided by the number of its customers to this power; above 0,
        best sellers lose some of the lead that they have for being known to many
    """

    name: ClassVar[str] = "ease"
    regularisation: float = REGULARISATION
    half_life_days: float = 0.0
    history_half_life_days: float = 0.0
    history_items: int = 0
    most_products: int = MOST_PRODUCTS
    dropout: float = 0.0
    popularity_correction: float = 0.0

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """Learn the weights."""
        regression = Regression.of(histories(interactions, half_life_days=self.half_life_days), self)
        counted = histories(interactions, half_life_days=self.history_half_life_days, most=self.history_items)
        matters = matters_of(regression.customers)
        return ItemToItem(counted, regression.weights(), matters=matters, learn_again=regression.learnt_again)


def matters_of(customers: NDArray[np.int64]) -> NDArray[np.float32]:
    """How much a weight to each product matters, by the customers who know it; see the module."""
    found: NDArray[np.float32] = np.maximum(customers, 1).astype(np.float32) ** np.float32(MATTERS_POWER)
    return found


@dataclass(frozen=True)
class Regression:
    """What the weights are learnt from.

    Attributes
    ----------
    known : what counts of the products that have weights: shape (customers, products with weights)
    head : their places among all products
    customers : of each product of all
    penalties, leads : of each product with weights: its λ, and what weights to it are divided by
    """

    known: Histories
    head: NDArray[np.int64]
    customers: NDArray[np.int64]
    penalties: NDArray[np.float32]
    leads: NDArray[np.float32]

    @classmethod
    def of(cls, known: Histories, ease: Ease) -> Regression:
        """Choose the products.

        Raises
        ------
        SettingsError
            The regularisation is not positive, or the dropout not within [0, 1).
        """
        if ease.regularisation <= 0:
            what = "The regularisation of EASE must be positive"
            raise SettingsError(what, where="regularisation", remedy="Try 300.")
        if not 0 <= ease.dropout < 1:
            raise SettingsError("The dropout of EASE must be within [0, 1)", where="dropout", remedy="Try 0.3.")
        customers = np.bincount(known.indices, minlength=known.shape[1])
        head = np.sort(np.argsort(-customers, kind="stable")[: ease.most_products])
        squares = np.bincount(known.indices, weights=known.data.astype(np.float64) ** 2, minlength=known.shape[1])
        mean_square = squares.sum() / known.nnz if known.nnz else 1.0
        penalties = ease.regularisation * mean_square + ease.dropout / (1 - ease.dropout) * squares[head]
        leads = np.maximum(customers[head], 1) ** ease.popularity_correction
        chosen = known if len(head) == known.shape[1] else sparse.csr_array(known[:, head])
        return cls(chosen, head, customers, penalties.astype(np.float32), leads.astype(np.float32))

    def weights(self, most_neighbours: int = MOST_NEIGHBOURS) -> Weights:
        """The weights between all products.

        Where some have none, a sparse array: the others keep `most_neighbours` each.
        """
        dense = _inverted(self._gram())
        diagonal = np.arange(len(self.head))
        divisors = -dense[diagonal, diagonal] * self.leads
        for start in range(0, len(dense), _BLOCK):
            dense[:, start : start + _BLOCK] /= divisors[start : start + _BLOCK]
        dense[diagonal, diagonal] = 0
        count = len(self.customers)
        if len(self.head) == count:
            return dense
        weights = sparse.coo_array(cut(dense, most_neighbours, matters=matters_of(self.customers[self.head])))
        places = (self.head[weights.row], self.head[weights.col])
        return sparse.csr_array((weights.data, places), shape=(count, count))

    def learnt_again(self, kept: Kept) -> Kept:
        """The weights that are kept, as a regression that has no others learns them.

        One regression for each product, on those that have a weight to it. A weight to or from a product that has none
        here stays; so do those to a product that more than `MOST_SOURCES` lead to: they lose little, and each would
        take seconds.
        """
        from scipy.linalg.lapack import sposv

        gram, count = self._gram(), len(self.customers)
        place = np.full(count, -1, dtype=np.int64)
        place[self.head] = np.arange(len(self.head))
        numbers = sparse.csr_array((np.arange(kept.nnz), kept.indices, kept.indptr), shape=kept.shape)
        columns, values = sparse.csc_array(numbers), kept.data.copy()
        for number, product in enumerate(self.head):
            own = slice(columns.indptr[product], columns.indptr[product + 1])
            sources, entries = place[columns.indices[own]], columns.data[own]
            sources, entries = sources[sources >= 0], entries[sources >= 0]
            if not 0 < len(sources) <= MOST_SOURCES:
                continue
            _, found, failed = sposv(gram[np.ix_(sources, sources)], gram[sources, number], overwrite_a=1)
            if not failed:  # it is positive definite: only numbers beyond float32 fail
                values[entries] = found / self.leads[number]
        return sparse.csr_array((values, kept.indices, kept.indptr), shape=kept.shape)

    def _gram(self) -> NDArray[np.float32]:
        """XᵀX + λI, in the order of columns."""
        count = len(self.head)
        if not count:
            return np.zeros((0, 0), dtype=np.float32)
        matrix = np.asfortranarray((self.known.T @ self.known).toarray(order="F"), dtype=np.float32)
        diagonal = np.arange(count)
        matrix[diagonal, diagonal] += self.penalties
        return matrix


def _inverted(matrix: NDArray[np.float32]) -> NDArray[np.float32]:
    """The inverse, in place: a Cholesky factor takes a fifth of the time of a general inverse."""
    from scipy.linalg.lapack import spotrf, spotri

    if not len(matrix):
        return matrix
    factor, failed = spotrf(matrix, lower=1, overwrite_a=1)
    if not failed:
        matrix, failed = spotri(factor, lower=1, overwrite_c=1)
    if failed:  # XᵀX + λI is positive definite: only numbers beyond float32 get here
        raise SettingsError("The matrix of EASE cannot be inverted", where="regularisation", remedy="Make it larger.")
    _mirror(matrix)
    return matrix


def _mirror(matrix: NDArray[np.float32]) -> None:
    """Copy the part below the diagonal above it, block by block: a whole copy would double the memory."""
    for start in range(0, len(matrix), _BLOCK):
        end = min(start + _BLOCK, len(matrix))
        block = matrix[start:end, start:end]
        block[:] = np.tril(block) + np.tril(block, -1).T
        matrix[start:end, end:] = matrix[end:, start:end].T
