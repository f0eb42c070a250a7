"""How well products suit a customer: what goes with the products of the customer's recent actions (pure).

A history has up to 200 products with 100 neighbours each. `ROUNDS` bounds the work of an answer: each product's list is
cut to its share, so that a short history has all of each list, and a long one those of each that matter most.

The score of a product is Σ over recent products of weight × how strongly it goes with that product, which may be
negative, plus the prior of the model. How much a recent product weighs is as the model was measured with, which its
card says (`ModelCard.parameters`):

- ``history_half_life_days``: after which an action counts half; 0 for never
- ``weight_product_view``, ``weight_cart_add``, ``weight_purchase``: what an action counts; 1 where the card names none
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from pipeline.recommend.customers.histories import BOUGHT, IN_CART, VIEWED, Action
from pipeline.recommend.models.model import ModelCard
from pipeline.recommend.models.packing import PackedNeighbours
from pipeline.recommend.recency import decayed

HALF_LIFE_DAYS = 180.0  # where the card names none
# Products × neighbours of an answer: two or three milliseconds of one core without numpy. With 8,000, nDCG@10 on
# MovieLens-100k is .476 instead of .480.
ROUNDS = 12_000


class Seed(NamedTuple):
    """A product that others are found by: its place, what was done with it, and what that weighs."""

    place: int
    action: str
    weight: float


def action_weights(actions: Iterable[Action], now: datetime, card: ModelCard) -> list[float]:
    """What each action weighs `now` in a model; one of the future as one of now."""
    half_life = _parameter(card, "history_half_life_days", HALF_LIFE_DAYS)
    weights = {kind: _parameter(card, f"weight_{kind}", 1.0) for kind in (VIEWED, IN_CART, BOUGHT)}
    seconds = now.timestamp()
    return [weights.get(kind, 1.0) * decayed(seconds - at, half_life) for _, kind, at in actions]


def _parameter(card: ModelCard, name: str, default: float) -> float:
    found = card.parameters.get(name, default)
    return default if isinstance(found, str) else float(found)


class Scored(Protocol):
    """The products that suit a customer."""

    @property
    def ranked(self) -> Sequence[tuple[int, float]]:
        """The best ones, as places with their scores: those that go with a seed, and popular ones.

        Only positive scores: what speaks against a product weighs as much as what speaks for it. Empty where no seed
        has neighbours: the prior alone suits nobody in particular.
        """
        ...

    def strongest(self, places: Sequence[int]) -> dict[int, Seed]:
        """The seed that adds most to the score of each place; a place to which the prior adds more is left out."""
        ...


class Scoring(Protocol):
    """Scores products. Two adapters answer alike: `PlainScoring`, and `array_scoring.ArrayScoring` with numpy."""

    def score(
        self,
        seeds: Sequence[Seed],
        neighbours: Mapping[int, PackedNeighbours],
        *,
        prior: Sequence[float] = (),
        popular: Sequence[int] = (),
        products: int,
        most: int,
    ) -> Scored:
        """Score what goes with some seeds, within `ROUNDS`.

        Parameters
        ----------
        neighbours : by place, strongest first
        prior : of every place, or nothing
        popular : places with the highest prior
        products : how many places there are
        most : of the products that are wanted
        """
        ...


def share(seeds: int) -> int:
    """How many of the strongest neighbours of each of so many products an answer looks at."""
    return max(1, ROUNDS // max(1, seeds))


def seeds_with_neighbours(
    seeds: Iterable[Seed], neighbours: Mapping[int, PackedNeighbours]
) -> list[tuple[Seed, PackedNeighbours]]:
    """Each seed that has neighbours, with them."""
    return [(seed, found) for seed in seeds if (found := neighbours.get(seed.place)) is not None and found.places]


class PlainScoring:
    """Without numpy, which costs a Lambda function more to load than it saves."""

    def score(
        self,
        seeds: Sequence[Seed],
        neighbours: Mapping[int, PackedNeighbours],
        *,
        prior: Sequence[float] = (),
        popular: Sequence[int] = (),
        products: int,
        most: int,
    ) -> Scored:
        """See `Scoring.score`."""
        known = seeds_with_neighbours(seeds, neighbours)
        count = share(len(known))
        parts = [(seed, found.places[:count], found.steps[:count], seed.weight * found.step) for seed, found in known]
        return _PlainScored(_ranked(parts, prior, popular, products, most), parts, prior)


_Part = tuple[Seed, "array[int]", "array[int]", float]
"""A seed, places and steps of its neighbours, and what a step adds."""


class _PlainScored(NamedTuple):
    ranked: Sequence[tuple[int, float]]
    parts: Sequence[_Part]
    prior: Sequence[float]

    def strongest(self, places: Sequence[int]) -> dict[int, Seed]:
        """See `Scored.strongest`."""
        wanted = set(places)
        most = {place: self.prior[place] if self.prior else 0.0 for place in places}
        strongest: dict[int, Seed] = {}
        for seed, found, steps, factor in self.parts:
            for place in wanted.intersection(found):
                added = factor * steps[found.index(place)]
                if added > most[place]:
                    most[place] = added
                    strongest[place] = seed
        return strongest


def _ranked(
    parts: Sequence[_Part], prior: Sequence[float], popular: Sequence[int], products: int, most: int
) -> list[tuple[int, float]]:
    if not parts:
        return []
    # an array of doubles is a third faster than a list, whose numbers lie all over the memory
    scores = array("d", prior) if prior else array("d", bytes(8 * products))
    for _, places, steps, factor in parts:
        for place, step in zip(places, steps, strict=False):  # the inner loop of all serving
            scores[place] += factor * step
    lists = [places for _, places, _, _ in parts]
    least = _least(scores, lists, most)
    may_come = {place for places in lists for place in places if scores[place] >= least}
    may_come.update([place for place in popular if scores[place] >= least])
    ranked = sorted([(-scores[place], place) for place in may_come])[:most]
    return [(place, -negative) for negative, place in ranked if negative < 0]


def _least(scores: Sequence[float], lists: Sequence[Sequence[int]], most: int) -> float:
    """A score that the best `most` have at least: some products are scored so high, if only so many are looked at."""
    each = 4 * most // len(lists) + 1  # the strongest weights may be negative ones
    looked_at = {place for places in lists for place in places[:each]}
    ranked = sorted([scores[place] for place in looked_at], reverse=True)
    return ranked[most - 1] if len(ranked) >= most else -math.inf
