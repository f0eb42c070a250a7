"""Cuts off the partial entry that a killed writer leaves at the end of its last segment."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pipeline.streams.frames import count_marks, decode, next_frame


@dataclass(frozen=True, slots=True)
class TornTail:
    """What was cut: an append that was under way when the writer died, never acknowledged.

    Attributes
    ----------
    records : entries that began in these bytes
    """

    bytes: int
    records: int


def cut_torn_tail(path: Path) -> TornTail:
    """Cut everything behind the last whole entry of a segment, and put the rest on disk.

    Damaged bytes *before* a whole entry are no torn tail. They stay, and reading reports them.

    Raises
    ------
    OSError
        The file cannot be read or written.
    """
    data = path.read_bytes()
    sound = 0
    following: int | None = 0
    while following is not None:
        sound = decode(data, len(data), following).stop
        following = next_frame(data, sound)
    torn = data[sound:]
    handle = os.open(path, os.O_RDWR)
    try:
        if torn:
            os.ftruncate(handle, sound)
        # whole entries that no fsync covered yet are about to be read: they have to last from now on
        os.fsync(handle)
    finally:
        os.close(handle)
    return TornTail(len(torn), count_marks(torn))
