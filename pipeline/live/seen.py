"""The hashes of what was seen, sorted in a few arrays: 8 bytes each, however many there are.

A set of Python integers takes ten times as much, and an index on disk is written at as many places as there are hashes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
_HASH = np.dtype("<u8")  # the bytes are kept in files


def hashes_of(values: Sequence[int]) -> Hashes:
    """Hashes as an array."""
    return np.array(values, dtype=_HASH)


def unpack_hashes(packed: bytes) -> Hashes:
    """The hashes of an array's bytes."""
    return np.frombuffer(packed, dtype=_HASH)


class SortedHashes:
    """Hashes that can be added and looked up; two arrays of about the same size are merged into one."""

    def __init__(self) -> None:
        self._arrays: list[Hashes] = []

    def __len__(self) -> int:
        return sum(map(len, self._arrays))

    def add(self, hashes: Hashes) -> None:
        """Add hashes, in any order."""
        if not len(hashes):
            return
        arrays = [*self._arrays, np.sort(hashes)]
        while len(arrays) > 1 and len(arrays[-2]) < 2 * len(arrays[-1]):
            last, before = arrays.pop(), arrays.pop()
            arrays.append(np.sort(np.concatenate([before, last]), kind="stable"))
        self._arrays = arrays

    def known(self, wanted: Hashes) -> set[int]:
        """Those of the wanted hashes that were added."""
        found: set[int] = set()
        for array in self._arrays:
            places = np.searchsorted(array, wanted)
            places[places == len(array)] = 0
            found.update(wanted[array[places] == wanted].tolist())
        return found
