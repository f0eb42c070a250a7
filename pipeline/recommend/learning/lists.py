"""Lists for everybody: what sells best, and what is rising, everywhere, by top category and by region.

- Best sellers: units, which count half after each `SELLING_DAYS`. In a shop that has sold nothing yet: what is done
  with the products, so that there is a list from the first day.
- Trending: what is done with a product in the last `RECENT_DAYS` against what is expected by its share of the
  `LONGER_DAYS` before: (recent − expected) ÷ √(expected + `SHRINKAGE`), which is a standard deviation where counts are
  Poisson's. The shrinkage keeps what was looked at a few times below what many look at. A product that does not rise
  is not on the list. All products rise with the traffic of the shop, so shares are compared.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from pipeline.live.documents import MOST_REGIONS
from pipeline.recommend.learning.reading import Activity, ShopData
from pipeline.recommend.models.model import BEST_SELLERS, EVERYWHERE, TRENDING, RankedList

SELLING_DAYS = 30.0
RECENT_DAYS, LONGER_DAYS = 7, 28
SHRINKAGE = 10.0
# with lists of their own: senders may name as many as they like, and one item of the store has the names of all lists
MOST_CATEGORIES = 300  # beside `MOST_REGIONS`, as many as Live tells apart
MOST_NAME_BYTES = 256  # of a category or region with a list of its own: it is part of a key
LENGTH = 300  # as many as serving looks at: 50 items, what is excluded, and what the customer knows

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]


def ranked_lists(data: ShopData, available: Bools) -> tuple[RankedList, ...]:
    """Every list that has an entry.

    Parameters
    ----------
    available : by product, whether it may be recommended
    """
    count = len(data.names)
    categories = np.array(data.interactions.categories or [""] * count, dtype=object)
    found: list[RankedList] = []
    for scope, rows in _of_regions(data):
        sold, rising = sales(data, rows), trend(data.activity, data.end_day, rows, count)
        scopes = [(scope, available)]
        if scope == EVERYWHERE:
            names = categories_with_lists(data)
            scopes += [(f"category:{name}", available & (categories == name)) for name in names]
        for name, members in scopes:
            found += [_best(BEST_SELLERS, name, sold, members), _best(TRENDING, name, rising, members)]
    return tuple(ranked for ranked in found if ranked.places)


def categories_with_lists(data: ShopData) -> list[str]:
    """The top categories with the most products, `MOST_CATEGORIES` at most, in order."""
    counts = Counter(name for name in data.interactions.categories or () if _is_short(name))
    return sorted(sorted(counts, key=lambda name: (-counts[name], name))[:MOST_CATEGORIES])


def regions_with_lists(data: ShopData) -> list[int]:
    """The numbers of the regions with the most activity, `MOST_REGIONS` at most, in order."""
    activity = data.activity
    weights = np.bincount(activity.region[activity.region >= 0], minlength=len(data.regions))
    named = [number for number, name in enumerate(data.regions) if _is_short(name)]
    return sorted(sorted(named, key=lambda number: (-weights[number], number))[:MOST_REGIONS])


def _is_short(name: str) -> bool:
    return 0 < len(name.encode()) <= MOST_NAME_BYTES


def has_sales(data: ShopData) -> bool:
    """Whether anything was sold in the window."""
    return bool(data.activity.units.sum() > 0)


def sales(data: ShopData, rows: Bools) -> Floats:
    """What each product scores as a best seller by some rows of the activity."""
    activity = data.activity
    amounts = activity.units if has_sales(data) else activity.weight
    ages = data.end_day - 1 - activity.day
    weights = np.where(rows, amounts * 0.5 ** (ages / SELLING_DAYS), 0.0)
    return np.bincount(activity.product, weights=weights, minlength=len(data.names)).astype(np.float64)


def trend(activity: Activity, end_day: int, rows: Bools, count: int) -> Floats:
    """How much each product rises by some rows of the activity, in standard deviations; see the module."""
    ages = end_day - 1 - activity.day
    recent = _summed(activity, rows & (ages < RECENT_DAYS), count)
    longer = _summed(activity, rows & (ages >= RECENT_DAYS) & (ages < RECENT_DAYS + LONGER_DAYS), count)
    if not longer.sum():
        return np.zeros(count)
    expected = longer * (recent.sum() / longer.sum())
    rising: Floats = (recent - expected) / np.sqrt(expected + SHRINKAGE)
    return rising


def _summed(activity: Activity, rows: Bools, count: int) -> Floats:
    return np.bincount(activity.product[rows], weights=activity.weight[rows], minlength=count).astype(np.float64)


def _of_regions(data: ShopData) -> Iterator[tuple[str, Bools]]:
    """Each scope of places, with its rows of the activity."""
    region = data.activity.region
    yield EVERYWHERE, np.ones(len(region), dtype=bool)
    for number in regions_with_lists(data):
        yield f"region:{data.regions[number]}", region == number


def _best(surface: str, scope: str, scores: Floats, members: Bools) -> RankedList:
    chosen = np.flatnonzero(members & (scores > 0))
    best = chosen[np.argsort(-scores[chosen], kind="stable")][:LENGTH]
    return RankedList(surface, scope, tuple(best.tolist()), tuple(scores[best].tolist()))
