"""Entries as the collector makes them, for tests of live and of the handlers."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pipeline.contract.events import build, encode
from pipeline.contract.rejections import Reason, quarantine_line, rejected
from pipeline.contract.shape import Event, Rules
from pipeline.streams import Entry, Kind

NOW = datetime(2026, 11, 27, 14, 3, 20, tzinfo=UTC)


def event(
    event_id: str,
    event_type: str = "product_view",
    *,
    at: datetime | None = None,
    received: datetime = NOW,
    customer_id: str | None = "c1",
    session_id: str | None = "s1",
    product_id: str | None = "p1",
    namespace: str = "",
    public: bool = False,
    **more: Any,
) -> Entry:
    """An accepted event."""
    fields = {
        "event_id": event_id,
        "event_type": event_type,
        "occurred_at": at or NOW,
        "customer_id": customer_id,
        "session_id": session_id,
        "product_id": product_id,
        **more,
    }
    present = {name: value for name, value in fields.items() if value is not None}
    made = build(present, Rules(received, None, "EUR", namespace, public), source="native")
    assert isinstance(made, Event), made
    return Entry(Kind.EVENT, customer_id or session_id or event_id, encode(made))


def refused(text: str, *, at: datetime) -> Entry:
    """A refused record."""
    rejection = rejected(Reason.INVALID_JSON, "cut")
    return Entry(
        Kind.REFUSED, "k", quarantine_line(text.encode(), rejection, origin="", received_at=at, source="native")
    )
