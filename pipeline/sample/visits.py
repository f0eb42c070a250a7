"""What happens in each visit, as counts: views, searches, carts, orders. Decides the exact number of events.

Model (a visit is a session, or one purchase at a till)
-----
- 35 % of online visits bounce after one view; the others view 2 + a geometric number (mean 4.3).
- Probability to buy = channel base × device × region × day (campaigns, Black Friday) × campaign visit (1.15)
  × the visitor's propensity; at a till always. About 3 % over all visits.
- An order has 1–5 lines (62, 22, 10, 4, 2 %). 8 % of online orders are bought without a cart.
- 7.5 % of the other online visits fill a cart and abandon it; 40 % of those had begun the checkout.
- Searches: Poisson, 0.42 a visit. 19 % of longer visits see one slate of four recommendations, 14 % of those click.
- 6 % of order lines are refunded, 2 to 30 days later, where that still falls into the span.

The number of events is exact: visits are drawn with a surplus, shuffled, and taken while they fit; the few events that
are still missing are added as product views.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipeline.sample.people import APP, MARKETPLACE, STORE, Arrivals
from pipeline.sample.season import DAY_MS, NEWSLETTER_SHARE, Bools, Calendar, Floats, Ints
from pipeline.sample.words import REGIONS

BASE_CONVERSION = np.array([0.0195, 0.0255, 0.0275, 1.0])  # web, app, marketplace, store
DEVICE_CONVERSION = np.array([1.30, 0.82, 1.0, 1.0])
CAMPAIGN_CONVERSION = 1.15
BOUNCES = 0.35
FILLS_CART, BEGINS_CHECKOUT, WITHOUT_CART, REMOVES, SEES_SLATE = 0.075, 0.40, 0.08, 0.12, 0.19  # shares, see above
LINES = (0.62, 0.22, 0.10, 0.04, 0.02)
MOST_VIEWS = 45
SLATE = 4  # recommendations shown together
REFUNDED = 0.06
REFUND_DELAY = (2 * DAY_MS, 30 * DAY_MS)
APP_WITHOUT_SESSION = 0.25  # of app visits by known customers: an older app release sends no session id
APP_OFFLINE = 0.037  # of app visits are sent hours later; about 1 % of all events


@dataclass(frozen=True)
class Visits(Arrivals):
    """One entry per visit, by start, with the counts of what happens in it.

    `deadline` is the instant before which the visit's events must lie (the span's end, or the outage); `campaign` is an
    index into the calendar's campaigns, −1 for none and −2 for the newsletter; `discount` is in per cent.
    """

    deadline: Ints
    named: Bools
    offline: Bools
    campaign: Ints
    discount: Ints
    month: Ints
    views: Ints
    searches: Ints
    slates: Ints
    clicks: Ints
    carts: Ints
    removals: Ints
    checkouts: Ints
    lines: Ints
    refunds: Ints
    refund_delay: Ints

    @property
    def size(self) -> int:
        """Number of visits."""
        return self.start.size

    def events(self) -> Ints:
        """Number of events of each visit."""
        shown = self.views * (self.channel != STORE) + self.searches + SLATE * self.slates + self.clicks
        total: Ints = shown + self.carts + self.removals + self.checkouts + self.lines + self.refunds
        return total


def plan(events: int, arriving: Arrivals, when: Calendar, rng: np.random.Generator) -> Visits:
    """Visits with exactly `events` events together, by start."""
    drawn = _draw(arriving, when, rng)
    shuffled = rng.permutation(drawn.size)
    running = np.cumsum(drawn.events()[shuffled])
    kept = np.sort(shuffled[: int(np.searchsorted(running, events, side="right"))])
    visits = drawn[kept]
    visits = visits[np.argsort(visits.start, kind="stable")]
    missing = events - int(visits.events().sum())
    online = np.flatnonzero(visits.channel != STORE)
    np.add.at(visits.views, rng.choice(online, missing), 1)
    return visits


def _draw(a: Arrivals, when: Calendar, rng: np.random.Generator) -> Visits:
    count = a.start.size
    online = a.channel != STORE

    def happens(probability: float | Floats) -> Bools:
        return rng.random(count) < probability

    campaign = np.where(happens(when.share[a.day]), when.campaign[a.day], np.where(happens(NEWSLETTER_SHARE), -2, -1))
    campaign[~online] = -1
    chance = BASE_CONVERSION[a.channel] * DEVICE_CONVERSION[a.device] * a.propensity * when.conversion[a.day]
    chance *= np.array([r.conversion for r in REGIONS])[a.region] * np.where(campaign != -1, CAMPAIGN_CONVERSION, 1.0)
    buys = np.where(online, happens(np.minimum(chance, 0.6)), True)

    lines = np.where(buys, 1 + rng.choice(len(LINES), count, p=LINES), 0)
    without_cart = online & buys & happens(WITHOUT_CART)
    fills = online & ~buys & happens(FILLS_CART)
    carts = np.where(online & buys & ~without_cart, lines, 0) + fills * rng.integers(1, 4, count)
    removals = ((carts > 0) & happens(REMOVES)).astype(np.int64)
    carts += removals * buys  # a buyer removes what was added on top
    bounces = ~buys & ~fills & happens(BOUNCES / 0.88)
    views = np.where(bounces, 1, 1 + rng.geometric(1 / 5.3, count) + 2 * buys)
    views = np.where(online, np.clip(views, np.maximum(carts, lines), MOST_VIEWS), lines)
    searches = online * np.minimum(rng.poisson(0.42, count), 4)
    slates = (online & (views > 1) & happens(SEES_SLATE)).astype(np.int64)
    clicks = slates * happens(np.where(buys, 0.3, 0.13))
    checkouts = (online & (buys | (fills & happens(BEGINS_CHECKOUT)))).astype(np.int64)

    delay = rng.integers(*REFUND_DELAY, count)
    refunds = np.where(a.start + delay < when.length_ms - DAY_MS // 4, rng.binomial(lines, REFUNDED), 0)
    known = a.customer >= 0
    down, _ = when.outage
    return Visits(
        **vars(a),
        deadline=np.where(online & (a.start < down) & (a.start > down - DAY_MS), down, when.length_ms),
        named=online & ~((a.channel == APP) & known & happens(APP_WITHOUT_SESSION)),
        offline=(a.channel == APP) & happens(APP_OFFLINE),
        campaign=campaign,
        discount=np.where(a.channel == MARKETPLACE, 0, when.discount_percent[a.day]),
        month=when.months[a.day],
        views=views,
        searches=searches,
        slates=slates,
        clicks=clicks.astype(np.int64),
        carts=carts,
        removals=removals,
        checkouts=checkouts,
        lines=lines,
        refunds=refunds,
        refund_delay=delay,
    )
