"""What a model answers once it is published: with fewer neighbours, weights of fewer digits, the newest part of a
history, and as many rounds as an answer may take."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.methods import Scores
from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, Kept, neighbours_of
from pipeline.recommend.models.packing import pack_neighbours, unpack_neighbours
from pipeline.recommend.serving.scoring import share


@dataclass(frozen=True)
class Served:
    """What serving adds up, see `pipeline.recommend.serving.scoring`.

    Attributes
    ----------
    histories, prior : as those of `ItemToItem`
    weights : those that are published, in their order
    """

    histories: Histories
    weights: Kept
    prior: NDArray[np.float32] | None

    def scores(self, customers: NDArray[np.int32]) -> Scores:
        """See `pipeline.recommend.methods.Fitted`."""
        counts = np.diff(self.weights.indptr)
        found = np.zeros((len(customers), self.weights.shape[1]), dtype=np.float32)
        asked = self.histories[customers]
        for row, (start, end) in enumerate(pairwise(asked.indptr.tolist())):
            products, worth = asked.indices[start:end], asked.data[start:end]
            some = counts[products] > 0
            products, worth = products[some], worth[some]
            used = np.minimum(counts[products], share(len(products)))
            first = np.cumsum(used) - used
            entries = np.arange(used.sum()) + np.repeat(self.weights.indptr[products] - first, used)
            added = self.weights.data[entries] * np.repeat(worth, used)
            np.add.at(found[row], self.weights.indices[entries], added)
        return found if self.prior is None else found + self.prior


def as_served(fitted: ItemToItem, neighbours: int, newest: Histories | None = None) -> Served:
    """The weights that are published: of each product those that matter most, packed and read.

    Parameters
    ----------
    newest : 1 for each product of a history that is at hand when a customer asks; None where all of them are
    """
    places: list[int] = []
    weights: list[float] = []
    ends = [0]
    for found in neighbours_of(fitted.kept(neighbours)):
        read = unpack_neighbours(pack_neighbours(found))
        places.extend(read.places)
        weights.extend(read.weights)
        ends.append(len(places))
    kept = (np.array(weights, dtype=np.float32), np.array(places, dtype=np.int32), np.array(ends))
    at_hand = fitted.histories if newest is None else fitted.histories.multiply(newest).tocsr()
    return Served(at_hand, sparse.csr_array(kept, shape=fitted.weights.shape), fitted.prior)


def in_answers(kept: ItemToItem) -> Served:
    """What answers add up of weights that are cut already, such as those of a `Blend` with a number of neighbours."""
    return Served(kept.histories, kept.weights, kept.prior)
