"""The AWS clients of the handlers."""

from __future__ import annotations

from typing import Any

ATTEMPTS = 4  # of a call that is throttled or fails: with botocore's growing pauses some 4 seconds, 7 at most


def client(service: str, *, attempts: int = ATTEMPTS, seconds: float | None = None) -> Any:
    """A boto3 client that tries a throttled or failed call again by itself.

    Parameters
    ----------
    seconds : to connect, and to wait for an answer, of each attempt; botocore's 60 by default
    """
    import boto3
    from botocore.config import Config

    limits = {} if seconds is None else {"connect_timeout": seconds, "read_timeout": seconds}
    config = Config(retries={"mode": "standard", "total_max_attempts": attempts}, **limits)
    return boto3.client(service, config=config)
