"""The AWS clients of the handlers."""

from __future__ import annotations

from typing import Any

ATTEMPTS = 4  # of a call that is throttled or fails: with botocore's growing pauses some 4 seconds, 7 at most


def client(service: str) -> Any:
    """A boto3 client that tries a throttled or failed call again by itself."""
    import boto3
    from botocore.config import Config

    return boto3.client(service, config=Config(retries={"mode": "standard", "total_max_attempts": ATTEMPTS}))
