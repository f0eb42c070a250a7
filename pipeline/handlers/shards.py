"""Every few minutes: let the stream have as many shards as its traffic needs. Kinesis does not do it by itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from pipeline.handlers.clients import client
from pipeline.handlers.observed import NAMESPACE, SERVICE, logger, metrics, observed
from pipeline.streams.kinesis_shards import CHANGES, KinesisShards
from pipeline.streams.scaling import limits_of, wanted_shards

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Look once; gives the shards that the stream has and gets, None while their number changes."""
    limits = limits_of(os.environ)
    stream = KinesisShards(client("kinesis"), client("cloudwatch"), limits.stream, namespace=NAMESPACE, service=SERVICE)
    shards = stream.open()
    if shards is None:
        return {"shards": None, "wanted": None}
    traffic = stream.traffic(datetime.now(UTC))
    wanted = wanted_shards(traffic.minutes, shards, limits, changes=traffic.changes)
    if wanted != shards:
        stream.change(wanted)
        logger.warning("The stream gets another number of shards", extra={"shards": shards, "wanted": wanted})
    metrics.add_metric(CHANGES, MetricUnit.Count, int(wanted != shards))
    return {"shards": shards, "wanted": wanted}
