"""Who visits when: customers with their lifetimes and tastes, and anonymous visitors.

Model
-----
Customers arrive evenly in *business time*, in which a busy day is a long day, and come back after exponential gaps in
the same time; so any number of customers follows the calendar's traffic exactly (the time change of a
Poisson process). After each visit a customer leaves for good with a fixed hazard. Three kinds of customers differ in
both:

======== ====== ============== =====================
kind     share  leaves after   mean gap between
                each visit     visits (share of span)
======== ====== ============== =====================
casual   66 %   85 %           5 %
regular  27 %   40 %           7 %
loyal     7 %    6 %           2 %
======== ====== ============== =====================

Customers acquired before the span are included as long as they still come. Each customer has one region, one usual
channel (kept for 80 % of visits), one to three preferred categories, one preferred brand, and a propensity to buy
(gamma, mean 1, larger for loyal customers). 35 % of visits are anonymous: seen once, a session id and no customer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.sample.season import Calendar, Columns, Floats, Ints
from pipeline.sample.shop import Shop
from pipeline.sample.words import BRANDS, BRANDS_PER_CATEGORY, CATEGORIES, REGIONS

CUSTOMERS_PER_EVENT = 1 / 12.4  # drawn; about 1 in 22 events remains, the others left before the span began
KIND_SHARE = (0.66, 0.27, 0.07)
LEAVES = np.array([0.85, 0.40, 0.06])
GAP = np.array([0.05, 0.07, 0.02])
PROPENSITY = np.array([0.85, 1.2, 1.7])
STORE_SHARE = np.array([0.009, 0.018, 0.024])  # of a kind's visits
HISTORY = 0.6  # how far before the span customers were acquired, as a share of it
MOST_VISITS = 250
ANONYMOUS = 0.35
KEEPS_CHANNEL = 0.8
TASTE_KEPT = (0.62, 0.26, 0.12)  # which of a customer's categories a visit is about

WEB, APP, MARKETPLACE, STORE = range(4)
CHANNELS = ("web", "app", "marketplace", "store")
DESKTOP, MOBILE, TABLET, POS = range(4)
DEVICES = ("desktop", "mobile", "tablet", "pos")
_CHANNEL_MIX = {"anonymous": (0.76, 0.12, 0.12), "casual": (0.64, 0.25, 0.11), "loyal": (0.50, 0.43, 0.07)}
DEVICE_MIX = ((0.45, 0.47, 0.08), (0.0, 0.88, 0.12), (0.40, 0.54, 0.06))


@dataclass(frozen=True)
class Arrivals(Columns):
    """One entry per visit, in no order: instant (milliseconds into the span), who, where, and interested in what.

    `customer` is −1 for an anonymous visit. `day` indexes the calendar's local days.
    """

    start: Ints
    day: Ints
    customer: Ints
    region: Ints
    channel: Ints
    device: Ints
    taste: Ints
    brand: Ints
    propensity: Floats


def arrivals(events: int, when: Calendar, shop: Shop, rng: np.random.Generator) -> Arrivals:
    """The visits of a sample of about `events` events, a few per cent more than it needs."""
    known = _customer_visits(max(60, round(events * CUSTOMERS_PER_EVENT)), when, rng)
    anonymous = _anonymous_visits(round(known.start.size * ANONYMOUS / (1 - ANONYMOUS)), when, shop, rng)
    both = Arrivals(
        **{name: np.concatenate([values, getattr(anonymous, name)]) for name, values in vars(known).items()}
    )
    down, up = when.outage
    online_in_outage = (both.channel != STORE) & (both.start >= down) & (both.start < up)
    inside = (both.start >= 0) & (both.start < when.length_ms - 60_000)
    return both[inside & ~online_in_outage]


def _customer_visits(customers: int, when: Calendar, rng: np.random.Generator) -> Arrivals:
    kind = rng.choice(3, customers, p=KIND_SHARE)
    visits = np.minimum(rng.geometric(LEAVES[kind]), MOST_VISITS)
    owner = np.repeat(np.arange(customers), visits)
    first = np.cumsum(visits) - visits
    gaps = rng.exponential(GAP[kind][owner])
    gaps[first] = 0
    elapsed = np.cumsum(gaps)
    moment = rng.uniform(-HISTORY, 1, customers)[owner] + elapsed - elapsed[first][owner]
    seen = (moment >= 0) & (moment < 1)
    owner, moment = owner[seen], moment[seen]
    count = owner.size

    region = rng.choice(len(REGIONS), customers, p=[r.share for r in REGIONS])
    tastes = rng.choice(len(CATEGORIES), (customers, len(TASTE_KEPT)), p=[c.share for c in CATEGORIES])
    brand = _brand_of(tastes[:, 0], rng)
    propensity = PROPENSITY[kind] * rng.gamma(2.0, 0.5, customers)
    usual = np.where(
        kind == 2,
        rng.choice(3, customers, p=_CHANNEL_MIX["loyal"]),
        rng.choice(3, customers, p=_CHANNEL_MIX["casual"]),
    )
    other = rng.choice(3, count, p=_CHANNEL_MIX["casual"])
    channel = np.where(rng.random(count) < KEEPS_CHANNEL, usual[owner], other)
    channel[rng.random(count) < STORE_SHARE[kind][owner]] = STORE
    day = _days(moment, when)
    return Arrivals(
        start=when.instants(day, region[owner], channel == STORE, rng),
        day=day,
        customer=owner,
        region=region[owner],
        channel=channel,
        device=_devices(channel, rng),
        taste=tastes[owner, rng.choice(3, count, p=TASTE_KEPT)],
        brand=brand[owner],
        propensity=propensity[owner],
    )


def _anonymous_visits(count: int, when: Calendar, shop: Shop, rng: np.random.Generator) -> Arrivals:
    day = _days(rng.random(count), when)
    region = rng.choice(len(REGIONS), count, p=[r.share for r in REGIONS])
    channel = rng.choice(3, count, p=_CHANNEL_MIX["anonymous"])
    taste = shop.draw_categories(when.months[day], rng)
    return Arrivals(
        start=when.instants(day, region, np.zeros(count, dtype=bool), rng),
        day=day,
        customer=np.full(count, -1, dtype=np.int64),
        region=region,
        channel=channel,
        device=_devices(channel, rng),
        taste=taste,
        brand=_brand_of(taste, rng),
        propensity=np.full(count, 0.7),
    )


def _days(moment: Floats, when: Calendar) -> Ints:
    """The calendar's local days of instants in business time."""
    running = np.cumsum(when.traffic)
    return np.minimum(np.searchsorted(running / running[-1], moment, side="right"), when.traffic.size - 1)


def _brand_of(category: Ints, rng: np.random.Generator) -> Ints:
    """A brand among those the category carries (see `shop.open_shop`)."""
    return (category * 5 + rng.integers(0, BRANDS_PER_CATEGORY, category.size)) % len(BRANDS)


def _devices(channel: Ints, rng: np.random.Generator) -> Ints:
    uniform = rng.random(channel.size)
    running = np.cumsum(np.array([*DEVICE_MIX, (1.0, 0.0, 0.0)]), axis=1)
    device = (uniform[:, None] >= running[channel]).sum(axis=1)
    return np.where(channel == STORE, POS, np.minimum(device, TABLET))
