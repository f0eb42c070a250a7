"""What Lambda gives a handler: a context, an environment, and AWS, which moto plays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import boto3
import msgspec
import pytest
from moto import mock_aws

from pipeline.collecting.keys import WriteKey, digest_of

SECRET = "tk_a-key-that-only-tests-know"  # noqa: S105 - made up
STREAM, TABLE, REGION = "events", "live", "eu-west-1"


@dataclass
class Context:
    """The parts of Lambda's context that Powertools reads."""

    function_name: str = "takings"
    memory_limit_in_mb: int = 256
    invoked_function_arn: str = "arn:aws:lambda:eu-west-1:123456789012:function:takings"
    aws_request_id: str = "7f3a"
    tenant_id: str | None = None


@pytest.fixture
def context() -> Context:
    return Context()


@dataclass
class Cloud:
    """The stream and the table."""

    kinesis: Any
    dynamodb: Any

    def lines(self) -> list[bytes]:
        """Every line on the stream, in order."""
        shard = {"StreamName": STREAM, "ShardId": "shardId-000000000000", "ShardIteratorType": "TRIM_HORIZON"}
        iterator = self.kinesis.get_shard_iterator(**shard)["ShardIterator"]
        records = self.kinesis.get_records(ShardIterator=iterator)["Records"]
        return [line for record in records for line in record["Data"].split(b"\n") if line]


@lru_cache
def client(service: str) -> Any:
    """A client for all tests: making one takes longer than most of them."""
    return boto3.client(service, region_name=REGION)


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    from pipeline.handlers import collector, environment, live

    key = WriteKey(id="k1", source="shop", digest=digest_of(SECRET), created_at=datetime(2026, 1, 1, tzinfo=UTC))
    values = {
        "TAKINGS_STREAM": STREAM,
        "TAKINGS_LIVE_TABLE": TABLE,
        "TAKINGS_REPORTING_CURRENCY": "EUR",
        "TAKINGS_WRITE_KEYS": msgspec.json.encode([key]).decode(),
        "TAKINGS_ORIGINS": "https://shop.example",
        "AWS_DEFAULT_REGION": REGION,
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    kept = (environment.environment, collector.collector, collector.only_edge, collector.reports, live.ports)
    for cached in kept:
        cached.cache_clear()
    with mock_aws():
        kinesis = client("kinesis")
        kinesis.create_stream(StreamName=STREAM, ShardCount=1)
        dynamodb = client("dynamodb")
        dynamodb.create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
            BillingMode="PAY_PER_REQUEST",
        )
        yield Cloud(kinesis, dynamodb)
    for cached in kept:
        cached.cache_clear()


@pytest.fixture
def sampled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A function that traces every invocation; what is changed of the SDK and of botocore is changed back."""
    import botocore.client
    import botocore.endpoint
    from aws_xray_sdk.core import xray_recorder

    from pipeline.handlers import observed

    changed: list[tuple[Any, str]] = [
        (botocore.client.BaseClient, "_make_api_call"),
        (botocore.endpoint.Endpoint, "prepare_request"),
        *((xray_recorder, name) for name in ("emitter", "context", "streaming_threshold")),
    ]
    for place, name in changed:
        monkeypatch.setattr(place, name, getattr(place, name))
    monkeypatch.setenv("TAKINGS_TRACED_SHARE", "1")
    observed.tracing.cache_clear()
    yield
    observed.tracing.cache_clear()
    vars(botocore.client).pop("_xray_enabled", None)


def metrics_of(output: str) -> dict[str, float]:
    """The metrics that a handler wrote in the embedded format, summed."""
    found: dict[str, float] = {}
    for line in output.splitlines():
        if '"_aws"' not in line:
            continue
        content = json.loads(line)
        for metric in content["_aws"]["CloudWatchMetrics"][0]["Metrics"]:
            values = content[metric["Name"]]
            found[metric["Name"]] = found.get(metric["Name"], 0) + sum(values if isinstance(values, list) else [values])
    return found
