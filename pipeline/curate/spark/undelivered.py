"""What the delivery stream could not deliver, as records of the quarantine.

Firehose writes one JSON object a failed record into its error prefix: ``errorCode``, ``errorMessage``,
``arrivalTimestamp`` (milliseconds) and the record's bytes as base64 in ``rawData``. A record of our stream holds
several lines: an event among them becomes a refused record, and a refused record is one already.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from pipeline.contract.rejections import quarantine_line, rejected
from pipeline.curate import raw
from pipeline.streams import Kind
from pipeline.streams.kinesis import kind_of

UNDELIVERED = "undelivered"  # reason code


class _Failure(msgspec.Struct, rename="camel"):
    raw_data: bytes  # msgspec reads base64
    arrival_timestamp: int
    error_code: str = ""
    error_message: str = ""
    last_error_code: str = ""  # of a format that could not be converted
    last_error_message: str = ""

    @property
    def why(self) -> str:
        """What Firehose says of it."""
        code, message = self.error_code or self.last_error_code, self.error_message or self.last_error_message
        return f"{code}: {message}".strip(": ")


_DECODER = msgspec.json.Decoder(_Failure, strict=False)  # AWS's documentation has numbers as texts, too


def lines_of_undelivered(line: bytes, origin: str) -> Iterator[bytes]:
    """The lines of refused records that one line of the error prefix holds; the line itself where it holds none.

    Parameters
    ----------
    origin : its file and number
    """
    try:
        failure = _DECODER.decode(line)
        arrived = datetime.fromtimestamp(failure.arrival_timestamp / 1000, UTC)
    except (msgspec.DecodeError, ValueError, OverflowError, OSError):
        yield line
        return
    records = [record for part in failure.raw_data.split(b"\n") if (record := part.strip(b" \t\r"))]
    if not records:
        yield line
    why = rejected(UNDELIVERED, failure.why)
    for record in records:
        if kind_of(record) is Kind.REFUSED:
            yield record
        else:
            yield quarantine_line(record, why, origin=origin, received_at=arrived, source=raw.SOURCE)
