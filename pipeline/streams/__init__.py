"""The port between the collector and everything behind it: entries in, durable when `append` returns, read in order.

Adapters: `log.py` (an append log on disk, the embedded profile's and the tests' own) and `kinesis.py`.
`grouped.py` appends for the requests of one event loop, many with one call.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Protocol

import msgspec


class Kind(IntEnum):
    """What an entry holds."""

    EVENT = 1  # an accepted event: one canonical JSON line of `pipeline.contract.events.encode`
    REFUSED = 2  # a refused record: one line of `pipeline.contract.rejections.quarantine_line`


class Entry(msgspec.Struct, frozen=True, gc=False):
    """One line on its way to the lake. A struct, because a collector makes hundreds of thousands of them a second.

    Attributes
    ----------
    key : entries of one key stay in order: the customer, else the session, else the event id
    line : JSON without a newline
    """

    kind: Kind
    key: str
    line: bytes


class Stream(Protocol):
    """Takes entries. Safe to call from several threads."""

    def append(self, entries: Sequence[Entry]) -> None:
        """Store all entries; they are durable when this returns.

        Raises
        ------
        StreamFull
            There is no room (disk, throughput); nothing of the call may be acknowledged.
        StreamUnavailable
            The stream cannot be reached; the caller may try again.
        """
        ...


@dataclass(frozen=True, slots=True)
class Batch:
    """Entries read together. `position` names the place after the last one; it is what a consumer checkpoints."""

    entries: Sequence[Entry]
    position: str
