"""Whether a Zstandard file is complete. DuckDB reads a cut one up to its end without an error."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

_FRAME = 0xFD2FB528
_SKIPPABLE = 0x184D2A50  # to …5F
_CONTENT_SIZE_BYTES = (0, 2, 4, 8)
_DICTIONARY_BYTES = (0, 1, 2, 4)
_CHECKSUM_BYTES = 4
_RLE = 1  # a block of one byte, repeated


def is_complete(path: Path) -> bool:
    """Whether a file consists of whole frames, at least one; reads the headers of its blocks only.

    Layout of frames and blocks: RFC 8878, sections 3.1.1 and 3.1.2.
    """
    with path.open("rb", buffering=0) as file:
        return is_whole(file, path.stat().st_size)


def is_whole(file: BinaryIO, size: int) -> bool:
    """`is_complete` for an open file of `size` bytes, read from its beginning."""
    while file.tell() < size:
        if not _skip_frame(file):
            return False
    return 0 < size == file.tell()


def _skip_frame(file: BinaryIO) -> bool:
    """Skip one frame, possibly past the end of the file; False where no frame begins or a header is cut."""
    magic = _number(file, 4)
    if magic is not None and magic & ~0xF == _SKIPPABLE:
        length = _number(file, 4)
        file.seek(length or 0, 1)
        return length is not None
    descriptor = _number(file, 1)
    if magic != _FRAME or descriptor is None:
        return False
    single_segment, checksum = descriptor >> 5 & 1, descriptor >> 2 & 1
    content_size = _CONTENT_SIZE_BYTES[descriptor >> 6] or single_segment
    file.seek((1 - single_segment) + _DICTIONARY_BYTES[descriptor & 3] + content_size, 1)
    last = False
    while not last:
        header = _number(file, 3)
        if header is None:
            return False
        last = bool(header & 1)
        file.seek(1 if header >> 1 & 3 == _RLE else header >> 3, 1)
    file.seek(_CHECKSUM_BYTES * checksum, 1)
    return True


def _number(file: BinaryIO, length: int) -> int | None:
    content = file.read(length)
    return int.from_bytes(content, "little") if len(content) == length else None
