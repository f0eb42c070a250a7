"""Athena's result files in S3: read, and deleted once they can no longer be needed."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from catalogue.errors import QueryFailed
from console.asking.engines.running import too_large
from console.aws.clients import SharedClients
from console.aws.failures import translate_errors

LARGEST_RESULT = 256 * 2**20  # bytes of one CSV file: more does not fit in a console's memory with the rest
LARGEST_EXPORT = 64 * 2**20  # bytes of compressed Parquet, all files of an answer: about the same in memory
SERVICE = "Amazon S3"
TOO_LARGE_FOR = "the console can hold"


class ResultFiles:
    """The result files of one process, each remembered until it may be deleted.

    Files of a stopped process are left to the bucket: the results prefix needs a lifecycle rule.
    """

    def __init__(self, session: SharedClients, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now
        self._lock = threading.Lock()
        self._waiting: deque[tuple[datetime, str]] = deque()

    def read(self, location: str, where: str) -> bytes:
        """The bytes of one file; raises QueryFailed where it cannot be read, or has more than `LARGEST_RESULT`."""
        bucket, _, key = location.removeprefix("s3://").partition("/")
        with translate_errors(SERVICE, location):
            answer = self._session.client("s3").get_object(Bucket=bucket, Key=key)
            if answer["ContentLength"] > LARGEST_RESULT:
                answer["Body"].close()
                raise too_large(answer["ContentLength"], TOO_LARGE_FOR, where)
            content: bytes = answer["Body"].read()
        return content

    def read_below(self, folder: str, where: str) -> list[bytes]:
        """The bytes of all files below a folder, in order of their names.

        Raises QueryFailed where they cannot be read, or have more than `LARGEST_EXPORT` bytes together.
        """
        sizes = self._sizes_below(folder)
        if sum(sizes.values()) > LARGEST_EXPORT:
            raise too_large(sum(sizes.values()), TOO_LARGE_FOR, where)
        return [self.read(path, where) for path in sorted(sizes) if sizes[path]]

    def _sizes_below(self, folder: str) -> dict[str, int]:
        bucket, _, prefix = folder.removeprefix("s3://").partition("/")
        with translate_errors(SERVICE, folder):
            pages = self._session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            listed = [item for page in pages for item in page.get("Contents", [])]
        return {f"s3://{bucket}/{item['Key']}": item["Size"] for item in listed}

    def forget(self, location: str, *, after_seconds: float) -> None:
        """Delete a result, with its metadata, once the seconds have passed; deletes those whose time has come."""
        now = self._now()
        with self._lock:
            due = [] if after_seconds > 0 else [location]
            if not due:
                self._waiting.append((now + timedelta(seconds=after_seconds), location))
            while self._waiting and self._waiting[0][0] <= now:
                due.append(self._waiting.popleft()[1])
        self.delete([path for result in due for path in (result, f"{result}.metadata")])

    def delete_below(self, folder: str, others: Sequence[str] = ()) -> None:
        """Delete the files below a folder and some others, as `delete` does."""
        found: list[str] = []
        with suppress(QueryFailed):
            found += self._sizes_below(folder)
        self.delete([*found, *others])

    def delete(self, paths: Sequence[str]) -> None:
        """Delete files; what cannot be deleted is left to the bucket's lifecycle rule: the answer is valid."""
        import awswrangler as wr

        if not paths:
            return
        with suppress(QueryFailed, wr.exceptions.ServiceApiError), translate_errors(SERVICE, paths[0]):
            wr.s3.delete_objects(list(paths), use_threads=False, boto3_session=self._session)
