"""Live in one DynamoDB table. Fills the `LiveStore` port.

::

    pk                  sk                            what
    shards              <shard>                       when the shard was written last, about
    totals              retired                       the totals of shards that ended
    shard#<shard>       head                          position, totals, since, regions
    shard#<shard>       seen#<microseconds>           hashes that one batch brought, packed
    shard#<shard>       minute#<minute>#<region>      document
    shard#<shard>       flow#<minute>                 flow
    customer#<id>       items                         recent items

A batch is one transaction: the head moves from `after` to the batch's position on the condition that it is still
`after`, and documents, flows and hashes change with it. A transaction may have 100 items and 4 MB, so a batch may touch
at most `MOST_DOCUMENTS` documents and `MOST_FLOWS` minutes of arrival (`pipeline.live.delivery` cuts batches so).
Recent items are written before it: putting the same items in twice changes nothing. Everything expires but the totals
and the heads of shards that are written (`pipeline.live.dynamodb_shards` says what becomes of the others).

Kinesis gives a shard to one invocation at a time as long as the event source's parallelization factor is 1, which this
needs. The hashes of the last hour stay in memory between invocations, of as many shards as `HASHES_IN_MEMORY` allows; a
writer that has none of a shard, or finds another position than it wrote, reads them.

After a reshard the events of a shard come through its children, copies too. Lambda begins with a child when its parents
are read to their ends, so a child that began within the `DUPLICATE_WINDOW` reads what its ancestors have seen in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from catalogue.clock import utc_now
from catalogue.errors import StreamUnavailable
from pipeline.dynamodb_table import DynamoDbTable, DynamoItem, content
from pipeline.live import sketch
from pipeline.live.documents import Document, Flow, Item, latest_items, pack, unpack
from pipeline.live.dynamodb_recent import items_key, read_items
from pipeline.live.dynamodb_shards import KEPT, ShardHead, Shards
from pipeline.live.lines import read
from pipeline.live.rollup import DUPLICATE_WINDOW, Delta, RollSettings, identities, minute_of, roll
from pipeline.live.store import SHARD, BatchSizeError, Gap, Head, Totals
from pipeline.live.window import SeenHashes
from pipeline.streams import Batch

MOST_DOCUMENTS = 36  # with the flows, the head, the hashes and the shard's name fewer than 100 items
MOST_FLOWS = 55
MOST_BYTES = 3_900_000  # of all items of a transaction, which may have 4 MB; a document has at most 260 KB
_ITEM_BYTES = 200  # of an item beside its content
MOST_HASHES = 40_000  # in one item of 400 KB
HASHES_IN_MEMORY = 1_500_000  # of all shards of a process: 150 MB; those of the shard that was quiet longest go first
ITEMS_KEPT = timedelta(days=365)  # as long as the histories of recommendations, which do not have what is here
SETTLED_MINUTES = 3  # older minutes seldom change: a reader asks for them once a minute, not once a second
MOST_ANCESTORS = 16  # shards that a child's window is read of: reshards within an hour are few

_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class DynamoDbLiveStore:
    """Live in `table`.

    Parameters
    ----------
    client : a low-level DynamoDB client (``boto3.client("dynamodb")``)
    currency, confirm_public_orders : the lake's (`pipeline.lake.LakeSettings`)
    refuses : whether a customer refuses recommendations: no recent items are kept then
    parents_of : the shards that a shard was split or merged from, as far as the stream knows them
    """

    def __init__(
        self,
        client: Any,
        table: str,
        currency: str,
        *,
        confirm_public_orders: bool = False,
        refuses: Callable[[str], bool] = lambda _: False,
        parents_of: Callable[[str], Sequence[str]] = lambda _: (),
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._table = DynamoDbTable(client, table, now, title="live table")
        self._shards = Shards(self._table, now)
        self._parents_of = parents_of
        self._settings: RollSettings = {
            "currency": currency,
            "confirm_public_orders": confirm_public_orders,
            "refuses": refuses,
        }
        self._now = now
        self._windows: dict[str, SeenHashes] = {}
        self._settled: dict[tuple[str, str], tuple[int, int, list[DynamoItem]]] = {}
        self._lock = threading.Lock()

    def position(self, shard: str = SHARD) -> str | None:
        head = self._shards.head(shard)
        return None if head is None else head.position

    def apply(self, batch: Batch, *, after: str | None, shard: str = SHARD) -> bool:
        """See `LiveStore.apply`.

        Raises `BatchSizeError` for one that changes more documents, flows or bytes than one transaction can.
        """
        now = self._now()
        head = self._shards.head(shard) or ShardHead(None, now)
        if head.position != after:
            return False
        window = self._windows.get(shard)
        if window is None or window.position != after:
            window = self._read_window(shard, head, now)
        arrivals = read(batch.entries, now)
        known = window.known(identities(arrivals))
        delta = roll(arrivals, known, now=now, regions=head.regions, **self._settings)
        if len(delta.documents) > MOST_DOCUMENTS or len(delta.flows) > MOST_FLOWS or len(delta.fresh) > MOST_HASHES:
            raise BatchSizeError(
                f"A batch touches {len(delta.documents)} documents and {len(delta.flows)} flows: cut it"
            )
        changed = list(self._changed(shard, batch.position, delta, now))
        size = sum(len(item["content"]["B"]) + _ITEM_BYTES for item in changed)
        if size > MOST_BYTES:
            raise BatchSizeError(f"A batch changes {size:,} bytes: cut it")
        self._put_customers(delta, now)
        moved = Head(batch.position, head.since, head.totals.plus(delta.totals), [*head.regions, *delta.regions])
        actions, is_renewed = self._shards.move(shard, head, moved, now)
        actions += [("Put", {"Item": item}) for item in changed]
        if not self._table.transact(actions):
            self._windows.pop(shard, None)
            return False
        window.add(now, delta.fresh)
        window.position = batch.position
        self._remember(shard, window)
        if is_renewed:
            self._retire_others(shard, now)
        return True

    def gaps(self) -> Sequence[Gap]:
        """Always empty: a Lambda takes every batch of its shard in order."""
        return []

    def documents(self, since: int) -> Sequence[tuple[int, str, Document]]:
        """See `LiveStore.documents`. What is older than `SETTLED_MINUTES` may be a minute old."""
        found = []
        for item in self._since("minute", since):
            _, minute, region = item["sk"]["S"].split("#", 2)
            found.append((int(minute), region, unpack(item["content"]["B"], Document)))
        return sorted(found, key=lambda document: document[:2])

    def flows(self, since: int) -> Sequence[tuple[int, Flow]]:
        items = self._since("flow", since)
        found = [(int(item["sk"]["S"].split("#")[1]), unpack(item["content"]["B"], Flow)) for item in items]
        return sorted(found, key=lambda flow: flow[0])

    def totals(self) -> Totals:
        return self._shards.totals()

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        return read_items(self._table, customer_id)

    def forget(self, customers: Collection[str]) -> int:
        """Delete the recent items of some customers; returns how many customers had any."""
        return sum(self._table.delete(*items_key(customer_id)) for customer_id in customers)

    def _changed(self, shard: str, position: str, delta: Delta, now: datetime) -> Iterator[DynamoItem]:
        """The documents and flows that a batch changes, whole, and the hashes that it brings."""
        pk = f"shard#{shard}"
        changes: dict[str, Document | Flow] = {
            f"minute#{m:010d}#{region}": d for (m, region), d in delta.documents.items()
        }
        changes |= {f"flow#{minute:010d}": flow for minute, flow in delta.flows.items()}
        stored = self._table.get_all([(pk, sk) for sk in changes])
        for sk, change in changes.items():
            before = stored.get((pk, sk))
            whole = change if before is None else unpack(before["content"]["B"], type(change)).plus(change)  # type: ignore[arg-type]
            yield content(pk, sk, pack(whole), now + KEPT)
        if delta.fresh:
            microseconds = (now - _EPOCH) // _MICROSECOND
            packed = sketch.pack(delta.fresh)
            yield content(pk, f"seen#{microseconds:020d}#{position}", packed, now + 2 * DUPLICATE_WINDOW)

    def _remember(self, shard: str, window: SeenHashes) -> None:
        """Keep the window of a shard in memory. A process meets all shards of the stream, and those that ended."""
        self._windows.pop(shard, None)
        self._windows[shard] = window
        while len(self._windows) > 1 and sum(kept.size for kept in self._windows.values()) > HASHES_IN_MEMORY:
            del self._windows[next(iter(self._windows))]

    def _retire_others(self, shard: str, now: datetime) -> None:
        with suppress(StreamUnavailable):  # the batch is applied: what is left over, the next renewal of any shard does
            self._shards.retire(now, but=shard)

    def _put_customers(self, delta: Delta, now: datetime) -> None:
        """Merge recent items. A customer's events come in one shard, so no other writer changes them meanwhile."""
        keys = {customer: items_key(customer) for customer in delta.items}
        stored = self._table.get_all(list(keys.values()))
        puts = []
        for customer, items in delta.items.items():
            before = stored.get(keys[customer])
            known = unpack(before["content"]["B"], list[Item]) if before else []
            puts.append(content(*keys[customer], pack(latest_items([*known, *items])), now + ITEMS_KEPT))
        self._table.put_all(puts)

    def _read_window(self, shard: str, head: ShardHead, now: datetime) -> SeenHashes:
        """What the shard has seen within the window, and its ancestors where it is younger than the window."""
        start = (now - DUPLICATE_WINDOW - _EPOCH) // _MICROSECOND
        found = []
        for name in (shard, *self._ancestors(shard, head.since, now)):
            for item in self._table.query(f"shard#{name}", f"seen#{start:020d}", "seen#~", consistent=True):
                at = _EPOCH + int(item["sk"]["S"].split("#")[1]) * _MICROSECOND
                found.append((at, item["content"]["B"]))
        window = SeenHashes(head.position)
        for at, packed in sorted(found):
            window.add(at, sketch.unpack(packed))
        return window

    def _ancestors(self, shard: str, since: datetime, now: datetime) -> list[str]:
        """The shards whose events may come again through `shard`, which was first written at `since`, nearest first."""
        found: dict[str, None] = {}
        waiting = [(shard, since)]
        while waiting:
            child, began = waiting.pop(0)
            if now - began > DUPLICATE_WINDOW:
                continue
            for parent in self._parents_of(child):
                if parent not in found and len(found) < MOST_ANCESTORS:
                    found[parent] = None
                    head = self._shards.head(parent)
                    waiting.append((parent, now if head is None else head.since))
        return list(found)

    def _since(self, kind: str, since: int) -> list[DynamoItem]:
        """Items of one kind from a minute on, in all shards; the settled ones are remembered for a minute."""
        current = minute_of(self._now())
        border = max(since, current - SETTLED_MINUTES)
        found: list[DynamoItem] = []
        shards = self._shards.after(since)
        with self._lock:
            self._settled = {place: kept for place, kept in self._settled.items() if place[0] in shards}
        for shard in shards:
            pk = f"shard#{shard}"
            with self._lock:
                asked_at, asked_since, settled = self._settled.get((shard, kind), (-1, 0, []))
                if asked_at != current or asked_since != since:
                    settled = list(self._table.query(pk, f"{kind}#{since:010d}", f"{kind}#{border - 1:010d}~"))
                    self._settled[shard, kind] = (current, since, settled)
            found += settled
            found += self._table.query(pk, f"{kind}#{border:010d}", f"{kind}#~")
        return found
