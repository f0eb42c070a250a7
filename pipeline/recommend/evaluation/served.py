"""What a model answers once it is published: with fewer neighbours, weights of fewer digits, and
the newest part of a history."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, strongest
from pipeline.recommend.models.packing import pack_neighbours, unpack_neighbours


def as_served(fitted: ItemToItem, neighbours: int, newest: Histories | None = None) -> ItemToItem:
    """The weights that are published: of each product the strongest ones, packed and read.

    Parameters
    ----------
    newest : 1 for each product of a history that is at hand when a customer asks; None where all of them are
    """
    places: list[int] = []
    weights: list[float] = []
    ends = [0]
    for found in strongest(fitted.weights, neighbours):
        read = unpack_neighbours(pack_neighbours(found))
        places.extend(read.places)
        weights.extend(read.weights)
        ends.append(len(places))
    kept = (np.array(weights, dtype=np.float32), np.array(places, dtype=np.int32), np.array(ends))
    at_hand = fitted.histories if newest is None else fitted.histories.multiply(newest).tocsr()
    return ItemToItem(at_hand, sparse.csr_array(kept, shape=fitted.weights.shape), fitted.prior)
