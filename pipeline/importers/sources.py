"""What an import is asked to read: files, folders, and prefixes of a bucket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from catalogue.errors import ImportFailed

_S3 = "s3://"
_ATTEMPTS = 5
_NAME_CHARACTERS = 60  # of a key: 4 bytes each fit into a file name, and a key may be longer than one


@dataclass(frozen=True)
class Source:
    """One file to import.

    Attributes
    ----------
    path : where it can be read
    name : how it is called where a row of it is refused; its file name by default
    """

    path: Path
    name: str = ""

    def __post_init__(self) -> None:
        # a file name may be bytes that are no text; the quarantine keeps text
        readable = (self.name or self.path.name).encode("utf-8", "backslashreplace").decode("utf-8")
        object.__setattr__(self, "name", readable)

    @property
    def place(self) -> str:
        """Where the file is, as the user knows it: its path, or the object that was downloaded."""
        return self.name if self.name.startswith(_S3) else str(self.path)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Let a failure to read the file name its place."""
        try:
            yield
        except ImportFailed as error:
            where = error.where.replace(str(self.path), self.place)
            raise ImportFailed(error.what, where=where, remedy=error.remedy) from error


def find_sources(words: Sequence[str], scratch: Path, *, at_most: int | None = None) -> list[Source]:
    """The files that `words` name, in their order; those of a folder or a prefix in the order of their names.

    Parameters
    ----------
    words : paths of files and folders, and ``s3://bucket/prefix``
    scratch : a folder for the objects of a bucket, which are downloaded
    at_most : files to give

    Raises
    ------
    ImportFailed
        A folder or a prefix holds no file, or the bucket cannot be read.
    """
    found: list[Source] = []
    for word in words:
        if at_most is not None and len(found) >= at_most:
            break
        wanted = None if at_most is None else at_most - len(found)
        if word.startswith(_S3):
            found += _objects(word, scratch / f"{len(found):06d}", wanted)
        elif Path(word).is_dir():
            found += _files(Path(word))[:wanted]
        else:
            found.append(Source(Path(word)))
    return found


def _files(folder: Path) -> list[Source]:
    """Every file below a folder but hidden ones."""
    names = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    shown = [name for name in names if not any(part.startswith(".") for part in name.parts)]
    if not shown:
        raise ImportFailed("There is no file in this folder", where=str(folder), remedy="Check the path.")
    return [Source(folder / name, str(name)) for name in shown]


def _objects(url: str, folder: Path, at_most: int | None) -> list[Source]:
    """The objects below a prefix, downloaded."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    bucket, _, prefix = url.removeprefix(_S3).partition("/")
    if not bucket:
        raise ImportFailed("No bucket is named", where=url, remedy="Write s3://BUCKET/PREFIX.")
    try:
        client = _client()
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = sorted(item["Key"] for page in pages for item in page.get("Contents", []) if item["Size"])
        sources = []
        for number, key in enumerate(keys[:at_most]):
            # The end of the name decides how a file is read; the number keeps equal names apart.
            path = folder / f"{number:06d}-{PurePosixPath(key).name[-_NAME_CHARACTERS:]}"
            folder.mkdir(parents=True, exist_ok=True)
            client.download_file(bucket, key, str(path))
            sources.append(Source(path, f"{_S3}{bucket}/{key}"))
    except (BotoCoreError, Boto3Error, ClientError) as error:
        remedy = "Check the name, the credentials and region of this shell, and s3:ListBucket and s3:GetObject."
        raise ImportFailed(f"The bucket cannot be read: {error}", where=url, remedy=remedy) from error
    if not sources:
        remedy = "Check the bucket and the prefix; empty objects are not imported."
        raise ImportFailed("There is no object with this prefix", where=url, remedy=remedy)
    return sources


def _client() -> Any:
    import boto3
    from botocore.config import Config

    return boto3.client("s3", config=Config(retries={"mode": "standard", "total_max_attempts": _ATTEMPTS}))
