"""Firehose, by the parameters of a template: buffers, compresses, and names its objects.

Source: https://docs.aws.amazon.com/firehose/latest/dev/s3-object-name.html and …/create-configure-backup.html
"""

from __future__ import annotations

import gzip
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_FORMATS = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H"}
_MEBIBYTE = 1024**2


@dataclass
class Delivery:
    """A delivery stream with a Kinesis stream as its source.

    Parameters
    ----------
    settings : properties of an ``AWS::KinesisFirehose::DeliveryStream``
    put : writes an object: key, content
    """

    settings: Mapping[str, Any]
    kinesis: Any
    stream: str
    put: Callable[[str, bytes], None]
    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    _after: dict[str, str] = field(default_factory=dict)

    @property
    def destination(self) -> Mapping[str, Any]:
        """What the template says about S3."""
        found: Mapping[str, Any] = self.settings["ExtendedS3DestinationConfiguration"]
        return found

    def drain(self) -> int:
        """Write what has come since the last time, as if the buffer's time were over; returns the objects written."""
        written, buffer = 0, b""
        for data in self._new():
            buffer += data
            if len(buffer) >= self.destination["BufferingHints"]["SizeInMBs"] * _MEBIBYTE:
                self._write(buffer)
                written, buffer = written + 1, b""
        if buffer:
            self._write(buffer)
            written += 1
        return written

    def _new(self) -> list[bytes]:
        found: list[bytes] = []
        for shard in self.kinesis.list_shards(StreamName=self.stream)["Shards"]:
            after = self._after.get(shard["ShardId"])
            place: dict[str, str] = (
                {"ShardIteratorType": "TRIM_HORIZON"}
                if after is None
                else {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "StartingSequenceNumber": after}
            )
            answer = self.kinesis.get_shard_iterator(StreamName=self.stream, ShardId=shard["ShardId"], **place)
            iterator = answer["ShardIterator"]
            while iterator:
                answer = self.kinesis.get_records(ShardIterator=iterator, Limit=10_000)
                if not answer["Records"]:
                    break
                found += [record["Data"] for record in answer["Records"]]
                self._after[shard["ShardId"]] = answer["Records"][-1]["SequenceNumber"]
                iterator = answer.get("NextShardIterator")
        return found

    def _write(self, buffer: bytes) -> None:
        at = self.now()
        packed = self.destination["CompressionFormat"] == "GZIP"
        name = f"{self.settings['DeliveryStreamName']}-1-{at:%Y-%m-%d-%H-%M-%S}-{uuid.uuid4()}{'.gz' if packed else ''}"
        self.put(prefix(self.destination["Prefix"], at) + name, gzip.compress(buffer) if packed else buffer)


def prefix(expression: str, at: datetime) -> str:
    """A prefix with its ``!{timestamp:…}`` filled in, in UTC."""

    def filled(found: re.Match[str]) -> str:
        text = found[1]
        for letters, code in _FORMATS.items():
            text = text.replace(letters, at.strftime(code))
        return text

    return re.sub(r"!\{timestamp:([^}]+)\}", filled, expression)
