"""The double of Lambda's event source mapping does what Lambda's documentation says, on literal records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.infra.emulator.kinesis_source import KinesisSource

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MAPPING = {
    "BatchSize": 4,
    "ParallelizationFactor": 1,
    "StartingPosition": "TRIM_HORIZON",
    "MaximumRetryAttempts": 2,
    "MaximumRecordAgeInSeconds": 3_600,
    "BisectBatchOnFunctionError": True,
    "FunctionResponseTypes": ["ReportBatchItemFailures"],
}


class OneShard:
    """A stream of one shard with literal records."""

    def __init__(self, *data: bytes, arrived: datetime = NOW) -> None:
        self.records = [
            {
                "SequenceNumber": str(number),
                "PartitionKey": "k",
                "Data": content,
                "ApproximateArrivalTimestamp": arrived,
            }
            for number, content in enumerate(data, start=1)
        ]

    def list_shards(self, **_: Any) -> dict[str, Any]:
        return {"Shards": [{"ShardId": "shard-0"}]}

    def get_shard_iterator(self, **asked: Any) -> dict[str, str]:
        return {"ShardIterator": str(asked.get("StartingSequenceNumber", 0))}

    def get_records(self, *, ShardIterator: str, Limit: int) -> dict[str, Any]:  # noqa: N803 - boto3's names
        after = [record for record in self.records if int(record["SequenceNumber"]) > int(ShardIterator)]
        last = after[-1]["SequenceNumber"] if after else ShardIterator
        return {"Records": after[:Limit], "NextShardIterator": last}


class Function:
    """A function that takes what it is given, but for the records in `bad`."""

    def __init__(self, *bad: str, reports: bool = False) -> None:
        self.bad, self.reports = set(bad), reports
        self.calls: list[list[str]] = []

    def __call__(self, event: dict[str, Any]) -> dict[str, Any] | None:
        numbers = [record["kinesis"]["sequenceNumber"] for record in event["Records"]]
        self.calls.append(numbers)
        failed = [number for number in numbers if number in self.bad]
        if not failed:
            return {"batchItemFailures": []}
        return {"batchItemFailures": [{"itemIdentifier": failed[0]}]} if self.reports else None


def source(stream: OneShard, function: Function, **changes: Any) -> tuple[KinesisSource, list[dict[str, Any]]]:
    given_up: list[dict[str, Any]] = []
    return KinesisSource(MAPPING | changes, stream, "events", function, given_up.append, lambda: NOW), given_up


def test_a_batch_is_as_large_as_the_template_says() -> None:
    function = Function()
    mapping, given_up = source(OneShard(*[b"x"] * 6), function)
    assert mapping.drain() == 6
    assert function.calls == [["1", "2", "3", "4"], ["5", "6"]]
    assert given_up == []


def test_what_was_delivered_is_not_delivered_again() -> None:
    function = Function()
    mapping, _ = source(OneShard(b"x"), function)
    assert (mapping.drain(), mapping.drain()) == (1, 0)
    assert function.calls == [["1"]]


def test_a_batch_that_fails_is_halved_until_the_one_record_is_alone_and_that_is_given_up() -> None:
    function = Function("3")
    mapping, given_up = source(OneShard(*[b"x"] * 4), function)
    mapping.drain()
    assert function.calls == [["1", "2", "3", "4"], ["1", "2"], ["3", "4"], ["3"], ["3"], ["3"], ["4"]]
    assert [batch["KinesisBatchInfo"]["startSequenceNumber"] for batch in given_up] == ["3"]
    assert given_up[0]["requestContext"]["condition"] == "RetryAttemptsExhausted"


def test_without_bisection_the_whole_batch_is_given_up() -> None:
    function = Function("3")
    mapping, given_up = source(OneShard(*[b"x"] * 4), function, BisectBatchOnFunctionError=False)
    mapping.drain()
    assert function.calls == [["1", "2", "3", "4"]] * 3
    assert given_up[0]["KinesisBatchInfo"]["batchSize"] == 4


def test_a_partial_failure_goes_on_from_the_record_that_failed() -> None:
    function = Function("3", reports=True)
    mapping, given_up = source(OneShard(*[b"x"] * 4), function)
    mapping.drain()
    assert function.calls[:2] == [["1", "2", "3", "4"], ["3"]]
    assert function.calls[-1] == ["4"]
    assert [batch["KinesisBatchInfo"]["startSequenceNumber"] for batch in given_up] == ["3"]


def test_a_mapping_that_does_not_report_takes_partial_failures_for_success() -> None:
    function = Function("3", reports=True)
    mapping, given_up = source(OneShard(*[b"x"] * 4), function, FunctionResponseTypes=[])
    mapping.drain()
    assert (function.calls, given_up) == ([["1", "2", "3", "4"]], [])


def test_records_that_are_too_old_are_passed_over_and_told() -> None:
    function = Function()
    mapping, given_up = source(OneShard(b"x", arrived=NOW - timedelta(seconds=3_601)), function)
    mapping.drain()
    assert function.calls == []
    assert given_up[0]["requestContext"]["condition"] == "RecordAgeExceeded"
