"""Shards that ended leave the live table without a trace but their totals, and cost its readers nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.errors import StreamUnavailable
from pipeline.dynamodb_table import DynamoDbTable
from pipeline.live.documents import MEMORY_MINUTES, Flow
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.live.dynamodb_shards import HEADS_KEPT, RENEWED_EVERY, RETIRED_AT_ONCE, Shards
from pipeline.live.rollup import minute_of
from pipeline.streams import Batch, Entry
from tests.contracts.test_live_store import TABLE, Clock, aws_table
from tests.support.live_lines import NOW, event
from tests.unit.pipeline.live.test_dynamodb import Counting

OVER = RENEWED_EVERY + timedelta(minutes=2 * MEMORY_MINUTES, seconds=1)  # nothing of a shard is shown after it


@pytest.fixture
def client() -> Iterator[Counting]:
    with aws_table() as client:
        yield Counting(client)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(client: Counting, clock: Clock) -> DynamoDbLiveStore:
    return DynamoDbLiveStore(client, TABLE, "EUR", now=clock)


def entry(event_id: str, at: datetime) -> Entry:
    return event(event_id, at=at, received=at)


def items(client: Counting, pk: str) -> dict[str, dict[str, Any]]:
    found = client.client.scan(TableName=TABLE)["Items"]
    return {item["sk"]["S"]: item for item in found if item["pk"]["S"] == pk}


def apply(live: DynamoDbLiveStore, shard: str, clock: Clock, count: int = 1) -> bool:
    """A batch of new events to a shard, after what it has."""
    position = int(live.position(shard) or 0)
    entries = [entry(f"{shard}-{position}-{number}", clock.now) for number in range(count)]
    return live.apply(Batch(entries, str(position + 1)), after=str(position) if position else None, shard=shard)


def test_a_shard_is_named_anew_with_a_batch_every_quarter_of_an_hour_and_not_more_often(
    live: DynamoDbLiveStore, client: Counting, clock: Clock
):
    written = []
    for _ in range(4):
        apply(live, "a", clock)
        written.append(int(items(client, "shards")["a"]["written"]["N"]) - int(NOW.timestamp()))
        clock.forward(minutes=10)
    assert written == [0, 0, 20 * 60, 20 * 60]


def test_a_shard_that_is_over_is_retired_by_another_one_and_its_totals_stay(
    live: DynamoDbLiveStore, client: Counting, clock: Clock
):
    apply(live, "old", clock, count=3)
    clock.forward(seconds=OVER.total_seconds())
    apply(live, "new", clock)
    assert items(client, "shards").keys() == {"new"}
    head = items(client, "shard#old")["head"]
    assert int(head["expires"]["N"]) == int((clock.now + HEADS_KEPT).timestamp())
    assert live.totals() == DynamoDbLiveStore(client, TABLE, "EUR", now=clock).totals()
    assert live.totals().flow == Flow(received=4, accepted=4)
    assert live.totals().since == NOW


def test_no_shard_is_retired_while_anything_of_it_may_be_shown(live: DynamoDbLiveStore, client: Counting, clock: Clock):
    apply(live, "old", clock)
    clock.forward(seconds=OVER.total_seconds() - 2)
    apply(live, "new", clock)
    assert items(client, "shards").keys() == {"old", "new"}


def test_two_writers_that_retire_the_same_shard_count_it_once(client: Counting, clock: Clock):
    first, second = (DynamoDbLiveStore(client, TABLE, "EUR", now=clock) for _ in range(2))
    apply(first, "old", clock)
    clock.forward(seconds=OVER.total_seconds())
    shards = [Shards(DynamoDbTable(client, TABLE, clock, title="live table"), clock) for _ in range(2)]
    listed = shards[0].listed()
    assert [one._retire(listed[0], clock.now) for one in shards] == [True, False]
    assert second.totals().flow.received == 1


def test_a_batch_and_a_retirement_that_read_the_same_head_cannot_both_change_it(
    client: Counting, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    live = DynamoDbLiveStore(client, TABLE, "EUR", now=clock)
    apply(live, "old", clock)
    clock.forward(seconds=OVER.total_seconds())
    shards = Shards(DynamoDbTable(client, TABLE, clock, title="live table"), clock)
    stale, listed = shards.head("old"), shards.listed()
    assert shards._retire(listed[0], clock.now)
    with monkeypatch.context() as patched:
        patched.setattr(Shards, "head", lambda _self, _shard: stale)
        assert not live.apply(Batch([entry("late", clock.now)], "2"), after="1", shard="old")
    assert apply(live, "old", clock)
    with monkeypatch.context() as patched:
        patched.setattr(Shards, "head", lambda _self, _shard: stale)
        assert not shards._retire(listed[0], clock.now)
    assert live.totals().flow == Flow(received=2, accepted=2)


def test_a_head_that_has_expired_but_is_still_there_is_as_none(live: DynamoDbLiveStore, client: Counting, clock: Clock):
    apply(live, "old", clock)
    clock.forward(seconds=OVER.total_seconds())
    apply(live, "new", clock)
    clock.forward(seconds=HEADS_KEPT.total_seconds())
    assert "head" in items(client, "shard#old")
    assert live.position("old") is None
    assert apply(live, "old", clock)
    assert "expires" not in items(client, "shard#old")["head"]
    assert live.totals().flow.received == 3


def test_what_has_expired_and_is_not_deleted_yet_is_not_read(live: DynamoDbLiveStore, clock: Clock):
    apply(live, "a", clock)
    assert len(live.documents(0)) == len(live.flows(0)) == len(live.recent_items("c1")) == 1
    clock.forward(days=366)
    assert (live.documents(0), live.flows(0), live.recent_items("c1")) == ([], [], [])


def test_a_table_that_fails_while_shards_are_retired_does_not_fail_the_batch(
    live: DynamoDbLiveStore, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    def failing(_self: Shards, _now: datetime, *, but: str) -> int:
        raise StreamUnavailable(f"busy, {but}")

    monkeypatch.setattr(Shards, "retire", failing)
    assert apply(live, "a", clock)
    assert live.totals().flow.received == 1


def test_totals_that_were_read_while_a_shard_was_retired_are_read_again(
    client: Counting, clock: Clock, monkeypatch: pytest.MonkeyPatch
):
    live = DynamoDbLiveStore(client, TABLE, "EUR", now=clock)
    for shard in ("a", "b"):
        apply(live, shard, clock)
    clock.forward(seconds=OVER.total_seconds())
    other, real, heads = Shards(DynamoDbTable(client, TABLE, clock, title="live table"), clock), Shards.listed, []

    def retiring(self: Shards) -> Any:
        listed = real(self)
        if not heads:
            heads.append(other._retire(listed[0], clock.now))
        return listed

    monkeypatch.setattr(Shards, "listed", retiring)
    assert live.totals().flow.received == 2
    assert heads == [True]


STEPS = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 1), st.sampled_from([1, 14, 16, 170])),
    max_size=8,
)


@settings(max_examples=8)
@given(steps=STEPS)
def test_whatever_shards_are_written_and_retired_by_whom_every_event_is_in_the_totals_once(
    steps: list[tuple[str, int, int]],
):
    with aws_table() as client:
        clock = Clock()
        writers = [DynamoDbLiveStore(client, TABLE, "EUR", now=clock) for _ in range(2)]
        reader = DynamoDbLiveStore(client, TABLE, "EUR", now=clock)
        for number, (shard, writer, minutes) in enumerate(steps, start=1):
            clock.forward(minutes=minutes)
            assert apply(writers[writer], shard, clock)
            assert reader.totals().flow == Flow(received=number, accepted=number)


def test_500_ended_shards_cost_a_reader_no_calls(client: Counting, clock: Clock):
    writer = DynamoDbLiveStore(client, TABLE, "EUR", now=clock)
    ended_shards(writer, client, clock, 500)
    clock.forward(minutes=85)
    apply(writer, "live", clock)
    reader, since = DynamoDbLiveStore(client, TABLE, "EUR", now=clock), minute_of(clock.now) - 60
    client.calls.clear()
    assert len(reader.documents(since)) == 1
    assert client.calls == ["query"] * 3
    assert reader.totals().flow.received == 501  # reads each head, once
    client.calls.clear()
    assert reader.totals().flow.received == 501
    assert client.calls == ["get_item", "query", "get_item", "get_item"]


def test_many_ended_shards_are_retired_by_and_by_and_new_readers_know_nothing_of_them(client: Counting, clock: Clock):
    writer = DynamoDbLiveStore(client, TABLE, "EUR", now=clock)
    ended_shards(writer, client, clock, 2 * RETIRED_AT_ONCE + 5)
    clock.forward(seconds=OVER.total_seconds())
    left = []
    for _ in range(3):
        apply(writer, "live", clock)
        left.append(len(items(client, "shards")) - 1)
        clock.forward(seconds=RENEWED_EVERY.total_seconds())
    assert left == [RETIRED_AT_ONCE + 5, 5, 0]
    client.calls.clear()
    reader = DynamoDbLiveStore(client, TABLE, "EUR", now=clock)
    assert reader.totals().flow.received == 2 * RETIRED_AT_ONCE + 5 + 3
    assert client.calls == ["get_item", "query", "get_item", "get_item"]


def ended_shards(writer: DynamoDbLiveStore, client: Counting, clock: Clock, count: int) -> None:
    """Shards that brought one event each, as one was written: writing a batch to each would take long."""
    apply(writer, "ended-0", clock)
    listed, head = items(client, "shards")["ended-0"], items(client, "shard#ended-0")["head"]
    table = DynamoDbTable(client, TABLE, clock, title="live table")
    for number in range(1, count):
        table.put_all([listed | {"sk": {"S": f"ended-{number}"}}, head | {"pk": {"S": f"shard#ended-{number}"}}])
