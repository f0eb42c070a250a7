"""What most methods learn: a weight from each product to each other, which is what is published and served."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.methods import Scores
from pipeline.recommend.models.model import Neighbours

Weights = Any  # a dense float32 array or a scipy.sparse.csr_array (scipy has no types), shape (products, products)
Kept = Any  # weights as a csr_array whose rows are in the order in which they are published
Histories = Any  # a scipy.sparse.csr_array, shape (customers, products)

_Rows = tuple[NDArray[Any], NDArray[Any], NDArray[Any]]
_ROWS_AT_ONCE = 1024


@dataclass(frozen=True)
class ItemToItem:
    """A customer's score of a product is the sum of the weights that lead to it from the customer's history.

    Attributes
    ----------
    histories : what each product of a customer's history counts; 1 where all count alike
    weights : row by row, what a product of the history says for each product; zero to itself
    prior : by product, what is added to each score, such as recent popularity; None adds nothing
    matters : by product, how much a weight to it matters beside its size, see `cut`; None for all alike
    learn_again : finds new weights for those that are kept when others are cut; None where they stay as they are
    """

    histories: Histories
    weights: Weights
    prior: NDArray[np.float32] | None = None
    matters: NDArray[np.float32] | None = None
    learn_again: Callable[[Kept], Kept] | None = None

    def scores(self, customers: NDArray[np.int32]) -> Scores:
        """See `pipeline.recommend.methods.Fitted`."""
        found = self.histories[customers] @ self.weights
        scores = np.asarray(found.toarray() if sparse.issparse(found) else found, dtype=np.float32)
        return scores if self.prior is None else scores + self.prior

    def kept(self, count: int) -> Kept:
        """What is published: up to `count` weights of each product, those first that matter most."""
        found = cut(self.weights, count, matters=self.matters)
        if self.learn_again is None:
            return found
        found.sort_indices()  # scipy sorts the indices of arrays that share them when it needs to, and not their data
        return cut(self.learn_again(found), count, matters=self.matters)


def cut(weights: Weights, count: int, *, matters: NDArray[np.float32] | None = None) -> Kept:
    """A csr_array with up to `count` weights of each product, by absolute weight; the lower place first among equals.

    The weights of a product are strongest first, not in the order of their places. A weight of zero is none, nor has a
    product one to itself.

    Parameters
    ----------
    matters : by product; a weight to it counts as strong as its absolute size times this
    """
    parts = [_cut_rows(weights[start : start + _ROWS_AT_ONCE], start, count, matters) for start in _starts(weights)]
    return _joined(parts, weights.shape)


def keep_strongest(left: Weights, right: Weights, count: int) -> Any:
    """The product of two sparse matrices, cut; it is never whole in memory."""
    starts = _starts(left)
    parts = [_cut_rows(left[start : start + _ROWS_AT_ONCE] @ right, start, count, None) for start in starts]
    return _joined(parts, (left.shape[0], right.shape[1]))


def neighbours_of(kept: Kept) -> tuple[Neighbours, ...]:
    """The neighbours of each product, in the order in which they are kept."""
    places, values, ends = kept.indices.tolist(), kept.data.tolist(), kept.indptr.tolist()
    return tuple(Neighbours(tuple(places[start:end]), tuple(values[start:end])) for start, end in pairwise(ends))


def _starts(weights: Weights) -> range:
    return range(0, max(1, weights.shape[0]), _ROWS_AT_ONCE)


def _joined(parts: Sequence[_Rows], shape: tuple[int, int]) -> Any:
    sizes, places, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return sparse.csr_array((values, places, np.append(0, np.cumsum(sizes))), shape=shape)


def _cut_rows(rows: Weights, first: int, count: int, matters: NDArray[np.float32] | None) -> _Rows:
    """How many weights each row keeps, their places, and themselves; `first` is the place of the first row."""
    whole = sparse.csr_array(rows) if sparse.issparse(rows) else None
    if whole is not None:
        whole.sum_duplicates()  # puts the places of a row in their order, too
    sizes, places, values = [], [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.float32)]
    for number in range(rows.shape[0]):
        if whole is not None:
            own = slice(whole.indptr[number], whole.indptr[number + 1])
            place, value = whole.indices[own], whole.data[own]
            value = np.where(place == first + number, 0, value)
        else:
            place, value = None, rows[number].copy()
            value[first + number : first + number + 1] = 0
        size = np.abs(value)
        if matters is not None:
            size = size * (matters if place is None else matters[place])
        best = _largest(size, count)
        sizes.append(len(best))
        places.append(best if place is None else place[best])
        values.append(value[best].astype(np.float32))
    return np.array(sizes, dtype=np.int64), np.concatenate(places), np.concatenate(values)


def _largest(sizes: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The places of the largest positive sizes, largest first, the lower place first among equals."""
    threshold = np.partition(sizes, len(sizes) - count)[len(sizes) - count] if 0 < count < len(sizes) else 0
    candidates = np.flatnonzero((sizes >= threshold) & (sizes > 0))
    return candidates[np.argsort(-sizes[candidates], kind="stable")][:count]
