"""Entries as the collector makes them, for tests of what stands behind the stream."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from pipeline.contract.events import build, encode
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.contract.shape import Event, Rules
from pipeline.streams import Entry, Kind

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def arrival(
    event_id: str,
    *,
    at: datetime = NOON,
    received_at: datetime | None = None,
    price: str = "40.00",
    customer: str = "c1",
) -> Entry:
    """A purchase of one unit."""
    fields = {
        "event_id": event_id,
        "event_type": "purchase",
        "occurred_at": at,
        "customer_id": customer,
        "product_id": "p1",
        "order_id": f"o-{event_id}",
        "unit_price": Decimal(price),
        "region": "GB",
        "product": {"name": "Lamp", "category": "Home/Lighting"},
    }
    event = build(fields, Rules(received_at or at, None, "USD"), source="native")
    assert isinstance(event, Event)
    return Entry(Kind.EVENT, customer, encode(event))


def refusal(record: bytes, *, received_at: datetime = NOON) -> Entry:
    """A record that is no event."""
    rejection = Rejection("invalid_json", "No JSON.")
    line = quarantine_line(record, rejection, origin="", received_at=received_at, source="native")
    return Entry(Kind.REFUSED, "", line)
