"""The console's own calls as objects of the lake's bucket, where Athena reads them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console.metering.calls import Calls, Found
from console.metering.rows import ZONE

_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict"})  # the key exists, or is being written
_MOST_DELETED = 1000  # keys of one DeleteObjects


class BucketFiles:
    """Objects below a prefix, which ends with a slash. Fills the `Files` port."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def found(self, below: str) -> list[Found]:
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=self._prefix + below)
        return [
            Found(item["Key"].removeprefix(self._prefix), item["LastModified"])
            for page in pages
            for item in page.get("Contents", ())
            if item["Key"].endswith(".parquet")
        ]

    def read(self, name: str) -> bytes:
        content: bytes = self._client.get_object(Bucket=self._bucket, Key=self._prefix + name)["Body"].read()
        return content

    def replace(self, name: str, content: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content)

    def add(self, name: str, content: bytes) -> bool:
        """See `Files.add`: S3 refuses a conditional write where the key is taken."""
        from botocore.exceptions import ClientError

        try:
            self._client.put_object(Bucket=self._bucket, Key=self._prefix + name, Body=content, IfNoneMatch="*")
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in _TAKEN:
                return False
            raise
        return True

    def remove(self, names: Iterable[str]) -> None:
        keys = [{"Key": self._prefix + name} for name in names]
        for start in range(0, len(keys), _MOST_DELETED):
            batch = {"Objects": keys[start : start + _MOST_DELETED], "Quiet": True}
            self._client.delete_objects(Bucket=self._bucket, Delete=batch)


class BucketCalls(Calls):
    """The calls of a lake in a bucket, below a prefix that is empty or ends with a slash."""

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        super().__init__(BucketFiles(client, bucket, f"{prefix}{ZONE}/"))
