"""Counting distinct visitors in bounded memory: the `k` smallest of their hashes (pure).

While fewer than `k` are known the count is exact. Beyond, it is estimated as (k − 1) ÷ the k-th smallest hash, taken as
a fraction of all hashes (Beyer et al., "On synopses for distinct-value estimation", SIGMOD 2007), with a relative
standard error of 1 ÷ √(k − 2). Adding a hash twice changes nothing, and the union of two sketches is the sketch of the
union, so minutes, regions and shards can be put together in any order.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterable, Sequence
from hashlib import blake2b

_SPACE = 2**64
_BYTES = 8


def hashed(*parts: str) -> int:
    """64 bits of a name; the same in every process and on every machine."""
    return int.from_bytes(blake2b("\0".join(parts).encode(), digest_size=_BYTES).digest(), "big")


def union(sketches: Iterable[bytes], size: int) -> bytes:
    """The sketch of the visitors of all the sketches; `size` is k."""
    filled = [sketch for sketch in sketches if sketch]
    if len(filled) < 2:
        return filled[0][: size * _BYTES] if filled else b""
    return smallest({visitor for sketch in filled for visitor in unpack(sketch)}, size)


def estimate_shared(sketches: Sequence[bytes], size: int) -> int:
    """How many visitors are in every one of the sketches: exact while none is full, else estimated.

    A full sketch knows only the hashes up to its largest, so all are compared up to the smallest of these.
    """
    found = [unpack(sketch) for sketch in sketches]
    shared = set(found[0]).intersection(*found[1:])
    limit = min((hashes[-1] for hashes in found if len(hashes) >= size), default=None)
    if limit is None:
        return len(shared)
    return round(sum(1 for visitor in shared if visitor <= limit) * _SPACE / (limit + 1))


def estimate(sketch: bytes, size: int) -> int:
    """How many there are: exact below `size`, else within about 1 ÷ √size."""
    hashes = unpack(sketch)
    if len(hashes) < size:
        return len(hashes)
    return round((size - 1) * _SPACE / (hashes[size - 1] + 1))


def smallest(hashes: Collection[int], size: int) -> bytes:
    """The sketch of some hashes, in any order; `size` is k."""
    ordered = sorted(hashes)[:size]
    return struct.pack(f">{len(ordered)}Q", *ordered)


def pack(hashes: Iterable[int]) -> bytes:
    """Hashes in ascending order, 8 bytes each."""
    ordered = sorted(hashes)
    return struct.pack(f">{len(ordered)}Q", *ordered)


def unpack(sketch: bytes) -> tuple[int, ...]:
    """The hashes of a sketch, ascending."""
    return struct.unpack(f">{len(sketch) // _BYTES}Q", sketch)
