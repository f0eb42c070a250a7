"""What a model no longer fits: products that it does not know."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipeline.recommend.learning.reading import ShopData

NEWEST_DAYS = 7


def unknown_share(data: ShopData, knows: Callable[[str], bool]) -> float | None:
    """Share of the newest week's actions, weighted by their kind, that are with products which a model does not know.

    None where nothing was done in that week.

    Parameters
    ----------
    knows : whether the model has a product, by its id
    """
    newest = data.activity.day >= data.end_day - NEWEST_DAYS
    weights = np.bincount(data.activity.product[newest], data.activity.weight[newest], len(data.names))
    total = float(weights.sum())
    if not total:
        return None
    done = np.flatnonzero(weights)
    ids = data.interactions.products
    unknown = [place for place in done.tolist() if not knows(ids[place])]
    return float(weights[unknown].sum()) / total
