"""A stream that is split and merged: the live rollup goes on in the new shards, and counts each event once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from moto.kinesis.models import Stream

from pipeline.handlers import live
from pipeline.live.delivery import ShardRecord, deliver
from pipeline.live.documents import Flow
from pipeline.streams.kinesis import KinesisStream
from tests.handlers.conftest import STREAM, Cloud
from tests.support.live_lines import event

HALF = 2**127


@pytest.fixture(autouse=True)
def only_open_shards_take_records(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on AWS; moto puts records into shards that were split or merged, too."""
    real = Stream.get_shard_for_key

    def shard_of(self: Any, *key: Any) -> Any:
        shards = self.shards
        self.shards = {name: shard for name, shard in shards.items() if shard.is_open}
        try:
            return real(self, *key)
        finally:
            self.shards = shards

    monkeypatch.setattr(Stream, "get_shard_for_key", shard_of)


class Source:
    """What an event source mapping does: a shard's new records in order, those of its children after them."""

    def __init__(self, cloud: Cloud) -> None:
        self.kinesis = cloud.kinesis
        self.iterators: dict[str, str] = {}
        self.follow()

    def open_shards(self) -> list[str]:
        shards = self.kinesis.list_shards(StreamName=STREAM)["Shards"]
        return [shard["ShardId"] for shard in shards if "EndingSequenceNumber" not in shard["SequenceNumberRange"]]

    def follow(self) -> None:
        """Read the shards of now, from now on."""
        for shard in self.open_shards():
            asked = {"StreamName": STREAM, "ShardId": shard, "ShardIteratorType": "LATEST"}
            self.iterators.setdefault(shard, self.kinesis.get_shard_iterator(**asked)["ShardIterator"])

    def deliver(self) -> set[str]:
        """Give each shard's new records to live; returns the shards that had any."""
        store, stream = live.ports()
        brought = set()
        for shard, iterator in self.iterators.items():
            answer = self.kinesis.get_records(ShardIterator=iterator)
            self.iterators[shard] = answer["NextShardIterator"]
            found = [ShardRecord(r["SequenceNumber"], r["PartitionKey"], r["Data"]) for r in answer["Records"]]
            assert deliver(found, shard=shard, store=store, stream=stream, now=datetime.now(UTC)) == (None, 0)
            brought |= {shard} if found else set()
        return brought


def send(first: int, last: int) -> None:
    """Send events of these numbers, of as many customers: some go to each half of the keys."""
    now = datetime.now(UTC)
    entries = [event(f"e{number}", customer_id=f"c{number}", at=now, received=now) for number in range(first, last)]
    live.ports()[1].append(entries)


@pytest.mark.parametrize("is_another_process", [False, True])
def test_a_stream_that_is_split_and_merged_counts_every_event_and_every_copy_once(
    cloud: Cloud, is_another_process: bool
):
    def reshard() -> None:
        source.follow()
        if is_another_process:
            live.ports.cache_clear()

    source = Source(cloud)
    send(0, 20)
    source.deliver()
    (parent,) = source.open_shards()
    cloud.kinesis.split_shard(StreamName=STREAM, ShardToSplit=parent, NewStartingHashKey=str(HALF))
    reshard()
    send(10, 30)  # half of them copies
    children = source.open_shards()
    assert source.deliver() == set(children)
    assert [len(children), *map(live.ports()[1].parents_of, children)] == [2, (parent,), (parent,)]
    assert live.ports()[0].totals().flow == Flow(received=40, accepted=30, duplicates=10)

    cloud.kinesis.merge_shards(StreamName=STREAM, ShardToMerge=children[0], AdjacentShardToMerge=children[1])
    reshard()
    send(0, 40)  # of three quarters a copy came before: to a parent, to its parent, or to both
    (merged,) = source.open_shards()
    assert source.deliver() == {merged}
    assert sorted(live.ports()[1].parents_of(merged)) == sorted(children)
    assert live.ports()[0].totals().flow == Flow(received=80, accepted=40, duplicates=40)
    assert sum(document.totals.events for _, _, document in live.ports()[0].documents(0)) == 40


def test_a_shard_that_the_stream_has_forgotten_has_no_parents(cloud: Cloud):
    assert KinesisStream(cloud.kinesis, STREAM).parents_of("shardId-000000000099") == ()
