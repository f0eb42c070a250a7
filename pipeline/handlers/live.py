"""Kinesis → live: the rollup as a Lambda function.

The event source must report batch item failures, and keep its parallelization factor at 1: a shard is applied by one
invocation at a time.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from catalogue.clock import utc_now
from catalogue.errors import SettingsError
from pipeline.handlers.clients import client
from pipeline.handlers.environment import environment
from pipeline.handlers.observed import logger, metrics, observed
from pipeline.live.delivery import ShardRecord, deliver
from pipeline.live.dynamodb import DynamoDbLiveStore
from pipeline.recommend.customers.opted_out import OptedOutList
from pipeline.recommend.models.dynamodb import DynamoDbItems
from pipeline.streams.kinesis import KinesisStream

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@lru_cache(maxsize=1)
def ports() -> tuple[DynamoDbLiveStore, KinesisStream]:
    """The live store, and the stream that unreadable lines go back to."""
    settings = environment()
    if not settings.live_table:
        raise SettingsError(
            "The live table has no name", where="TAKINGS_LIVE_TABLE", remedy="The deployment sets it; deploy again."
        )
    stream = KinesisStream(client("kinesis"), settings.stream)
    dynamodb, recommendations = client("dynamodb"), settings.recommendations_table
    opted_out = OptedOutList(DynamoDbItems(dynamodb, recommendations, now=utc_now)) if recommendations else None
    store = DynamoDbLiveStore(
        dynamodb,
        settings.live_table,
        settings.reporting_currency,
        confirm_public_orders=settings.confirm_public_orders,
        refuses=opted_out.refuses if opted_out else lambda _: False,
        parents_of=stream.parents_of,
    )
    return store, stream


def records_of(event: dict[str, Any]) -> tuple[str, Sequence[ShardRecord]]:
    """The shard of a Kinesis event, and its records. An event brings records of one shard."""
    records = [
        ShardRecord(
            record["kinesis"]["sequenceNumber"],
            record["kinesis"]["partitionKey"],
            base64.b64decode(record["kinesis"]["data"]),
        )
        for record in event["Records"]
    ]
    shard: str = event["Records"][0]["eventID"].partition(":")[0] if records else ""
    return shard, records


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Apply the records in order; what follows a failure is delivered again."""
    store, stream = ports()
    shard, records = records_of(event)
    reasons: list[str] = []
    failed, poisoned = deliver(
        records, shard=shard, store=store, stream=stream, now=datetime.now(UTC), stopped=reasons.append
    )
    metrics.add_metric("LiveRecords", MetricUnit.Count, len(records))
    metrics.add_metric("PoisonRecords", MetricUnit.Count, poisoned)
    if failed is None:
        return {"batchItemFailures": []}
    logger.warning(
        "Live stopped; the records from here on are delivered again",
        extra={"shard": shard, "sequence": failed, "reasons": reasons},
    )
    return {"batchItemFailures": [{"itemIdentifier": failed}]}
