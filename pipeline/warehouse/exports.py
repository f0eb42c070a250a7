"""The side of the lake: what is published, what is exported for the warehouse, and what is loaded."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

import msgspec

from catalogue.errors import LoadFailed
from catalogue.warehouse import LOADED_STATE, export_folder
from pipeline.lake import STATE
from pipeline.objects import Found, Objects

_FOOTER = 1 << 16  # bytes from the end of a Parquet file that hold its description, but for thousands of row groups

Snapshot = Annotated[str, msgspec.Meta(pattern=r"^\d{1,20}\Z")]


class State(msgspec.Struct, frozen=True):
    """A version of the tables: of the lake, or of the warehouse.

    Attributes
    ----------
    tables : table → its snapshot; None, or missing, where it never had a row
    data_as_of, bills_as_of : as they are written
    definitions, rows : of the warehouse: digest of each table's definition, and how many rows it has
    loaded_at : of the warehouse: when the last load of a table began
    """

    version: int
    data_as_of: str | None = None
    bills_as_of: str | None = None
    tables: Mapping[str, Snapshot | None] = {}
    definitions: Mapping[str, str] = {}
    rows: Mapping[str, int] = {}
    loaded_at: datetime | None = None


@dataclass(frozen=True)
class Export:
    """The files of one snapshot of a table.

    Attributes
    ----------
    rows : rows of all files, as the files say it themselves
    columns : their columns, in order
    """

    files: Sequence[Found]
    rows: int
    columns: tuple[str, ...]


def published(lake: Objects) -> State | None:
    """The version that curation published last; None before the first one."""
    return _state(lake, STATE)


def loaded(lake: Objects) -> State | None:
    """The version that the warehouse shows, as the last load wrote it; None before the first one."""
    return _state(lake, LOADED_STATE)


def write_loaded(lake: Objects, state: State) -> None:
    """Say what the warehouse shows."""
    _write(lake, LOADED_STATE, msgspec.json.encode(state))


def export(lake: Objects, table: str, snapshot: str) -> Export:
    """The export of one snapshot.

    Raises
    ------
    LoadFailed
        It is not there or no Parquet, or its files differ in their columns.
    LakeError
        The bucket refuses.
    """
    folder = export_folder(table, snapshot)
    files = [file for file in lake.found(folder) if file.name.endswith(".parquet")]
    if not files:
        raise LoadFailed(
            f"The export of {table} is missing",
            where=f"{lake.place}/{folder}",
            remedy="Curate once more: it exports what the warehouse needs before it publishes a version.",
        )
    described = [_describe(lake, file) for file in files]
    columns = {names for _, names in described}
    if len(columns) > 1:
        raise LoadFailed(
            f"The files of the export of {table} have different columns",
            where=f"{lake.place}/{folder}",
            remedy="Remove the folder, then curate once more.",
        )
    return Export(files, sum(rows for rows, _ in described), columns.pop())


def write_manifest(lake: Objects, table: str, snapshot: str, export: Export) -> str:
    """Name the files of an export in a manifest, which is what is loaded, and no other file; gives its address."""
    entries = [
        {"url": f"{lake.place}/{file.name}", "mandatory": True, "meta": {"content_length": file.size}}
        for file in export.files
    ]
    name = f"{export_folder(table, snapshot)}/load.manifest"  # it is removed with the files that it names
    _write(lake, name, json.dumps({"entries": entries}).encode())
    return f"{lake.place}/{name}"


def _describe(lake: Objects, file: Found) -> tuple[int, tuple[str, ...]]:
    """Rows and columns of a Parquet file, by its end alone."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    end = lake.end(file.name, min(file.size, _FOOTER))
    needed = int.from_bytes(end[-8:-4], "little") + 8
    if len(end) < needed <= file.size:
        end = lake.end(file.name, needed)
    try:
        described = pq.read_metadata(pa.BufferReader(end))
    except (pa.ArrowException, OSError) as error:
        raise LoadFailed(
            f"A file of the export is no Parquet: {error}",
            where=f"{lake.place}/{file.name}",
            remedy="Remove its folder, then curate once more.",
        ) from error
    return described.num_rows, tuple(described.schema.to_arrow_schema().names)


def _state(lake: Objects, name: str) -> State | None:
    found = lake.stored(name)
    if found is None:
        return None
    try:
        return msgspec.json.decode(found.content, type=State)
    except msgspec.MsgspecError as error:
        raise LoadFailed(
            f"The state cannot be read: {error}",
            where=f"{lake.place}/{name}",
            remedy="Curate once more, or remove the object where it is the warehouse's.",
        ) from error


def _write(lake: Objects, name: str, content: bytes) -> None:
    before = lake.stored(name)
    if not lake.replace(name, content, tag=before and before.tag):
        raise LoadFailed(
            "Another load runs at the same time", where=f"{lake.place}/{name}", remedy="Let one run at a time."
        )
