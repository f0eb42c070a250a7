"""The files of one partition: which of them are written again, and what new ones are called.

A partition is one file, or several when it grows. A file that holds a changed row is written again, without touching
its neighbours. New rows become a file of their own, or join smaller files: each row is written again only when its file
doubles, and a partition of n rows has about n / `LARGEST` + log n files, whatever small steps filled it.
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
LARGEST = 1_048_576


# Of a table without partitions, whose rows change anywhere in it: smaller, so that less is written again.
LARGEST_OF_WHOLE = 131_072


def largest_file(partition: str | None) -> int:
    """Rows of the largest file of a table with or without a partition."""
    return LARGEST if partition else LARGEST_OF_WHOLE


def joined(rows: Mapping[Path, int], changed: Collection[Path], new_rows: int, *, largest: int) -> set[Path]:
    """The files of a partition to write again: those that changed, and smaller ones that new rows join.

    Parameters
    ----------
    rows : how many rows each file of the partition has
    new_rows : how many rows come into the partition
    largest : rows of the largest file that is made
    """
    chosen = set(changed)
    size = new_rows + sum(rows[path] for path in chosen)
    if size == 0:
        return chosen
    for path in sorted(set(rows) - chosen, key=lambda path: (rows[path], path)):
        if rows[path] > max(SHARE * size, SMALL) or size + rows[path] > largest:
            break
        chosen.add(path)
        size += rows[path]
    return chosen


def free_names(taken: Collection[str]) -> Iterator[str]:
    """Names for the files of a partition, in order, without those that are taken."""
    names = ("data.parquet" if number == 0 else f"part-{number:05d}.parquet" for number in count())
    return (name for name in names if name not in taken)
