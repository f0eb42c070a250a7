"""Counts, documents and flows that can still be added to, while a batch is being counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from pipeline.live import sketch
from pipeline.live.documents import (
    CHANNEL_SESSIONS,
    MOST_CHANNELS,
    MOST_PRODUCTS,
    NAME_CHARACTERS,
    PRODUCT_SESSIONS,
    RECENT_ORDERS,
    SESSIONS,
    Counts,
    Document,
    Flow,
    Order,
    add_counts,
    latest_orders,
)
from pipeline.live.lines import LiveEvent

_STEP_OF = {"product_view": "view", "cart_add": "cart", "checkout_start": "checkout", "purchase": "purchase"}
_ZERO = Decimal(0)


@dataclass(slots=True)
class GrowingCounts:
    """`Counts` that events are added to."""

    events: int = 0
    views: int = 0
    carts: int = 0
    checkouts: int = 0
    purchases: int = 0
    orders: int = 0
    units: int = 0
    gross: Decimal = _ZERO
    refunds: Decimal = _ZERO
    visitors: set[int] = field(default_factory=set)
    name: str = ""

    def add(self, kind: str, visitor: int, amount: Decimal, units: int, order: int) -> None:
        """Count one event; `order` is 1 where it is the first line of its order."""
        self.events += 1
        self.visitors.add(visitor)
        if kind == "product_view":
            self.views += 1
        elif kind == "cart_add":
            self.carts += 1
        elif kind == "checkout_start":
            self.checkouts += 1
        elif kind == "purchase":
            self.purchases += 1
            self.orders += order
            self.units += units
            self.gross += amount
        elif kind == "refund":
            self.refunds += amount

    def counts(self, size: int) -> Counts:
        """What was counted; `size` bounds the sketch."""
        return Counts(
            self.events, self.views, self.carts, self.checkouts, self.purchases, self.orders, self.units,
            self.gross, self.refunds, sketch.smallest(self.visitors, size), self.name,
        )  # fmt: skip


@dataclass(slots=True)
class GrowingDocument:
    """A `Document` that events are added to."""

    totals: GrowingCounts = field(default_factory=GrowingCounts)
    steps: dict[str, set[int]] = field(default_factory=dict)
    channels: dict[str, GrowingCounts] = field(default_factory=dict)
    products: dict[str, GrowingCounts] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    def add(self, event: LiveEvent, region: str, currency: str, new_order: int, new_line: int, is_paid: bool) -> None:
        """Count one event.

        Parameters
        ----------
        new_order, new_line : 1 for the first line of an order, and of a product in it
        is_paid : False for a purchase that another sender of the shop reported already, or has to confirm: it has no
            amount and no units
        """
        kind = event.event_type
        quantity = event.quantity or 1
        units = max(1, round(quantity)) if is_paid else 0  # what is sold by weight counts in whole units here
        paid = _ZERO
        if event.unit_price is not None and is_paid and kind in ("purchase", "refund"):
            paid = event.unit_price * quantity
        amount = paid if event.currency == currency else _ZERO
        visitor = (
            sketch.hashed("session", event.namespace, event.session_id)
            if event.session_id
            else sketch.hashed("customer", event.namespace, event.customer_id or "")
        )
        self.totals.add(kind, visitor, amount, units, new_order)
        step = _STEP_OF.get(kind)
        if step:
            self.steps.setdefault(step, set()).add(visitor)
        if event.channel:
            channel = self.channels.get(event.channel)
            if channel is None:
                channel = self.channels[event.channel] = GrowingCounts()
            channel.add(kind, visitor, amount, units, new_order)
        if event.product_id:
            product = self.products.get(event.product_id)
            if product is None:
                product = self.products[event.product_id] = GrowingCounts()
            product.add(kind, visitor, amount, units, new_line)
            if event.product is not None and event.product.name:
                product.name = event.product.name[:NAME_CHARACTERS]
        if kind == "purchase" and event.order_id and is_paid:
            line = Order(
                event.order_id,
                event.occurred_at,
                paid,
                event.currency or currency,
                1,
                units,
                event.channel or "",
                region,
                event.namespace,
            )
            before = self.orders.get(line.key)
            self.orders[line.key] = line if before is None else before.plus(line)

    def document(self) -> Document:
        """What was counted, within the bounds of a document."""
        channels = {name: tally.counts(CHANNEL_SESSIONS) for name, tally in self.channels.items()}
        products = {name: tally.counts(PRODUCT_SESSIONS) for name, tally in self.products.items()}
        return Document(
            self.totals.counts(SESSIONS),
            {step: sketch.smallest(visitors, SESSIONS) for step, visitors in self.steps.items()},
            add_counts({}, channels, CHANNEL_SESSIONS, MOST_CHANNELS),
            add_counts({}, products, PRODUCT_SESSIONS, MOST_PRODUCTS),
            latest_orders(self.orders.values(), RECENT_ORDERS),
        )


@dataclass(slots=True)
class GrowingFlow:
    """A `Flow` that entries are added to."""

    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    seconds: dict[int, int] = field(default_factory=dict)
    lags: dict[int, int] = field(default_factory=dict)

    def count(self, second: int) -> None:
        """Count an entry of a second of the minute, before it is known whether it is accepted."""
        self.received += 1
        self.seconds[second] = self.seconds.get(second, 0) + 1

    def accept(self, bucket: int) -> None:
        """Count an accepted event by the bucket of the time from its reception to being visible."""
        self.accepted += 1
        self.lags[bucket] = self.lags.get(bucket, 0) + 1

    def flow(self) -> Flow:
        """What was counted."""
        return Flow(self.received, self.accepted, self.duplicates, self.quarantined, self.seconds, self.lags)
