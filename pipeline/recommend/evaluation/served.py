"""What a model answers once it is published: with fewer neighbours, and weights of fewer digits."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from pipeline.recommend.methods.item_to_item import ItemToItem, strongest
from pipeline.recommend.packing import pack_neighbours, unpack_neighbours


def as_served(fitted: ItemToItem, neighbours: int) -> ItemToItem:
    """The same histories with the weights that are published: of each product the strongest ones, packed and read."""
    places: list[int] = []
    weights: list[float] = []
    ends = [0]
    for found in strongest(fitted.weights, neighbours):
        read = unpack_neighbours(pack_neighbours(found))
        places.extend(read.places)
        weights.extend(read.weights)
        ends.append(len(places))
    kept = (np.array(weights, dtype=np.float32), np.array(places, dtype=np.int32), np.array(ends))
    return ItemToItem(fitted.histories, sparse.csr_array(kept, shape=fitted.weights.shape), fitted.prior)
