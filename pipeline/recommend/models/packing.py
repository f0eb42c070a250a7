"""A model's parts as bytes, small enough for a store's items, and fast to read without numpy.

Neighbours: a byte that says how wide a place is, how many there are (2 bytes), the step of the weights (float64), the
places (2 or 4 bytes each) and the weights in steps (int16), all little-endian. A weight is read back within half a
step; the largest has 32,767 steps.
"""

from __future__ import annotations

import math
import struct
import sys
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pipeline.live.documents import pack, unpack
from pipeline.recommend.models.model import DirectoryEntry, Neighbours

ITEM_BYTES = 300_000  # of one page: an item of DynamoDB may have 400 KB
MOST_NEIGHBOURS = 2**16 - 1
_PAGE_ENTRIES = 8_192
_PAGE_VALUES = 50_000  # of the prior, 4 bytes each
_STEPS = 2**15 - 1
_HEADER = struct.Struct("<cHd")
_NARROW = 2**16  # places below take 2 bytes


@dataclass(frozen=True, slots=True)
class PackedNeighbours:
    """Neighbours as they are kept, in their order: a loop over these arrays takes half the time of one over tuples.

    Attributes
    ----------
    places : in the directory
    steps : the weight of each is so many steps
    step : weight of one
    """

    places: array[int]
    steps: array[int]
    step: float

    @property
    def weights(self) -> tuple[float, ...]:
        """As `Neighbours.weights`."""
        return tuple([steps * self.step for steps in self.steps])


def pack_neighbours(neighbours: Neighbours) -> bytes:
    """Places exactly, weights within half a step.

    Raises
    ------
    ValueError
        There are not as many weights as places, too many, or one that is no finite number.
    """
    places, weights = neighbours.places, neighbours.weights
    if len(places) != len(weights) or len(places) > MOST_NEIGHBOURS:
        raise ValueError(f"{len(places)} places and {len(weights)} weights: as many of both, {MOST_NEIGHBOURS} at most")
    if not all(map(math.isfinite, weights)):
        raise ValueError("a weight is no finite number")
    step = max(map(abs, weights), default=0.0) / _STEPS
    steps = [round(weight / step) for weight in weights] if step else [0] * len(weights)
    width = "H" if max(places, default=0) < _NARROW else "I"
    header = _HEADER.pack(width.encode(), len(places), step)
    return header + struct.pack(f"<{len(places)}{width}{len(places)}h", *places, *steps)


def unpack_neighbours(packed: bytes) -> PackedNeighbours:
    """What `pack_neighbours` packed."""
    width, count, step = _HEADER.unpack_from(packed)
    places, steps = array(width.decode()), array("h")
    border = _HEADER.size + count * places.itemsize
    places.frombytes(packed[_HEADER.size : border])
    steps.frombytes(packed[border:])
    if sys.byteorder == "big":
        places.byteswap()
        steps.byteswap()
    return PackedNeighbours(places, steps, step)


def directory_pages(directory: Sequence[DirectoryEntry]) -> Iterator[bytes]:
    """The products in order, in pages of at most `ITEM_BYTES`."""
    for start in range(0, len(directory), _PAGE_ENTRIES):
        yield from _pages(directory[start : start + _PAGE_ENTRIES])


def _pages(entries: Sequence[DirectoryEntry]) -> Iterator[bytes]:
    packed = pack(entries)
    if len(packed) <= ITEM_BYTES or len(entries) == 1:
        yield packed
        return
    half = len(entries) // 2
    yield from _pages(entries[:half])
    yield from _pages(entries[half:])


def unpack_directory(pages: Sequence[bytes]) -> tuple[DirectoryEntry, ...]:
    """What `directory_pages` packed."""
    return tuple(entry for page in pages for entry in unpack(page, list[DirectoryEntry]))


def prior_pages(prior: Sequence[float]) -> Iterator[bytes]:
    """Values in order, as float32."""
    for start in range(0, len(prior), _PAGE_VALUES):
        values = prior[start : start + _PAGE_VALUES]
        yield struct.pack(f"<{len(values)}f", *values)


def unpack_prior(pages: Sequence[bytes]) -> array[float]:
    """What `prior_pages` packed, as doubles: each answer begins with a copy of them."""
    whole = b"".join(pages)
    return array("d", struct.unpack(f"<{len(whole) // 4}f", whole))
