"""What every handler reports: metrics in the embedded format, log lines where something is wrong, sampled traces."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from catalogue.errors import SettingsError
from pipeline.handlers.counts import CountReports
from pipeline.handlers.tracing import Tracing, share_of

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "takings")  # keeps installations of one account apart
NAMESPACE = "Takings"

logger = Logger(service=SERVICE)
metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def secret_not_read(error: SettingsError) -> None:
    """Report that a secret could not be read, for the first time or again."""
    logger.warning("A secret could not be read", extra={"reason": str(error)})
    metrics.add_metric("SecretNotRead", MetricUnit.Count, 1)


def report(reports: CountReports, counts: Mapping[str, int]) -> None:
    """Report by how much counts have grown, where a report is due."""
    for name, grown in reports.due(counts).items():
        metrics.add_metric(name, MetricUnit.Count, grown)


@lru_cache(maxsize=1)
def tracing() -> Tracing:
    """How this process traces. Raises SettingsError where the environment does not say it well."""
    return Tracing(
        share_of(os.environ), lost=lambda reason: logger.warning("A trace was lost", extra={"reason": reason})
    )


def observed(handler: Handler) -> Handler:
    """Log, measure and trace a handler."""
    # the event holds write keys: it is not logged, even where POWERTOOLS_LOGGER_LOG_EVENT asks for it
    with_context = logger.inject_lambda_context(handler, log_event=False)
    logged: Handler = metrics.log_metrics(with_context, raise_on_empty_metrics=False)

    @wraps(handler)
    def entry(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return tracing().run(logged, event, context)

    return entry
