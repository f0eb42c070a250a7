"""What could not be delivered comes out as refused records: with their bytes, a reason, and nothing twice."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.curate.spark.undelivered import lines_of_undelivered

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MILLISECONDS = int(NOON.timestamp() * 1000)


def read(**fields: Any) -> list[dict[str, str]]:
    line = json.dumps({"arrivalTimestamp": MILLISECONDS, "errorCode": "Failed", "errorMessage": "Why."} | fields)
    return [json.loads(record) for record in lines_of_undelivered(line.encode(), "raw-errors/a:1")]


def raw(*lines: bytes) -> str:
    return base64.b64encode(b"".join(line + b"\n" for line in lines)).decode()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"arrivalTimestamp": str(MILLISECONDS), "attemptsMade": "4", "lambdaArn": "arn"},
        {"errorCode": "", "errorMessage": "", "lastErrorCode": "Failed", "lastErrorMessage": "Why."},
    ],
)
def test_each_line_of_a_record_is_a_refused_record(fields: dict[str, Any]) -> None:
    refused = quarantine_line(b"{", Rejection("invalid_json", "x"), origin="o", received_at=NOON, source="native")
    first, second = read(rawData=raw(b'{"event_id":"e1"}', b"", refused), **fields)
    assert first == {
        "record": base64.b64encode(b'{"event_id":"e1"}').decode(),
        "reason": "undelivered",
        "detail": "Failed: Why.",
        "origin": "raw-errors/a:1",
        "received_at": "2026-03-01T12:00:00Z",
        "source": "raw",
    }
    assert second == json.loads(refused)


@pytest.mark.parametrize(
    "line",
    [b"{", b"[]", b'{"rawData":"!","arrivalTimestamp":1}', b'{"rawData":""}', b'{"rawData":"","arrivalTimestamp":1}',
     b'{"rawData":"YQ==","arrivalTimestamp":99999999999999999999}', b'{"rawData":"YQ==","arrivalTimestamp":9e300}'],
)  # fmt: skip
def test_a_line_that_holds_none_is_given_back(line: bytes) -> None:
    assert list(lines_of_undelivered(line, "raw-errors/a:1")) == [line]
