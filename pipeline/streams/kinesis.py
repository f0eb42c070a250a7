"""The stream on Kinesis Data Streams. Fills the `Stream` port.

The lines of one key travel together: one Kinesis record holds as many of them as fit, one a line, in order. That keeps
a key in order when a call fails for some records only: a call carries at most one record of a key, and the next one
follows when it has succeeded, so no later line overtakes a failed one. It also makes a stream cheaper, since Kinesis
bills records in steps of 25 KB.

Limits of ``PutRecords``: 500 records and 5 MiB a call, partition keys included; 1 MiB a record.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from catalogue.errors import StreamFull, StreamUnavailable, TakingsError
from pipeline.failures import aws_failures
from pipeline.streams import Entry, Kind

CALL_RECORDS = 500
CALL_BYTES = 5 * 1024 * 1024
RECORD_BYTES = 1024 * 1024
PACKED_BYTES = 256 * 1024  # lines packed into one record: what fails is sent again whole
ATTEMPTS = 8  # of one record; with the pauses below some 5 seconds, well within a request's time
FIRST_PAUSE, LONGEST_PAUSE = 0.05, 2.0  # seconds

_PARENTS = ("ParentShardId", "AdjacentParentShardId")
_MAY_LIST = "Allow kinesis:ListShards to the function's role."
_REFUSED_HEAD = b'{"record":'
_THROTTLED = frozenset(
    {
        "ProvisionedThroughputExceededException",
        "KMSThrottlingException",
        "LimitExceededException",
        "ThrottlingException",
    }
)


def kind_of(line: bytes) -> Kind:
    """The kind of a line, from its first field: in the stream a line is what it is in the lake, and nothing more."""
    return Kind.REFUSED if line.startswith(_REFUSED_HEAD) else Kind.EVENT


class KinesisStream:
    """The stream `name`.

    Parameters
    ----------
    client : ``boto3.client("kinesis")``; tries again itself what fails as a whole call. What fails record by record in
        a call that succeeded, it does not: that is sent again here
    pause, jitter : for tests: sleeps, and draws from 0 to 1
    """

    def __init__(
        self,
        client: Any,
        name: str,
        *,
        attempts: int = ATTEMPTS,
        pause: Callable[[float], None] = time.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._client = client
        self._name = name
        self._attempts = attempts
        self._pause = pause
        self._jitter = jitter

    def append(self, entries: Sequence[Entry]) -> None:
        """See `Stream.append`. When it raises, some entries may be stored; sent again, they are duplicates."""
        waiting = _by_key(entries)
        failures: dict[str, int] = {}
        while waiting:
            keys = _next_call(waiting)
            failed = self._put(keys, waiting)
            for key in keys:
                if key in failed:
                    failures[key] = failures.get(key, 0) + 1
                    continue
                failures.pop(key, None)
                waiting[key].popleft()
                if not waiting[key]:
                    del waiting[key]
            if not failed:
                continue
            attempt = max(failures[key] for key in failed)
            if attempt >= self._attempts:
                raise self._failure_of(next(code for key, code in failed.items() if failures[key] == attempt), attempt)
            self._pause(self._jitter() * min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempt - 1)))

    def parents_of(self, shard: str) -> tuple[str, ...]:
        """The shards that a shard was split or merged from; none where the stream has forgotten them.

        Raises StreamUnavailable where the stream cannot be asked.
        """
        asked: dict[str, str] = {"StreamName": self._name}
        while asked:
            with aws_failures("The stream's shards cannot be listed", where=self._name, remedy=_MAY_LIST):
                answer = self._client.list_shards(**asked)
            for found in answer["Shards"]:
                if found["ShardId"] == shard:
                    return tuple(found[name] for name in _PARENTS if found.get(name))
            # further pages are asked for by the token alone: with the name, Kinesis refuses it
            asked = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
        return ()

    def _put(self, keys: Sequence[str], waiting: dict[str, deque[bytes]]) -> dict[str, str]:
        """Send the first record of each key; returns error code by key for those that failed."""
        from botocore.exceptions import BotoCoreError, ClientError

        records = [{"PartitionKey": key, "Data": waiting[key][0]} for key in keys]
        try:
            answer = self._client.put_records(StreamName=self._name, Records=records)
        except ClientError as error:
            if error.response["Error"]["Code"] in _THROTTLED:
                raise self._full_error("The stream's throughput was exceeded") from error
            raise self._unavailable_error(error) from error
        except BotoCoreError as error:
            raise self._unavailable_error(error) from error
        results = zip(keys, answer["Records"], strict=True)
        return {key: result["ErrorCode"] for key, result in results if result.get("ErrorCode")}

    def _failure_of(self, code: str, attempts: int) -> TakingsError:
        if code in _THROTTLED:
            return self._full_error(f"The stream's throughput was exceeded {attempts} times in a row")
        return StreamUnavailable(
            f"The stream failed {attempts} times in a row: {code}", where=self._name, remedy="Send again later."
        )

    def _full_error(self, what: str) -> StreamFull:
        return StreamFull(what, where=self._name, remedy="Send again later; add shards if it stays.")

    def _unavailable_error(self, error: Exception) -> StreamUnavailable:
        return StreamUnavailable(
            f"The stream did not answer: {error}",
            where=self._name,
            remedy="Check that the stream exists and that the role may write to it.",
        )


def _by_key(entries: Sequence[Entry]) -> dict[str, deque[bytes]]:
    """Records to send by partition key, keys in the order of their first entry, lines in order."""
    lines: dict[str, list[bytes]] = {}
    for entry in entries:
        room = RECORD_BYTES - len(entry.key.encode()) - 1
        lines.setdefault(entry.key, []).append(entry.line if len(entry.line) <= room else _cut(entry.line, room))
    return {key: deque(_packed(of_key)) for key, of_key in lines.items()}


def _packed(lines: Sequence[bytes]) -> Iterator[bytes]:
    """Lines joined to records of at most `PACKED_BYTES`; a longer line has a record of its own."""
    packed: list[bytes] = []
    size = 0
    for line in lines:
        if packed and size + len(line) + 1 > PACKED_BYTES:
            yield b"\n".join(packed) + b"\n"
            packed, size = [], 0
        packed.append(line)
        size += len(line) + 1
    if packed:
        yield b"\n".join(packed) + b"\n"


def _next_call(waiting: dict[str, deque[bytes]]) -> list[str]:
    """Keys whose first records fit into one call."""
    keys: list[str] = []
    size = 0
    for key, records in waiting.items():
        size += len(key.encode()) + len(records[0])
        if len(keys) == CALL_RECORDS or (keys and size > CALL_BYTES):
            break
        keys.append(key)
    return keys


def _cut(line: bytes, room: int) -> bytes:
    """A refused record that no Kinesis record can hold: its first bytes, and a detail that says so.

    Only refused records grow so large. Events have 32 KiB at most.
    """
    kept = msgspec.json.decode(line, type=dict[str, str])
    record = kept["record"]
    whole = len(record) // 4 * 3 - record.count("=", -2)
    kept["detail"] = f"{kept['detail']} Of its {whole} bytes only the first are kept: the stream takes no more."
    kept["record"] = ""
    kept["record"] = record[: (room - len(msgspec.json.encode(kept))) // 4 * 4]
    return msgspec.json.encode(kept)
