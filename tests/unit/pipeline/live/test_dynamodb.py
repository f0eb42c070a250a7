"""Live on DynamoDB where the contract does not reach: races, busy tables, expiry, and what a reader asks for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from catalogue.errors import StreamUnavailable
from pipeline.live import dynamodb
from pipeline.live.dynamodb import MOST_DOCUMENTS, DynamoDbLiveStore
from pipeline.live.dynamodb_shards import Shards
from pipeline.live.rollup import minute_of
from pipeline.live.store import BatchSizeError
from pipeline.streams import Batch
from tests.support.live_lines import NOW, event

TABLE = "live"


class Counting:
    """A client that counts calls, and leaves undone what it is told to."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.calls: list[str] = []
        self.undone: dict[str, int] = {}

    def get_paginator(self, name: str) -> Any:
        self.calls.append(name)
        return self.client.get_paginator(name)

    def __getattr__(self, name: str) -> Any:
        def call(**given: Any) -> Any:
            self.calls.append(name)
            if self.undone.get(name, 0) > 0:
                self.undone[name] -= 1
                asked = given["RequestItems"]
                return (
                    {"UnprocessedItems": asked}
                    if name == "batch_write_item"
                    else {"Responses": {}, "UnprocessedKeys": asked}
                )
            return getattr(self.client, name)(**given)

        return call


@pytest.fixture
def client() -> Iterator[Counting]:
    with mock_aws():
        dynamodb = boto3.client("dynamodb", region_name="eu-west-1")
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Counting(dynamodb)


def store(client: Any) -> DynamoDbLiveStore:
    return DynamoDbLiveStore(client, TABLE, "EUR", now=lambda: NOW)


def test_of_two_writers_that_read_the_same_head_one_is_applied(client: Counting, monkeypatch: pytest.MonkeyPatch):
    first, second = store(client), store(client)
    first.apply(Batch([event("e1")], "1"), after=None)
    stale = second._shards.head("log")
    assert first.apply(Batch([event("e2")], "2"), after="1")
    monkeypatch.setattr(Shards, "head", lambda _self, _shard: stale)
    assert not second.apply(Batch([event("e2"), event("e3")], "3"), after="1")
    monkeypatch.undo()
    assert (first.position(), first.totals().flow.received) == ("2", 2)
    assert sum(document.totals.events for _, _, document in first.documents(0)) == 2


def test_two_first_writers_of_a_shard_cannot_both_be_applied(client: Counting, monkeypatch: pytest.MonkeyPatch):
    first, second = store(client), store(client)
    assert first.apply(Batch([event("e1")], "1"), after=None)
    monkeypatch.setattr(Shards, "head", lambda _self, _shard: None)
    assert not second.apply(Batch([event("e1")], "1"), after=None)
    monkeypatch.undo()
    assert first.totals().flow.received == 1


def test_what_a_batch_call_leaves_undone_is_asked_again(client: Counting):
    client.undone = {"batch_get_item": 2, "batch_write_item": 2}
    assert store(client).apply(Batch([event("e1")], "1"), after=None)
    assert [item.product_id for item in store(client).recent_items("c1")] == ["p1"]


@pytest.mark.parametrize("call", ["batch_get_item", "batch_write_item"])
def test_a_table_that_stays_busy_is_unavailable_and_nothing_is_counted(client: Counting, call: str):
    client.undone = {call: 1000}
    with pytest.raises(StreamUnavailable, match="busy"):
        store(client).apply(Batch([event("e1")], "1"), after=None)
    assert store(client).position() is None


def test_a_batch_that_no_transaction_can_hold_is_refused(client: Counting):
    entries = [event(f"e{n}", at=NOW - timedelta(minutes=n)) for n in range(MOST_DOCUMENTS + 1)]
    with pytest.raises(BatchSizeError, match="37 documents"):
        store(client).apply(Batch(entries, "1"), after=None)
    assert store(client).position() is None


def test_everything_expires_but_the_heads_and_names_of_shards_that_are_written(client: Counting):
    store(client).apply(Batch([event("e1")], "1"), after=None)
    items = client.client.scan(TableName=TABLE)["Items"]
    lasting = {item["sk"]["S"] for item in items if "expires" not in item}
    assert lasting == {"head", "log"}
    assert all(int(item["expires"]["N"]) > NOW.timestamp() + 3600 for item in items if "expires" in item)


def test_a_reader_asks_for_settled_minutes_once_a_minute(client: Counting):
    live = store(client)
    live.apply(Batch([event("e1", at=NOW - timedelta(minutes=20)), event("e2")], "1"), after=None)
    since = minute_of(NOW) - 60
    assert len(live.documents(since)) == 2
    client.calls.clear()
    assert len(live.documents(since)) == 2
    assert client.calls == ["query", "query"]


def test_a_region_may_hold_the_sign_that_separates_the_parts_of_a_key(client: Counting):
    live = store(client)
    live.apply(Batch([event("e1", region="a#b#c")], "1"), after=None)
    assert [region for _, region, _ in live.documents(0)] == ["a#b#c"]


def test_hashes_of_the_shard_that_was_quiet_longest_leave_the_memory_and_are_read_when_it_comes_again(
    client: Counting, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(dynamodb, "HASHES_IN_MEMORY", 5)
    live = store(client)
    for shard in ("a", "b", "c"):  # two events each
        assert live.apply(Batch([event(f"{shard}1"), event(f"{shard}2")], "1"), after=None, shard=shard)
    reads = {}
    for shard in ("b", "c", "a"):
        client.calls.clear()
        assert live.apply(Batch([event(f"{shard}2")], "2"), after="1", shard=shard)
        reads[shard] = client.calls.count("query")
    assert reads == {"b": 0, "c": 0, "a": 1}
    assert (live.totals().flow.received, live.totals().flow.duplicates) == (9, 3)
