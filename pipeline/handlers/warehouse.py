"""On a schedule, after curation: load the published version into the warehouse.

One at a time: the function's reserved concurrency is 1. A failure is raised, so that its alarm sees it; the next run
goes on from there.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from catalogue.errors import LakeError, LoadFailed, UsageLimitReached
from pipeline.handlers.clients import client
from pipeline.handlers.observed import logger, metrics, observed
from pipeline.objects import Bucket
from pipeline.warehouse.data_api import Warehouse
from pipeline.warehouse.loading import load
from pipeline.warehouse.settings import LoadSettings, read

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


@lru_cache(maxsize=1)
def settings() -> LoadSettings:
    """This process's settings."""
    return read(os.environ)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Load once; gives the version that the warehouse shows and the rows of each table that was loaded."""
    chosen = settings()
    warehouse = Warehouse(client("redshift-data"), chosen.workgroup, chosen.database, secret=chosen.secret)
    lake = Bucket(chosen.lake_bucket, chosen.lake_prefix)
    try:
        loaded = load(warehouse, lake, reader=chosen.reader, copy_role=chosen.copy_role, every=chosen.every)
    except UsageLimitReached as reached:  # what the limit is for: no alarm, the next run loads
        logger.warning(str(reached))
        metrics.add_metric("LoadsAtUsageLimit", MetricUnit.Count, 1)
        return {"version": None, "rows": {}, "usage_limit_reached": True}
    except (LakeError, LoadFailed):
        metrics.add_metric("FailedLoads", MetricUnit.Count, 1)
        raise
    metrics.add_metric("LoadedTables", MetricUnit.Count, len(loaded.rows))
    metrics.add_metric("LoadedRows", MetricUnit.Count, sum(loaded.rows.values()))
    logger.info("The warehouse shows the published version", extra={"version": loaded.version, "rows": loaded.rows})
    return {"version": loaded.version, "rows": dict(loaded.rows), "usage_limit_reached": False}
