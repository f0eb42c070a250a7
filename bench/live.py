"""How fast live counts events on one core, beside plain decoding of the same lines.

The embedded store, file and all, takes what the sample's mix of events would leave waiting in the log: in batches as
large as the platform's under backlog (`live.rollup`), in those of a calm day (`live.rollup_small_batches`), and from an
append log on disk (`live.drain`).
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import msgspec

from bench.options import Options, Record, record
from pipeline.contract import events
from pipeline.contract.shape import Event
from pipeline.embedded.following import BATCH_ENTRIES, LiveFollower
from pipeline.embedded.metrics import FreshnessWindow
from pipeline.live.embedded import EmbeddedLiveStore
from pipeline.streams import Batch, Entry, Kind
from pipeline.streams.log import AppendLog

EVENTS, SMALL_BATCH = 100_000, 500
TARGET_RATE = 40_000
KINDS = ("product_view",) * 12 + ("cart_add",) * 3 + ("checkout_start",) + ("purchase",) * 2


def measure(_options: Options | None = None) -> list[Record]:
    """Events a second of processor time, and the share of the speed of plain decoding."""
    entries = _entries(EVENTS)
    decoder = msgspec.json.Decoder(Event)
    begun = time.process_time()
    for entry in entries:
        decoder.decode(entry.line)
    decoded = EVENTS / (time.process_time() - begun)
    records = [record("live.decode", decoded, "events/s")]
    for name, size in (("live.rollup", BATCH_ENTRIES), ("live.rollup_small_batches", SMALL_BATCH)):
        rate = _rate(entries, size)
        records.append(record(name, rate, "events/s", of_decode=round(rate / decoded, 3), target=TARGET_RATE))
    rate = _drain_rate(entries)
    return [*records, record("live.drain", rate, "events/s", of_decode=round(rate / decoded, 3), target=TARGET_RATE)]


def _drain_rate(entries: Sequence[Entry]) -> float:
    """Events a second of processor time from the log on disk to the store, in order."""
    with tempfile.TemporaryDirectory() as folder:
        log = AppendLog(Path(folder) / "stream", reserve_bytes=0)
        for start in range(0, len(entries), SMALL_BATCH):
            log.append(entries[start : start + SMALL_BATCH])
        store = EmbeddedLiveStore(Path(folder) / "live.sqlite", "EUR")
        follower = LiveFollower(log, store, FreshnessWindow(), skip_bytes=2**40)
        begun = time.process_time()
        while follower.follow(0):
            pass
        spent = time.process_time() - begun
        counted = store.totals().flow.accepted
        store.close()
        log.close()
    if counted != len(entries):
        raise RuntimeError(f"live counted {counted} of {len(entries)} events")
    return len(entries) / spent


def _rate(entries: Sequence[Entry], size: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        store = EmbeddedLiveStore(Path(folder) / "live.sqlite", "EUR")
        after: str | None = None
        begun = time.process_time()
        for start in range(0, len(entries), size):
            store.apply(Batch(entries[start : start + size], str(start)), after=after)
            after = str(start)
        spent = time.process_time() - begun
        counted = store.totals().flow.accepted
        store.close()
    if counted != len(entries):
        raise RuntimeError(f"live counted {counted} of {len(entries)} events")
    return len(entries) / spent


def _entries(count: int) -> list[Entry]:
    """Events of sessions of about 6, of 40,000 customers and 500 products in four regions."""
    chance = random.Random(3)
    now = datetime.now(UTC)
    found = []
    for number in range(count):
        kind = chance.choice(KINDS)
        session = chance.randrange(count // 6)
        is_priced = kind in ("cart_add", "purchase")
        event = Event(
            event_id=f"event-{number:012d}",
            event_type=kind,
            occurred_at=now - timedelta(seconds=5 * chance.random()),
            customer_id=f"customer-{session % 40_000}",
            session_id=f"session-{session}",
            product_id=None if kind == "checkout_start" else f"product-{chance.randrange(500)}",
            quantity=1 if is_priced else None,
            unit_price=Decimal("19.9900") if is_priced else None,
            currency="EUR" if is_priced else None,
            order_id=f"order-{number // 2}" if kind == "purchase" else None,
            channel=chance.choice(("web", "app", "store")),
            device="mobile",
            region=chance.choice(("North", "South", "East", "West")),
            received_at=now,
            source="native",
        )
        found.append(Entry(Kind.EVENT, event.customer_id or "", events.encode(event)))
    return found
