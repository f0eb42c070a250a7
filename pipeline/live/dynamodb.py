"""Live in one DynamoDB table. Fills the `LiveStore` port.

::

    pk                  sk                            what
    shards              <shard>                       that the shard exists
    shard#<shard>       head                          position, totals, since, regions
    shard#<shard>       seen#<microseconds>           hashes that one batch brought, packed
    shard#<shard>       minute#<minute>#<region>      document
    shard#<shard>       flow#<minute>                 flow
    customer#<id>       items                         recent items

A batch is one transaction: the head moves from `after` to the batch's position on the condition that it is still
`after`, and documents, flows and hashes change with it. A transaction may have 100 items and 4 MB, so a batch may touch
at most `MOST_DOCUMENTS` documents and `MOST_FLOWS` minutes of arrival (`pipeline.live.delivery` cuts batches so).
Recent items are written before it: putting the same items in twice changes nothing. Everything but heads expires (TTL
attribute ``expires``, in seconds).

Kinesis gives a shard to one invocation at a time as long as the event source's parallelization factor is 1, which this
needs. The hashes of the last hour stay in memory between invocations; a writer that finds another position
than it wrote reads them again.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any

from catalogue.clock import utc_now
from catalogue.errors import StreamUnavailable
from pipeline.failures import aws_failures
from pipeline.live import sketch
from pipeline.live.documents import MEMORY_MINUTES, Document, Flow, Item, latest_items, pack, unpack
from pipeline.live.lines import read
from pipeline.live.rollup import DUPLICATE_WINDOW, Delta, RollSettings, identities, minute_of, roll
from pipeline.live.store import SHARD, Gap, Head, Totals, totals_of
from pipeline.live.window import SeenHashes
from pipeline.streams import Batch

CUSTOMERS = "customer#"  # the keys of recent items begin so
MOST_DOCUMENTS = 12  # of at most 260 KB each
MOST_FLOWS = 60
MOST_HASHES = 40_000  # in one item of 400 KB
ITEMS_KEPT = timedelta(days=90)
SETTLED_MINUTES = 3  # older minutes seldom change: a reader asks for them once a minute, not once a second

_READ_KEYS = 100  # BatchGetItem takes that many keys,
_WRITE_ITEMS = 25  # BatchWriteItem that many items
_TRIES = 8  # for what a batch call leaves undone
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

DynamoItem = dict[str, Any]


class DynamoDbLiveStore:
    """Live in `table`.

    Parameters
    ----------
    client : a low-level DynamoDB client (``boto3.client("dynamodb")``)
    currency, confirm_public_orders : the lake's (`pipeline.lake.LakeSettings`)
    """

    def __init__(
        self,
        client: Any,
        table: str,
        currency: str,
        *,
        confirm_public_orders: bool = False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._client = client
        self._table = table
        self._settings: RollSettings = {"currency": currency, "confirm_public_orders": confirm_public_orders}
        self._now = now
        self._windows: dict[str, SeenHashes] = {}
        self._settled: dict[tuple[str, str], tuple[int, int, list[DynamoItem]]] = {}
        self._lock = threading.Lock()

    def position(self, shard: str = SHARD) -> str | None:
        head = self._head(shard)
        return None if head is None else head.position

    def apply(self, batch: Batch, *, after: str | None, shard: str = SHARD) -> bool:
        """See `LiveStore.apply`.

        Raises ValueError for a batch that touches more documents or flows than one transaction can change.
        """
        now = self._now()
        head = self._head(shard) or Head(None, now)
        if head.position != after:
            return False
        window = self._windows.get(shard)
        if window is None or window.position != after:
            window = self._read_window(shard, after, now)
        arrivals = read(batch.entries, now)
        known = window.known(identities(arrivals))
        delta = roll(arrivals, known, now=now, regions=head.regions, **self._settings)
        if len(delta.documents) > MOST_DOCUMENTS or len(delta.flows) > MOST_FLOWS or len(delta.fresh) > MOST_HASHES:
            raise ValueError(f"A batch touches {len(delta.documents)} documents and {len(delta.flows)} flows: cut it")
        self._put_customers(delta, now)
        if not self._transact(shard, head, batch.position, delta, now):
            self._windows.pop(shard, None)
            return False
        window.add(now, delta.fresh)
        window.position = batch.position
        self._windows[shard] = window
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
        return totals_of(head for shard in self._shards() if (head := self._head(shard)) is not None)

    def recent_items(self, customer_id: str) -> Sequence[Item]:
        with self._translate_errors():
            answer = self._client.get_item(TableName=self._table, Key=_key(f"{CUSTOMERS}{customer_id}", "items"))
        found = answer.get("Item")
        return unpack(found["content"]["B"], list[Item]) if found else []

    def forget(self, customers: Collection[str]) -> int:
        """Delete the recent items of some customers; returns how many customers had any."""
        removed = 0
        for customer_id in customers:
            key = _key(f"{CUSTOMERS}{customer_id}", "items")
            with self._translate_errors():
                answer = self._client.delete_item(TableName=self._table, Key=key, ReturnValues="ALL_OLD")
            removed += "Attributes" in answer
        return removed

    def _head(self, shard: str) -> Head | None:
        with self._translate_errors():
            key = _key(f"shard#{shard}", "head")
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if item is None:
            return None
        regions = unpack(item["regions"]["B"], list[str])
        since = datetime.fromisoformat(item["since"]["S"])
        return Head(item["position"]["S"], since, unpack(item["totals"]["B"], Flow), regions)

    def _transact(self, shard: str, head: Head, position: str, delta: Delta, now: datetime) -> bool:
        """Write all changes of a batch in one transaction; False where the head has moved since it was read."""
        from botocore.exceptions import ClientError

        pk = f"shard#{shard}"
        changes: dict[str, Document | Flow] = {
            f"minute#{m:010d}#{region}": d for (m, region), d in delta.documents.items()
        }
        changes |= {f"flow#{minute:010d}": flow for minute, flow in delta.flows.items()}
        stored = self._get([(pk, sk) for sk in changes], consistent=True)
        expires = _seconds(now + timedelta(minutes=2 * MEMORY_MINUTES))
        puts = []
        for sk, change in changes.items():
            before = stored.get((pk, sk))
            whole = pack(change if before is None else unpack(before["content"]["B"], type(change)).plus(change))  # type: ignore[arg-type]
            puts.append(_content(pk, sk, whole, expires))
        if delta.fresh:
            microseconds = (now - _EPOCH) // _MICROSECOND
            until = _seconds(now + 2 * DUPLICATE_WINDOW)
            puts.append(_content(pk, f"seen#{microseconds:020d}#{position}", sketch.pack(delta.fresh), until))
        moved = _key(pk, "head") | {
            "position": {"S": position},
            "since": {"S": head.since.isoformat()},
            "totals": {"B": pack(head.totals.plus(delta.totals))},
            "regions": {"B": pack([*head.regions, *delta.regions])},
        }
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(pk)"}
        if head.position is None:
            puts.append(_key("shards", shard))
        else:
            condition = {
                "ConditionExpression": "#p = :after",
                "ExpressionAttributeNames": {"#p": "position"},
                "ExpressionAttributeValues": {":after": {"S": head.position}},
            }
        actions = [{"Put": {"TableName": self._table, "Item": moved, **condition}}]
        actions += [{"Put": {"TableName": self._table, "Item": item}} for item in puts]
        with self._translate_errors():
            try:
                self._client.transact_write_items(TransactItems=actions)
            except ClientError as error:
                reasons = error.response.get("CancellationReasons") or []
                if reasons and reasons[0].get("Code") == "ConditionalCheckFailed":
                    return False
                raise
        return True

    def _put_customers(self, delta: Delta, now: datetime) -> None:
        """Merge recent items. A customer's events come in one shard, so no other writer changes them meanwhile."""
        keys = {customer: (f"{CUSTOMERS}{customer}", "items") for customer in delta.items}
        stored = self._get(list(keys.values()), consistent=True)
        expires = _seconds(now + ITEMS_KEPT)
        puts = []
        for customer, items in delta.items.items():
            before = stored.get(keys[customer])
            known = unpack(before["content"]["B"], list[Item]) if before else []
            puts.append(_content(*keys[customer], pack(latest_items([*known, *items])), expires))
        for start in range(0, len(puts), _WRITE_ITEMS):
            requests = [{"PutRequest": {"Item": item}} for item in puts[start : start + _WRITE_ITEMS]]
            self._in_batches(self._client.batch_write_item, requests, "UnprocessedItems")

    def _read_window(self, shard: str, position: str | None, now: datetime) -> SeenHashes:
        window = SeenHashes(position)
        start = (now - DUPLICATE_WINDOW - _EPOCH) // _MICROSECOND
        for item in self._query(f"shard#{shard}", f"seen#{start:020d}", "seen#~", consistent=True):
            at = _EPOCH + int(item["sk"]["S"].split("#")[1]) * _MICROSECOND
            window.add(at, sketch.unpack(item["content"]["B"]))
        return window

    def _since(self, kind: str, since: int) -> list[DynamoItem]:
        """Items of one kind from a minute on, in all shards; the settled ones are remembered for a minute."""
        current = minute_of(self._now())
        border = max(since, current - SETTLED_MINUTES)
        found: list[DynamoItem] = []
        for shard in self._shards():
            pk = f"shard#{shard}"
            with self._lock:
                asked_at, asked_since, settled = self._settled.get((shard, kind), (-1, 0, []))
                if asked_at != current or asked_since != since:
                    settled = list(self._query(pk, f"{kind}#{since:010d}", f"{kind}#{border - 1:010d}~"))
                    self._settled[shard, kind] = (current, since, settled)
            found += settled
            found += self._query(pk, f"{kind}#{border:010d}", f"{kind}#~")
        return found

    def _shards(self) -> list[str]:
        return [item["sk"]["S"] for item in self._query("shards", " ", "~")]

    def _query(self, pk: str, first: str, last: str, *, consistent: bool = False) -> Iterator[DynamoItem]:
        if first > last:
            return
        with self._translate_errors():
            pages = self._client.get_paginator("query").paginate(
                TableName=self._table,
                KeyConditionExpression="pk = :pk and sk between :first and :last",
                ExpressionAttributeValues={":pk": {"S": pk}, ":first": {"S": first}, ":last": {"S": last}},
                ConsistentRead=consistent,
            )
            for page in pages:
                yield from page["Items"]

    def _get(self, keys: Sequence[tuple[str, str]], *, consistent: bool) -> dict[tuple[str, str], DynamoItem]:
        found: dict[tuple[str, str], DynamoItem] = {}
        for start in range(0, len(keys), _READ_KEYS):
            asked = [_key(*key) for key in keys[start : start + _READ_KEYS]]
            requests = {"Keys": asked, "ConsistentRead": consistent}
            for answer in self._in_batches(self._client.batch_get_item, requests, "UnprocessedKeys"):
                for item in answer["Responses"].get(self._table, []):
                    found[item["pk"]["S"], item["sk"]["S"]] = item
        return found

    def _in_batches(self, call: Callable[..., Any], requests: object, unprocessed: str) -> list[dict[str, Any]]:
        """The answers to a batch call, which is made again with what it leaves unprocessed."""
        answers: list[dict[str, Any]] = []
        waiting: Mapping[str, Any] = {self._table: requests}
        for _ in range(_TRIES):
            with self._translate_errors():
                answers.append(call(RequestItems=waiting))
            waiting = answers[-1][unprocessed]
            if not waiting:
                return answers
        raise StreamUnavailable(
            "The live table is busy",
            where=self._table,
            remedy="It is tried again; raise the table's capacity if it stays.",
        )

    def _translate_errors(self) -> AbstractContextManager[None]:
        return aws_failures(
            "The live table did not answer",
            where=self._table,
            remedy="Check that the table exists and that the role may read and write it.",
        )


def _key(pk: str, sk: str) -> DynamoItem:
    return {"pk": {"S": pk}, "sk": {"S": sk}}


def _content(pk: str, sk: str, content: bytes, expires: int) -> DynamoItem:
    return _key(pk, sk) | {"content": {"B": content}, "expires": {"N": str(expires)}}


def _seconds(at: datetime) -> int:
    return int(at.timestamp())
