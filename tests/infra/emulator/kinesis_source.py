"""The event source mapping of Lambda, as its documentation describes it, by the parameters of a template.

Reads the stream's shards by Kinesis's API and calls the function. What it does with a failure is AWS's: a batch that
fails is halved where the mapping bisects, tried again as often as it may, and then told to the failure queue; a partial
failure goes on from the first record that failed; records that are too old are passed over.
Source: https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-parameters.html
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

PAYLOAD_BYTES = 6 * 1024**2
Record = Mapping[str, Any]
Invoke = Callable[[dict[str, Any]], dict[str, Any] | None]
"""Calls the function with an event; None where it failed."""


@dataclass
class KinesisSource:
    """A mapping from a stream to a function.

    Parameters
    ----------
    mapping : properties of an ``AWS::Lambda::EventSourceMapping``
    kinesis : a client of the stream
    stream : its name
    invoke : calls the function
    failed : is told of records that were given up, as the destination gets it
    """

    mapping: Mapping[str, Any]
    kinesis: Any
    stream: str
    invoke: Invoke
    failed: Callable[[dict[str, Any]], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _after: dict[str, str] = field(default_factory=dict)

    def drain(self) -> int:
        """Bring every shard's records to the function; returns how many records were read."""
        assert self.mapping["ParallelizationFactor"] == 1
        shards = self.kinesis.list_shards(StreamName=self.stream)["Shards"]
        return sum(self._drain(shard["ShardId"]) for shard in shards)

    def _drain(self, shard: str) -> int:
        records = self._read(shard)
        for batch in self._batches(records):
            self._deliver(shard, batch, attempts=0)
        return len(records)

    def _read(self, shard: str) -> list[Record]:
        after = self._after.get(shard)
        place = (
            {"ShardIteratorType": self.mapping["StartingPosition"]}
            if after is None
            else {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
        )
        iterator = self.kinesis.get_shard_iterator(StreamName=self.stream, ShardId=shard, **place)["ShardIterator"]
        found: list[Record] = []
        while iterator:
            answer = self.kinesis.get_records(ShardIterator=iterator, Limit=10_000)
            found += answer["Records"]
            if not answer["Records"]:
                break
            iterator = answer.get("NextShardIterator")
        if found:
            self._after[shard] = found[-1]["SequenceNumber"]
        return found

    def _batches(self, records: Sequence[Record]) -> list[list[Record]]:
        batches: list[list[Record]] = []
        size = 0
        for record in records:
            length = len(record["Data"]) * 4 // 3 + 400
            if not batches or len(batches[-1]) == self.mapping["BatchSize"] or size + length > PAYLOAD_BYTES:
                batches.append([])
                size = 0
            batches[-1].append(record)
            size += length
        return batches

    def _deliver(self, shard: str, batch: list[Record], attempts: int) -> None:
        """One batch, to its end: applied, or given up."""
        oldest = self.now() - timedelta(seconds=self.mapping["MaximumRecordAgeInSeconds"])
        expired = [record for record in batch if record["ApproximateArrivalTimestamp"] < oldest]
        if expired:
            self._give_up(shard, expired, "RecordAgeExceeded")
            batch = batch[len(expired) :]
        if not batch:
            return
        answer = self.invoke({"Records": [_as_event(shard, record) for record in batch]})
        if answer is not None:
            reports = "ReportBatchItemFailures" in self.mapping.get("FunctionResponseTypes", ())
            failures = answer.get("batchItemFailures", []) if reports else []
            if not failures:
                return
            first = failures[0]["itemIdentifier"]
            at = next(index for index, record in enumerate(batch) if record["SequenceNumber"] == first)
            batch, attempts = batch[at:], 0 if at else attempts
        if self.mapping["BisectBatchOnFunctionError"] and len(batch) > 1:
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                self._deliver(shard, half, attempts)  # "splitting a batch does not count towards the retry quota"
            return
        if attempts == self.mapping["MaximumRetryAttempts"]:
            self._give_up(shard, batch, "RetryAttemptsExhausted")
            return
        self._deliver(shard, batch, attempts + 1)

    def _give_up(self, shard: str, batch: Sequence[Record], condition: str) -> None:
        self.failed(
            {
                "requestContext": {"condition": condition},
                "KinesisBatchInfo": {
                    "shardId": shard,
                    "startSequenceNumber": batch[0]["SequenceNumber"],
                    "endSequenceNumber": batch[-1]["SequenceNumber"],
                    "batchSize": len(batch),
                    "streamArn": self.mapping.get("EventSourceArn"),
                },
            }
        )


def _as_event(shard: str, record: Record) -> dict[str, Any]:
    return {
        "eventID": f"{shard}:{record['SequenceNumber']}",
        "eventSource": "aws:kinesis",
        "kinesis": {
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": record["ApproximateArrivalTimestamp"].timestamp(),
        },
    }


def invoked(client: Any, function: str) -> Invoke:
    """Calls a function by Lambda's API."""

    def invoke(event: dict[str, Any]) -> dict[str, Any] | None:
        answer = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read() or b"null")
        return None if "FunctionError" in answer else payload

    return invoke
