"""What live keeps: per minute and region a `Document`, per minute of arrival a `Flow`, per customer the recent items.

Each is bounded and can be added: ``a.plus(b)`` counts what either counted, in any order. Stores keep them packed
(`pack`, `unpack`) and never look inside.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

import msgspec

from pipeline.live import sketch

MEMORY_MINUTES = 75  # of what happened: an hour, and a quarter for what arrives late
RECENT_ITEMS = 20  # per customer: what recommendations are made from
RECENT_ORDERS = 20  # per minute and region: a feed shows no more
MOST_CHANNELS = 16  # per minute and region; an event may name any channel, so a bound is needed
MOST_PRODUCTS = 600  # per minute and region; keeps a document below DynamoDB's 400 KB
MOST_REGIONS = 64
OTHER = "(other)"  # channels, products and regions beyond the bound
NAME_CHARACTERS = 80

SESSIONS = 1024  # sketch sizes: ± 3 % beyond a thousand sessions in a region's minute
CHANNEL_SESSIONS = 256
PRODUCT_SESSIONS = 16

STEPS = ("view", "cart", "checkout", "purchase")
_LAG_BASE = math.log(1.1)  # a bucket is 10 % wide, so a percentile is at most 10 % too high
_ZERO = Decimal(0)

Key = TypeVar("Key")


class Counts(msgspec.Struct, frozen=True, omit_defaults=True, array_like=True):
    """Sums of one minute of one region, one channel or one product.

    Attributes
    ----------
    orders : orders whose first line is here; an order of many lines counts once
    gross, refunds : Σ quantity × unit_price of purchases and of refunds, in the reporting currency only
    sessions : sketch of the sessions (a customer without a session counts as one)
    name : of a product, where a sender gave it
    """

    events: int = 0
    views: int = 0
    carts: int = 0
    checkouts: int = 0
    purchases: int = 0
    orders: int = 0
    units: int = 0
    gross: Decimal = _ZERO
    refunds: Decimal = _ZERO
    sessions: bytes = b""
    name: str = ""

    def plus(self, other: Counts, size: int) -> Counts:
        """The sum of both; `size` bounds the sketch."""
        return Counts(
            self.events + other.events,
            self.views + other.views,
            self.carts + other.carts,
            self.checkouts + other.checkouts,
            self.purchases + other.purchases,
            self.orders + other.orders,
            self.units + other.units,
            self.gross + other.gross,
            self.refunds + other.refunds,
            sketch.union((self.sessions, other.sessions), size),
            other.name or self.name,
        )

    @property
    def net(self) -> Decimal:
        """Net revenue: gross − refunds."""
        return self.gross - self.refunds


class Order(msgspec.Struct, frozen=True, array_like=True):
    """One order in the feed: its lines so far. It names no customer."""

    order_id: str
    at: datetime
    amount: Decimal
    currency: str
    lines: int
    units: int
    channel: str = ""
    region: str = ""
    namespace: str = ""

    @property
    def key(self) -> str:
        """What tells the order from all others: an order id is unique within its namespace."""
        return f"{self.namespace}\0{self.order_id}" if self.namespace else self.order_id

    def plus(self, other: Order) -> Order:
        """The lines of both."""
        return msgspec.structs.replace(
            self,
            at=min(self.at, other.at),
            amount=self.amount + other.amount,
            lines=self.lines + other.lines,
            units=self.units + other.units,
        )


class Document(msgspec.Struct, frozen=True, array_like=True):
    """One minute, by the clock of the events, in one region.

    Attributes
    ----------
    steps : by funnel step, a sketch of the sessions that took it
    channels, products : counts by channel and by product id; names beyond the bound are counted under ``(other)``
    orders : the latest `RECENT_ORDERS`, by `Order.key`
    """

    totals: Counts = Counts()
    steps: dict[str, bytes] = {}
    channels: dict[str, Counts] = {}
    products: dict[str, Counts] = {}
    orders: dict[str, Order] = {}

    def plus(self, other: Document) -> Document:
        """The sum of both."""
        orders = dict(self.orders)
        for key, order in other.orders.items():
            orders[key] = orders[key].plus(order) if key in orders else order
        return Document(
            self.totals.plus(other.totals, SESSIONS),
            {
                step: sketch.union((self.steps.get(step, b""), other.steps.get(step, b"")), SESSIONS)
                for step in {**self.steps, **other.steps}
            },
            add_counts(self.channels, other.channels, CHANNEL_SESSIONS, MOST_CHANNELS),
            add_counts(self.products, other.products, PRODUCT_SESSIONS, MOST_PRODUCTS),
            latest_orders(orders.values(), RECENT_ORDERS),
        )


def latest_orders(orders: Iterable[Order], most: int) -> dict[str, Order]:
    """The latest orders by `Order.key`, newest first."""
    newest = sorted(orders, key=lambda order: (order.at, order.key), reverse=True)
    return {order.key: order for order in newest[:most]}


def add_counts(
    mine: Mapping[str, Counts], theirs: Mapping[str, Counts], size: int, most: int | None = None
) -> dict[str, Counts]:
    """The sums of two counts by name; once there are `most` names, further ones are counted under `OTHER`."""
    found = dict(mine)
    for name, counts in theirs.items():
        is_full = most is not None and name not in found and len(found) >= most
        place = OTHER if is_full else name
        counted = msgspec.structs.replace(counts, name="") if is_full else counts
        found[place] = found[place].plus(counted, size) if place in found else counted
    return found


class Flow(msgspec.Struct, frozen=True, array_like=True):
    """One minute, by the clock of arrival: the conservation law, the rate, and how fast it became visible.

    Attributes
    ----------
    received : entries read from the stream, counted before anything is decided about them
    seconds : entries by second of the minute
    lags : accepted events by bucket of the time from reception to being visible here; see `lag_bucket`
    """

    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    seconds: dict[int, int] = {}
    lags: dict[int, int] = {}

    def plus(self, other: Flow) -> Flow:
        """The sum of both."""
        return Flow(
            self.received + other.received,
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.quarantined + other.quarantined,
            _added(self.seconds, other.seconds),
            _added(self.lags, other.lags),
        )

    @property
    def totals(self) -> Flow:
        """The four counts alone."""
        return Flow(self.received, self.accepted, self.duplicates, self.quarantined)


def _added(mine: Mapping[int, int], theirs: Mapping[int, int]) -> dict[int, int]:
    return {key: mine.get(key, 0) + theirs.get(key, 0) for key in {**mine, **theirs}}


def lag_bucket(seconds: float) -> int:
    """The bucket of a lag: each is 10 % wider than the one before, from a millisecond on."""
    return max(0, math.ceil(math.log(max(seconds, 0.001) * 1000) / _LAG_BASE))


def lag_percentile(lags: Mapping[int, int], fraction: float) -> float | None:
    """The lag in seconds that `fraction` of the events do not exceed, at most 10 % too high; None without events."""
    total = sum(lags.values())
    if not total:
        return None
    reached = 0
    for bucket in sorted(lags):
        reached += lags[bucket]
        if reached >= fraction * total:
            break
    return math.exp(bucket * _LAG_BASE) / 1000


class Item(msgspec.Struct, frozen=True, array_like=True):
    """A product, what a customer has done with it (see `latest_items`), and the time of the last action with it."""

    product_id: str
    event_type: str
    at: datetime


def latest_items(items: Iterable[Item]) -> list[Item]:
    """One item of each product, at the time of the newest, those first; at most `RECENT_ITEMS`. Repeats change nothing.

    What was bought stays bought, and what is in the cart stays there until it is taken out: a view changes the time
    alone.
    """
    newest: dict[str, Item] = {}
    for item in sorted(items, key=lambda item: (item.at, item.event_type)):
        known = newest.get(item.product_id)
        stays = known is not None and (known.event_type == "purchase" or item.event_type == "product_view")
        newest[item.product_id] = Item(item.product_id, known.event_type, item.at) if known and stays else item
    ordered = sorted(newest.values(), key=lambda item: (item.at, item.product_id), reverse=True)
    return ordered[:RECENT_ITEMS]


Packed = TypeVar("Packed")


def pack(value: object) -> bytes:
    """A document, a flow or a list of items, for a store; compressed where that pays."""
    encoded = _ENCODER.encode(value)
    return encoded if len(encoded) < _SMALL_BYTES else zlib.compress(encoded, 1)


def unpack(packed: bytes, kind: type[Packed]) -> Packed:
    """What `pack` packed."""
    # what was packed is an array, whose first byte in MessagePack is never the one that zlib begins with
    encoded = zlib.decompress(packed) if packed[:1] == _ZLIB else packed
    return msgspec.msgpack.decode(encoded, type=kind)


_ENCODER = msgspec.msgpack.Encoder()
_SMALL_BYTES = 1024  # compressing less takes longer than writing it
_ZLIB = b"\x78"
