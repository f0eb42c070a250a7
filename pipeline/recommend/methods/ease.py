"""EASE: one weight from each product to each other by a linear regression in closed form.

H. Steck, Embarrassingly Shallow Autoencoders for Sparse Data, WWW 2019. With X the customers' histories and
P = (XᵀX + λI)⁻¹, the weight from j to i is −P[j, i] ÷ P[i, i], and 0 from a product to itself.
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
from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, Weights
from pipeline.recommend.methods.parameters import Parameters

REGULARISATION = 300.0  # between 200 and 500 the same within noise, on shops of 2,000 to 4,000 products
MOST_PRODUCTS = 20_000  # 1.6 GB of weights, and two minutes of one core; both grow fast (the square, the cube)
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
    """

    name: ClassVar[str] = "ease"
    regularisation: float = REGULARISATION
    history_half_life_days: float = 0.0
    history_items: int = 0
    most_products: int = MOST_PRODUCTS

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """Learn the weights; XᵀX counts all customers of two products alike, whenever that was."""
        weights = ease_weights(histories(interactions), self.regularisation, most_products=self.most_products)
        counted = histories(interactions, half_life_days=self.history_half_life_days, most=self.history_items)
        return ItemToItem(counted, weights)


def ease_weights(known: Histories, regularisation: float, *, most_products: int = MOST_PRODUCTS) -> Weights:
    """The weights between all products; a sparse array where some have none because of `most_products`.

    Raises
    ------
    SettingsError
        The regularisation is not positive.
    """
    if regularisation <= 0:
        raise SettingsError("The regularisation of EASE must be positive", where="regularisation", remedy="Try 300.")
    count = known.shape[1]
    if count <= most_products:
        return _dense_weights(known, regularisation)
    customers = np.bincount(known.indices, minlength=count)
    head = np.sort(np.argsort(-customers, kind="stable")[:most_products])
    weights = sparse.coo_array(_dense_weights(sparse.csr_array(known[:, head]), regularisation))
    return sparse.csr_array((weights.data, (head[weights.row], head[weights.col])), shape=(count, count))


def _dense_weights(known: Histories, regularisation: float) -> NDArray[np.float32]:
    """In one array of float32, in place: a Cholesky factor takes a fifth of the time of a general inverse."""
    from scipy.linalg.lapack import spotrf, spotri

    count = known.shape[1]
    if not count:
        return np.zeros((0, 0), dtype=np.float32)
    matrix = np.asfortranarray((known.T @ known).toarray(order="F"), dtype=np.float32)
    diagonal = np.arange(count)
    matrix[diagonal, diagonal] += np.float32(regularisation)
    factor, failed = spotrf(matrix, lower=1, overwrite_a=1)
    if not failed:
        matrix, failed = spotri(factor, lower=1, overwrite_c=1)
    if failed:  # XᵀX + λI is positive definite: only numbers beyond float32 get here
        raise SettingsError("The matrix of EASE cannot be inverted", where="regularisation", remedy="Make it larger.")
    _mirror(matrix)
    own = matrix[diagonal, diagonal].copy()
    for start in range(0, count, _BLOCK):
        matrix[:, start : start + _BLOCK] /= -own[start : start + _BLOCK]
    matrix[diagonal, diagonal] = 0
    return matrix


def _mirror(matrix: NDArray[np.float32]) -> None:
    """Copy the part below the diagonal above it, block by block: a whole copy would double the memory."""
    for start in range(0, len(matrix), _BLOCK):
        end = min(start + _BLOCK, len(matrix))
        block = matrix[start:end, start:end]
        block[:] = np.tril(block) + np.tril(block, -1).T
        matrix[start:end, end:] = matrix[end:, start:end].T
