"""The environment of the console's handlers: read once, frozen and typed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from catalogue.errors import SettingsError
from console.settings import CALL_DAYS, call_days


@dataclass(frozen=True)
class Environment:
    """How a handler runs.

    Attributes
    ----------
    lake_bucket, lake_prefix : the lake (``TAKINGS_LAKE_BUCKET``, ``TAKINGS_LAKE_PREFIX``: empty, or with a slash at its
        end)
    call_days : how long single calls of the console are kept (``TAKINGS_CALL_DAYS``)
    cost_requests : requests to Cost Explorer a day, at most (``TAKINGS_COST_REQUESTS``); None for the default
    cost_tag : the cost allocation tag that costs are split by (``TAKINGS_COST_TAG``); None for none
    """

    lake_bucket: str
    lake_prefix: str = ""
    call_days: int = CALL_DAYS
    cost_requests: int | None = None
    cost_tag: str | None = None


def read(values: Mapping[str, str]) -> Environment:
    """Make the environment from variables; the SettingsError for one that cannot be used names it."""
    bucket = values.get("TAKINGS_LAKE_BUCKET", "")
    if not bucket:
        raise SettingsError(
            "The lake has no bucket", where="TAKINGS_LAKE_BUCKET", remedy="The deployment's outputs name it."
        )
    prefix = values.get("TAKINGS_LAKE_PREFIX", "").strip("/")
    requests = values.get("TAKINGS_COST_REQUESTS", "")
    if requests and not (requests.isascii() and requests.isdigit() and int(requests) >= 1):
        raise SettingsError(
            f"{requests!r} is no number of requests", where="TAKINGS_COST_REQUESTS", remedy="Give one such as 100."
        )
    return Environment(
        bucket,
        f"{prefix}/" if prefix else "",
        call_days(values.get("TAKINGS_CALL_DAYS") or str(CALL_DAYS)),
        int(requests) if requests else None,
        values.get("TAKINGS_COST_TAG") or None,
    )


@lru_cache(maxsize=1)
def environment() -> Environment:
    """This process's environment."""
    return read(os.environ)
