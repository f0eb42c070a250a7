"""How many DynamoDB units the live function uses for the traffic of each tier, reads included.

Visits of the sample, as many a second as the tier is made for, are sent by the tracker's rules, and delivered in the
tier's windows to the real store on a DynamoDB in this process. Units follow from the size of each item, as DynamoDB
charges them: a write is 1 unit a KB, 2 in a transaction; a consistent read 1 unit for 4 KB, another one half of that.
Source: docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import structs

from bench.options import Options, Record, record
from bench.raw_events import events_of
from bench.tracker import EVENTS, sample_files
from console.tiers import tiers
from console.tiers.sizing import Flow, typical
from pipeline.contract import events
from pipeline.contract.shape import Event
from pipeline.dynamodb_table import content
from pipeline.live.delivery import ShardRecord, deliver
from pipeline.live.documents import RECENT_ITEMS, Item, pack
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.streams import Entry

WARM_MINUTES, MINUTES = 2, 3  # simulated; the first ones are not counted
AT_ONCE = ("checkout_start", "purchase")
START = datetime(2026, 11, 16, 12, tzinfo=UTC)
TABLE = "live"

Request = tuple[datetime, str, list[Event]]  # received, partition key, events


def measure(options: Options) -> Iterator[Record]:
    """Units a batch of the live function, and units a request for the recent items, for each tier."""
    visits = _visits(sample_files(options.folder / f"raw-{EVENTS}"))
    for tier in tiers.load():
        wait, window = tier.usage.tracker_wait_seconds, tier.stream.live_window_seconds
        shards = round(Flow(tier, typical(tier)).shard_hours / 24)
        requests = _requests(visits, tier.events_per_day / 86_400, wait)
        used = _simulate(requests, shards, window)
        batches, sent = used["batches"], used["requests"]
        settings = {"window": window, "wait": wait, "shards": shards}
        for name in ("document_writes", "document_reads"):
            yield record(f"live_units.{tier.name}.{name}_a_batch", used[name] / batches, "units", **settings)
        for name in ("item_writes", "item_reads"):
            yield record(f"live_units.{tier.name}.{name}_a_request", used[name] / sent, "units", **settings)
        a_window = batches / (MINUTES * 60 / window * shards)
        yield record(f"live_units.{tier.name}.batches_a_window", a_window, "batches", requests=sent)
    full = [Item(f"p{10_000 + number}", "product_view", START) for number in range(RECENT_ITEMS)]
    yield record("live_units.full_list", _size(content("customer#c12345", "items", pack(full), START)), "bytes")


class CountingTable:
    """As much of a DynamoDB client as the live store uses; counts the units that DynamoDB would charge.

    Conditions always hold: nobody else writes.
    """

    def __init__(self) -> None:
        self._items: dict[tuple[str, str], Mapping[str, Any]] = {}
        self.used: Counter[str] = Counter()

    def get_item(self, *, Key: Mapping[str, Any], **_: Any) -> Any:  # noqa: N803 - names of the interface
        item = self._read(Key)
        return {"Item": item} if item else {}

    def batch_get_item(self, *, RequestItems: Mapping[str, Any]) -> Any:  # noqa: N803
        found = [item for key in RequestItems[TABLE]["Keys"] if (item := self._read(key))]
        return {"Responses": {TABLE: found}, "UnprocessedKeys": {}}

    def batch_write_item(self, *, RequestItems: Mapping[str, Any]) -> Any:  # noqa: N803
        for put in RequestItems[TABLE]:
            self._write(put["PutRequest"]["Item"], 1)
        return {"UnprocessedItems": {}}

    def transact_write_items(self, *, TransactItems: Sequence[Mapping[str, Any]]) -> None:  # noqa: N803
        for action in TransactItems:
            self._write(next(iter(action.values()))["Item"], 2)

    def get_paginator(self, _name: str) -> Any:
        """Queries find nothing: the store begins with an empty table, and keeps what it wrote in memory."""
        return self

    def paginate(self, **_: Any) -> Sequence[Any]:
        return ()

    def _read(self, key: Mapping[str, Any]) -> Mapping[str, Any] | None:
        item = self._items.get((key["pk"]["S"], key["sk"]["S"]))
        self.used[_purpose(key, "reads")] += max(1, -(-_size(item or {}) // 4_096))
        return item

    def _write(self, item: Mapping[str, Any], times: int) -> None:
        key = item["pk"]["S"], item["sk"]["S"]
        size = max(_size(item), _size(self._items.get(key, {})))  # charged by the larger of before and after
        self.used[_purpose(item, "writes")] += times * max(1, -(-size // 1_024))
        self._items[key] = item


def _purpose(item: Mapping[str, Any], what: str) -> str:
    return f"item_{what}" if item["pk"]["S"].startswith("customer#") else f"document_{what}"


def _size(item: Mapping[str, Any]) -> int:
    """Bytes of an item as DynamoDB counts them: names and values."""
    total = 0
    for name, value in item.items():
        ((kind, content),) = value.items()
        total += len(name.encode()) + (len(content) // 2 + 1 if kind == "N" else len(_raw(content)))
    return total


def _raw(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else bytes(content)


def _visits(files: Sequence[Path]) -> list[list[Event]]:
    """The visits of the channels with a tracker, each in order."""
    found: defaultdict[str, list[Event]] = defaultdict(list)
    for path in files[:1]:  # of the year's files
        for event in events_of(path):
            if event.channel in ("web", "app") and event.session_id and event.event_type != "refund":
                found[event.session_id].append(event)
    return [sorted(visit, key=lambda event: event.occurred_at) for visit in found.values()]


def _requests(visits: Sequence[Sequence[Event]], events_a_second: float, wait: float) -> list[Request]:
    """What trackers send of visits that begin at random instants, in order of arrival."""
    chance = random.Random(11)
    before = 12  # minutes in which the visits began that are under way at the start
    wanted = events_a_second * 60 * (before + WARM_MINUTES + MINUTES)
    found: list[Request] = []
    taken, number = 0, 0
    while taken < wanted:
        visit = visits[number % len(visits)]
        shift = START - visit[0].occurred_at + timedelta(minutes=chance.uniform(-before, WARM_MINUTES + MINUTES))
        found += _sent([_moved(event, shift, number // len(visits)) for event in visit], wait)
        taken += len(visit)
        number += 1
    end = START + timedelta(minutes=WARM_MINUTES + MINUTES)
    return sorted((request for request in found if START <= request[0] < end), key=lambda request: request[0])


def _moved(event: Event, shift: timedelta, copy: int) -> Event:
    mark = f"-{copy}" if copy else ""
    return structs.replace(
        event,
        event_id=event.event_id + mark,
        session_id=f"{event.session_id}{mark}",
        customer_id=event.customer_id and event.customer_id + mark,
        order_id=event.order_id and event.order_id + mark,
        occurred_at=event.occurred_at + shift,
    )


def _sent(visit: Sequence[Event], wait: float) -> Iterator[Request]:
    """The requests of one visit: `wait` after the oldest event, at once for a checkout or an order."""
    waiting: list[Event] = []
    for at, together in groupby(visit, key=lambda event: event.occurred_at):
        if waiting and (at - waiting[0].occurred_at).total_seconds() >= wait:
            yield _request(waiting, waiting[0].occurred_at + timedelta(seconds=wait))
            waiting = []
        waiting += together
        if any(event.event_type in AT_ONCE for event in waiting):
            yield _request(waiting, at)
            waiting = []
    if waiting:
        yield _request(waiting, waiting[0].occurred_at + timedelta(seconds=wait))


def _request(waiting: Sequence[Event], at: datetime) -> Request:
    received = at + timedelta(milliseconds=200)
    key = waiting[0].customer_id or waiting[0].session_id or ""
    return received, key, [structs.replace(event, received_at=received) for event in waiting]


class _Nowhere:
    """A stream for lines that cannot be read, of which there are none."""

    def append(self, entries: Sequence[Entry]) -> None:
        raise AssertionError(f"{len(entries)} lines cannot be read")


def _simulate(requests: Sequence[Request], shards: int, window: int) -> Counter[str]:
    """The units used by the batches after the warm-up."""
    clock = [START]
    table = CountingTable()
    store = DynamoDbLiveStore(table, TABLE, "USD", now=lambda: clock[0])
    counted: Counter[str] = Counter()
    for (number, shard), records in _windows(requests, shards, window):
        clock[0] = START + timedelta(seconds=(number + 1) * window + 0.3)
        before = table.used.copy()
        failed, _ = deliver(records, shard=shard, store=store, stream=_Nowhere(), now=clock[0])
        if failed is not None:
            raise RuntimeError(f"live stopped at {failed}")
        if clock[0] - START > timedelta(minutes=WARM_MINUTES):
            counted += table.used - before + Counter(batches=1, requests=len(records))
    return counted


def _windows(
    requests: Sequence[Request], shards: int, window: int
) -> Iterator[tuple[tuple[int, str], list[ShardRecord]]]:
    """Number of the window and shard, and the records that the live function is called with."""
    found: defaultdict[tuple[int, str], list[ShardRecord]] = defaultdict(list)
    for sequence, (received, key, sent) in enumerate(requests, start=1):
        number = int((received - START).total_seconds() // window)
        shard = f"shard-{int.from_bytes(hashlib.md5(key.encode()).digest()[:4], 'big') * shards >> 32}"  # noqa: S324
        data = b"\n".join(events.encode(event) for event in sent) + b"\n"
        found[number, shard].append(ShardRecord(str(sequence), key, data))
    yield from sorted(found.items(), key=lambda item: item[0])
