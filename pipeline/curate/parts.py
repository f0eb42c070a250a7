"""The files of one folder: which of them are written again, and what new ones are called.

A folder holds the rows of a month, or of a whole table, in one file, or several when it grows. A file that holds a
changed row is written again, without touching its neighbours. New rows become a file of their own, or join smaller
files: each row is written again only when its file doubles, and n rows have about n / `LARGEST` + log n files, whatever
small steps filled the folder.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import count
from pathlib import Path

# A smaller file costs more to open than to read: it is always joined.
SMALL = 8_192
# A file is joined by new rows once they are this share of it: its rows are written again some times, never each time.
SHARE = 8
# Bounds what one changed row costs, in time and in memory.
LARGEST = 65_536


def joined(rows: Mapping[Path, int], changed: Collection[Path], new_rows: int) -> set[Path]:
    """The files of a folder to write again: those that changed, and smaller ones that new rows join.

    Parameters
    ----------
    rows : how many rows each file of the folder has
    new_rows : how many rows come into the folder
    """
    chosen = set(changed)
    size = new_rows + sum(rows[path] for path in chosen)
    if size == 0:
        return chosen
    for path in sorted(set(rows) - chosen, key=lambda path: (rows[path], path)):
        if rows[path] > max(SHARE * size, SMALL) or size + rows[path] > LARGEST:
            break
        chosen.add(path)
        size += rows[path]
    return chosen


def free_names(taken: Collection[str]) -> Iterator[str]:
    """Names for the files of a folder, in order, without those that are taken."""
    names = ("data.parquet" if number == 0 else f"part-{number:05d}.parquet" for number in count())
    return (name for name in names if name not in taken)
