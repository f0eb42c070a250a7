"""SLIM: sparse weights ≥ 0 that rebuild each customer's history (Ning and Karypis 2011), by ADMM (Steck et al. 2020).

Dense while it learns: products² × 4 bytes, six times. For catalogues of up to about 10,000 products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import linalg, sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import ItemToItem
from pipeline.recommend.methods.parameters import Parameters


@dataclass(frozen=True)
class Slim(Parameters):
    """Least squares with both penalties, weights ≥ 0 and none from a product to itself.

    Attributes
    ----------
    l1 : penalty of each weight's size; makes most of them zero
    l2 : penalty of each weight's square
    step : ρ of the method of multipliers; it changes how fast the weights settle, not where
    rounds : after which they have settled
    """

    name: ClassVar[str] = "slim"
    l1: float = 1.0
    l2: float = 500.0
    step: float = 1000.0
    rounds: int = 20

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """See `pipeline.recommend.methods.Method`."""
        known = histories(interactions)
        together = (known.T @ known).toarray().astype(np.float32)
        penalised = together + (self.l2 + self.step) * np.eye(len(together), dtype=np.float32)
        inverse = linalg.inv(penalised, overwrite_a=True, check_finite=False)
        start = inverse @ together
        weights = np.zeros_like(together)
        duals = np.zeros_like(together)
        for _ in range(self.rounds):
            free = start + inverse @ (self.step * weights - duals)
            free -= inverse * (np.diag(free) / np.diag(inverse))  # none from a product to itself
            weights = np.maximum(free + duals / self.step - self.l1 / self.step, 0)
            duals += self.step * (free - weights)
        np.fill_diagonal(weights, 0)
        return ItemToItem(known, sparse.csr_array(weights))
