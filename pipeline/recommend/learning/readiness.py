"""Whether there is enough to learn from, and what is missing."""

from __future__ import annotations

import numpy as np

from pipeline.recommend.learning.reading import ShopData
from pipeline.recommend.methods.histories import histories
from pipeline.recommend.models.model import Need

# A judgement, not a measurement: with less, a week's customers are too few to tell a model from popularity. What has
# more still has to win that comparison.
EVENTS = 2_000
CUSTOMERS = 200
PRODUCTS = 20
DAYS = 14  # a week to learn from and a week to measure on


def needs(data: ShopData) -> tuple[Need, ...]:
    """What a model needs, in the order in which a shop gets there."""
    interactions = data.interactions
    products = np.diff(histories(interactions).indptr)
    span = int(interactions.at.max() // 86_400 - interactions.at.min() // 86_400) + 1 if len(interactions) else 0
    return (
        Need("events", data.events, EVENTS),
        Need("products", len(np.unique(interactions.product)), PRODUCTS),
        Need("customers with two products or more", int((products >= 2).sum()), CUSTOMERS),
        Need("days", span, DAYS),
    )
