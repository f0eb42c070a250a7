"""What senders of a small shop send: whole visits, some of it twice, some of it wrong. The same for a seed.

Each customer looks at products of one category, so that there is something to learn.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

PRODUCTS = 40
CATEGORIES = ("Home/Lighting", "Home/Kitchen", "Garden", "Toys")
WRONG = (
    b"{not json",
    b'{"event_id": "without-a-time", "event_type": "search", "session_id": "s"}',
    b'{"event_id": "mail", "event_type": "search", "occurred_at": "2026-01-01T00:00:00Z", "customer_id": "a@b.eu"}',
    b'{"event_id": "future", "event_type": "search", "occurred_at": "2999-01-01T00:00:00Z", "session_id": "s"}',
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request: its records as lines, and how it is sent."""

    records: tuple[bytes, ...]
    packed: bool

    @property
    def body(self) -> bytes:
        """The records, one a line."""
        return b"\n".join(self.records)


def requests(seed: int, now: datetime, *, records: int) -> Iterator[Request]:
    """Requests with so many records altogether: one in twelve was sent before, one in twenty is wrong."""
    draw = random.Random(seed)
    visits = _visits(draw, now)
    waiting: list[bytes] = []
    sent: list[bytes] = []
    left = records
    while left:
        size = min(left, draw.choice([1, 5, 20, 60, 200]))
        lines = []
        for _ in range(size):
            chance = draw.random()
            if sent and chance < 1 / 12:
                lines.append(draw.choice(sent))
                continue
            if chance > 0.95 and size > 1:  # a request of nothing but that is refused as a whole
                lines.append(draw.choice(WRONG))
                continue
            if not waiting:
                waiting = next(visits)
            sent.append(waiting.pop(0))
            lines.append(sent[-1])
        left -= size
        yield Request(tuple(lines), packed=draw.random() < 0.5)


def _visits(draw: random.Random, now: datetime) -> Iterator[list[bytes]]:
    number = 0
    while True:
        number += 1
        yield [json.dumps(event).encode() for event in _visit(draw, now, number)]


def _visit(draw: random.Random, now: datetime, number: int) -> list[dict[str, Any]]:
    at = now - timedelta(days=draw.randint(1, 30), seconds=draw.randint(0, 86_399))
    customer = draw.randint(1, 200)
    visitor = {
        "session_id": f"visit-{number}",
        "channel": draw.choice(["web", "app"]),
        "device": draw.choice(["mobile", "desktop"]),
        "region": draw.choice(["North", "South"]),
    } | ({"customer_id": f"customer-{customer}"} if draw.random() < 0.6 else {})
    liked = [product for product in range(1, PRODUCTS + 1) if (product - customer) % len(CATEGORIES) == 0]
    products = [draw.choice(liked) for _ in range(draw.randint(1, 6))]
    events = [("product_view", product) for product in products]
    if draw.random() < 0.4:
        events += [("cart_add", products[-1]), ("checkout_start", None)]
        events += [("purchase", product) for product in set(products[-2:])] if draw.random() < 0.7 else []
    found = []
    for place, (kind, product) in enumerate(events):
        at += timedelta(seconds=draw.randint(1, 90))
        event = visitor | {
            "event_id": f"event-{number}-{place}",
            "event_type": kind,
            "occurred_at": at.isoformat(),
        }
        if product is not None:
            event |= {"product_id": f"product-{product}", "product": _product(product)}
        if kind == "purchase":
            event |= {"order_id": f"order-{number}", "quantity": draw.randint(1, 3), "unit_price": _price(product)}
        found.append(event)
    return found


def _product(number: int | None) -> dict[str, str]:
    number = number or 0
    return {
        "name": f"Product {number}",
        "category": CATEGORIES[number % len(CATEGORIES)],
        "brand": "Acme",
        "unit_cost": f"{number * 0.5:.2f}",
    }


def _price(number: int | None) -> str:
    return f"{(number or 0) * 1.25 + 0.99:.2f}"
