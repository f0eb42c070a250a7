"""Lines of the stream → what they add to live (pure).

What counts where:

- A minute is a minute of ``occurred_at``, so that an hour on Live and the same hour in the lake mean the same. What
  happened longer than `MEMORY_MINUTES` ago is accepted and not shown here; the lake has it.
- The flow (received, accepted, duplicates, quarantined, rate, lag) is by ``received_at``.
- An event id counts once, an order once, and an order once per product, in the minute of its first line with a price.
  What was seen is remembered as hashes of 64 bits for the `DUPLICATE_WINDOW`.
- Ids are of their namespace: the same order id of two shops is two orders.
- Where a shop's pages (with a public key) and its server (with a secret one) both send the purchase of a product in an
  order, the one that comes first counts here. The lake prefers the server's.
- Where the lake asks for a secret key to confirm orders, purchases of public keys are events alone.
- Revenue is of the reporting currency; lines in another currency are events and orders without an amount.
- A visitor of the funnel is a session; a customer without one counts as a session.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypedDict

from pipeline.live import sketch
from pipeline.live.documents import MEMORY_MINUTES, MOST_REGIONS, OTHER, Document, Flow, Item, lag_bucket, latest_items
from pipeline.live.lines import Arrivals, LiveEvent
from pipeline.live.tallies import GrowingDocument, GrowingFlow

DUPLICATE_WINDOW = timedelta(hours=1)  # a retry comes within minutes; the lake counts what comes later
FUTURE_MINUTES = 6  # the contract lets a sender's clock run 5 minutes ahead

_INTEREST = frozenset({"product_view", "cart_add", "cart_remove", "purchase"})


def identities(arrivals: Arrivals) -> list[int]:
    """The hashes to look up before counting: of event ids, of orders, and of products in orders."""
    found = [identity for identity, _ in arrivals.events]
    for _, event in arrivals.events:
        if event.event_type == "purchase":
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


class RollSettings(TypedDict):
    """What decides what counts, for as long as a store lives, as `roll` takes it."""

    currency: str
    confirm_public_orders: bool
    refuses: Callable[[str], bool]


def roll(
    arrivals: Arrivals,
    known: Collection[int],
    *,
    now: datetime,
    currency: str,
    regions: Collection[str] = (),
    confirm_public_orders: bool = False,
    refuses: Callable[[str], bool] = lambda _: False,
) -> Delta:
    """The counts that decoded entries add, given what was seen before.

    Parameters
    ----------
    known : of `identities`, those seen before
    now : the instant from which the batch is visible
    currency : the reporting currency
    regions : the regions known so far; beyond `MOST_REGIONS`, new ones are counted under ``(other)``
    confirm_public_orders : whether purchases of public keys are events alone, until a secret key sends them
    refuses : whether a customer refuses recommendations, and so has no recent items
    """
    seen = set(known)
    fresh: dict[int, None] = {}
    delta = Delta()
    documents: defaultdict[tuple[int, str], GrowingDocument] = defaultdict(GrowingDocument)
    flows: defaultdict[int, GrowingFlow] = defaultdict(GrowingFlow)
    items: defaultdict[str, list[Item]] = defaultdict(list)
    all_regions = dict.fromkeys(regions)

    minute = _minutes()
    for at in arrivals.received:
        flows[minute(at)].count(at.second)
    for at in arrivals.refused:
        flows[minute(at)].quarantined += 1

    def is_new(identity: int) -> bool:
        if identity in seen:
            return False
        seen.add(identity)
        fresh[identity] = None
        return True

    received_at, bucket, oldest, newest = None, 0, minute_of(now) - MEMORY_MINUTES, minute_of(now) + FUTURE_MINUTES
    for identity, event in arrivals.events:
        flow = flows[minute(event.received_at)]
        if not is_new(identity):
            flow.duplicates += 1
            continue
        if event.received_at != received_at:
            received_at = event.received_at
            bucket = lag_bucket((now - received_at).total_seconds())
        flow.accept(bucket)
        if event.customer_id and event.product_id and event.event_type in _INTEREST:
            items[event.customer_id].append(Item(event.product_id, event.event_type, event.occurred_at))
        happened = minute_of(event.occurred_at)
        if not oldest <= happened <= newest:
            continue
        region = event.region or ""
        if region and region not in all_regions:
            if len(all_regions) >= MOST_REGIONS:
                region = OTHER
            else:
                all_regions[region] = None
                delta.regions.append(region)
        new_order, new_line, is_paid = 0, 0, True
        if event.event_type == "purchase" and event.public and confirm_public_orders:
            is_paid = False
        elif event.event_type == "purchase":
            order, line, mine, other = _order_identities(event)
            is_paid = other not in seen
            if is_paid:
                is_new(mine)
                if event.unit_price is not None and event.unit_price > 0:  # orders are those with a positive line
                    new_order, new_line = int(is_new(order)), int(is_new(line))
        documents[happened, region].add(event, region, currency, new_order, new_line, is_paid)

    delta.documents = {key: document.document() for key, document in documents.items()}
    delta.totals = Flow(
        len(arrivals.received),
        sum(flow.accepted for flow in flows.values()),
        sum(flow.duplicates for flow in flows.values()),
        sum(flow.quarantined for flow in flows.values()),
    )
    delta.flows = {minute: flow.flow() for minute, flow in flows.items() if is_remembered(minute, now)}
    delta.items = {customer: latest_items(found) for customer, found in items.items() if not refuses(customer)}
    delta.fresh = list(fresh)
    return delta


def _minutes() -> Callable[[datetime], int]:
    """`minute_of` for instants that often come several times in a row, as those of one request do."""
    last: datetime | None = None
    minute = 0

    def found(at: datetime) -> int:
        nonlocal last, minute
        if at != last:
            last, minute = at, minute_of(at)
        return minute

    return found


def _order_identities(event: LiveEvent) -> tuple[int, int, int, int]:
    """The order, a product in it, and that product as senders of the same kind and of the other kind send it."""
    line = (event.namespace, event.order_id or "", event.product_id or "")
    senders = ("public", "secret") if event.public else ("secret", "public")
    return (
        sketch.hashed("order", *line[:2]),
        sketch.hashed("line", *line),
        sketch.hashed(senders[0], *line),
        sketch.hashed(senders[1], *line),
    )
