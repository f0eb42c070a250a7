"""RP3beta: random walks of three steps, from a product over a customer to a product (Paudel et al. 2017)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import ItemToItem, keep_strongest
from pipeline.recommend.methods.parameters import Parameters


@dataclass(frozen=True)
class RP3beta(Parameters):
    """Weight: the probability of the walk, each step to the power of `alpha`, divided by popularity to that of `beta`.

    Attributes
    ----------
    alpha : below 1 levels the probabilities of a step
    beta : 0 leaves popular products their lead, 1 takes it away
    neighbours : a product's score is made of the walks from these many products, the likeliest
    """

    name: ClassVar[str] = "rp3beta"
    alpha: float = 0.8
    beta: float = 0.5
    neighbours: int = 200

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """See `pipeline.recommend.methods.Method`."""
        known = histories(interactions)
        sizes = np.maximum(known.sum(axis=1), 1)
        knowing = np.maximum(known.sum(axis=0), 1)
        to_customers = (sparse.diags_array(knowing**-self.alpha) @ known.T).tocsr()
        to_products = sparse.diags_array(sizes**-self.alpha) @ known @ sparse.diags_array(knowing**-self.beta)
        walks_back = keep_strongest(to_products.T.tocsr(), to_customers.T.tocsr(), self.neighbours)
        return ItemToItem(known, walks_back.T.tocsr())
