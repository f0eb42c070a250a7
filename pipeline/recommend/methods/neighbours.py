"""Products that the same customers know, by cosine similarity (Sarwar et al. 2001), plain or with TF-IDF weights."""

from __future__ import annotations

from dataclasses import dataclass

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
    tf_idf : products are documents whose terms are the customers who know them; a customer weighs
        log(products / products that they know): who knows little says more
    """

    neighbours: int = 100
    tf_idf: bool = False

    @property
    def name(self) -> str:
        """See `pipeline.recommend.methods.Method`."""
        return "tf_idf" if self.tf_idf else "cosine"

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """See `pipeline.recommend.methods.Method`."""
        known = histories(interactions)
        if not self.tf_idf:
            return ItemToItem(known, _similarities(known, self.neighbours))
        rarity = np.log(known.shape[1] / np.maximum(known.sum(axis=1), 1)).astype(np.float32)
        return ItemToItem(known, _similarities(sparse.diags_array(rarity) @ known, self.neighbours))


def _similarities(vectors: Histories, neighbours: int) -> Weights:
    """Cosine similarity of the columns; in each column those of the nearest alone."""
    lengths = np.sqrt(vectors.multiply(vectors).sum(axis=0))
    inverse = np.divide(1, lengths, out=np.zeros_like(lengths), where=lengths > 0)
    unit = (vectors @ sparse.diags_array(inverse)).tocsr()
    return keep_strongest(unit.T.tocsr(), unit, neighbours).T.tocsr()
