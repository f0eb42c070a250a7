"""How well products suit a customer: what goes with the products of the customer's recent actions (pure).

The score of a product is Σ over recent products of weight × how strongly it goes with that product, which may be
negative, plus the prior of the model. How much a recent product weighs is as the model was measured with, which its
card says (`ModelCard.parameters`):

- ``history_half_life_days``: after which an action counts half; 0 for never
- ``weight_product_view``, ``weight_cart_add``, ``weight_purchase``: what an action counts; 1 where the card names none
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from pipeline.live.documents import Item
from pipeline.recommend.model import ModelCard, Neighbours
from pipeline.recommend.recency import decayed

VIEWED, IN_CART, BOUGHT = "product_view", "cart_add", "purchase"
HALF_LIFE_DAYS = 180.0  # where the card names none


class Seed(NamedTuple):
    """A product that others are found by: its place, what was done with it, and what that weighs."""

    place: int
    action: str
    weight: float


def action_weight(item: Item, now: datetime, card: ModelCard) -> float:
    """What a recent action weighs `now` in a model; one of the future as one of now."""
    half_life = _parameter(card, "history_half_life_days", HALF_LIFE_DAYS)
    weight = _parameter(card, f"weight_{item.event_type}", 1.0)
    return weight * decayed((now - item.at).total_seconds(), half_life)


def _parameter(card: ModelCard, name: str, default: float) -> float:
    found = card.parameters.get(name, default)
    return default if isinstance(found, str) else float(found)


def score(
    seeds: Iterable[Seed], neighbours: Mapping[int, Neighbours], prior: Sequence[float], popular: Iterable[int]
) -> dict[int, float]:
    """The scores of every product that goes with a seed, by place, and of the `popular` ones where there is a prior.

    Empty where no seed has neighbours: the prior alone suits nobody in particular.
    """
    scores: dict[int, float] = {}
    if not prior:
        prior = (0.0,) * (1 + max((max(found.places) for found in neighbours.values() if found.places), default=0))
    for seed in seeds:
        found = neighbours.get(seed.place)
        if found is not None:
            weight = seed.weight
            # the inner loop of all serving: 8,000 rounds for 20 products with 400 neighbours each
            for place, strength in zip(found.places, found.weights, strict=True):
                scores[place] = (scores[place] if place in scores else prior[place]) + weight * strength
    if scores:
        for place in popular:
            scores.setdefault(place, prior[place])
    return scores


def strongest_seeds(
    seeds: Iterable[Seed], neighbours: Mapping[int, Neighbours], prior: Sequence[float], places: Iterable[int]
) -> dict[int, Seed]:
    """The seed that adds most to the score of each place; a place to which the prior adds more is left out."""
    most = {place: prior[place] if prior else 0.0 for place in places}
    strongest: dict[int, Seed] = {}
    for seed in seeds:
        found = neighbours.get(seed.place)
        if found is None:
            continue
        weight = seed.weight
        for place, strength in zip(found.places, found.weights, strict=True):
            if place in most and weight * strength > most[place]:
                most[place] = weight * strength
                strongest[place] = seed
    return strongest
