"""What each customer knows, and what it still counts: the newest interaction of a customer with a product decides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.methods.item_to_item import Histories
from pipeline.recommend.recency import DAY_SECONDS


@dataclass(frozen=True)
class Known:
    """Each customer's products, each once, by customer and by the time of the newest interaction, oldest first.

    Attributes
    ----------
    customer, product, at : as those of `Interactions`
    start : where the customer of each row begins
    """

    customer: NDArray[np.int32]
    product: NDArray[np.int32]
    at: NDArray[np.int64]
    start: NDArray[np.int64]


def known_products(interactions: Interactions) -> Known:
    """What each customer knows."""
    pair = interactions.customer.astype(np.int64) * len(interactions.products) + interactions.product
    order = np.lexsort((interactions.at, pair))
    newest = order[np.append(pair[order][1:] != pair[order][:-1], True)] if len(order) else order
    chosen = newest[np.lexsort((interactions.product[newest], interactions.at[newest], interactions.customer[newest]))]
    customer = interactions.customer[chosen]
    start = np.searchsorted(customer, customer, side="left")
    return Known(customer, interactions.product[chosen], interactions.at[chosen], start)


def decays(at: NDArray[np.int64], now: int, half_life_days: float) -> NDArray[np.float32]:
    """`recency.decayed` of many: what actions at these seconds count at `now`."""
    if half_life_days <= 0:
        return np.ones(len(at), dtype=np.float32)
    ages = np.maximum(now - at, 0) / (half_life_days * DAY_SECONDS)
    found: NDArray[np.float32] = np.power(0.5, ages).astype(np.float32)
    return found


def newest(interactions: Interactions) -> int:
    """When the last interaction was, in seconds since 1970; 0 without any."""
    return int(interactions.at.max()) if len(interactions) else 0


def histories(interactions: Interactions, *, half_life_days: float = 0.0, most: int = 0) -> Histories:
    """What each product of a customer's history counts: shape (customers, products).

    Parameters
    ----------
    half_life_days : after which a product counts half, before the last interaction of all; 0 lets all count 1
    most : the newest products of each customer that count, as where only those are at hand; 0 for all
    """
    known = known_products(interactions)
    counted = np.ones(len(known.customer), dtype=bool)
    if most and len(counted):
        end = np.searchsorted(known.customer, known.customer, side="right")
        counted = np.arange(len(counted)) >= end - most
    weights = decays(known.at[counted], newest(interactions), half_life_days)
    shape = (len(interactions.customers), len(interactions.products))
    return sparse.csr_array((weights, (known.customer[counted], known.product[counted])), shape=shape)
