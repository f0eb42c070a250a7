"""Entries on Kinesis: limits, order and failures. moto plays the stream; a double fails chosen records."""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import boto3
import msgspec
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws
from urllib3 import HTTPResponse

from catalogue.errors import StreamFull, StreamUnavailable
from pipeline.handlers.clients import ATTEMPTS as CALL_ATTEMPTS
from pipeline.handlers.clients import client
from pipeline.streams import Entry, Kind
from pipeline.streams.kinesis import ATTEMPTS, CALL_BYTES, CALL_RECORDS, RECORD_BYTES, KinesisStream, kind_of
from tests.support.live_lines import NOW, event, refused

Fails = Callable[[int, str], str | None]


class Shaky:
    """A Kinesis client that keeps the limits and fails the records that `fails` names by (call, key)."""

    def __init__(self, fails: Fails = lambda _call, _key: None) -> None:
        self.fails = fails
        self.calls: list[list[str]] = []
        self.stored: list[tuple[str, bytes]] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        assert 1 <= len(Records) <= CALL_RECORDS
        assert sum(len(record["PartitionKey"].encode()) + len(record["Data"]) for record in Records) <= CALL_BYTES
        results = []
        for record in Records:
            assert len(record["PartitionKey"].encode()) + len(record["Data"]) <= RECORD_BYTES
            code = self.fails(len(self.calls), record["PartitionKey"])
            if code is None:
                self.stored.append((record["PartitionKey"], record["Data"]))
            results.append({"ErrorCode": code} if code else {"SequenceNumber": "1", "ShardId": "s"})
        self.calls.append([record["PartitionKey"] for record in Records])
        return {"FailedRecordCount": sum("ErrorCode" in result for result in results), "Records": results}

    def lines(self, key: str) -> list[bytes]:
        return [line for stored, data in self.stored if stored == key for line in data.split(b"\n") if line]


def stream(client: Any, pauses: list[float] | None = None) -> KinesisStream:
    return KinesisStream(client, "events", pause=(pauses if pauses is not None else []).append, jitter=lambda: 0.5)


def entry(key: str, text: str) -> Entry:
    return Entry(Kind.EVENT, key, text.encode())


@pytest.fixture
def kinesis() -> Iterator[Any]:
    with mock_aws():
        client = boto3.client("kinesis", region_name="eu-west-1")
        client.create_stream(StreamName="events", ShardCount=1)
        yield client


def test_entries_come_back_from_a_stream_line_by_line_with_their_kind(kinesis: Any):
    entries = [event("e1"), refused("{", at=NOW), event("e2", customer_id="c2"), event("e3")]
    stream(kinesis).append(entries)
    iterator = kinesis.get_shard_iterator(
        StreamName="events", ShardId="shardId-000000000000", ShardIteratorType="TRIM_HORIZON"
    )
    records = kinesis.get_records(ShardIterator=iterator["ShardIterator"])["Records"]
    lines = {record["PartitionKey"]: [line for line in record["Data"].split(b"\n") if line] for record in records}
    assert lines == {"c1": [entries[0].line, entries[3].line], "k": [entries[1].line], "c2": [entries[2].line]}
    assert [kind_of(one_entry.line) for one_entry in entries] == [one_entry.kind for one_entry in entries]


def test_a_call_holds_at_most_500_records():
    client = Shaky()
    stream(client).append([entry(f"k{n}", str(n)) for n in range(1201)])
    assert [len(call) for call in client.calls] == [500, 500, 201]


def test_a_call_holds_at_most_5_mebibytes():
    client = Shaky()
    stream(client).append([entry(f"k{n}", "x" * 900_000) for n in range(12)])
    assert [len(call) for call in client.calls] == [5, 5, 2]


def test_only_failed_records_are_sent_again_after_a_pause_of_full_jitter():
    pauses: list[float] = []
    client = Shaky(lambda call, key: "ProvisionedThroughputExceededException" if key == "b" and call < 3 else None)
    stream(client, pauses).append([entry("a", "1"), entry("b", "2"), entry("c", "3")])
    assert client.calls == [["a", "b", "c"], ["b"], ["b"], ["b"]]
    assert pauses == [0.025, 0.05, 0.1]
    assert Counter(key for key, _ in client.stored) == {"a": 1, "b": 1, "c": 1}


def test_a_later_line_of_a_key_never_overtakes_a_failed_one():
    client = Shaky(lambda call, key: "InternalFailure" if (call, key) in {(0, "a"), (1, "a"), (3, "a")} else None)
    big = "x" * 200_000
    stream(client).append([entry(key, f"{key}{n}{big}") for n in range(4) for key in ("a", "b")])
    assert all(len(set(call)) == len(call) for call in client.calls)
    assert [line[:2] for line in client.lines("a")] == [b"a0", b"a1", b"a2", b"a3"]
    assert [line[:2] for line in client.lines("b")] == [b"b0", b"b1", b"b2", b"b3"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(1, 150_000)), max_size=25),
    st.sets(st.tuples(st.integers(0, 12), st.sampled_from("abc")), max_size=9),
)
def test_whatever_fails_every_line_arrives_once_and_in_the_order_of_its_key(
    sizes: list[tuple[str, int]], failures: set[tuple[int, str]]
):
    client = Shaky(lambda call, key: "InternalFailure" if (call, key) in failures else None)
    entries = [entry(key, f"{number}:" + "x" * size) for number, (key, size) in enumerate(sizes)]
    KinesisStream(client, "events", attempts=20, pause=lambda _: None).append(entries)
    for key in "abc":
        assert client.lines(key) == [one_entry.line for one_entry in entries if one_entry.key == key]


