"""On a schedule, after curation: load the published version into the warehouse.

One at a time: the function's reserved concurrency is 1. A failure is raised, so that its alarm sees it; the next run
goes on from there.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from aws_lambda_powertools.metrics import MetricUnit

from catalogue.errors import LoadFailed, SettingsError, UsageLimitReached
from pipeline.handlers.clients import client
from pipeline.handlers.observed import logger, metrics, observed
from pipeline.warehouse.bucket import LakeBucket
from pipeline.warehouse.data_api import Warehouse
from pipeline.warehouse.loading import load

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

_ROLE = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ARN = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")


@dataclass(frozen=True)
class LoadSettings:
    """Where from and where to.

    Attributes
    ----------
    lake_bucket, lake_prefix : ``TAKINGS_LAKE_BUCKET``, ``TAKINGS_LAKE_PREFIX``: empty, or with a slash at its end
    workgroup, database : ``TAKINGS_REDSHIFT_WORKGROUP``, ``TAKINGS_REDSHIFT_DATABASE``
    reader : role of the database that may read the tables (``TAKINGS_REDSHIFT_READER``); empty for none
    copy_role : ARN of the role that reads the exports (``TAKINGS_REDSHIFT_COPY_ROLE``); empty for the namespace's
        default one
    """

    lake_bucket: str
    workgroup: str
    database: str
    lake_prefix: str = ""
    reader: str = ""
    copy_role: str = ""


def read(values: Mapping[str, str]) -> LoadSettings:
    """Settings from variables; the SettingsError for one that is missing or cannot be used names it."""
    for name in ("TAKINGS_LAKE_BUCKET", "TAKINGS_REDSHIFT_WORKGROUP", "TAKINGS_REDSHIFT_DATABASE"):
        if not values.get(name):
            raise SettingsError("The load needs a value", where=name, remedy="The deployment's outputs name it.")
    reader, copy_role = values.get("TAKINGS_REDSHIFT_READER", ""), values.get("TAKINGS_REDSHIFT_COPY_ROLE", "")
    if reader and not _ROLE.fullmatch(reader):  # it is written into the SQL
        raise SettingsError(
            f"{reader!r} is no name of a role",
            where="TAKINGS_REDSHIFT_READER",
            remedy="Use small letters, digits and underscores, such as takings_reader.",
        )
    if copy_role and not _ARN.fullmatch(copy_role):
        raise SettingsError(
            f"{copy_role!r} is no ARN of a role",
            where="TAKINGS_REDSHIFT_COPY_ROLE",
            remedy="Write it like arn:aws:iam::123456789012:role/takings-copy.",
        )
    prefix = values.get("TAKINGS_LAKE_PREFIX", "").strip("/")
    return LoadSettings(
        values["TAKINGS_LAKE_BUCKET"],
        values["TAKINGS_REDSHIFT_WORKGROUP"],
        values["TAKINGS_REDSHIFT_DATABASE"],
        lake_prefix=f"{prefix}/" if prefix else "",
        reader=reader,
        copy_role=copy_role,
    )


@lru_cache(maxsize=1)
def settings() -> LoadSettings:
    """This process's settings."""
    return read(os.environ)


@observed
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:  # noqa: ARG001 - Lambda's signature
    """Load once; gives the version that the warehouse shows and the rows of each table that was loaded."""
    chosen = settings()
    warehouse = Warehouse(client("redshift-data"), chosen.workgroup, chosen.database)
    lake = LakeBucket(client("s3"), chosen.lake_bucket, chosen.lake_prefix)
    try:
        loaded = load(warehouse, lake, reader=chosen.reader, copy_role=chosen.copy_role)
    except UsageLimitReached as reached:  # what the limit is for: no alarm, the next run loads
        logger.warning(str(reached))
        metrics.add_metric("LoadsAtUsageLimit", MetricUnit.Count, 1)
        return {"version": None, "rows": {}, "usage_limit_reached": True}
    except LoadFailed:
        metrics.add_metric("FailedLoads", MetricUnit.Count, 1)
        raise
    metrics.add_metric("LoadedTables", MetricUnit.Count, len(loaded.rows))
    metrics.add_metric("LoadedRows", MetricUnit.Count, sum(loaded.rows.values()))
    logger.info("The warehouse shows the published version", extra={"version": loaded.version, "rows": loaded.rows})
    return {"version": loaded.version, "rows": dict(loaded.rows), "usage_limit_reached": False}
