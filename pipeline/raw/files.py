"""Reading a file of the raw zone, packed or not, line by line."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from catalogue.errors import CurationError

ROWS = ".parquet"  # of a file of rows, which `pipeline.curate.raw` describes; all others are lines
UNPACKING_ERRORS = (OSError, EOFError, zlib.error)


def lines(path: Path) -> Iterator[bytes]:
    """Lines of a raw file, unpacked.

    Raises
    ------
    CurationError
        The file cannot be unpacked to its end.
    """
    try:
        with path.open("rb") as packed:
            yield from unpacked(packed, path.suffix)
    except UNPACKING_ERRORS as error:
        raise unreadable_file(path, str(error)) from error


def unpacked_bytes(path: Path) -> bytes:
    """What a raw file of lines holds, unpacked; for small files. Raises as `lines`."""
    content = path.read_bytes()
    try:
        if path.suffix == ".gz":
            if not content:  # it has not even begun
                raise EOFError("the compressed stream breaks off")
            return gzip.decompress(content)
        if path.suffix == ".zst":
            import pyarrow as pa

            with pa.CompressedInputStream(pa.BufferReader(content), "zstd") as stream:
                return bytes(stream.read())
    except UNPACKING_ERRORS as error:
        raise unreadable_file(path, str(error)) from error
    return content


def record_count(path: Path) -> int:
    """How many records a raw file holds: rows, or lines that are not blank; raises as `lines`."""
    if path.suffix == ROWS:
        import pyarrow.parquet as pq

        return int(pq.read_metadata(path).num_rows)
    return sum(1 for line in lines(path) if line.strip())


def unpacked(packed: BinaryIO, suffix: str) -> Iterator[bytes]:
    """Lines of an open raw file, packed as its suffix says; raises UNPACKING_ERRORS where it breaks off."""
    if suffix == ".gz":
        with gzip.GzipFile(fileobj=packed) as plain:
            yield from plain
    elif suffix == ".zst":
        import pyarrow as pa

        with pa.CompressedInputStream(pa.PythonFile(packed, "r"), "zstd") as stream:
            yield from stream.read().split(b"\n")
    else:
        yield from packed


def unreadable_file(path: Path | str, why: str) -> CurationError:
    """The error of a raw file that cannot be read to its end."""
    return CurationError(
        f"A raw file cannot be read: {why.splitlines()[0]}",
        where=str(path),
        remedy="The previous tables stay. Restore the file, or move it out of raw/.",
    )
