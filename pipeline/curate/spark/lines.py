"""Raw files → their lines, on Spark's workers."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from catalogue.errors import LakeError
from pipeline.curate.spark.undelivered import lines_of_undelivered
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE
from pipeline.objects import Objects
from pipeline.raw.files import UNPACKING_ERRORS, unpacked
from pipeline.raw.zstandard import is_whole
from pipeline.streams import Kind
from pipeline.streams.kinesis import kind_of

if TYPE_CHECKING:
    import pyarrow as pa

# what is known of a line besides its fields; the names are no field's
LINE = (
    "_name string, _modified timestamp, _number bigint, _refused boolean, _line binary, _text string,"
    " _attributes string, _broken string"
)
_BATCH_LINES = 10_000  # some 5 MiB
_READ_AT_ONCE = 8  # files of one task: an object of S3 takes 30 ms to answer, however small it is
_TORN = "the compressed stream breaks off"
_GZIP = b"\x1f\x8b"


def unpack(objects: Objects, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Names of files → their lines. Runs on the workers."""
    import pyarrow as pa

    types = {"number": pa.int64(), "refused": pa.bool_(), "line": pa.binary()}
    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        for batch in batches:
            files = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            while some := list(islice(files, _READ_AT_ONCE)):
                contents = pool.map(partial(_content, objects), [name for _, name, _ in some])
                for (area, name, modified), content in zip(some, contents, strict=True):
                    found = _judged(area, name, content)
                    while rows := list(islice(found, _BATCH_LINES)):
                        columns = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
                        yield pa.RecordBatch.from_pydict(
                            {
                                "_name": pa.array([name] * len(rows), pa.string()),
                                "_modified": pa.array([modified] * len(rows), batch.schema.field("modified").type),
                                **{
                                    f"_{column}": pa.array(values, types.get(column, pa.string()))
                                    for column, values in columns.items()
                                },
                            }
                        )


_COLUMNS = ("number", "refused", "line", "text", "attributes", "broken")


def _content(objects: Objects, name: str) -> bytes | str:
    """What a file holds, or why it cannot be had."""
    try:
        return objects.read(name)
    except FileNotFoundError:
        return "it is not there any more"
    except LakeError as error:
        return error.what


def _judged(
    area: str, name: str, content: bytes | str
) -> Iterator[tuple[int, bool, bytes | None, str | None, str | None, str | None]]:
    """Lines of one file by number: whether they are refused records, their bytes, and their text where it is JSON."""
    why = content if isinstance(content, str) else None
    try:
        if isinstance(content, bytes):
            for number, line in enumerate(unpacked_content(content, name), start=1):
                if not (kept := line.strip(b" \t\r\n")):
                    continue
                for record in lines_of_undelivered(kept, f"{name}:{number}") if area == RAW_ERRORS else (kept,):
                    refused = area == RAW_QUARANTINE or (area != RAW_EVENTS and kind_of(record) is Kind.REFUSED)
                    yield number, refused, record, *_text(record), None
    except UNPACKING_ERRORS as error:
        why = str(error) or type(error).__name__
    if why is not None:
        yield 0, False, None, None, None, why


def packing(content: bytes, name: str) -> str:
    """How a file is packed, as its first bytes and its name say: the suffix of such files.

    An object whose name ends with .gz may come unpacked already: a client on the way has read ``Content-Encoding``.
    """
    suffix = PurePosixPath(name).suffix
    if content.startswith(_GZIP):
        return ".gz"
    return "" if suffix == ".gz" and content.startswith(b"{") else suffix


def unpacked_content(content: bytes, name: str) -> Iterator[bytes]:
    """Lines of a file; raises UNPACKING_ERRORS where it breaks off."""
    suffix = packing(content, name)
    if suffix == ".zst" and not is_whole(io.BytesIO(content), len(content)):
        raise EOFError(_TORN)
    return unpacked(io.BytesIO(content), suffix)


def _text(line: bytes) -> tuple[str | None, str | None]:
    """A line's text and its attributes as they were sent; nothing where the line is not one JSON object."""
    import msgspec

    try:
        text = line.decode("utf-8")
        attributes = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).get("attributes")
    except (UnicodeDecodeError, msgspec.DecodeError):
        return None, None
    sent = None if attributes is None else bytes(attributes).decode("utf-8")
    return text, None if sent == "null" else sent
