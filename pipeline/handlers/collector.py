"""API Gateway → stream: the collector as a Lambda function."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from pipeline.collecting.collector import Collector
from pipeline.collecting.keys import WriteKey, key_of_secret
from pipeline.collecting.known_customers_dynamodb import DynamoDbKnownCustomers
from pipeline.handlers.clients import client
from pipeline.handlers.environment import Environment, environment
from pipeline.handlers.gateway import payload_of, request_from
from pipeline.handlers.observed import metrics, observed
from pipeline.streams.kinesis import KinesisStream

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

MEASURED = {"received": "Received", "accepted": "Accepted", "duplicates": "Duplicates", "quarantined": "Quarantined"}


class EnvironmentKeys:
    """The write keys of the environment. Fills `pipeline.collecting.keys.Keys`."""

    def __init__(self, settings: Environment) -> None:
        self._keys = list(settings.write_keys)

    def find(self, secret: str) -> WriteKey | None:
        """The valid key with this secret; None where there is none."""
        return key_of_secret(self._keys, secret, datetime.now(UTC))

    def all(self) -> list[WriteKey]:
        """Every key, ended ones included."""
        return self._keys


@lru_cache(maxsize=1)
def collector() -> Collector:
    """The collector of this process."""
    settings = environment()
    table = settings.live_table
    return Collector(
        KinesisStream(client("kinesis"), settings.stream),
        EnvironmentKeys(settings),
        reporting_currency=settings.reporting_currency,
        retention_days=settings.retention_days,
        fractional_quantities=settings.fractional_quantities,
        largest_amount=settings.largest_amount,
        origins=settings.origins,
        customers=DynamoDbKnownCustomers(client("dynamodb"), table) if table else None,
    )


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one request: 202 with a verdict per event; 4xx only where nothing was stored."""
    before = collector().counts()
    response = collector().answer(request_from(event))
    after = collector().counts()
    for count, name in MEASURED.items():
        metrics.add_metric(name, MetricUnit.Count, after.get(count, 0) - before.get(count, 0))
    return payload_of(response)
