"""Counts, documents and flows that can still be added to, while a batch is being counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from pipeline.contract.shape import Event
from pipeline.live import sketch
from pipeline.live.documents import NAME_CHARACTERS, Counts, Document, Flow, Order, lag_bucket

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

    def counts(self) -> Counts:
        """What was counted."""
        return Counts(
            self.events, self.views, self.carts, self.checkouts, self.purchases, self.orders, self.units,
            self.gross, self.refunds, sketch.pack(self.visitors), self.name,
        )  # fmt: skip


@dataclass(slots=True)
class GrowingDocument:
    """A `Document` that events are added to."""

    totals: GrowingCounts = field(default_factory=GrowingCounts)
    steps: dict[str, set[int]] = field(default_factory=dict)
    channels: dict[str, GrowingCounts] = field(default_factory=dict)
    products: dict[str, GrowingCounts] = field(default_factory=dict)
    orders: dict[str, Order] = field(default_factory=dict)

    def add(self, event: Event, region: str, currency: str, new_order: int, new_line: int) -> None:
        """Count one event; `new_order` and `new_line` are 1 for the first line of an order, and of a product in it."""
        kind = event.event_type
        quantity = event.quantity or 1
        units = max(1, round(quantity))  # what is sold by weight counts in whole units here
        paid = event.unit_price * quantity if event.unit_price is not None and kind in ("purchase", "refund") else _ZERO
        amount = paid if event.currency == currency else _ZERO
        visitor = (
            sketch.hashed("session", event.session_id)
            if event.session_id
            else sketch.hashed("customer", event.customer_id or "")
        )
        self.totals.add(kind, visitor, amount, units, new_order)
        step = _STEP_OF.get(kind)
        if step:
            self.steps.setdefault(step, set()).add(visitor)
        if event.channel:
            self.channels.setdefault(event.channel, GrowingCounts()).add(kind, visitor, amount, units, new_order)
        if event.product_id:
            product = self.products.setdefault(event.product_id, GrowingCounts())
            product.add(kind, visitor, amount, units, new_line)
            if event.product is not None and event.product.name:
                product.name = event.product.name[:NAME_CHARACTERS]
        if kind == "purchase" and event.order_id:
            line = Order(
                event.order_id,
                event.occurred_at,
                paid,
                event.currency or currency,
                1,
                units,
                event.channel or "",
                region,
            )
            before = self.orders.get(event.order_id)
            self.orders[event.order_id] = line if before is None else before.plus(line)

    def document(self) -> Document:
        """What was counted, within the bounds of a document."""
        unbounded = Document(
            self.totals.counts(),
            {step: sketch.pack(visitors) for step, visitors in self.steps.items()},
            {name: tally.counts() for name, tally in self.channels.items()},
            {name: tally.counts() for name, tally in self.products.items()},
            self.orders,
        )
        return Document().plus(unbounded)


@dataclass(slots=True)
class GrowingFlow:
    """A `Flow` that entries are added to."""

    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0
    seconds: dict[int, int] = field(default_factory=dict)
    lags: dict[int, int] = field(default_factory=dict)

    def count(self, at: datetime) -> None:
        """Count an entry, before it is known whether it is accepted."""
        self.received += 1
        self.seconds[at.second] = self.seconds.get(at.second, 0) + 1

    def accept(self, lag: float) -> None:
        """Count an accepted event that is visible `lag` seconds after its reception."""
        self.accepted += 1
        bucket = lag_bucket(lag)
        self.lags[bucket] = self.lags.get(bucket, 0) + 1

    def flow(self) -> Flow:
        """What was counted."""
        return Flow(self.received, self.accepted, self.duplicates, self.quarantined, self.seconds, self.lags)
