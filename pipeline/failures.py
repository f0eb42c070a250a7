"""Failures of SQLite and AWS as `StreamUnavailable`, which the collector and the loops of the platform know."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from catalogue.errors import StreamUnavailable


@contextmanager
def sqlite_failures(what: str, *, where: str, remedy: str) -> Iterator[None]:
    """Raise a failure of SQLite, or of the disk below it, as StreamUnavailable: ``what: why``."""
    import sqlite3

    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StreamUnavailable(f"{what}: {error}", where=where, remedy=remedy) from error


@contextmanager
def aws_failures(what: str, *, where: str, remedy: str) -> Iterator[None]:
    """Raise a failure of an AWS call as StreamUnavailable: ``what: why``."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise StreamUnavailable(f"{what}: {error}", where=where, remedy=remedy) from error
