"""Products that the same customers know, by cosine similarity (Sarwar et al. 2001) or with TF-IDF weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, Weights, keep_strongest
from pipeline.recommend.methods.parameters import Parameters


@dataclass(frozen=True)
class CosineNeighbours(Parameters):
    """Weight: customers who know both / √(who know one × who know the other).

    Attributes
    ----------
    neighbours : a product's score is made of these many products that are most like it
    """

    name: ClassVar[str] = "cosine"
    neighbours: int = 100

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """See `pipeline.recommend.methods.Method`."""
        known = histories(interactions)
        return ItemToItem(known, _similarities(known, self.neighbours))


@dataclass(frozen=True)
class TfIdfNeighbours(Parameters):
    """Cosine similarity of products as documents whose terms are the customers who know them.

    A customer weighs log(products / products that they know): who knows little says more.

    Attributes
    ----------
    neighbours : a product's score is made of these many products that are most like it
    """

    name: ClassVar[str] = "tf_idf"
    neighbours: int = 100

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """See `pipeline.recommend.methods.Method`."""
        known = histories(interactions)
        sizes = np.maximum(known.sum(axis=1), 1)
        rarity = np.log(known.shape[1] / sizes).astype(np.float32)
        return ItemToItem(known, _similarities(sparse.diags_array(rarity) @ known, self.neighbours))


def _similarities(vectors: Histories, neighbours: int) -> Weights:
    """Cosine similarity of the columns; in each column those of the nearest alone."""
    lengths = np.sqrt(vectors.multiply(vectors).sum(axis=0))
    inverse = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    unit = (vectors @ sparse.diags_array(inverse)).tocsr()
    return keep_strongest(unit.T.tocsr(), unit, neighbours).T.tocsr()
