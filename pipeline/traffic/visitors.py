"""The live visitors of the sample shop: who views what, fills a cart, checks out and buys.

Model
-----
The assortment, the mixes of visitors and the shares are the sample year's (`pipeline.sample`), so that live events
continue it. Time differs: many visits are open at once, and the next event is the next moment of one of them, picked at
random. With `rate` × 42 seconds of open visits, the pauses of one visitor have about the sample's mean, and any rate is
met exactly.

A visit is a queue of moments: perhaps a search, views (of the visitor's taste, partners after each other), perhaps a
slate of recommendations and a click, what goes into the cart and out again, the checkout, and the order with its lines.
A few visits return something instead: a refund for 6 % of the lines sold before.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import accumulate
from typing import Any
from uuid import uuid4

import numpy as np

from pipeline.sample import visits
from pipeline.sample.actions import CHEAP_CENTS, FOLLOWS_PARTNER, IN_FOCUS, MODELS, PAUSE_MEAN_MS, SEVERAL, SURFACES
from pipeline.sample.people import ANONYMOUS, CHANNELS, DEVICE_MIX, DEVICES
from pipeline.sample.season import NEWSLETTER, NEWSLETTER_SHARE
from pipeline.sample.shop import Shop
from pipeline.sample.words import REGIONS

CUSTOMERS = 20_000  # who come back; a few come often
CLICKS, SEARCHES = 0.17, 0.35
FURTHER_VIEWS = 4.3  # mean, of visits that do not bounce
OPEN_SECONDS = PAUSE_MEAN_MS / 1000  # mean pause between two steps of a visit
LONG_VISIT = 20  # moments; longer ones are few
RETURNS = 0.02  # of new visits bring something back, as long as something is to be brought back
LONGEST_QUEUE = 500  # of order lines to be brought back
DRAWN_TOGETHER = 4_096  # products, because drawing one at a time costs as much as drawing many

Step = dict[str, Any]  # an event without its id and instant
Moment = list[Step]  # what a visitor does at once: the lines of an order, the slate that is shown
_CHANNEL_MIX = list(accumulate((0.64, 0.24, 0.12)))
_DEVICE_MIX = [list(accumulate(mix)) for mix in DEVICE_MIX]
_REGION_MIX = list(accumulate(region.share for region in REGIONS))
_LINES_MIX = list(accumulate(visits.LINES))


class Visitors:
    """All visitors of the shop. Not safe for several threads.

    Parameters
    ----------
    shop : the assortment, of `pipeline.sample.shop.open_shop`
    rate : events per second that will be asked for; decides how many visits are open at once
    seed : the same seed and the same calls give the same actions; identifiers and instants are always new
    """

    def __init__(self, shop: Shop, rate: float, seed: int | None = None) -> None:
        self._random = random.Random(seed)  # noqa: S311 - no secret depends on it
        self._identifiers, self._names = shop.identifiers, shop.names
        self._category: list[int] = shop.category.tolist()  # lists, because single items of arrays are slow
        self._partner: list[int] = shop.partner.tolist()
        self._price_cents: list[int] = shop.price_cents.tolist()
        self._popularity: list[float] = shop.cumulative.tolist()
        self._descriptions = [
            {"currency": "USD", "product": shop.description(product)} for product in range(len(shop.names))
        ]
        self._drawn = _products(shop, np.random.default_rng(seed))
        self._returns: deque[Step] = deque(maxlen=LONGEST_QUEUE)
        self._open: list[deque[Moment]] = []
        self._most_open = max(1, round(rate * OPEN_SECONDS))

    def act(self) -> list[Step]:
        """The events of one visitor's next moment, with their fields in order."""
        place = self._random.randrange(self._most_open)
        if place >= len(self._open):
            place = len(self._open)
            self._open.append(self._visit_under_way())
        moment = self._open[place].popleft()
        if not self._open[place]:
            self._open[place] = deque(self._visit())
        for step in moment:
            if step["event_type"] == "purchase" and self._random.random() < visits.REFUNDED:
                self._returns.append(step)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return [
            {"event_id": _new_identifier(), "event_type": step["event_type"], "occurred_at": now, **step}
            for step in moment
        ]

    def _visit_under_way(self) -> deque[Moment]:
        """The rest of a visit that began earlier; long visits are more likely than short ones."""
        visit = self._visit()
        while self._random.random() * LONG_VISIT > len(visit):
            visit = self._visit()
        return deque(visit[self._random.randrange(len(visit)) :])

    def _visit(self) -> list[Moment]:
        """All moments of a new visit, at least one."""
        chance = self._random.random
        if self._returns and chance() < RETURNS:
            return [[{**self._returns.popleft(), "event_type": "refund"}]]
        channel = _pick(_CHANNEL_MIX, chance())
        device = _pick(_DEVICE_MIX[channel], chance())
        region = REGIONS[_pick(_REGION_MIX, chance())]
        who: Step = {"session_id": _new_identifier()}
        if chance() >= ANONYMOUS:
            who["customer_id"] = f"live-{int(CUSTOMERS * chance() ** 3)}"
        who |= {"channel": CHANNELS[channel], "device": DEVICES[device], "region": region.name}
        buying = float(visits.BASE_CONVERSION[channel] * visits.DEVICE_CONVERSION[device]) * region.conversion
        if chance() < NEWSLETTER_SHARE:
            who["campaign"] = NEWSLETTER
            buying *= visits.CAMPAIGN_CONVERSION
        return [[step | who for step in moment] for moment in self._moments(buys=chance() < buying)]

    def _moments(self, *, buys: bool) -> list[Moment]:
        chance = self._random.random
        fills = not buys and chance() < visits.FILLS_CART
        seen = self._views(buys=buys, bounces=not buys and not fills and chance() < visits.BOUNCES)
        moments: list[Moment] = [[self._viewed(product, described=not place)] for place, product in enumerate(seen)]
        if len(seen) > 1 and chance() < visits.SEES_SLATE:
            place = 1 + self._random.randrange(len(seen) - 1)
            moments[place:place] = self._slate(seen[place])
        if chance() < SEARCHES:
            words = self._names[seen[0]].split(" ", 1)[1].lower()
            moments.insert(0, [{"event_type": "search", "attributes": {"query": words}}])
        if buys or fills:
            moments += self._purchase(seen, buys=buys)
        return moments

    def _purchase(self, seen: list[int], *, buys: bool) -> Iterator[Moment]:
        """The moments from the cart to the order, or until the visitor gives up."""
        chance = self._random.random
        wanted = seen[-(1 + _pick(_LINES_MIX, chance())) :]  # neighbours, so that partners end up in one order
        lines = [self._line(product) for product in dict.fromkeys(wanted)]
        if not buys or chance() >= visits.WITHOUT_CART:
            yield from ([{"event_type": "cart_add", **line}] for line in lines)
            if chance() < visits.REMOVES:
                extra = self._line(next(self._drawn))
                yield [{"event_type": "cart_add", **extra}]
                yield [{"event_type": "cart_remove", **{name: extra[name] for name in ("product_id", "quantity")}}]
        if buys or chance() < visits.BEGINS_CHECKOUT:
            yield [{"event_type": "checkout_start"}]
        if buys:
            order = _new_identifier()
            yield [{"event_type": "purchase", "order_id": order, **line} for line in lines]

    def _views(self, *, buys: bool, bounces: bool) -> list[int]:
        """The products viewed in a visit: one for a bounce, else two or more, partners one after the other."""
        more = 0 if bounces else 1 + int(self._random.expovariate(1 / FURTHER_VIEWS)) + 2 * buys
        seen = [next(self._drawn)]
        taste = self._category[seen[0]]
        while len(seen) <= min(more, visits.MOST_VIEWS - 1):
            partner = self._partner[seen[-1]]
            if partner >= 0 and self._random.random() < FOLLOWS_PARTNER:
                seen.append(partner)
                continue
            product = next(self._drawn)
            if self._category[product] != taste and self._random.random() < IN_FOCUS:
                # each category owns the unit interval [category, category + 1) of the running sum
                found = bisect(self._popularity, taste + self._random.random())
                product = min(found, len(self._category) - 1)
            seen.append(product)
        return seen

    def _viewed(self, product: int, *, described: bool) -> Step:
        step: Step = {"event_type": "product_view", "product_id": self._identifiers[product]}
        return step | self._descriptions[product] if described else step

    def _line(self, product: int) -> Step:
        """The fields of a cart event or an order line about one product."""
        cents = self._price_cents[product]
        several = cents < CHEAP_CENTS and self._random.random() < SEVERAL
        return {
            "product_id": self._identifiers[product],
            "quantity": 2 if several else 1,
            "unit_price": f"{cents // 100}.{cents % 100:02d}",
            **self._descriptions[product],
        }

    def _slate(self, followed: int) -> Iterator[Moment]:
        """Recommendations shown together; perhaps one is clicked and leads to the next product viewed."""
        shown = [next(self._drawn) for _ in range(visits.SLATE)]
        rank = self._random.randrange(visits.SLATE)
        shown[rank] = followed
        common = {
            "surface": self._random.choice(SURFACES),
            "model": self._random.choice(MODELS),
            "request_id": _new_identifier(),
        }

        def about(kind: str, place: int) -> Step:
            recommendation = {**common, "rank": place + 1}
            product = self._identifiers[shown[place]]
            return {"event_type": kind, "product_id": product, "recommendation": recommendation}

        yield [about("recommendation_impression", place) for place in range(visits.SLATE)]
        if self._random.random() < CLICKS:
            yield [about("recommendation_click", rank)]


def _new_identifier() -> str:
    """A new identifier. Bare hexadecimal is never mistaken for a card number; with a letter before it, it may be."""
    return uuid4().hex


def _pick(running: list[float], chance: float) -> int:
    """The index in a running sum of shares; the last one where rounding leaves a gap."""
    return min(bisect(running, chance), len(running) - 1)


def _products(shop: Shop, rng: np.random.Generator) -> Iterator[int]:
    """Products without end, by this month's interest and their popularity."""
    while True:
        months = np.full(DRAWN_TOGETHER, datetime.now(UTC).month)
        yield from shop.draw(shop.draw_categories(months, rng), rng).tolist()
