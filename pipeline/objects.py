"""The files of a lake by their names, in a folder of this machine or in an S3 bucket: what curation on Spark reads and
publishes. Spark's workers get a copy, so an adapter keeps no connection of its own.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from catalogue.errors import LakeError
from catalogue.files import atomic_write

_ATTEMPTS = 10  # of a call that is throttled or fails: a job may wait for half a minute rather than begin again
_CONNECTIONS = 32  # of one process, for the threads that read at the same time
_MOST_DELETED = 1000  # keys of one DeleteObjects
_ABSENT = frozenset({"NoSuchKey", "404"})
_TAKEN = frozenset({"PreconditionFailed", "ConditionalRequestConflict", "412"})
_LOCK = ".objects.lock"


class Found(NamedTuple):
    """One file: its name relative to the lake, its bytes, and the instant (UTC) at which it was written."""

    name: str
    size: int
    modified: datetime


class Stored(NamedTuple):
    """What a file holds, and a tag that is another one as soon as it holds something else."""

    content: bytes
    tag: str


class Objects(Protocol):
    """The files of one lake. Names are relative to it, with slashes; folders have none at their end.

    Every call raises LakeError where the disk or the bucket refuses.
    """

    @property
    def place(self) -> str:
        """The lake's address, as Spark takes it."""
        ...

    def found(self, folder: str) -> list[Found]:
        """Every file below a folder, sorted by name; none where there is no such folder."""
        ...

    def entries(self, folder: str) -> tuple[list[str], list[Found]]:
        """The folders directly in a folder, and the files directly in it; both sorted by name."""
        ...

    def read(self, name: str) -> bytes:
        """What a file holds; raises FileNotFoundError where it is not there any more."""
        ...

    def end(self, name: str, size: int) -> bytes:
        """The last bytes of a file that has as many, such as the description of a Parquet file; raises as `read`."""
        ...

    def stored(self, name: str) -> Stored | None:
        """What a file holds, with its tag; None where there is no such file."""
        ...

    def replace(self, name: str, content: bytes, *, tag: str | None) -> bool:
        """Write a file whole, only if it is still the one that `tag` was read from.

        Parameters
        ----------
        tag : of `stored`; None where the file must not exist

        Returns
        -------
        Whether the file holds this now: false where another process was faster. A write whose answer was lost is sent
        again, and finds its own content.
        """
        ...

    def remove(self, names: Iterable[str]) -> None:
        """Remove files; one that is not there is none the worse."""
        ...

    def remove_former(self, folder: str) -> int:
        """Remove what files below a folder held before, and files that were removed, where a bucket keeps them.

        `folder` may be a file. Returns how many versions there were.
        """
        ...


def opened(place: str) -> Objects:
    """The lake at a folder's path or at ``s3://bucket/prefix``."""
    if not place.startswith("s3://"):
        return Folder(Path(place).absolute())
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    return Bucket(bucket, f"{prefix.rstrip('/')}/" if prefix.strip("/") else "")


@dataclass(frozen=True)
class Folder:
    """A lake in a folder."""

    root: Path

    @property
    def place(self) -> str:
        return str(self.root)

    def found(self, folder: str) -> list[Found]:
        with self._failures():
            return sorted(self._found(path) for path in (self.root / folder).rglob("*") if path.is_file())

    def entries(self, folder: str) -> tuple[list[str], list[Found]]:
        with self._failures():
            paths = sorted((self.root / folder).iterdir()) if (self.root / folder).is_dir() else []
            names = [path.relative_to(self.root).as_posix() for path in paths if path.is_dir()]
            return names, [self._found(path) for path in paths if path.is_file()]

    def read(self, name: str) -> bytes:
        with self._failures():
            return (self.root / name).read_bytes()

    def end(self, name: str, size: int) -> bytes:
        with self._failures(), (self.root / name).open("rb") as file:
            file.seek(-size, os.SEEK_END)
            return file.read()

    def stored(self, name: str) -> Stored | None:
        try:
            content = self.read(name)
        except FileNotFoundError:
            return None
        return Stored(content, hashlib.sha256(content).hexdigest())

    def replace(self, name: str, content: bytes, *, tag: str | None) -> bool:
        path = self.root / name
        with self._failures():
            path.parent.mkdir(parents=True, exist_ok=True)
            with (self.root / _LOCK).open("a") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                before = self.stored(name)
                if (before and before.tag) != tag:
                    return before is not None and before.content == content
                atomic_write(path, content)
                return True

    def remove(self, names: Iterable[str]) -> None:
        with self._failures():
            for name in names:
                (self.root / name).unlink(missing_ok=True)

    def remove_former(self, folder: str) -> int:  # noqa: ARG002 - a folder keeps none
        return 0

    def _found(self, path: Path) -> Found:
        status = path.stat()
        modified = datetime.fromtimestamp(status.st_mtime, UTC)
        return Found(path.relative_to(self.root).as_posix(), status.st_size, modified)

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except FileNotFoundError:
            raise
        except OSError as error:
            raise LakeError(
                f"The lake cannot be used: {error.strerror or error}",
                where=str(error.filename or self.root),
                remedy="Free space or mend the permissions, then try again.",
            ) from error


