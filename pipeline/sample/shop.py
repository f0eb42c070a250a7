"""The sample shop's assortment: 2,000 products with prices, costs, popularity and planted partners.

Model
-----
- The products are divided among 48 aisles ("Home/Lighting") by their category's share of interest.
- Price: log-normal around the category's median times the aisle's level (sigma 0.5), moved to a retail ending
  (x.49, x.99, and whole dollars ending in 5 or 9 from $100).
- Unit cost: 35–70 % of the price, uniformly; absent for 8 % of products.
- Popularity inside a category: Zipf, weight 1 ÷ rank^0.9 in a random order.
- Partners: each product of the first aisle of `words.PAIRED_AISLES` has one partner in the second aisle.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from pipeline.sample.season import Floats, Ints
from pipeline.sample.words import AISLE_PRICE, BRANDS, BRANDS_PER_CATEGORY, CATEGORIES, LINES, PAIRED_AISLES

PRODUCTS = 2_000
PRICE_SIGMA = 0.5
COST_SHARE = (0.35, 0.70)
COST_UNKNOWN = 0.08
ZIPF_EXPONENT = 0.9
SEASONAL_LIFT = 1.6  # interest in a category in its busy months


@dataclass(frozen=True)
class Shop:
    """The assortment, one entry per product, ordered by category.

    Attributes
    ----------
    identifiers, names, aisles : product id, name, and category path
    category, brand : index into `CATEGORIES` and `BRANDS`
    price_cents, cost_cents : in dollar cents; cost −1 where unknown
    partner : index of the product it is often bought with; −1 for none
    first, cumulative : where each category's products begin (one more entry than categories), and the running sum of
        popularity over all products, each category summing to 1
    interest : category shares by month, 12 × categories, as running sums that end with 1
    """

    identifiers: list[str]
    names: list[str]
    aisles: list[str]
    category: Ints
    brand: Ints
    price_cents: Ints
    cost_cents: Ints
    partner: Ints
    first: Ints
    cumulative: Floats
    interest: Floats

    def description(self, product: int) -> dict[str, str]:
        """Name, category, brand and, where known, unit cost of a product, as events carry them."""
        known = {"name": self.names[product], "category": self.aisles[product], "brand": BRANDS[self.brand[product]]}
        cents = int(self.cost_cents[product])
        return known if cents < 0 else known | {"unit_cost": f"{cents // 100}.{cents % 100:02d}"}

    def draw_categories(self, months: Ints, rng: np.random.Generator) -> Ints:
        """One category for each month (1–12), by that month's interest."""
        row = months - 1
        running = (self.interest + np.arange(12)[:, None]).ravel()
        found = np.searchsorted(running, row + rng.random(months.size), side="right") - row * len(CATEGORIES)
        categories: Ints = np.clip(found, 0, len(CATEGORIES) - 1)
        return categories

    def draw(self, categories: Ints, rng: np.random.Generator) -> Ints:
        """One product for each category, by popularity."""
        # Each category owns the unit interval [category, category + 1) of the running sum.
        wanted = categories + rng.random(categories.size)
        found = np.searchsorted(self.cumulative, wanted, side="right")
        return np.clip(found, self.first[categories], self.first[categories + 1] - 1)


def open_shop(seed: int) -> Shop:
    """The assortment of a seed."""
    rng = np.random.default_rng([seed, 1])
    names, aisles, category = _assortment()
    count = len(names)
    brand = (category * 5 + rng.integers(0, BRANDS_PER_CATEGORY, count)) % len(BRANDS)
    medians = np.array(
        [CATEGORIES[c].median_price * AISLE_PRICE.get(a, 1) for c, a in zip(category, aisles, strict=True)]
    )
    price = _retail_ending(medians * rng.lognormal(0, PRICE_SIGMA, count))
    cost = np.rint(price * rng.uniform(*COST_SHARE, count)).astype(np.int64)
    cost[rng.random(count) < COST_UNKNOWN] = -1
    first = np.searchsorted(category, np.arange(len(CATEGORIES) + 1))
    popularity = np.empty(count)
    for start, stop in pairwise(first):
        weight = 1 / np.arange(1, stop - start + 1) ** ZIPF_EXPONENT
        popularity[start:stop] = rng.permutation(weight / weight.sum())
    return Shop(
        identifiers=[f"p{10_001 + index}" for index in range(count)],
        names=names,
        aisles=aisles,
        category=category,
        brand=brand,
        price_cents=price,
        cost_cents=cost,
        partner=_partners(aisles, popularity, rng),
        first=first,
        cumulative=np.cumsum(popularity),
        interest=_interest(),
    )


def _assortment() -> tuple[list[str], list[str], Ints]:
    shares = np.array([c.share for c in CATEGORIES])
    ends = np.rint(np.cumsum(shares / shares.sum()) * PRODUCTS).astype(int)
    names: list[str] = []
    aisles: list[str] = []
    category: list[int] = []
    for index, entry in enumerate(CATEGORIES):
        wanted = int(ends[index]) - len(names)
        paths = list(entry.aisles)
        for number in range(wanted):
            aisle, within = paths[number % len(paths)], number // len(paths)
            nouns = entry.aisles[aisle]
            line = LINES[(within // len(nouns) + 7 * index) % len(LINES)]
            names.append(f"{line} {nouns[within % len(nouns)]}")
            aisles.append(f"{entry.name}/{aisle}")
            category.append(index)
    return names, aisles, np.array(category, dtype=np.int64)


def _retail_ending(dollars: Floats) -> Ints:
    """Dollars as cents with a shop's usual endings."""
    whole = np.maximum(np.floor(dollars), 2).astype(np.int64)
    small = np.where(dollars - np.floor(dollars) < 0.5, 49, 99)
    cents = np.where(dollars < 10, whole * 100 + small, whole * 100 + 99)
    large = np.rint(dollars / 10).astype(np.int64) * 10 - np.where(whole % 2 == 0, 1, 5)
    return np.where(dollars >= 100, large * 100, cents)


def _partners(aisles: list[str], popularity: Floats, rng: np.random.Generator) -> Ints:
    partner = np.full(len(aisles), -1, dtype=np.int64)
    places = np.array(aisles)
    for main, side in PAIRED_AISLES:
        mains, sides = np.flatnonzero(places == main), np.flatnonzero(places == side)
        weight = np.sqrt(popularity[sides])  # flatter than popularity, so that partners differ
        partner[mains] = rng.choice(sides, mains.size, p=weight / weight.sum())
    return partner


def _interest() -> Floats:
    shares = np.array([c.share for c in CATEGORIES])
    months = np.arange(1, 13)
    busy = np.array([np.isin(months, c.busy_months) for c in CATEGORIES]).T
    weights = shares * np.where(busy, SEASONAL_LIFT, 1.0)
    running = np.cumsum(weights, axis=1)
    shares_so_far: Floats = running / running[:, -1:]
    return shares_so_far