@pytest.mark.parametrize(
    ("code", "error"),
    [("ProvisionedThroughputExceededException", StreamFull), ("InternalFailure", StreamUnavailable)],
)
def test_attempts_are_bounded_and_the_error_says_what_kept_failing(code: str, error: type[Exception]):
    client = Shaky(lambda _call, key: code if key == "b" else None)
    pauses: list[float] = []
    with pytest.raises(error, match=r"8 times in a row.*events"):
        stream(client, pauses).append([entry("a", "1"), entry("b", "2")])
    assert len(client.calls) == ATTEMPTS
    assert max(pauses) <= 1.0


def answering(*codes: str | None) -> tuple[Any, list[str | None]]:
    """The handlers' client; its calls are answered with these error codes in turn, None with success."""
    left = list(codes)
    sent: list[str | None] = []

    def answer(**_: Any) -> AWSResponse:
        code = left.pop(0)
        sent.append(code)
        body = {"__type": code} if code else {"Records": [{"SequenceNumber": "1", "ShardId": "s"}]}
        raw = HTTPResponse(BytesIO(msgspec.json.encode(body)), preload_content=False)
        return AWSResponse("https://kinesis", 400 if code else 200, {}, raw)

    made = client("kinesis")
    made.meta.events.register("before-send.kinesis.PutRecords", answer)
    return made, sent


@pytest.fixture
def in_a_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.mark.usefixtures("in_a_lambda")
def test_a_whole_call_that_is_throttled_is_tried_again_as_one_that_is_refused_is_not():
    throttled = "ProvisionedThroughputExceededException"
    made, sent = answering(throttled, None, "ResourceNotFoundException")
    stream(made).append([entry("a", "1")])
    assert sent == [throttled, None]
    with pytest.raises(StreamUnavailable, match="ResourceNotFound"):
        stream(made).append([entry("a", "1")])
    assert len(sent) == 3


@pytest.mark.usefixtures("in_a_lambda")
def test_a_call_that_stays_throttled_says_that_the_stream_is_full():
    made, sent = answering(*["ProvisionedThroughputExceededException"] * 9)
    with pytest.raises(StreamFull, match=r"throughput was exceeded \(events\)"):
        stream(made).append([entry("a", "1")])
    assert len(sent) == CALL_ATTEMPTS


def test_a_stream_that_cannot_be_reached_is_unavailable():
    class Lost:
        def put_records(self, **_: Any) -> dict[str, Any]:
            raise EndpointConnectionError(endpoint_url="kinesis")

    with pytest.raises(StreamUnavailable, match="did not answer"):
        stream(Lost()).append([entry("a", "1")])


def test_a_stream_that_does_not_exist_is_named(kinesis: Any):
    with pytest.raises(StreamUnavailable, match="nowhere") as failure:
        KinesisStream(kinesis, "nowhere").append([entry("a", "1")])
    assert isinstance(failure.value.__cause__, ClientError)


def test_a_refused_record_too_large_for_kinesis_keeps_its_first_bytes():
    client = Shaky()
    large = refused("é" * 500_000, at=NOW)
    assert len(large.line) > RECORD_BYTES
    stream(client).append([large, refused("{", at=NOW)])
    kept = msgspec.json.decode(client.lines("k")[0])
    assert base64.b64decode(kept["record"]) == ("é" * 500_000).encode()[: len(base64.b64decode(kept["record"]))]
    assert len(base64.b64decode(kept["record"])) > 700_000
    assert "Of its 1000000 bytes only the first are kept" in kept["detail"]
    assert client.lines("k")[1] == refused("{", at=NOW).line


def test_nothing_to_append_calls_nobody():
    client = Shaky()
    stream(client).append([])
    assert client.calls == []


def test_the_parents_of_a_shard_are_looked_for_on_every_page_which_is_asked_for_by_its_token_alone():
    class Paged:
        asked: list[dict[str, str]] = []  # noqa: RUF012 - of one test

        def list_shards(self, **asked: str) -> dict[str, Any]:
            self.asked.append(asked)
            if asked == {"StreamName": "events"}:
                return {"Shards": [{"ShardId": "a"}, {"ShardId": "b", "ParentShardId": "z"}], "NextToken": "more"}
            return {"Shards": [{"ShardId": "c", "ParentShardId": "a", "AdjacentParentShardId": "b"}]}

    stream = KinesisStream(Paged(), "events")
    assert stream.parents_of("c") == ("a", "b")
    assert Paged.asked == [{"StreamName": "events"}, {"NextToken": "more"}]
    assert [stream.parents_of("a"), stream.parents_of("b"), stream.parents_of("d")] == [(), ("z",), ()]
