"""API Gateway → stream: the collector as a Lambda function."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from pipeline.collecting.collector import Collector
from pipeline.collecting.known_customers_dynamodb import DynamoDbKnownCustomers
from pipeline.handlers.clients import client
from pipeline.handlers.counts import CountReports
from pipeline.handlers.edge import Edge, edge
from pipeline.handlers.environment import environment
from pipeline.handlers.gateway import payload_of, request_from
from pipeline.handlers.observed import logger, observed, report
from pipeline.handlers.write_keys import write_keys
from pipeline.streams.kinesis import KinesisStream

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MEASURED = {"received": "Received", "accepted": "Accepted", "duplicates": "Duplicates", "quarantined": "Quarantined"}


@lru_cache(maxsize=1)
def collector() -> Collector:
    """The collector of this process."""
    settings = environment()
    table = settings.live_table
    return Collector(
        KinesisStream(client("kinesis"), settings.stream),
        write_keys(settings),
        reporting_currency=settings.reporting_currency,
        retention_days=settings.retention_days,
        fractional_quantities=settings.fractional_quantities,
        largest_amount=settings.largest_amount,
        origins=settings.origins,
        customers=DynamoDbKnownCustomers(client("dynamodb"), table) if table else None,
        failed=lambda error: logger.error("A request was answered 503", extra={"reason": str(error)}),
    )


@lru_cache(maxsize=1)
def reports() -> CountReports:
    """When the counts of this process are reported."""
    return CountReports(environment().metrics_seconds)


@lru_cache(maxsize=1)
def only_edge() -> Edge:
    """The check that a request came through the edge, of this process."""
    return edge(environment().edge)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one request: 202 with a verdict per event; 4xx only where nothing was stored."""
    refused = only_edge().refusal(event)
    if refused is not None:
        return refused
    response = collector().answer(request_from(event))
    counts = collector().counts()
    report(reports(), {name: counts.get(count, 0) for count, name in MEASURED.items()})
    return payload_of(response)
