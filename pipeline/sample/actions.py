"""The events of visits, as columns: which products are viewed, in which order, and when.

Model
-----
- 72 % of views are of the visit's category, the others of any category by the month's interest; inside a category by
  popularity. Of two candidates the visitor's preferred brand wins.
- After a product with a planted partner, 45 % of the next views are the partner.
- Pauses between views: 3 s + exponential (mean 42 s), at most 12 minutes. A visit that would run into the end of the
  span or into the outage has shorter pauses, so that it ends before.
- Cart and order lines are neighbouring views of the visit, so that partners end up in one order.
- 22 % of products below $40 are bought in twos or more.
- A clicked recommendation is the next view, and comes first into the cart if the visit buys; that order line
  carries the recommendation. The co-occurrence model earns more clicks than the popularity model.
- Latency from occurrence to arrival: 40 ms + exponential (mean 180 ms). Offline app visits arrive 1 to 48 hours later;
  what would have arrived during the outage arrives right after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.sample.people import STORE
from pipeline.sample.season import HOUR_MS, Bools, Calendar, Columns, Floats, Ints
from pipeline.sample.shop import Shop
from pipeline.sample.visits import SLATE, Visits

EVENT_TYPES = (
    "product_view", "cart_add", "cart_remove", "checkout_start", "purchase", "refund", "search",
    "recommendation_impression", "recommendation_click",
)  # fmt: skip
VIEW, CART_ADD, CART_REMOVE, CHECKOUT, PURCHASE, REFUND, SEARCH, IMPRESSION, CLICK = range(len(EVENT_TYPES))

IN_FOCUS = 0.72
FOLLOWS_PARTNER = 0.45
SEVERAL, CHEAP_CENTS = 0.22, 4_000
PAUSE_MS, PAUSE_MEAN_MS, PAUSE_MOST_MS = 3_000, 42_000, 720_000
SURFACES = ("product_page", "home", "cart")
MODELS = ("cooccurrence", "popularity")
_CLICKED_RANK = (0.45, 0.27, 0.17, 0.11)
_COOCCURRENCE = {True: 0.68, False: 0.49}  # share of that model's slates among clicked and other slates


EventColumns = dict[str, Ints]


@dataclass(frozen=True)
class Actions(Columns):
    """One entry per event. `visit` is the index of its visit; −1 (0 for amounts) means absent.

    `described` marks events that carry the product object, `slate` is 8 × surface-and-model + rank of a recommendation.
    """

    kind: Ints
    visit: Ints
    at: Ints
    received: Ints
    product: Ints
    quantity: Ints
    described: Bools
    slate: Ints


@dataclass(frozen=True)
class _Slots:
    """The products that visits view (at a till: buy), one after the other; `first` is each visit's first slot."""

    visit: Ints
    first: Ints
    product: Ints
    quantity: Ints
    at: Ints
    pause: Ints
    last: Ints  # per visit: when the last pause ends


def expand(visits: Visits, shop: Shop, when: Calendar, rng: np.random.Generator) -> Actions:
    """The events of some visits, by the time they were received."""
    slots = _viewed(visits, shop, rng)
    till = visits.channel == STORE
    seen = np.flatnonzero(~till[slots.visit])
    views = _events(VIEW, slots.visit[seen], slots.at[seen], slots.product[seen], described=np.isin(seen, slots.first))
    impressions, clicks, click_slot = _recommend(visits, slots, shop, rng)
    first_in_cart = np.where((click_slot >= 0) & (visits.lines > 0), click_slot, rng.integers(0, 1 << 30, visits.size))
    first_in_cart[till] = 0

    checkout = slots.last + 5_000 + rng.integers(0, 20_000, visits.size)
    buyer = np.flatnonzero(visits.checkouts)
    paid = np.where(till, visits.start, checkout + 20_000 + rng.exponential(60_000, visits.size).astype(np.int64))
    slate = np.full(visits.size, -1)
    slate[clicks["visit"]] = clicks["slate"]

    owner, slot = _neighbours(visits.lines, first_in_cart, visits, slots)
    purchases = _events(
        PURCHASE,
        owner,
        paid[owner],
        slots.product[slot],
        quantity=slots.quantity[slot],
        described=True,
        slate=np.where(slot == slots.first[owner] + click_slot[owner], slate[owner], -1),
    )
    parts = [
        views,
        impressions,
        clicks,
        _search(visits, slots, rng),
        *_carts(visits, slots, first_in_cart),
        _events(CHECKOUT, buyer, checkout[buyer]),
        purchases,
    ]
    events = _joined(parts)
    pause_share = _pause_share(visits, np.maximum(paid * (visits.lines > 0), slots.last + 25_000))
    events["at"] = _shortened(visits.start, pause_share, events["visit"], events["at"])

    position = np.arange(owner.size) - (np.cumsum(visits.lines) - visits.lines)[owner]
    back = np.flatnonzero(position < visits.refunds[owner])
    refund_at = _shortened(visits.start, pause_share, owner[back], paid[owner[back]]) + visits.refund_delay[owner[back]]
    refunds = _events(REFUND, owner[back], refund_at, slots.product[slot[back]], quantity=slots.quantity[slot[back]])
    return _with_arrivals(_joined([events, refunds]), visits, when, rng)


