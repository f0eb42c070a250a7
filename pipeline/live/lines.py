"""The lines of the stream as live reads them: of an event only what it counts, which is half the work of all of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import msgspec

from pipeline.contract.shape import EARLIEST, EventType, Instant
from pipeline.live import sketch
from pipeline.streams import Entry, Kind


class _Product(msgspec.Struct, frozen=True, gc=False):
    name: str | None = None


class LiveEvent(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What live counts of a `pipeline.contract.shape.Event`, whose fields these are."""

    event_id: str
    event_type: EventType
    occurred_at: Instant
    customer_id: str | None = None
    session_id: str | None = None
    product_id: str | None = None
    quantity: int | Decimal | None = None
    unit_price: Decimal | None = None
    currency: str | None = None
    order_id: str | None = None
    channel: str | None = None
    region: str | None = None
    product: _Product | None = None
    received_at: datetime = EARLIEST
    namespace: str = ""
    public: bool = False


class _ReceivedLine(msgspec.Struct):
    received_at: datetime


_EVENT = msgspec.json.Decoder(LiveEvent)
_RECEIVED = msgspec.json.Decoder(_ReceivedLine)


def received_at(entry: Entry) -> datetime | None:
    """When an entry was received; None for a line that does not say."""
    try:
        return _RECEIVED.decode(entry.line).received_at
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Entries decoded.

    Attributes
    ----------
    events : (hash of the event's namespace and id, event), in order; an id that comes twice in them is in twice
    refused : when each refused record was received
    received : when each entry was received, counted on its own
    """

    events: Sequence[tuple[int, LiveEvent]]
    refused: Sequence[datetime]
    received: Sequence[datetime]


def read(entries: Sequence[Entry], now: datetime) -> Arrivals:
    """The decoded entries. A line that is no canonical event counts as refused `now`; the rest is still read."""
    events: list[tuple[int, LiveEvent]] = []
    refused: list[datetime] = []
    received: list[datetime] = []
    for entry in entries:
        at = now
        try:
            if entry.kind is Kind.EVENT:
                event = _EVENT.decode(entry.line)
                at = event.received_at
                events.append((sketch.hashed("event", event.namespace, event.event_id), event))
            else:
                at = _RECEIVED.decode(entry.line).received_at
                refused.append(at)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            refused.append(at)
        received.append(at)
    return Arrivals(events, refused, received)
