"""Every hour: close the days of the console's own calls that are over, though no console runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from console.handlers.environment import environment
from pipeline.handlers.observed import metrics, observed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Close what is over; what another process has closed stays as it is."""
    from console.aws.clients import connect
    from console.metering.bucket import BucketCalls
    from console.metering.compaction import compact_days

    settings = environment()
    calls = BucketCalls(connect().client("s3"), settings.lake_bucket, settings.lake_prefix)
    closed = compact_days(calls.files, datetime.now(UTC), keep_days=settings.call_days)
    metrics.add_metric("ClosedDays", MetricUnit.Count, len(closed))
    return {"closed_days": [day.isoformat() for day in closed]}