def _neighbours(counts: Ints, first: Ints, visits: Visits, slots: _Slots) -> tuple[Ints, Ints]:
    """Visit and slot of `counts` neighbouring slots per visit, beginning with its slot number `first`."""
    owner, position = _spread(counts)
    return owner, slots.first[owner] + (first[owner] + position) % visits.views[owner]


def _carts(visits: Visits, slots: _Slots, first_in_cart: Ints) -> list[EventColumns]:
    """Cart additions, and the removal of the last one."""
    owner, slot = _neighbours(visits.carts, first_in_cart, visits, slots)
    at = slots.at[slot] + slots.pause[slot] // 2
    added = _events(CART_ADD, owner, at, slots.product[slot], quantity=slots.quantity[slot], described=True)
    remover = np.flatnonzero(visits.removals)
    last = slot[(np.cumsum(visits.carts) - 1)[remover]]
    out = slots.last[remover] + 2_000
    return [added, _events(CART_REMOVE, remover, out, slots.product[last], quantity=slots.quantity[last])]


def _viewed(visits: Visits, shop: Shop, rng: np.random.Generator) -> _Slots:
    """The products that each visit views, and when."""
    owner, position = _spread(visits.views)
    count = owner.size
    any_category = shop.draw_categories(visits.month[owner], rng)
    category = np.where(rng.random(count) < IN_FOCUS, visits.taste[owner], any_category)
    product, other = shop.draw(category, rng), shop.draw(category, rng)
    liked = visits.brand[owner]
    product = np.where((shop.brand[other] == liked) & (shop.brand[product] != liked), other, product)

    before = np.roll(product, 1)
    follows = (position > 0) & (rng.random(count) < FOLLOWS_PARTNER) & (shop.partner[before] >= 0)
    follows &= ~np.roll(follows, 1)  # the one before was itself replaced: its partner is another
    product = np.where(follows, shop.partner[before], product)

    several = (rng.random(count) < SEVERAL) & (shop.price_cents[product] < CHEAP_CENTS)
    quantity = 1 + several * np.minimum(rng.geometric(0.7, count), 5)
    pause = PAUSE_MS + np.minimum(rng.exponential(PAUSE_MEAN_MS, count), PAUSE_MOST_MS).astype(np.int64)
    pause = np.where((visits.channel == STORE)[owner], 0, pause)
    elapsed = np.cumsum(pause)
    first = np.cumsum(visits.views) - visits.views
    begun = elapsed[first] - pause[first]
    searching = np.where(visits.searches > 0, 6_000, 0)
    at = (visits.start + searching - begun)[owner] + elapsed - pause
    last = first + visits.views - 1
    return _Slots(owner, first, product, quantity, at, pause, at[last] + pause[last])


