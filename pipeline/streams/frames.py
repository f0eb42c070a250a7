"""How one entry lies in a segment of the append log (pure).

::

    mark 0xff 'T' │ CRC-32 of the rest │ kind │ key length │ line length │ key │ line

The mark's first byte never occurs in UTF-8, so neither a key nor a line can hold it: behind damaged bytes, the next
whole entry is found again.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from zlib import crc32

from pipeline.streams import Entry, Kind

MARK = b"\xffT"
LINE_BYTES = 16 * 1024 * 1024  # a request is at most 1 MiB; a longer length is a damaged one

_FRAME = struct.Struct("<2sIBHI")
_BODY = struct.Struct("<BHI")
_CHECKED = 6  # bytes before those that the checksum covers
_KINDS = {int(kind): kind for kind in Kind}


class End(Enum):
    """Why reading frames ended."""

    LIMIT = "limit"  # as many as were asked for
    EMPTY = "empty"  # the bytes end where a frame ends
    CUT = "cut"  # the bytes end inside a frame
    BROKEN = "broken"  # the next bytes are no frame, or fail their checksum


@dataclass(frozen=True, slots=True)
class Frames:
    """Entries read from bytes.

    Attributes
    ----------
    stop : offset behind the last entry
    """

    entries: list[Entry]
    stop: int
    end: End


def encode(entries: Sequence[Entry]) -> bytes:
    """The frames of entries, one after the other.

    Raises
    ------
    ValueError
        A key or a line is too long to be framed.
    """
    parts: list[bytes] = []
    for entry in entries:
        key, line = entry.key.encode(), entry.line
        if len(key) > 0xFFFF or len(line) > LINE_BYTES:
            raise ValueError(
                f"An entry takes {LINE_BYTES:,} bytes and a key of 65,535, not {len(line):,} and {len(key):,}"
            )
        body = _BODY.pack(entry.kind, len(key), len(line)) + key + line
        parts += (MARK, crc32(body).to_bytes(4, "little"), body)
    return b"".join(parts)


def decode(data: bytes, limit: int, start: int = 0) -> Frames:
    """Read up to `limit` frames from the offset `start` on."""
    entries: list[Entry] = []
    at = start
    length = len(data)
    view = memoryview(data)
    while True:
        if at == length:
            return Frames(entries, at, End.EMPTY)
        if len(entries) == limit:
            return Frames(entries, at, End.LIMIT)
        if length - at < _FRAME.size:
            return Frames(entries, at, End.CUT if MARK.startswith(data[at : at + len(MARK)]) else End.BROKEN)
        mark, checksum, kind, key_length, line_length = _FRAME.unpack_from(data, at)
        if mark != MARK or kind not in _KINDS or line_length > LINE_BYTES:
            return Frames(entries, at, End.BROKEN)
        key_at = at + _FRAME.size
        line_at = key_at + key_length
        end = line_at + line_length
        if end > length:
            return Frames(entries, at, End.CUT)
        if crc32(view[at + _CHECKED : end]) != checksum:
            return Frames(entries, at, End.BROKEN)
        entries.append(Entry(_KINDS[kind], data[key_at:line_at].decode(), data[line_at:end]))
        at = end


def next_frame(data: bytes, start: int) -> int | None:
    """Where the next whole frame begins, searched from `start`; None where there is none."""
    at = data.find(MARK, start)
    while at >= 0:
        if decode(data, 1, at).entries:
            return at
        at = data.find(MARK, at + 1)
    return None


def count_marks(data: bytes) -> int:
    """How many entries begin in bytes that cannot be read."""
    return max(1, data.count(MARK)) if data else 0
