"""Failures of SQLite and AWS as our own errors: `StreamUnavailable` for the collector and the platform's loops."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from catalogue.errors import StreamUnavailable, TakingsError


@contextmanager
def sqlite_failures(
    what: str, *, where: str, remedy: str, error: type[TakingsError] = StreamUnavailable
) -> Iterator[None]:
    """Raise a failure of SQLite, or of the disk below it, as StreamUnavailable, or as another error: ``what: why``."""
    import sqlite3

    try:
        yield
    except (sqlite3.Error, OSError) as failure:
        raise error(f"{what}: {failure}", where=where, remedy=remedy) from failure


@contextmanager
def aws_failures(
    what: str, *, where: str, remedy: str, error: type[TakingsError] = StreamUnavailable
) -> Iterator[None]:
    """Raise a failure of an AWS call as StreamUnavailable, or another of our errors: ``what: why``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as failure:
        raise error(f"{what}: {str(failure).rstrip('.')}", where=where, remedy=remedy) from failure
