"""The collector core on one core: a request's bytes in, entries and the answer out; and plain decoding of those bytes.

The stream is one that takes everything at once, so that only the core is measured, in the time of its own thread.
*Plain* events are the sample's mix, mostly product views; *rich* ones are all purchases with a product, a price, a cost
and attributes. The ratio compares with `msgspec.json.decode` into dictionaries, and into typed structs.
"""

from __future__ import annotations

import time
from base64 import b32encode
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

import msgspec

from bench.options import Options, Record, record
from pipeline.collecting.collector import Collector
from pipeline.collecting.envelope import Request
from pipeline.collecting.keys import WriteKey, digest_of
from pipeline.collecting.limits import TokenBuckets
from pipeline.collecting.recent import RecentIds
from pipeline.contract.shape import SentEvent
from pipeline.streams import Entry

BATCH, BATCHES, ROUNDS = 500, 40, 9
TARGET_RATE, TARGET_RATIO = 400_000, 0.4
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
SECRET = "tk_bench"  # noqa: S105 - opens nothing

KINDS = ("product_view",) * 15 + ("search", "recommendation_impression", "cart_add", "cart_add", "purchase")


class _Taken:
    """A stream that counts what it takes."""

    def __init__(self) -> None:
        self.entries = 0

    def append(self, entries: Sequence[Entry]) -> None:
        self.entries += len(entries)


class _OneKey:
    key = WriteKey(id="bench", source="bench", digest=digest_of(SECRET), created_at=NOW)

    def find(self, secret: str) -> WriteKey | None:
        return self.key if secret == SECRET else None

    def all(self) -> list[WriteKey]:
        return [self.key]


def measure(_options: Options | None = None) -> list[Record]:
    """Events a second of the core, and its share of the speed of plain decoding, for arrays and lines."""
    records: list[Record] = []
    for content, event in (("plain", _plain), ("rich", _rich)):
        batches = [
            [event(number) for number in range(start, start + BATCH)] for start in range(0, BATCH * BATCHES, BATCH)
        ]
        forms = {
            "array": [b"[" + b",".join(batch) + b"]" for batch in batches],
            "lines": [b"\n".join(batch) for batch in batches],
        }
        for form, bodies in forms.items():
            records += _compare(f"collector.core.{content}.{form}", form, bodies)
    return records


def _compare(name: str, form: str, bodies: list[bytes]) -> list[Record]:
    """Plain decoding, typed decoding and the core, in turns: what else the machine does slows all of them alike."""
    untyped, typed = msgspec.json.Decoder(), msgspec.json.Decoder(SentEvent)
    typed_array = msgspec.json.Decoder(list[SentEvent])
    stream, recent = _Taken(), RecentIds()
    collector = Collector(
        stream,
        _OneKey(),
        reporting_currency="EUR",
        retention_days=400,
        recent=recent,
        limits=TokenBuckets(1e12, 1e12),
        now=lambda: NOW,
    )
    head = {"authorization": f"Bearer {SECRET}", "content-type": "application/json"}
    requests = [Request("POST", "/v1/events", head, {}, body) for body in bodies]
    runs: dict[str, Callable[[], Any]] = {
        "plain": lambda: _each(untyped.decode if form == "array" else untyped.decode_lines, bodies),
        "typed": lambda: _each(typed_array.decode if form == "array" else typed.decode_lines, bodies),
        "core": lambda: _each(collector.answer, requests),
    }
    seconds: dict[str, list[float]] = {run: [] for run in runs}
    for _ in range(ROUNDS):
        for run, work in runs.items():
            began = time.thread_time()
            work()
            seconds[run].append(time.thread_time() - began)
        recent.release(
            [_id(number) for number in range(BATCH * BATCHES)]
        )  # the next round sends the same events, and they are to be new
    assert stream.entries == ROUNDS * BATCH * BATCHES, "the core did not take every event"
    assert collector.counts()["accepted"] == stream.entries, "the core refused an event"
    best = {run: min(times) for run, times in seconds.items()}
    size = sum(map(len, bodies)) / (BATCH * BATCHES)
    rate = BATCH * BATCHES / best["core"]
    return [
        record(f"{name}.rate", rate, "events/s", target=TARGET_RATE, bytes_per_event=round(size)),
        record(f"{name}.ratio_to_plain", best["plain"] / best["core"], "ratio", target=TARGET_RATIO),
        record(f"{name}.ratio_to_typed", best["typed"] / best["core"], "ratio"),
    ]


def _each(work: Callable[[Any], Any], items: list[Any]) -> None:
    for item in items:
        work(item)


def _id(number: int) -> str:
    """Sixteen letters and digits."""
    return b32encode(blake2b(str(number).encode(), digest_size=10).digest()).decode().lower()


def _plain(number: int) -> bytes:
    """An event of the sample's mix."""
    kind = KINDS[number % len(KINDS)]
    fields: dict[str, Any] = {
        "event_id": _id(number),
        "event_type": kind,
        "occurred_at": f"2026-03-01T{number % 24:02}:{number % 60:02}:12.467000Z",
        "customer_id": f"c7k4{number % 9000}",
        "session_id": f"s5sf{number % 12000}",
        "product_id": f"p{10000 + number % 800}",
        "channel": "web",
        "device": "desktop",
        "region": "US East",
    }
    if kind == "purchase":
        fields |= {"order_id": f"o{number}", "quantity": 1, "unit_price": "19.90", "currency": "EUR"}
    elif kind == "search":
        fields |= {"product_id": None, "attributes": {"query": "vase"}}
    elif kind == "recommendation_impression":
        fields["recommendation"] = {
            "surface": "home",
            "model": "popular",
            "rank": number % 8,
            "request_id": f"r{number}",
        }
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


def _rich(number: int) -> bytes:
    """A purchase with everything that a shop may say."""
    return msgspec.json.encode(
        {
            "event_id": _id(number),
            "event_type": "purchase",
            "occurred_at": "2026-03-01T12:00:12.467000Z",
            "customer_id": f"c7k4{number % 9000}",
            "session_id": f"s5sf{number % 12000}",
            "product_id": f"p{10000 + number % 800}",
            "quantity": 1 + number % 3,
            "unit_price": "19.90",
            "currency": "EUR",
            "order_id": f"o{number}",
            "channel": "web",
            "device": "desktop",
            "region": "US East",
            "product": {"name": "Lamp Aster", "category": "Home/Lighting", "brand": "Lumo", "unit_cost": "8.10"},
            "attributes": {"coupon": "SPRING", "gift": True},
        }
    )
