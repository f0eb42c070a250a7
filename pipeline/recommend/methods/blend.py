"""What is served: the sum of several methods' weights, plus recent popularity for everybody.

Each part is scaled so that its scores have a standard deviation of 1 over all products of some customers; then its
share says how much it matters. It stays one weight from each product to each other, so every recommendation can be
explained by a product of the customer's history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import co_occurrence, ease, popularity, same_category
from pipeline.recommend.methods.co_occurrence import co_occurrence_weights
from pipeline.recommend.methods.ease import ease_weights
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, Weights, cut
from pipeline.recommend.methods.popularity import recent_weights
from pipeline.recommend.methods.same_category import category_weights

SCALED_BY = 500  # customers whose scores say how large a part's weights are
_SURPLUS = 2  # of neighbours that each part keeps before the sum is cut: what is weak in one may be strong in another


@dataclass(frozen=True)
class Shares:
    """How much each part matters; 0 leaves it out.

    Attributes
    ----------
    ease : `methods.ease`
    lately : `methods.co_occurrence` whose pairs fade with their age
    steady : the same without
    same_category : `methods.same_category`
    prior : `methods.popularity.RecentPopularity`
    """

    ease: float = 0.25
    lately: float = 1.0
    steady: float = 0.25
    same_category: float = 1.0
    prior: float = 0.1


@dataclass(frozen=True)
class Blend:
    """See the module.

    Attributes
    ----------
    history_half_life_days, history_items : as those of `Ease`
    ease_products : as `Ease.most_products`
    neighbours : the strongest of each product that are kept; 0 for all
    """

    name: ClassVar[str] = "blend"
    shares: Shares = field(default_factory=Shares)
    regularisation: float = ease.REGULARISATION
    half_life_days: float = co_occurrence.HALF_LIFE_DAYS
    category_half_life_days: float = same_category.HALF_LIFE_DAYS
    prior_half_life_days: float = popularity.RECENT_DAYS
    history_half_life_days: float = 180.0
    history_items: int = 0
    ease_products: int = ease.MOST_PRODUCTS
    neighbours: int = 0

    @property
    def parameters(self) -> dict[str, float | int | str]:
        """As the attributes; shares by ``share_<part>``."""
        shares = {f"share_{part.name}": getattr(self.shares, part.name) for part in fields(Shares)}
        return shares | {part.name: getattr(self, part.name) for part in fields(self) if part.name != "shares"}

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:
        """Learn the parts that have a share, and add them up."""
        return self.learn(interactions, seed=seed, only=self.shares).blended(self.shares)

    def learn(self, interactions: Interactions, *, seed: int, only: Shares | None = None) -> Parts:
        """Learn the parts, before any share is chosen.

        Parameters
        ----------
        only : leaves out the parts that have a share of 0 here
        """
        chosen = only or Shares(1, 1, 1, 1, 1)
        counted = histories(interactions, half_life_days=self.history_half_life_days, most=self.history_items)
        customers = _some_customers(counted, seed)
        learnt: dict[str, Weights] = {}
        if chosen.ease:
            weights = ease_weights(histories(interactions), self.regularisation, most_products=self.ease_products)
            learnt["ease"] = self._scaled(weights, counted, customers)
        for name, age in (("lately", self.half_life_days), ("steady", 0.0)):
            if getattr(chosen, name):
                weights = co_occurrence_weights(interactions, gap_days=self.half_life_days, age_days=age)
                learnt[name] = self._scaled(weights, counted, customers)
        if chosen.same_category and interactions.categories:
            weights = category_weights(interactions, self.category_half_life_days)
            learnt["same_category"] = self._scaled(weights, counted, customers)
        prior = recent_weights(interactions, self.prior_half_life_days)
        return Parts(counted, learnt, prior / max(float(prior.std()), 1e-9) if len(prior) else prior, self.neighbours)

    def _scaled(self, weights: Weights, counted: Histories, customers: NDArray[np.int64]) -> Any:
        scores = counted[customers] @ weights
        deviation = float((scores.toarray() if sparse.issparse(scores) else scores).std()) if len(customers) else 0.0
        kept = cut(weights, _SURPLUS * self.neighbours) if self.neighbours else sparse.csr_array(weights)
        return kept * np.float32(1 / deviation) if deviation > 0 else kept


@dataclass(frozen=True)
class Parts:
    """What the parts have learnt, each scaled.

    Attributes
    ----------
    weights : by the names of `Shares`; a part that has nothing to learn from is not there
    neighbours : as that of `Blend`
    """

    histories: Histories
    weights: Mapping[str, Any]
    prior: NDArray[np.float32]
    neighbours: int

    def blended(self, shares: Shares) -> ItemToItem:
        """The sum, cut to the strongest neighbours."""
        count = self.histories.shape[1]
        total = sparse.csr_array((count, count), dtype=np.float32)
        for name, weights in self.weights.items():
            if share := getattr(shares, name):
                total = total + weights * np.float32(share)
        kept = cut(total, self.neighbours) if self.neighbours else total
        return ItemToItem(self.histories, kept, self.prior * np.float32(shares.prior) if shares.prior else None)


def _some_customers(counted: Histories, seed: int) -> NDArray[np.int64]:
    """Customers with a history, drawn by the seed, in order."""
    known = np.flatnonzero(np.diff(counted.indptr))
    drawn: NDArray[np.int64] = np.random.default_rng(seed).permutation(known)[:SCALED_BY]
    return np.sort(drawn)
