"""Files as a delivery stream writes them."""

from __future__ import annotations

import base64
import gzip
import json
import random
from collections.abc import Sequence
from typing import Any

from pipeline.streams import Entry
from pipeline.streams.kinesis import KinesisStream


class _Client:
    """A Kinesis client that keeps records."""

    def __init__(self) -> None:
        self.records: list[bytes] = []

    def put_records(self, *, StreamName: str, Records: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.records += [record["Data"] for record in Records]
        return {"Records": [{} for _ in Records]}


def kinesis_records(entries: Sequence[Entry]) -> list[bytes]:
    """The records that entries become in the stream."""
    client = _Client()
    KinesisStream(client, "events").append(entries)
    return client.records


def delivered(records: Sequence[bytes], draw: random.Random) -> bytes:
    """Records as one object: buffered as they came, in one or more members of gzip."""
    parts, rest = [], list(records)
    while rest or not parts:
        size = draw.randint(1, len(rest) or 1)
        parts.append(gzip.compress(b"".join(rest[:size]), mtime=0))
        rest = rest[size:]
    return b"".join(parts)


def undelivered(record: bytes, *, arrived: int = 1_772_366_400_000, code: str = "Lambda.Failed") -> bytes:
    """A line of the error prefix: a record that could not be delivered.

    Parameters
    ----------
    arrived : milliseconds since 1970
    """
    failure = {
        "attemptsMade": 4,
        "arrivalTimestamp": arrived,
        "errorCode": code,
        "errorMessage": "It failed.",
        "attemptEndingTimestamp": arrived + 1,
        "rawData": base64.b64encode(record).decode(),
    }
    return json.dumps(failure).encode()
