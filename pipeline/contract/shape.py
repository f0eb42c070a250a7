"""What an event is: its fields with their types and bounds, and the rules that depend on the clock and the lake (pure).

`pipeline.contract.events` says what the contract decides beyond these types.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, get_args

import msgspec
from msgspec import Meta

FUTURE_TOLERANCE = timedelta(minutes=5)  # how far a sender's clock may run ahead
MOST_UNITS = 1_000_000  # of one line
EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)  # no event is older, imports included: such a clock was never set

EventType = Literal[
    "product_view",
    "cart_add",
    "cart_remove",
    "checkout_start",
    "purchase",
    "refund",
    "search",
    "recommendation_impression",
    "recommendation_click",
]
EVENT_TYPES: tuple[str, ...] = get_args(EventType)

Identifier = Annotated[str, Meta(min_length=1, max_length=64)]
Text = Annotated[str, Meta(min_length=1, max_length=512)]
Instant = Annotated[datetime, Meta(tz=True)]


class Product(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What a sender knows about the product; feeds the product dimension.

    Attributes
    ----------
    category : path with ``/``, such as ``Home/Lighting``
    unit_cost : cost of goods for one unit, ≥ 0, in the currency of the event
    """

    name: Text | None = None
    category: Text | None = None
    brand: Text | None = None
    unit_cost: Decimal | None = None


class Recommendation(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Which recommendation was shown, clicked or followed: its place, model, position, and the answer it came from."""

    surface: Identifier | None = None
    model: Identifier | None = None
    rank: Annotated[int, Meta(ge=0, le=1_000_000)] | None = None
    request_id: Identifier | None = None


class SentEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One action of one customer, as its sender describes it: an event before it is received.

    Attributes
    ----------
    quantity : whole once it is settled, or with 3 decimals where the lake takes fractions
    free_order : whether a purchase of no amount makes its order one that counts
    rounded : whether an amount or a quantity had more digits than the lake keeps
    """

    event_id: Identifier
    event_type: EventType
    occurred_at: Instant
    customer_id: Identifier | None = None
    session_id: Identifier | None = None
    product_id: Identifier | None = None
    quantity: Annotated[int, Meta(ge=1, le=MOST_UNITS)] | Decimal | None = None
    unit_price: Decimal | None = None
    currency: Annotated[str, Meta(min_length=3, max_length=3)] | None = None
    order_id: Identifier | None = None
    channel: Identifier | None = None
    device: Identifier | None = None
    region: Identifier | None = None
    store_id: Identifier | None = None
    campaign: Text | None = None
    product: Product | None = None
    recommendation: Recommendation | None = None
    attributes: dict[str, str | int | float | bool | None] | None = None
    free_order: bool = False
    rounded: bool = False


class Event(SentEvent, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One received action. Instants are aware and in UTC; amounts have 4 decimals; absent values are None.

    Made by `parse`, `build` and `decode`; constructing one by hand skips the contract.

    Attributes
    ----------
    namespace : within it, ids of events, orders and sessions are unique; of the write key, empty for the lake's own
    public : whether it was sent with a public key, which anybody can read in a shop's pages
    """

    received_at: datetime = EARLIEST
    source: str = ""
    namespace: str = ""
    public: bool = False


@dataclass(frozen=True, slots=True)
class Rules:
    """What the contract depends on besides the record.

    Parameters
    ----------
    now : aware instant of reception; becomes `Event.received_at`
    retention_days : older events are refused; None allows any age since 1970 (imports)
    reporting_currency : ISO 4217 code of amounts that name no currency
    namespace, public : of the write key; become `Event.namespace` and `Event.public`
    fractional_quantities : whether a quantity may have decimals, such as kilograms
    largest_amount : a line of a greater amount is held until a person accepts it; None for no limit
    customer_of : the known id that an anonymous id was linked to before, if any; None where nobody is joined
    """

    now: datetime
    retention_days: int | None
    reporting_currency: str
    namespace: str = ""
    public: bool = False
    fractional_quantities: bool = False
    largest_amount: Decimal | None = None
    customer_of: Callable[[str], str | None] | None = None
    latest: datetime = field(init=False)
    earliest: datetime = field(init=False)

    def __post_init__(self) -> None:
        if self.now.tzinfo is None:
            raise ValueError(f"Rules need an aware instant, not {self.now}")
        now = self.now.astimezone(UTC)
        days = self.retention_days
        known_age = days is not None and days <= (now - EARLIEST).days
        object.__setattr__(self, "now", now)
        object.__setattr__(self, "latest", now + FUTURE_TOLERANCE)
        object.__setattr__(self, "earliest", now - timedelta(days=days or 0) if known_age else EARLIEST)
