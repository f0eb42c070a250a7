"""What goes with one product, whoever asks: bought together by orders, also viewed by the views of one day.

Bought together: the share of a product's orders that hold the other one, beyond what chance says: (orders with both −
orders with the one × orders with the other ÷ orders) ÷ (orders with the one + `SHRINKAGE`). A pair of which there are
no more than by chance (a lift of 1 or less) is none; few orders prove little, so they are shrunk.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from pipeline.recommend.interactions import Interactions
from pipeline.recommend.learning.reading import ShopData
from pipeline.recommend.methods.co_occurrence import co_occurrence_weights
from pipeline.recommend.methods.item_to_item import Weights

SHRINKAGE = 10.0  # orders, or pairs of views
VIEWING_DAYS = 60.0  # half-life of what was viewed together


def bought_together(data: ShopData) -> Weights:
    """Weights from each product to those bought with it: sparse, positive, each at most 1."""
    pairs, count = data.pairs, len(data.names)
    alone = np.bincount(data.activity.product, weights=data.activity.orders, minlength=count)
    if not data.orders:
        return sparse.csr_array((count, count), dtype=np.float32)
    chance = alone[pairs.product] * alone[pairs.other] / data.orders
    beyond = pairs.orders - chance
    some = beyond > 0
    first, second, beyond = pairs.product[some], pairs.other[some], beyond[some]
    both = np.concatenate([beyond / (alone[first] + SHRINKAGE), beyond / (alone[second] + SHRINKAGE)])
    ends = (np.concatenate([first, second]), np.concatenate([second, first]))
    return sparse.csr_array(sparse.coo_array((both.astype(np.float32), ends), shape=(count, count)))


def viewed_together(data: ShopData) -> Weights:
    """Weights from each product to those that the same visitor views on the same day: sparse, each at most 1."""
    views = data.interactions.where(data.viewed)
    days = views.at // 86_400
    visits = np.unique(np.stack([views.customer.astype(np.int64), days]), axis=1, return_inverse=True)
    by_visit = Interactions(
        customers=tuple(map(str, range(visits[0].shape[1]))),
        products=views.products,
        customer=np.asarray(visits[1]).ravel().astype(np.int32),
        product=views.product,
        weight=views.weight,
        at=views.at,
    )
    found: Any = co_occurrence_weights(by_visit, gap_days=0.0, age_days=VIEWING_DAYS, shrinkage=SHRINKAGE)
    return found
