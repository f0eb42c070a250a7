"""Counting distinct visitors in bounded memory: the `k` smallest of their hashes (pure).

While fewer than `k` are known the count is exact. Beyond, it is estimated as (k − 1) ÷ the k-th smallest hash, taken as
a fraction of all hashes (Beyer et al., "On synopses for distinct-value estimation", SIGMOD 2007), with a relative
standard error of 1 ÷ √(k − 2). Adding a hash twice changes nothing, and the union of two sketches is the sketch of the
union, so minutes, regions and shards can be put together in any order.
"""

from __future__ import annotations

import heapq
import struct
from collections.abc import Iterable
from hashlib import blake2b

_SPACE = 2**64
_BYTES = 8


def hashed(*parts: str) -> int:
    """64 bits of a name; the same in every process and on every machine."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=_BYTES).digest(), "big")


def union(sketches: Iterable[bytes], size: int) -> bytes:
    """The sketch of the visitors of all the sketches; `size` is k."""
    return pack(heapq.nsmallest(size, {one for sketch in sketches for one in unpack(sketch)}))


def estimate(sketch: bytes, size: int) -> int:
    """How many there are: exact below `size`, else within about 1 ÷ √size."""
    hashes = unpack(sketch)
    if len(hashes) < size:
        return len(hashes)
    return round((size - 1) * _SPACE / (hashes[size - 1] + 1))


def pack(hashes: Iterable[int]) -> bytes:
    """Hashes in ascending order, 8 bytes each."""
    ordered = sorted(hashes)
    return struct.pack(f">{len(ordered)}Q", *ordered)


def unpack(sketch: bytes) -> tuple[int, ...]:
    """The hashes of a sketch, ascending."""
    return struct.unpack(f">{len(sketch) // _BYTES}Q", sketch)
