"""Hashes of what was seen, against a set."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipeline.live.seen import SortedHashes, hashes_of, unpack_hashes

HASH = st.integers(0, 40) | st.integers(2**64 - 40, 2**64 - 1)


@given(st.lists(st.lists(HASH, max_size=12), max_size=12), st.lists(HASH, max_size=20))
def test_what_was_added_is_known_and_nothing_else(batches: list[list[int]], wanted: list[int]):
    seen = SortedHashes()
    for batch in batches:
        seen.add(unpack_hashes(hashes_of(batch).tobytes()))
    added = {value for batch in batches for value in batch}
    assert seen.known(hashes_of(wanted)) == added.intersection(wanted)
    assert len(seen) == sum(map(len, batches))