def _recommend(
    visits: Visits, slots: _Slots, shop: Shop, rng: np.random.Generator
) -> tuple[EventColumns, EventColumns, Ints]:
    """Impressions, clicks, and the slot number that each visit's click leads to (−1 for none)."""
    holder = np.flatnonzero(visits.slates)
    clicks = visits.clicks[holder] > 0
    slot = (rng.random(holder.size) * (visits.views[holder] - 1)).astype(np.int64)
    model = (rng.random(holder.size) >= np.where(clicks, _COOCCURRENCE[True], _COOCCURRENCE[False])).astype(np.int64)
    surface = np.where(slot == 0, 1, rng.choice([0, 2], holder.size, p=[0.9, 0.1]))
    shown = shop.draw(np.repeat(visits.taste[holder], SLATE), rng).reshape(-1, SLATE)
    rank = rng.choice(SLATE, holder.size, p=_CLICKED_RANK)
    place = slots.first[holder] + slot
    chosen = np.flatnonzero(clicks)
    shown[chosen, rank[chosen]] = slots.product[place[chosen] + 1]
    code = (surface * len(MODELS) + model) * 8
    ranks = np.tile(np.arange(1, SLATE + 1), holder.size)
    moment = slots.at[place]
    impressions = _events(
        IMPRESSION,
        np.repeat(holder, SLATE),
        np.repeat(moment + slots.pause[place] // 8, SLATE),
        shown.ravel(),
        slate=np.repeat(code, SLATE) + ranks,
    )
    clicked = _events(
        CLICK,
        holder[chosen],
        (moment + slots.pause[place] * 7 // 8)[chosen],
        slots.product[place[chosen] + 1],
        slate=code[chosen] + rank[chosen] + 1,
    )
    click_slot = np.full(visits.size, -1)
    click_slot[holder[chosen]] = slot[chosen] + 1
    return impressions, clicked, click_slot


def _search(visits: Visits, slots: _Slots, rng: np.random.Generator) -> EventColumns:
    """Searches: the first opens the visit, the others are in its pauses. The search term is given as a product."""
    owner, position = _spread(visits.searches)
    slot = slots.first[owner] + (rng.random(owner.size) * visits.views[owner]).astype(np.int64)
    at = np.where(position == 0, visits.start[owner], slots.at[slot] + slots.pause[slot] * 3 // 4)
    return _events(SEARCH, owner, at, slots.product[slot])


def _events(
    kind: int,
    visit: Ints,
    at: Ints,
    product: Ints | int = -1,
    *,
    quantity: Ints | int = 0,
    described: Bools | bool = False,
    slate: Ints | int = -1,
) -> EventColumns:
    """EventColumns of events of one kind."""
    size = visit.size
    return {
        "kind": np.full(size, kind),
        "visit": visit,
        "at": at,
        "product": np.broadcast_to(product, size),
        "quantity": np.broadcast_to(quantity, size),
        "described": np.broadcast_to(described, size),
        "slate": np.broadcast_to(slate, size),
    }


def _joined(parts: Sequence[EventColumns]) -> EventColumns:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _spread(counts: Ints) -> tuple[Ints, Ints]:
    """Owner and position of `counts` items per owner: [2, 1] gives [0, 0, 1] and [0, 1, 0]."""
    owner = np.repeat(np.arange(counts.size), counts)
    return owner, np.arange(owner.size) - (np.cumsum(counts) - counts)[owner]


def _pause_share(visits: Visits, ends: Ints) -> Floats:
    """The share of its pauses that each visit can keep to end before its deadline: 1 for almost all."""
    allowed = np.maximum(visits.deadline - visits.start - 500, 0)
    kept: Floats = np.minimum(1.0, allowed / np.maximum(ends - visits.start, 1))
    return kept


def _shortened(start: Ints, pause_share: Floats, visit: Ints, at: Ints) -> Ints:
    """Instants moved towards the start of their visit, in the same order."""
    moved = np.array(at)
    late = np.flatnonzero(pause_share[visit] < 1)
    owner = visit[late]
    moved[late] = start[owner] + ((at[late] - start[owner]) * pause_share[owner]).astype(np.int64)
    return moved


def _with_arrivals(events: EventColumns, visits: Visits, when: Calendar, rng: np.random.Generator) -> Actions:
    """The events with their arrival, in the order of arrival."""
    visit, at = events["visit"], events["at"].astype(np.int64)
    online = (visits.channel != STORE)[visit]
    down, up = when.outage
    refused = online & (events["kind"] == REFUND) & (at >= down) & (at < up)  # visits avoid the outage themselves
    at = np.where(refused, at + HOUR_MS, at)
    latency = 40 + rng.exponential(180, at.size).astype(np.int64)
    waits = np.minimum(HOUR_MS * rng.lognormal(1.6, 0.8, visits.size), 48 * HOUR_MS).astype(np.int64)
    offline = visits.offline[visit] & (at + waits[visit] + HOUR_MS < when.length_ms)
    received = at + latency + np.where(offline, np.maximum(waits, HOUR_MS)[visit], 0)
    received = np.where(online & (received >= down) & (received < up), up + latency, received)
    received = np.minimum(received, when.length_ms - 1)
    order = np.argsort(received, kind="stable")
    columns = {name: values[order] for name, values in (events | {"at": at, "received": received}).items()}
    return Actions(**columns)
