"""The side of the lake's bucket: what is published, what is exported for the warehouse, and what is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec

from catalogue.errors import LoadFailed
from catalogue.warehouse import LOADED_STATE, export_folder
from pipeline.failures import aws_failures
from pipeline.lake import STATE

_ABSENT = frozenset({"NoSuchKey", "404"})
_FOOTER = 1 << 16  # bytes from the end of a Parquet file that hold its description, but for thousands of row groups
_REMEDY = "Check that the role of this process may list, read and write the lake's bucket, and use its key."

Snapshot = Annotated[str, msgspec.Meta(pattern=r"^\d{1,20}\Z")]


class State(msgspec.Struct, frozen=True):
    """A version of the tables: of the lake, or of the warehouse.

    Attributes
    ----------
    tables : table → its snapshot; None, or missing, where it never had a row
    data_as_of, bills_as_of : as they are written
    definitions, rows : of the warehouse: digest of each table's definition, and how many rows it has
    """

    version: int
    data_as_of: str | None = None
    bills_as_of: str | None = None
    tables: Mapping[str, Snapshot | None] = {}
    definitions: Mapping[str, str] = {}
    rows: Mapping[str, int] = {}


@dataclass(frozen=True)
class Export:
    """The files of one snapshot of a table.

    Attributes
    ----------
    files : key and size in bytes of each
    rows : rows of all files, as the files say it themselves
    columns : their columns, in order
    """

    files: Sequence[tuple[str, int]]
    rows: int
    columns: tuple[str, ...]


class LakeBucket:
    """The lake below a prefix of a bucket, which is empty or ends with a slash."""

    def __init__(self, client: Any, bucket: str, prefix: str = "") -> None:
        self._client = client
        self._bucket = bucket
        self._prefix = prefix

    def address(self, key: str) -> str:
        """The ``s3://`` address of an object, by its full key."""
        return f"s3://{self._bucket}/{key}"

    def published(self) -> State | None:
        """The version that curation published last; None before the first one."""
        return self._state(STATE)

    def loaded(self) -> State | None:
        """The version that the warehouse shows, as the last load wrote it; None before the first one."""
        return self._state(LOADED_STATE)

    def write_loaded(self, state: State) -> None:
        """Say what the warehouse shows."""
        self._put(self._prefix + LOADED_STATE, msgspec.json.encode(state))

    def export(self, table: str, snapshot: str) -> Export:
        """The export of one snapshot.

        Raises
        ------
        LoadFailed
            It is not there or cannot be read, or its files differ in their columns.
        """
        folder = self._prefix + export_folder(table, snapshot)
        with self._failing(folder):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
            found = [(item["Key"], int(item["Size"])) for page in pages for item in page.get("Contents", ())]
        files = sorted(file for file in found if file[0].endswith(".parquet"))
        if not files:
            raise LoadFailed(
                f"The export of {table} is missing",
                where=self.address(folder),
                remedy="Curate once more: it exports what the warehouse needs before it publishes a version.",
            )
        described = [self._describe(key, size) for key, size in files]
        columns = {names for _, names in described}
        if len(columns) > 1:
            raise LoadFailed(
                f"The files of the export of {table} have different columns",
                where=self.address(folder),
                remedy="Remove the folder, then curate once more.",
            )
        return Export(files, sum(rows for rows, _ in described), columns.pop())

    def write_manifest(self, table: str, snapshot: str, export: Export) -> str:
        """Name the files of an export in a manifest, which is what is loaded, and no other file; gives its address."""
        entries = [
            {"url": self.address(key), "mandatory": True, "meta": {"content_length": size}}
            for key, size in export.files
        ]
        key = f"{self._prefix}{export_folder(table, snapshot).rstrip('/')}.manifest"
        self._put(key, json.dumps({"entries": entries}).encode())
        return self.address(key)

    def _describe(self, key: str, size: int) -> tuple[int, tuple[str, ...]]:
        """Rows and columns of a Parquet file, by its end alone."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        end = self._end_of(key, min(size, _FOOTER))
        needed = int.from_bytes(end[-8:-4], "little") + 8
        if len(end) < needed <= size:
            end = self._end_of(key, needed)
        try:
            described = pq.read_metadata(pa.BufferReader(end))
        except (pa.ArrowException, OSError) as error:
            raise LoadFailed(
                f"A file of the export is no Parquet: {error}",
                where=self.address(key),
                remedy="Remove its folder, then curate once more.",
            ) from error
        return described.num_rows, tuple(described.schema.to_arrow_schema().names)

    def _end_of(self, key: str, size: int) -> bytes:
        with self._failing(key):
            answer = self._client.get_object(Bucket=self._bucket, Key=key, Range=f"bytes=-{size}")
            content: bytes = answer["Body"].read()
        return content

    def _state(self, name: str) -> State | None:
        from botocore.exceptions import ClientError

        key = self._prefix + name
        with self._failing(key):
            try:
                content = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
            except ClientError as error:
                if error.response.get("Error", {}).get("Code") in _ABSENT:
                    return None
                raise
        try:
            return msgspec.json.decode(content, type=State)
        except msgspec.MsgspecError as error:
            raise LoadFailed(
                f"The state cannot be read: {error}",
                where=self.address(key),
                remedy="Curate once more, or remove the object where it is the warehouse's.",
            ) from error

    def _put(self, key: str, content: bytes) -> None:
        with self._failing(key):
            self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType="application/json")

    def _failing(self, key: str) -> AbstractContextManager[None]:
        return aws_failures(
            "The lake's bucket cannot be used", where=self.address(key), remedy=_REMEDY, error=LoadFailed
        )
