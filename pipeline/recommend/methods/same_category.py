"""Products of the category that a customer is interested in, by their share of what is done in it lately.

Where each product has few customers, what they do says more about categories than about products.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import ItemToItem, Weights
from pipeline.recommend.methods.parameters import Parameters
from pipeline.recommend.methods.popularity import recent_weights

HALF_LIFE_DAYS = 60.0  # of the popularity within a category, which moves more slowly than that of all
MOST_IN_CATEGORY = 200  # best products of a category that have weights: more than any list shows


@dataclass(frozen=True)
class SameCategory(Parameters):
    """See the module. Products without a category have no weights.

    Attributes
    ----------
    half_life_days : of popularity
    history_half_life_days, history_items : as those of `Ease`
    """

    name: ClassVar[str] = "same_category"
    half_life_days: float = HALF_LIFE_DAYS
    history_half_life_days: float = 0.0
    history_items: int = 0

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """Find each category's best products."""
        counted = histories(interactions, half_life_days=self.history_half_life_days, most=self.history_items)
        return ItemToItem(counted, category_weights(interactions, self.half_life_days))


def category_weights(interactions: Interactions, half_life_days: float) -> Weights:
    """From each product to the best ones of its category: their share of the category's recent weight. Sparse."""
    count = len(interactions.products)
    nothing = sparse.csr_array((count, count), dtype=np.float32)
    names, category = np.unique(np.array(interactions.categories or [""] * count, dtype=str), return_inverse=True)
    popularity = recent_weights(interactions, half_life_days)
    parts = []
    for number, name in enumerate(names):
        members = np.flatnonzero(category == number)
        total = popularity[members].sum()
        if name == "" or total <= 0:
            continue
        best = np.sort(members[np.argsort(-popularity[members], kind="stable")][:MOST_IN_CATEGORY])
        shares = popularity[best] / total
        rows, columns = np.repeat(members, len(best)), np.tile(best, len(members))
        parts.append((np.tile(shares, len(members)), rows, columns))
    if not parts:
        return nothing
    shares, rows, columns = (np.concatenate(column) for column in zip(*parts, strict=True))
    others = (rows != columns) & (shares > 0)
    weights = sparse.coo_array((shares[others], (rows[others], columns[others])), shape=(count, count))
    return sparse.csr_array(weights, dtype=np.float32)
