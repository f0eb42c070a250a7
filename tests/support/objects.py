"""Objects of a bucket that moto keeps, and objects of a process that is killed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import boto3
import pytest
from moto import mock_aws

from pipeline import objects as of_lake
from pipeline.objects import Objects, opened

BUCKET = "shop"


@contextmanager
def in_bucket(monkeypatch: pytest.MonkeyPatch, place: str = f"s3://{BUCKET}/lakes/one") -> Iterator[Objects]:
    """The objects of a place in a new bucket, and an AWS that has nothing else."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    with mock_aws():
        of_lake._client.cache_clear()
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        yield opened(place)
    of_lake._client.cache_clear()


class Killed(BaseException):
    """The process is gone."""


class Dying:
    """Objects of a process that is killed before one of its changes; of objects to remove, before each single one."""

    def __init__(self, objects: Objects, changes: int) -> None:
        self._objects, self._left = objects, changes

    def __getattr__(self, name: str) -> Any:
        return getattr(self._objects, name)

    def _change(self) -> None:
        if self._left == 0:
            raise Killed
        self._left -= 1

    def replace(self, name: str, content: bytes, *, tag: str | None) -> bool:
        """Replace an object, or be killed before."""
        self._change()
        return self._objects.replace(name, content, tag=tag)

    def remove(self, names: Iterable[str]) -> None:
        """Remove objects one by one, or be killed before one of them."""
        for name in names:
            self._change()
            self._objects.remove([name])
