"""API Gateway or a load balancer → recommendations, from the newest model and the live table: a Lambda function."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from catalogue.errors import TakingsError
from pipeline.handlers.clients import client
from pipeline.handlers.counts import CountReports
from pipeline.handlers.edge import Edge, edge
from pipeline.handlers.environment import RecommendationSettings, read_recommendations
from pipeline.handlers.gateway import payload_of, request_from
from pipeline.handlers.observed import logger, metrics, observed, report
from pipeline.handlers.write_keys import write_keys
from pipeline.live.dynamodb_recent import DynamoDbRecentItems
from pipeline.recommend.customers.stored_customers import StoredCustomers
from pipeline.recommend.experiments.stored import RunningExperiments
from pipeline.recommend.models.dynamodb import DynamoDbModelStore
from pipeline.recommend.serving.recommender import Recommender
from pipeline.recommend.serving.service import RecommendationService

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

# A metric costs $0.30 a month, so these are three: Lambda itself counts calls and errors, and measures durations.
FOR_EVERYBODY = ("served_category_best_sellers", "served_region_best_sellers", "served_best_sellers", "served_trending")
MEASURED = {
    "ServedFromProducts": ("served_for_you", "served_bought_together", "served_viewed_also_viewed"),
    "ServedForEverybody": FOR_EVERYBODY,
    "ServedNothing": ("served_none",),
}
"""Metrics of answers, and the counts of the service that each one adds up. Answers to a hold-out are in none: nothing
is meant to be shown there, and their number follows from the experiment's share."""

ATTEMPTS, SECONDS = 2, 1.0  # of a call, and for its answer: a page does not wait for recommendations longer


@lru_cache(maxsize=1)
def settings() -> RecommendationSettings:
    """The settings of this process."""
    return read_recommendations(os.environ)


@lru_cache(maxsize=1)
def service() -> RecommendationService:
    """The service of this process."""
    dynamodb = client("dynamodb", attempts=ATTEMPTS, seconds=SECONDS)
    models = DynamoDbModelStore(dynamodb, settings().table, tries=ATTEMPTS)
    recent = DynamoDbRecentItems(dynamodb, settings().live_table)
    recommender = Recommender(
        models,
        recent,
        StoredCustomers(models.items),
        experiments=RunningExperiments(models.items, failed=_experiments_not_read),
        failed=_history_not_read,
    )
    keys, origins = write_keys(settings()), settings().origins
    return RecommendationService(recommender, keys, origins=origins, failed=_models_not_read)


def _models_not_read(error: TakingsError) -> None:
    logger.error("A request was answered 503", extra={"reason": str(error)})


def _history_not_read(error: TakingsError) -> None:
    logger.error("A customer was answered without a whole history", extra={"reason": str(error)})
    metrics.add_metric("HistoryNotRead", MetricUnit.Count, 1)


def _experiments_not_read(error: TakingsError) -> None:
    logger.error("The experiments could not be read: those known go on", extra={"reason": str(error)})


@lru_cache(maxsize=1)
def reports() -> CountReports:
    """When the counts of this process are reported."""
    return CountReports(settings().metrics_seconds)


@lru_cache(maxsize=1)
def only_edge() -> Edge:
    """The check that a request came through the edge, of this process."""
    return edge(settings().edge)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Answer one request."""
    refused = only_edge().refusal(event)
    if refused is not None:
        return refused
    response = service().answer(request_from(event)).response
    counts = service().counts()
    report(reports(), {name: sum(counts.get(count, 0) for count in served) for name, served in MEASURED.items()})
    return payload_of(response)