@dataclass(frozen=True)
class Bucket:
    """A lake below a prefix of a bucket; the prefix is empty or ends with a slash."""

    bucket: str
    prefix: str = ""

    @property
    def place(self) -> str:
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def found(self, folder: str) -> list[Found]:
        return [self._found(item) for page in self._pages(folder) for item in _files(page)]

    def entries(self, folder: str) -> tuple[list[str], list[Found]]:
        pages = list(self._pages(folder, Delimiter="/"))
        folders = [item["Prefix"] for page in pages for item in page.get("CommonPrefixes", ())]
        files = [self._found(item) for page in pages for item in _files(page)]
        return [name.removeprefix(self.prefix).rstrip("/") for name in folders], files

    def read(self, name: str) -> bytes:
        found = self.stored(name)
        if found is None:
            raise FileNotFoundError(f"{self.place}/{name}")
        return found.content

    def end(self, name: str, size: int) -> bytes:
        found = self._stored(name, Range=f"bytes=-{size}")
        if found is None:
            raise FileNotFoundError(f"{self.place}/{name}")
        return found.content

    def stored(self, name: str) -> Stored | None:
        return self._stored(name)

    def _stored(self, name: str, **part: str) -> Stored | None:
        from botocore.exceptions import ClientError

        with self._failures("s3:GetObject"):
            try:
                answer = _client().get_object(Bucket=self.bucket, Key=self.prefix + name, **part)
            except ClientError as error:
                if _code(error) in _ABSENT:
                    return None
                raise
            return Stored(answer["Body"].read(), answer["ETag"])

    def replace(self, name: str, content: bytes, *, tag: str | None) -> bool:
        from botocore.exceptions import ClientError

        condition = {"IfNoneMatch": "*"} if tag is None else {"IfMatch": tag}
        with self._failures("s3:PutObject"):
            try:
                _client().put_object(Bucket=self.bucket, Key=self.prefix + name, Body=content, **condition)
            except ClientError as error:
                # with If-Match, a key that is gone is a 404
                if _code(error) in _TAKEN or (tag is not None and _code(error) in _ABSENT):
                    seen = self.stored(name)
                    return seen is not None and seen.content == content
                raise
        return True

    def remove(self, names: Iterable[str]) -> None:
        keys = [{"Key": self.prefix + name} for name in names]
        with self._failures("s3:DeleteObject"):
            for start in range(0, len(keys), _MOST_DELETED):
                some = {"Objects": keys[start : start + _MOST_DELETED], "Quiet": True}
                _client().delete_objects(Bucket=self.bucket, Delete=some)

    def remove_former(self, folder: str) -> int:
        removed = 0
        with self._failures("s3:ListBucketVersions and s3:DeleteObjectVersion"):
            pages = _client().get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self.prefix + folder):
                items = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
                # the newest marker of a removed file stays: without it, a former version would be the file again
                keys = [{"Key": item["Key"], "VersionId": item["VersionId"]} for item in items if not item["IsLatest"]]
                if keys:
                    answer = _client().delete_objects(Bucket=self.bucket, Delete={"Objects": keys, "Quiet": True})
                    self._require_removed(answer)
                removed += len(keys)
        return removed

    def _require_removed(self, answer: Any) -> None:
        """DeleteObjects succeeds as a call where it fails for some keys."""
        for failure in answer.get("Errors", ()):
            raise LakeError(
                f"{failure.get('Code')}: {failure.get('Message')}",
                where=f"s3://{self.bucket}/{failure.get('Key')}",
                remedy="Allow the role s3:DeleteObjectVersion, and see whether an object lock holds the object.",
            )

    def _pages(self, folder: str, **more: str) -> Iterator[Any]:
        with self._failures("s3:ListBucket"):
            pages = _client().get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self.bucket, Prefix=f"{self.prefix}{folder}/", **more)

    def _found(self, item: Any) -> Found:
        return Found(item["Key"].removeprefix(self.prefix), item["Size"], item["LastModified"].astimezone(UTC))

    @contextmanager
    def _failures(self, action: str) -> Iterator[None]:
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise LakeError(
                f"The bucket did not do what was asked: {error}",
                where=self.place,
                remedy=f"Check the bucket's name, the region, and that the role is allowed {action}.",
            ) from error


def _files(page: Any) -> list[Any]:
    """The objects of a listing; the AWS console makes a folder as an empty object whose name ends with a slash."""
    return [item for item in page.get("Contents", ()) if not item["Key"].endswith("/")]


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


@lru_cache(maxsize=1)
def _client() -> Any:
    """One client for a process; it may be used by several threads."""
    import boto3
    from botocore.config import Config

    retries = {"mode": "standard", "total_max_attempts": _ATTEMPTS}
    return boto3.client("s3", config=Config(retries=retries, max_pool_connections=_CONNECTIONS))
