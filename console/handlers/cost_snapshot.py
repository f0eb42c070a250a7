"""Once a day: the bill from Cost Explorer, as raw charges that curation reads.

One at a time: the function's reserved concurrency is 1. A run that failed may be tried again: the requests of a day are
limited, whoever makes them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from console.handlers.environment import Environment, environment
from pipeline.handlers.observed import logger, metrics, observed

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from console.metering import Call

BILLING_REGION = "us-east-1"  # Cost Explorer answers there, for all regions


class Kept:
    """A meter that keeps the calls of one run until they are written."""

    def __init__(self) -> None:
        self.calls: list[Call] = []

    def record(self, call: Call) -> None:
        """Keep one call."""
        self.calls.append(call)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Take the day's snapshot; gives the charges and requests, 0 where it was taken already."""
    return snapshot(environment(), datetime.now(UTC))


def snapshot(settings: Environment, now: datetime) -> dict[str, Any]:
    """Take the snapshot of a day; every request is kept among the console's own calls. Raises as `take`."""
    from console.aws.clients import connect
    from console.aws.paid import PaidClient
    from console.finops.billing.daily_snapshot import MOST_REQUESTS, take
    from console.finops.pricing import price_book
    from console.metering.bucket import BucketCalls
    from pipeline.objects import Bucket

    price = price_book.load().price("cost_explorer.request", BILLING_REGION).amount
    costs = connect(BILLING_REGION).client("ce")
    meter = Kept()
    try:
        taken = take(
            Bucket(settings.lake_bucket, settings.lake_prefix),
            lambda most: PaidClient(costs, meter, price, "Cost Explorer", most_calls=most),
            now,
            most_requests=settings.cost_requests or MOST_REQUESTS,
            tag=settings.cost_tag,
        )
    finally:
        metrics.add_metric("CostExplorerRequests", MetricUnit.Count, len(meter.calls))
        BucketCalls(connect().client("s3"), settings.lake_bucket, settings.lake_prefix).write(meter.calls)
    if taken is None:
        return {"charges": 0, "requests": 0, "taken": False}
    for left_out in taken.notes:
        logger.warning(left_out)
    metrics.add_metric("Charges", MetricUnit.Count, taken.report.rows)
    return {"charges": taken.report.rows, "requests": taken.snapshot.calls, "taken": True}
