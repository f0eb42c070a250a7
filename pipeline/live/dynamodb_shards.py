"""The shards of the live table: which are read, where each stands, and what became of those that ended.

A reshard ends shards and begins others, for as long as the table lives. The table and its readers keep to those of now:

- The list names the shards whose totals are in their own heads. A writer renews its shard's `written` with a batch,
  every `RENEWED_EVERY`; a reader asks no shard that was last written before what it wants to see.
- Once nothing of a shard is shown any more, a writer of any other shard *retires* it: in one transaction the totals of
  the shard are added to those of all retired shards, its head is set to zero, and it leaves the list. At each moment
  the totals of a shard are in one place, so they count once.
- A retired head keeps the position for `HEADS_KEPT`: what the stream delivers late is still applied once. A shard that
  was only quiet goes on from there, and is listed again.

A retirement and a batch of the same shard cannot both change its head: each asks for the head as it was read.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.dynamodb_table import DynamoDbTable, DynamoItem, key, number
from pipeline.live.documents import MEMORY_MINUTES, Flow, pack, unpack
from pipeline.live.rollup import FUTURE_MINUTES, instant_of
from pipeline.live.store import Head, Totals, totals_of

LISTED, RETIRED = "shards", ("totals", "retired")
KEPT = timedelta(minutes=2 * MEMORY_MINUTES)  # a minute and a flow after they were last written
RENEWED_EVERY = timedelta(minutes=15)
HEADS_KEPT = timedelta(days=8)  # an event source mapping gives records up after 7 days at the latest
RETIRED_AT_ONCE = 20  # by one batch: some 60 calls
_LONGEST_BATCH = timedelta(minutes=5)  # from the time of a batch to its transaction, and between two clocks
_READINGS = 5  # of the totals, until no shard was retired meanwhile
_NEVER = datetime.fromtimestamp(0, UTC)


@dataclass(slots=True)
class ShardHead(Head):
    """A head as it was read.

    Attributes
    ----------
    listed : when the shard was last named in the list; long ago where it is not in it
    retirements : how often the shard was retired
    """

    listed: datetime = _NEVER
    retirements: int = 0


@dataclass(frozen=True, slots=True)
class ListedShard:
    """A shard of the list, last written less than `RENEWED_EVERY` after `written`."""

    name: str
    written: datetime

    def is_after(self, minute: int) -> bool:
        """Whether the shard may hold something of this minute or a later one."""
        last = self.written + RENEWED_EVERY + timedelta(minutes=FUTURE_MINUTES)
        return last >= instant_of(minute)

    def is_final(self, now: datetime) -> bool:
        """Whether the head cannot change any more without another `written`, or leaving the list."""
        return now - self.written > RENEWED_EVERY + _LONGEST_BATCH

    def is_over(self, now: datetime) -> bool:
        """Whether nothing of the shard can be shown any more."""
        return now - self.written > RENEWED_EVERY + KEPT


@dataclass(slots=True)
class Shards:
    """The shards of `table`. Safe to use from several threads."""

    table: DynamoDbTable
    now: Callable[[], datetime]
    _ended: dict[ListedShard, ShardHead] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def head(self, shard: str) -> ShardHead | None:
        """The head of a shard; None where nothing was applied to it."""
        item = self.table.get(_of(shard), "head", consistent=True)
        if item is None:
            return None
        return ShardHead(
            item["position"]["S"],
            datetime.fromisoformat(item["since"]["S"]),
            unpack(item["totals"]["B"], Flow),
            unpack(item["regions"]["B"], list[str]),
            listed=_instant(item["listed"]),
            retirements=int(item["retirements"]["N"]),
        )

    def move(self, shard: str, head: ShardHead, moved: Head, now: datetime) -> tuple[list[tuple[str, Any]], bool]:
        """The actions of a transaction that put `moved` in the place of `head`, and whether they renew the list."""
        is_due = now - head.listed >= RENEWED_EVERY
        listed = now if is_due else head.listed
        whole = ShardHead(moved.position, moved.since, moved.totals, moved.regions, listed, head.retirements)
        actions = [("Put", {"Item": _head_item(shard, whole), **_unchanged(head, now)})]
        if is_due:
            actions.append(("Put", {"Item": key(LISTED, shard) | {"written": number(now)}}))
        return actions, is_due

    def listed(self) -> list[ListedShard]:
        """The list, as it is now."""
        items = self.table.query(LISTED, " ", "~", consistent=True)
        return [ListedShard(item["sk"]["S"], _instant(item["written"])) for item in items]

    def after(self, minute: int) -> list[str]:
        """The shards that may hold something of this minute or a later one."""
        return [shard.name for shard in self.listed() if shard.is_after(minute)]

    def totals(self) -> Totals:
        """The totals of all shards, retired ones included.

        They are in several items. Where a shard was retired while they were read, they are read again.
        """
        for _ in range(_READINGS):
            before, retired = self._retired()
            heads = list(self._heads())
            if self._retired()[0] == before:
                break
        return totals_of([*heads, *([retired] if retired is not None else ())])

    def retire(self, now: datetime, *, but: str) -> int:
        """Retire shards that are over, `RETIRED_AT_ONCE` at most, and not the one named; returns how many.

        Another writer may be retiring them too: what it has done is left alone.
        """
        over = [shard for shard in self.listed() if shard.name != but and shard.is_over(now)]
        return sum(self._retire(shard, now) for shard in over[:RETIRED_AT_ONCE])

    def _retire(self, shard: ListedShard, now: datetime) -> bool:
        head = self.head(shard.name)
        if head is None:
            return False
        version, retired = self._retired()
        whole = retired or Head(None, head.since)
        totals = key(*RETIRED) | {
            "version": {"N": str(version + 1)},
            "since": {"S": min(whole.since, head.since).isoformat()},
            "totals": {"B": pack(whole.totals.plus(head.totals))},
        }
        same_version = {
            "ConditionExpression": "attribute_not_exists(pk)" if retired is None else "version = :version",
            **({} if retired is None else {"ExpressionAttributeValues": {":version": {"N": str(version)}}}),
        }
        same_written = {
            "ConditionExpression": "written = :written",
            "ExpressionAttributeValues": {":written": number(shard.written)},
        }
        emptied = ShardHead(head.position, head.since, Flow(), head.regions, _NEVER, head.retirements + 1)
        item = _head_item(shard.name, emptied) | {"expires": number(now + HEADS_KEPT)}
        return self.table.transact(
            [
                ("Put", {"Item": item, **_unchanged(head, now)}),
                ("Put", {"Item": totals, **same_version}),
                ("Delete", {"Key": key(LISTED, shard.name), **same_written}),
            ]
        )

    def _retired(self) -> tuple[int, Head | None]:
        """The totals of retired shards, and how many there are."""
        item = self.table.get(*RETIRED, consistent=True)
        if item is None:
            return 0, None
        since = datetime.fromisoformat(item["since"]["S"])
        return int(item["version"]["N"]), Head(None, since, unpack(item["totals"]["B"], Flow))

    def _heads(self) -> Iterator[Head]:
        """The heads of the list. That of a shard which is no longer written is remembered: it cannot change.

        It changes with its place in the list only, where a batch comes after all or the shard is retired.
        """
        listed = dict.fromkeys(self.listed())  # in order, and looked up fast: there may be hundreds
        with self._lock:
            self._ended = {shard: head for shard, head in self._ended.items() if shard in listed}
        for shard in listed:
            with self._lock:
                head = self._ended.get(shard)
            if head is None and (head := self.head(shard.name)) is not None and shard.is_final(self.now()):
                with self._lock:
                    self._ended[shard] = head
            if head is not None:
                yield head


def _of(shard: str) -> str:
    return f"shard#{shard}"


def _head_item(shard: str, head: ShardHead) -> DynamoItem:
    return key(_of(shard), "head") | {
        "position": {"S": head.position or ""},
        "since": {"S": head.since.isoformat()},
        "totals": {"B": pack(head.totals)},
        "regions": {"B": pack(head.regions)},
        "listed": number(head.listed),
        "retirements": {"N": str(head.retirements)},
    }


def _unchanged(head: ShardHead, now: datetime) -> dict[str, Any]:
    """The condition that a head is as it was read."""
    if head.position is None:  # there is none, or one that has expired and is not deleted yet
        return {
            "ConditionExpression": "attribute_not_exists(pk) or expires <= :now",
            "ExpressionAttributeValues": {":now": number(now)},
        }
    return {
        "ConditionExpression": "#p = :position and retirements = :retirements",
        "ExpressionAttributeNames": {"#p": "position"},
        "ExpressionAttributeValues": {
            ":position": {"S": head.position},
            ":retirements": {"N": str(head.retirements)},
        },
    }


def _instant(stored: DynamoItem) -> datetime:
    return datetime.fromtimestamp(int(stored["N"]), UTC)
