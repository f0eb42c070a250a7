"""Products that the same customers do something with, soon after each other and lately.

Two products that a customer knows are a pair, which counts 0.5^(days between them ÷ gap) × 0.5^(days since the later
one ÷ age) ÷ (products that the customer knows)^power: who buys everything says little of any two. The weight between
two products is what their pairs count, divided by the square root of what all pairs of the one count times what all
pairs of the other count: cosine-like, so that a best seller does not go with everything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.histories import Known, decays, histories, known_products, newest
from pipeline.recommend.methods.item_to_item import ItemToItem, Weights
from pipeline.recommend.methods.parameters import Parameters
from pipeline.recommend.recency import DAY_SECONDS

HALF_LIFE_DAYS = 15.0  # of the gap and of the age
ACTIVITY_POWER = 0.5  # on purchases of a year nDCG@10 is .107 on an inner split, .103 with 0, .096 with 1
MOST_PAIRS = 150_000_000  # two minutes of one core
_PAIRS_AT_ONCE = 8_000_000  # 200 MB
_LEAST_PAIR = 0.01  # a pair that counts less is left out: most pairs of long histories, and nearly nothing together


@dataclass(frozen=True)
class CoOccurrence(Parameters):
    """See the module; time and memory grow with the pairs, not with the square of the products.

    Attributes
    ----------
    gap_days, age_days : half-lives; 0 lets all pairs count alike
    activity_power : see the module; 0 lets the pairs of all customers count alike
    history_half_life_days, history_items : as those of `Ease`
    """

    name: ClassVar[str] = "co_occurrence"
    gap_days: float = HALF_LIFE_DAYS
    age_days: float = HALF_LIFE_DAYS
    activity_power: float = ACTIVITY_POWER
    history_half_life_days: float = 90.0
    history_items: int = 0

    def fit(self, interactions: Interactions, *, seed: int) -> ItemToItem:  # noqa: ARG002 - nothing is drawn
        """Count the pairs."""
        counted = histories(interactions, half_life_days=self.history_half_life_days, most=self.history_items)
        weights = co_occurrence_weights(
            interactions, gap_days=self.gap_days, age_days=self.age_days, activity_power=self.activity_power
        )
        return ItemToItem(counted, weights)


def co_occurrence_weights(
    interactions: Interactions,
    *,
    gap_days: float,
    age_days: float,
    activity_power: float = 0.0,
    shrinkage: float = 0.0,
    most_pairs: int = MOST_PAIRS,
) -> Weights:
    """The weights between all products, sparse and symmetric, each within [0, 1]."""
    counts = counted_pairs(
        interactions, gap_days=gap_days, age_days=age_days, activity_power=activity_power, most_pairs=most_pairs
    )
    totals = np.asarray(counts.sum(axis=1)).ravel()
    scale = np.divide(1.0, np.sqrt(totals + shrinkage), out=np.zeros_like(totals), where=totals > 0)
    counts.data *= np.repeat(scale, np.diff(counts.indptr)) * scale[counts.indices]
    return counts


def counted_pairs(
    interactions: Interactions,
    *,
    gap_days: float = 0.0,
    age_days: float = 0.0,
    activity_power: float = 0.0,
    most_pairs: int = MOST_PAIRS,
) -> Any:
    """What the pairs of each two products count: a symmetric csr_array of float32 with an empty diagonal.

    Where there are more than `most_pairs`, products further apart in a history are no pair; `longest_gap` says how far.
    """
    known, now, count = known_products(interactions), newest(interactions), len(interactions.products)
    total = sparse.csr_array((count, count), dtype=np.float32)
    said = np.maximum(np.bincount(known.customer), 1).astype(np.float32) ** np.float32(-activity_power)
    parts: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]] = []
    waiting = 0
    for steps in range(1, longest_gap(known, most_pairs) + 1):
        later = np.flatnonzero(np.arange(len(known.customer)) - known.start >= steps)
        earlier = later - steps
        weights = decays(known.at[earlier], 0, 0) if gap_days <= 0 else _gaps(known, earlier, later, gap_days)
        weights = weights * decays(known.at[later], now, age_days)
        heavy = weights >= _LEAST_PAIR
        parts.append(
            (
                weights[heavy] * said[known.customer[later[heavy]]],
                known.product[earlier[heavy]],
                known.product[later[heavy]],
            )
        )
        waiting += int(heavy.sum())
        if waiting > _PAIRS_AT_ONCE:
            total, parts, waiting = total + _added(parts, count), [], 0
    total = total + _added(parts, count)
    both = sparse.csr_array(total + total.T, dtype=np.float32)
    both.sort_indices()
    return both


def longest_gap(known: Known, most_pairs: int) -> int:
    """How many products apart in a history two may be, so that there are at most `most_pairs`; 1 at least."""
    places = np.arange(len(known.customer)) - known.start  # a product at place n is the later one of n pairs
    with_steps = np.bincount(places)[::-1].cumsum()[::-1][1:]  # pairs that are 1, 2, … apart
    fitting = int(np.searchsorted(with_steps.cumsum(), most_pairs, side="right"))
    return min(len(with_steps), max(1, fitting))


def _gaps(known: Known, earlier: NDArray[Any], later: NDArray[Any], gap_days: float) -> NDArray[np.float32]:
    found: NDArray[np.float32] = np.power(
        np.float32(0.5), (known.at[later] - known.at[earlier]).astype(np.float32) / np.float32(gap_days * DAY_SECONDS)
    )
    return found


def _added(parts: list[tuple[NDArray[Any], NDArray[Any], NDArray[Any]]], count: int) -> Any:
    """The sum of the pairs of each two products."""
    if not parts:
        return sparse.csr_array((count, count), dtype=np.float32)
    weights, earlier, later = (np.concatenate(column) for column in zip(*parts, strict=True))
    return sparse.coo_array((weights.astype(np.float32), (earlier, later)), shape=(count, count)).tocsr()
