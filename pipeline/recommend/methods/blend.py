"""What is served: the sum of several methods' weights, plus recent popularity for everybody.

Each part is scaled so that its scores have a standard deviation of 1 over all products of some customers; then its
share says how much it matters. It stays one weight from each product to each other, so every recommendation can be
explained by a product of the customer's history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import co_occurrence, ease, popularity, same_category
from pipeline.recommend.methods.co_occurrence import ACTIVITY_POWER, co_occurrence_weights
from pipeline.recommend.methods.ease import Ease, Regression, matters_of
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.methods.item_to_item import Histories, ItemToItem, Kept, Weights, cut
from pipeline.recommend.methods.popularity import recent_weights
from pipeline.recommend.methods.same_category import category_weights

# as inner splits of a year of purchases and, for the dropout, of films choose them
EASE_HALF_LIFE_DAYS, EASE_DROPOUT = 60.0, 0.5
SCALED_BY = 500  # customers whose scores say how large a part's weights are
_SURPLUS = (
    4  # times the neighbours that each part keeps before the sum is cut: what is weak in one may be strong in another
)


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
    ease_products, ease_half_life_days, ease_dropout : as `Ease.most_products` and so on
    neighbours : of each product that are kept, see `Parts.blended`; 0 for all
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
    ease_half_life_days: float = EASE_HALF_LIFE_DAYS
    ease_dropout: float = EASE_DROPOUT
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
        learnt_from = histories(interactions, half_life_days=self.ease_half_life_days)
        regression = Regression.of(
            learnt_from, Ease(self.regularisation, most_products=self.ease_products, dropout=self.ease_dropout)
        )
        learnt: dict[str, Scaled] = {}
        if chosen.ease:
            learnt["ease"] = self._scaled(regression.weights(), counted, customers)
        for name, age in (("lately", self.half_life_days), ("steady", 0.0)):
            if getattr(chosen, name):
                weights = co_occurrence_weights(
                    interactions, gap_days=self.half_life_days, age_days=age, activity_power=ACTIVITY_POWER
                )
                learnt[name] = self._scaled(weights, counted, customers)
        if chosen.same_category and interactions.categories:
            weights = category_weights(interactions, self.category_half_life_days)
            learnt["same_category"] = self._scaled(weights, counted, customers)
        prior = recent_weights(interactions, self.prior_half_life_days)
        prior = prior / max(float(prior.std()), 1e-9) if len(prior) else prior
        return Parts(counted, learnt, prior, self.neighbours, regression)

    def _scaled(self, weights: Weights, counted: Histories, customers: NDArray[np.int64]) -> Scaled:
        scores = counted[customers] @ weights
        deviation = float((scores.toarray() if sparse.issparse(scores) else scores).std()) if len(customers) else 0.0
        surplus = _SURPLUS * self.neighbours
        kept = cut(weights, surplus) if surplus else sparse.csr_array(weights)
        kept.sort_indices()
        factor = np.float32(1 / deviation if deviation > 0 else 1)
        return Scaled(kept * factor, factor)


class Scaled(NamedTuple):
    """The weights of a part, and by what they are multiplied."""

    weights: Any
    factor: np.float32


@dataclass(frozen=True)
class Parts:
    """What the parts have learnt, each scaled.

    Attributes
    ----------
    learnt : by the names of `Shares`; a part that has nothing to learn from is not there
    neighbours : as that of `Blend`
    regression : that the part ``ease`` is
    """

    histories: Histories
    learnt: Mapping[str, Scaled]
    prior: NDArray[np.float32]
    neighbours: int
    regression: Regression

    def blended(self, shares: Shares) -> ItemToItem:
        """The sum, cut to the neighbours that matter most; the regression is learnt again for them.

        Where other parts have a share, the strongest matter most: a power of popularity suits differences, as the
        weights of a regression are, and not sums of weights that are all positive.
        """
        count = self.histories.shape[1]
        total = sparse.csr_array((count, count), dtype=np.float32)
        for name, part in self.learnt.items():
            if share := getattr(shares, name):
                total = total + part.weights * np.float32(share)
        prior = self.prior * np.float32(shares.prior) if shares.prior else None
        again = partial(self._learnt_again, share=shares.ease) if shares.ease and "ease" in self.learnt else None
        others = any(getattr(shares, name) for name in self.learnt if name != "ease")
        matters = None if others else matters_of(self.regression.customers)
        found = ItemToItem(self.histories, total, prior, matters, again)
        return replace(found, weights=found.kept(self.neighbours), learn_again=None) if self.neighbours else found

    def _learnt_again(self, kept: Kept, *, share: float) -> Kept:
        weights, factor = self.learnt["ease"]
        before = sparse.csr_array((_at_places_of(kept, weights), kept.indices, kept.indptr), shape=kept.shape)
        after = self.regression.learnt_again(before / factor) * factor
        values = kept.data + np.float32(share) * (after.data - before.data)
        return sparse.csr_array((values, kept.indices, kept.indptr), shape=kept.shape)


def _at_places_of(kept: Kept, weights: Any) -> NDArray[np.float32]:
    """The weights at the places of those that are kept; 0 where there is none."""
    rows = np.repeat(np.arange(kept.shape[0]), np.diff(kept.indptr))
    found = weights[rows, kept.indices]
    return np.asarray(found.toarray() if sparse.issparse(found) else found, dtype=np.float32).ravel()


def _some_customers(counted: Histories, seed: int) -> NDArray[np.int64]:
    """Customers with a history, drawn by the seed, in order."""
    known = np.flatnonzero(np.diff(counted.indptr))
    drawn: NDArray[np.int64] = np.random.default_rng(seed).permutation(known)[:SCALED_BY]
    return np.sort(drawn)
