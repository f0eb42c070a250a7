"""A process that takes events as fast as two threads send them and curates without a pause, until it is killed.

``python tests/support/killed_shop.py LAKE RUN`` writes a line to stdout for each thing that is certain: ``ack`` with
the ids of an append that returned, ``torn`` with what opening cut, ``begun`` and ``curated`` around a curation.
"""

from __future__ import annotations

import os
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path

from pipeline.contract.events import write
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.contract.shape import Rules
from pipeline.embedded.pacing import PlatformOptions
from pipeline.embedded.platform import Platform
from pipeline.lake import Lake
from pipeline.streams import Entry, Kind

SENDERS = 2
PAUSE_SECONDS = 0.005  # leaves the other threads a share of the processor


def tell(*words: object) -> None:
    """One line, whole, in the pipe before anything else happens: it outlives this process."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


class Shop(Platform):
    """A platform that tells what it does."""

    def curate(self) -> None:
        tell("begun")
        super().curate()
        tell("curated")


def event(event_id: str) -> Entry:
    """A purchase."""
    now = datetime.now(UTC)
    fields = {
        "event_id": event_id,
        "event_type": "purchase",
        "occurred_at": now,
        "session_id": f"s-{event_id[:8]}",
        "product_id": "lamp",
        "order_id": f"o-{event_id}",
        "unit_price": Decimal("9.99"),
    }
    line = write(fields, Rules(now, None, "USD"), source="native")
    assert isinstance(line, bytes)
    return Entry(Kind.EVENT, event_id[:8], line)


def refused() -> Entry:
    """A record that is no event."""
    return Entry(
        Kind.REFUSED,
        "",
        quarantine_line(
            b"{", Rejection("invalid_json", "No JSON."), origin="", received_at=datetime.now(UTC), source="native"
        ),
    )


def send(shop: Platform, name: str) -> None:
    """Append for ever: three new events, now and then an old one again, and a refused record."""
    for number in count():
        ids = [f"{name}-{number}-{part}" for part in range(3)]
        again = [event(f"{name}-{number - 7}-0")] if number % 10 == 7 else []
        shop.stream.append([*map(event, ids), *again, *([refused()] if number % 5 == 0 else [])])
        tell("ack", *ids)
        threading.Event().wait(PAUSE_SECONDS)


def main() -> None:
    """Run until killed."""
    lake, run = Lake.open(Path(sys.argv[1])), sys.argv[2]
    options = PlatformOptions(
        history_seconds=0.05,
        history_share=1.0,
        segment_bytes=20_000,
        reserve_bytes=0,
        keep_seconds=10**6,
        keep_bytes=2**40,
    )
    shop = Shop(lake, options=options)
    shop.start()
    tell("torn", shop.stream.torn.bytes, shop.stream.torn.records)
    senders = [threading.Thread(target=send, args=(shop, f"{run}{part}")) for part in "ab"[:SENDERS]]
    for sender in senders:
        sender.start()


if __name__ == "__main__":
    main()
