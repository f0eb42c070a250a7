"""The access log: one line of JSON for each request to the collector, without any secret.

It names the path of the endpoint and never the address as it was sent, whose query may hold a write key; and of the
headers and the body nothing. The logger is off until its level is INFO.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping

import msgspec

logger = logging.getLogger("takings.access")
logger.setLevel(logging.WARNING)  # whatever the level of the root logger is


def log_to_stderr() -> None:
    """Write a line for each request to standard error, from now on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger.handlers[:] = [handler]
    logger.propagate = False
    logger.setLevel(logging.INFO)


def log(
    *, method: str, route: str, status: int, milliseconds: float, source: str | None, counts: Mapping[str, int] | None
) -> None:
    """Log one request.

    Parameters
    ----------
    route : the endpoint's path
    status : of the answer; 499 where the sender was gone before it
    source : who sent, where the write key was valid
    counts : accepted, duplicates and quarantined, where the request was stored
    """
    line = {
        "method": method if method.isalpha() and len(method) <= 16 else "?",
        "route": route,
        "status": status,
        "milliseconds": round(milliseconds, 2),
        "source": source,
        **(counts or {}),
    }
    logger.info("%s", msgspec.json.encode(line).decode())
