"""EASE: one weight from each product to each other by a linear regression in closed form.

H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019. With X the customers' histories and
P = (XᵀX + λI)⁻¹, the weight from j to i is −P[j, i] ÷ P[i, i], and 0 from a product to itself.

H. Steck, Autoencoders that don't overfit towards the Identity, NeurIPS 2020 (EDLAE), learns to rebuild histories of
which a share p is dropped: λ then grows with the customers of each product, by p ÷ (1 − p) of them.
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
from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, Weights, cut
from pipeline.recommend.methods.parameters import Parameters

REGULARISATION = 300.0  # between 200 and 500 the same within noise, on shops of 2,000 to 4,000 products
MOST_PRODUCTS = 20_000  # 1.6 GB of weights, and two minutes of one core; both grow fast (the square, the cube)
MOST_NEIGHBOURS = 800  # of a product, where not all have weights: twice what is published
_BLOCK = 1_024


@dataclass(frozen=True)
class Ease(Parameters):
    """See the module.

    Attributes
    ----------
    regularisation : λ
    history_half_life_days : after which a product of the history counts half when customers are scored; 0 for never
    history_items : the newest products of a history that count when customers are scored; 0 for all
    most_products : only the products that most customers know have weights, so many
    dropout : p of EDLAE, within [0, 1)
    popularity_correction : weights to a product are divided by the number of its customers to this power; above 0,
        best sellers lose some of the lead that they have for being known to many
    """

    name: ClassVar[str] = "ease"
    regularisation: float = REGULARISATION
    history_half_life_days: float = 0.0
    history_items: int = 0
    most_products: int = MOST_PRODUCTS
    dropout: float = 0.0
    popularity_correction: float = 0.0

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """Learn the weights; XᵀX counts all customers of two products alike, whenever that was."""
        weights = ease_weights(
            histories(interactions),
            self.regularisation,
            most_products=self.most_products,
            dropout=self.dropout,
            popularity_correction=self.popularity_correction,
        )
        counted = histories(interactions, half_life_days=self.history_half_life_days, most=self.history_items)
        return ItemToItem(counted, weights)


def ease_weights(
    known: Histories,
    regularisation: float,
    *,
    most_products: int = MOST_PRODUCTS,
    most_neighbours: int = MOST_NEIGHBOURS,
    dropout: float = 0.0,
    popularity_correction: float = 0.0,
) -> Weights:
    """The weights between all products.

    Where there are more than `most_products`, a sparse array: those that most customers know have `most_neighbours`
    each, the others none.

    Raises
    ------
    SettingsError
        The regularisation is not positive, or the dropout not within [0, 1).
    """
    if regularisation <= 0:
        raise SettingsError("The regularisation of EASE must be positive", where="regularisation", remedy="Try 300.")
    if not 0 <= dropout < 1:
        raise SettingsError("The dropout of EASE must be within [0, 1)", where="dropout", remedy="Try 0.3.")
    count = known.shape[1]
    customers = np.bincount(known.indices, minlength=count)
    penalties = (regularisation + dropout / (1 - dropout) * customers).astype(np.float32)
    leads = (np.maximum(customers, 1) ** popularity_correction).astype(np.float32)
    if count <= most_products:
        return _dense_weights(known, penalties, leads)
    head = np.sort(np.argsort(-customers, kind="stable")[:most_products])
    dense = _dense_weights(sparse.csr_array(known[:, head]), penalties[head], leads[head])
    weights = sparse.coo_array(cut(dense, most_neighbours))
    return sparse.csr_array((weights.data, (head[weights.row], head[weights.col])), shape=(count, count))


def _dense_weights(known: Histories, penalties: NDArray[np.float32], leads: NDArray[np.float32]) -> NDArray[np.float32]:
    """By the λ of each product, weights to it divided by its lead.

    In one array of float32, in place: a Cholesky factor takes a fifth of the time of a general inverse."""
    from scipy.linalg.lapack import spotrf, spotri

    count = known.shape[1]
    if not count:
        return np.zeros((0, 0), dtype=np.float32)
    matrix = np.asfortranarray((known.T @ known).toarray(order="F"), dtype=np.float32)
    diagonal = np.arange(count)
    matrix[diagonal, diagonal] += penalties
    factor, failed = spotrf(matrix, lower=1, overwrite_a=1)
    if not failed:
        matrix, failed = spotri(factor, lower=1, overwrite_c=1)
    if failed:  # XᵀX + λI is positive definite: only numbers beyond float32 get here
        raise SettingsError("The matrix of EASE cannot be inverted", where="regularisation", remedy="Make it larger.")
    _mirror(matrix)
    divisors = -matrix[diagonal, diagonal] * leads
    for start in range(0, count, _BLOCK):
        matrix[:, start : start + _BLOCK] /= divisors[start : start + _BLOCK]
    matrix[diagonal, diagonal] = 0
    return matrix


def _mirror(matrix: NDArray[np.float32]) -> None:
    """Copy the part below the diagonal above it, block by block: a whole copy would double the memory."""
    for start in range(0, len(matrix), _BLOCK):
        end = min(start + _BLOCK, len(matrix))
        block = matrix[start:end, start:end]
        block[:] = np.tril(block) + np.tril(block, -1).T
        matrix[start:end, end:] = matrix[end:, start:end].T
