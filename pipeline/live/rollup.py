"""Entries of the stream → what they add to live (pure).

What counts where:

- A minute is a minute of ``occurred_at``, so that an hour on Live and the same hour in the lake mean the same. What
  happened longer than `MEMORY_MINUTES` ago is accepted and not shown here; the lake has it.
- The flow (received, accepted, duplicates, quarantined, rate, lag) is by ``received_at``.
- An event id counts once, an order once, and an order once per product, in the minute of its first line with a price.
  What was seen is remembered as hashes of 64 bits for the `DUPLICATE_WINDOW`.
- Revenue is of the reporting currency; lines in another currency are events and orders without an amount.
- A visitor of the funnel is a session; a customer without one counts as a session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import msgspec

from pipeline.contract.shape import Event
from pipeline.live import sketch
from pipeline.live.documents import MEMORY_MINUTES, MOST_REGIONS, OTHER, Document, Flow, Item, latest_items
from pipeline.live.tallies import GrowingDocument, GrowingFlow
from pipeline.streams import Entry, Kind

DUPLICATE_WINDOW = timedelta(hours=1)  # a retry comes within minutes; the lake counts what comes later
FUTURE_MINUTES = 6  # the contract lets a sender's clock run 5 minutes ahead

_INTEREST = frozenset({"product_view", "cart_add", "purchase"})
_EVENT = msgspec.json.Decoder(Event)


class _Refused(msgspec.Struct):
    received_at: datetime


_REFUSED = msgspec.json.Decoder(_Refused)


@dataclass(frozen=True, slots=True)
class Arrivals:
    """Entries decoded.

    Attributes
    ----------
    events : (hash of the event id, event), in order; an id that comes twice in them is in twice
    refused : when each refused record was received
    received : how many entries there were, counted on its own
    """

    events: Sequence[tuple[int, Event]]
    refused: Sequence[datetime]
    received: Sequence[datetime]


def read(entries: Sequence[Entry], now: datetime) -> Arrivals:
    """The decoded entries. A line that is no canonical event counts as refused `now`; the rest is still read."""
    events: list[tuple[int, Event]] = []
    refused: list[datetime] = []
    received: list[datetime] = []
    for entry in entries:
        at = now
        try:
            if entry.kind is Kind.EVENT:
                event = _EVENT.decode(entry.line)
                at = event.received_at
                events.append((sketch.hashed("event", event.event_id), event))
            else:
                at = _REFUSED.decode(entry.line).received_at
                refused.append(at)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            refused.append(at)
        received.append(at)
    return Arrivals(events, refused, received)


def identities(arrivals: Arrivals) -> list[int]:
    """The hashes to look up before counting: of event ids, of orders, and of products in orders."""
    found = [identity for identity, _ in arrivals.events]
    for _, event in arrivals.events:
        if _is_sale(event):
            found += _order_identities(event)
    return found


@dataclass(slots=True)
class Delta:
    """What a batch adds.

    Attributes
    ----------
    documents : by (minute since 1970, region; empty where unknown)
    flows : by minute of reception
    totals : the four counts of all entries, however old
    items : by customer, each product once
    fresh : hashes not known before
    regions : regions not known before, in order
    """

    documents: dict[tuple[int, str], Document] = field(default_factory=dict)
    flows: dict[int, Flow] = field(default_factory=dict)
    totals: Flow = field(default_factory=Flow)
    items: dict[str, list[Item]] = field(default_factory=dict)
    fresh: list[int] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)


def minute_of(at: datetime) -> int:
    """Minutes since 1970."""
    return int(at.timestamp() // 60)


def is_remembered(minute: int, now: datetime) -> bool:
    """Whether live shows what happened in `minute`."""
    return -MEMORY_MINUTES <= minute - minute_of(now) <= FUTURE_MINUTES


def instant_of(minute: int) -> datetime:
    """The first instant of a minute."""
    return datetime.fromtimestamp(minute * 60, UTC)


def roll(
    arrivals: Arrivals, known: Collection[int], *, now: datetime, currency: str, regions: Collection[str] = ()
) -> Delta:
    """The counts that decoded entries add, given what was seen before.

    Parameters
    ----------
    known : of `identities`, those seen before
    now : the instant from which the batch is visible
    currency : the reporting currency
    regions : the regions known so far; beyond `MOST_REGIONS`, new ones are counted under ``(other)``
    """
    seen = set(known)
    fresh: dict[int, None] = {}
    delta = Delta()
    documents: defaultdict[tuple[int, str], GrowingDocument] = defaultdict(GrowingDocument)
    flows: defaultdict[int, GrowingFlow] = defaultdict(GrowingFlow)
    all_regions = dict.fromkeys(regions)

    for at in arrivals.received:
        flows[minute_of(at)].count(at)
    for at in arrivals.refused:
        flows[minute_of(at)].quarantined += 1

    def is_new(identity: int) -> bool:
        if identity in seen:
            return False
        seen.add(identity)
        fresh[identity] = None
        return True

    for identity, event in arrivals.events:
        flow = flows[minute_of(event.received_at)]
        if not is_new(identity):
            flow.duplicates += 1
            continue
        flow.accept((now - event.received_at).total_seconds())
        if event.customer_id and event.product_id and event.event_type in _INTEREST:
            item = Item(event.product_id, event.event_type, event.occurred_at)
            delta.items.setdefault(event.customer_id, []).append(item)
        minute = minute_of(event.occurred_at)
        if not is_remembered(minute, now):
            continue
        region = event.region or ""
        if region and region not in all_regions:
            if len(all_regions) >= MOST_REGIONS:
                region = OTHER
            else:
                all_regions[region] = None
                delta.regions.append(region)
        new_order, new_line = 0, 0
        if _is_sale(event):
            order, line = _order_identities(event)
            new_order, new_line = int(is_new(order)), int(is_new(line))
        documents[minute, region].add(event, region, currency, new_order, new_line)

    delta.documents = {key: document.document() for key, document in documents.items()}
    delta.totals = Flow(
        len(arrivals.received),
        sum(flow.accepted for flow in flows.values()),
        sum(flow.duplicates for flow in flows.values()),
        sum(flow.quarantined for flow in flows.values()),
    )
    delta.flows = {minute: flow.flow() for minute, flow in flows.items() if is_remembered(minute, now)}
    delta.items = {customer: latest_items(items) for customer, items in delta.items.items()}
    delta.fresh = list(fresh)
    return delta


def _is_sale(event: Event) -> bool:
    """Whether the line makes its order one that counts: orders are those with a positive line."""
    return event.event_type == "purchase" and event.unit_price is not None and event.unit_price > 0


def _order_identities(event: Event) -> tuple[int, int]:
    order = event.order_id or ""
    return sketch.hashed("order", order), sketch.hashed("line", order, event.product_id or "")
