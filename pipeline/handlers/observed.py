"""What every handler reports: one structured log line, metrics in the embedded format, and a trace.

The tracer is made by the first invocation: the X-Ray SDK costs more to import than everything else in a handler
together, and needs the AWS SDK. It is off outside Lambda, and with ``POWERTOOLS_TRACE_DISABLED=true``.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from catalogue.errors import SettingsError

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


def observed(handler: Handler) -> Handler:
    """Log, measure and trace a handler."""
    # the event holds write keys: it is not logged, even where POWERTOOLS_LOGGER_LOG_EVENT asks for it
    with_context = logger.inject_lambda_context(handler, log_event=False)
    logged: Handler = metrics.log_metrics(with_context, raise_on_empty_metrics=False)

    @lru_cache(maxsize=1)
    def traced() -> Handler:
        if "LAMBDA_TASK_ROOT" not in os.environ:
            return logged
        from aws_lambda_powertools.tracing import Tracer

        # payloads hold customers' actions: they are no annotation of a trace
        whole: Handler = Tracer(service=SERVICE).capture_lambda_handler(logged, capture_response=False)
        return whole

    @wraps(handler)
    def entry(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        return traced()(event, context)

    return entry
