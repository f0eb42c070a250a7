"""The same for everybody: what is done most, or was done most lately. What every other method has to beat."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods import Scores
from pipeline.recommend.methods.histories import decays, newest
from pipeline.recommend.methods.parameters import Parameters

RECENT_DAYS = 14.0  # half-life: two weekly seasons, long enough that one day's campaign does not decide


@dataclass(frozen=True)
class SameForAll:
    """One score for each product, whoever asks."""

    by_product: NDArray[np.float32]

    def scores(self, customers: NDArray[np.int32]) -> Scores:
        """See `pipeline.recommend.methods.Fitted`."""
        return np.tile(self.by_product, (len(customers), 1))


@dataclass(frozen=True)
class Popularity(Parameters):
    """Products by the weight of all that was done with them."""

    name: ClassVar[str] = "popularity"

    def fit(self, interactions: Interactions, *, seed: int) -> SameForAll:  # noqa: ARG002 - nothing is drawn
        """Add up the weights."""
        return SameForAll(recent_weights(interactions, 0.0))


@dataclass(frozen=True)
class RecentPopularity(Parameters):
    """Products by the weight of all that was done with them, which halves with each half-life."""

    name: ClassVar[str] = "recent_popularity"
    half_life_days: float = RECENT_DAYS

    def fit(self, interactions: Interactions, *, seed: int) -> SameForAll:  # noqa: ARG002 - nothing is drawn
        """Add up the weights as they count at the last interaction."""
        return SameForAll(recent_weights(interactions, self.half_life_days))


def recent_weights(interactions: Interactions, half_life_days: float) -> NDArray[np.float32]:
    """The weight of all that was done with each product, each halved with each half-life before the last interaction.

    A half-life of 0 lets all count as they are.
    """
    counted = interactions.weight * decays(interactions.at, newest(interactions), half_life_days)
    totals = np.bincount(interactions.product, weights=counted, minlength=len(interactions.products))
    return totals.astype(np.float32)
