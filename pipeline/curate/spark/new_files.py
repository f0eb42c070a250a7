"""Which raw files are new, without listing all of them each time.

A raw folder (a day of the stream, one import) is *open* as long as files can appear in it, then *closed*. Of an open
folder every file that was read is kept by name; of a closed one only how many there are, a digest of their names, and
the time of the newest: a year of 525,600 files is 365 rows. A run lists the open folders and those it has never seen.
Once a day all are listed: a file that came late into a closed folder is found and read then.

Watermarks are saved with the tables that hold what was read: a run that was killed reads the same files again.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from itertools import combinations, islice
from operator import xor
from typing import NamedTuple

from catalogue.errors import CurationError
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM
from pipeline.objects import Found, Objects

AREAS = (RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM, RAW_ERRORS)
# Firehose files a record under the hour it arrived at, and tries to deliver it as long as the stream keeps it, which is
# a day unless it is set otherwise. Two days after its newest file, a day's folder is over.
OVERLAP = timedelta(days=2)
CHECK_EVERY = timedelta(days=1)  # listing a year of minutes is 526 requests and half a minute

# Firehose may write an object again, with records that it could not write at first, as late as it tries to deliver: up
# to two hours to S3, and as long as the stream keeps them. Other writers never change a file.
_WRITTEN_AGAIN = frozenset({RAW_STREAM, RAW_ERRORS})
_MOST_COMBINATIONS = 100_000  # of names that are tried, to see which late files were written again
_CHECKED = "checked"  # the row that says when everything was listed


class Watermark(NamedTuple):
    """One row of the table: a file of an open folder, or all files of a closed one.

    Attributes
    ----------
    folder : relative to the lake
    name : the file's name within the folder; None for all files of a closed one
    files : how many
    digest : of their names: the exclusive or of 64 bits of SHA-256, in hexadecimal
    newest : when the newest was written (UTC)
    """

    folder: str
    name: str | None
    files: int
    digest: str
    newest: datetime


COLUMNS = {
    "folder": "varchar",
    "name": "varchar",
    "files": "bigint",
    "digest": "varchar",
    "newest": "timestamp(6)",
}


@dataclass(frozen=True)
class NewFiles:
    """Files that were not read yet, by raw area, and the watermarks to save with what is made of them.

    Attributes
    ----------
    checked : whether everything was listed; the watermarks are worth saving even if no file is new
    """

    files: Mapping[str, Sequence[Found]]
    watermarks: Sequence[Watermark]
    checked: bool = False

    def __bool__(self) -> bool:
        return any(self.files.values())


def new_files(objects: Objects, known: Iterable[Watermark], *, now: datetime, everything: bool = False) -> NewFiles:
    """Find the raw files of events and refused records that were not read yet.

    Parameters
    ----------
    known : the watermarks of the published version; none before the first
    now : aware instant
    everything : list the closed folders too; happens by itself once a day

    Raises
    ------
    CurationError
        Files of a closed folder cannot be distinguished from those that were read.
    LakeError
        The lake cannot be listed.
    """
    by_folder: dict[str, list[Watermark]] = defaultdict(list)
    for watermark in known:
        by_folder[watermark.folder].append(watermark)
    last_check = by_folder.pop(_CHECKED, [Watermark(_CHECKED, None, 0, "", now)])[0].newest
    checked = everything or now - last_check >= CHECK_EVERY
    files: dict[str, list[Found]] = {}
    watermarks = [Watermark(_CHECKED, None, 0, "", now if checked else last_check)]
    for area in AREAS:
        files[area] = []
        for folder, present in _folders(objects, area):
            before = by_folder.pop(folder, [])
            if _is_closed(before) and not checked:
                watermarks += before
                continue
            found = objects.found(folder) if present is None else present
            data = [file for file in found if is_data(file)]
            new, after = _read_on(objects, folder, before, data, now, again=area in _WRITTEN_AGAIN)
            files[area] += new
            watermarks += after
    return NewFiles(files, watermarks, checked)


def _folders(objects: Objects, area: str) -> Iterable[tuple[str, list[Found] | None]]:
    """The folders that have a watermark each: days, and what other folders hold; files that lie in none come with it.

    ``raw/events/dt=2026-03-01`` is one, ``raw/events/imports`` has one for each import.
    """
    folders, files = objects.entries(area)
    if files:
        yield area, files
    for folder in folders:
        if "/dt=" in folder:
            yield folder, None
            continue
        inner, files = objects.entries(folder)
        if files:
            yield folder, files
        yield from ((name, None) for name in inner)


def _read_on(
    objects: Objects, folder: str, before: Sequence[Watermark], found: Sequence[Found], now: datetime, *, again: bool
) -> tuple[list[Found], list[Watermark]]:
    """The new files of a folder, and its watermarks once they are read.

    Parameters
    ----------
    again : whether a file that was written again is read again: what it held before is counted as duplicates then,
        and nothing that came with it is lost
    """
    if not found:
        return [], []
    if _is_closed(before):
        new = _late(objects, before[0], found, again=again)
    else:
        times = {watermark.name: watermark.newest for watermark in before}
        new = [
            file
            for file in found
            if (read := times.get(_within(file, folder))) is None or (again and file.modified > read)
        ]
    newest = max(file.modified for file in found)
    if newest < now - OVERLAP:
        return new, [Watermark(folder, None, len(found), _digest(found), newest)]
    return new, [row_of(file, folder) for file in found]


def row_of(file: Found, folder: str) -> Watermark:
    """The row of a file of an open folder."""
    return Watermark(folder, _within(file, folder), 1, _digest([file]), file.modified)


def is_read(rows: Sequence[Watermark], folder: str, found: Sequence[Found]) -> bool:
    """Whether all files of a folder were read, as they are now, and none is gone.

    Parameters
    ----------
    rows : the folder's
    found : its files as they are listed
    """
    if not _is_closed(rows):
        return {row.name: row.newest for row in rows} == {_within(file, folder): file.modified for file in found}
    (closed,) = rows
    is_same = (closed.files, closed.digest) == (len(found), _digest(found))
    return is_same and all(file.modified <= closed.newest for file in found)


def _late(objects: Objects, closed: Watermark, found: Sequence[Found], *, again: bool) -> list[Found]:
    """Files of a closed folder to read: those that appeared in it, and with `again` those that were written again.

    What appeared is as many as there are more, the newest, if the others are those that were read. Files may have been
    removed, as old ones are, and without `again` written again under their names. Where it is not certain which ones
    are new, nothing is read: it could be reading twice.
    """
    more = len(found) - closed.files
    by_time = sorted(found, key=lambda file: file.modified)
    rest, late = by_time[: closed.files], by_time[closed.files :]
    if again:
        rest = [file for file in by_time if file.modified <= closed.newest]
        late = by_time[len(rest) :]
        if _are_read(closed, rest, late):
            return late
    elif more >= 0 and _digest(rest) == closed.digest:
        return late
    if more == 1:  # what its name adds to the digest says which one it is, whatever its time
        added = int(_digest(found), 16) ^ int(closed.digest, 16)
        if any(_hash(file) == added for file in found):
            return [file for file in found if _hash(file) == added or (again and file.modified > closed.newest)]
    if more < 0 and by_time[-1].modified <= closed.newest:
        return []
    raise CurationError(
        f"Of {len(found):,} raw files, {closed.files:,} were read long ago, and which is not certain",
        where=f"{objects.place}/{closed.folder}",
        remedy="Move the files that came late into a folder of their own, below raw/events/imports.",
    )


def _are_read(closed: Watermark, rest: Sequence[Found], late: Sequence[Found]) -> bool:
    """Whether all files of `rest` were read: with some of `late`, written again since, they are the closed ones."""
    missing = closed.files - len(rest)
    if not 0 <= missing <= len(late):
        return False
    wanted = int(closed.digest, 16) ^ int(_digest(rest), 16)
    sums = (reduce(xor, some, 0) for some in combinations([_hash(file) for file in late], missing))
    return any(found == wanted for found in islice(sums, _MOST_COMBINATIONS))


def _is_closed(watermarks: Sequence[Watermark]) -> bool:
    return bool(watermarks) and watermarks[0].name is None


def is_data(file: Found) -> bool:
    """A name that begins with . or _ is no data, as in `Lake.raw_files`."""
    return file.name.rpartition("/")[2][0] not in "._"


def _within(file: Found, folder: str) -> str:
    return file.name.removeprefix(f"{folder}/")


def _digest(files: Iterable[Found]) -> str:
    """Equal for equal sets of names, whatever their order."""
    return f"{reduce(xor, map(_hash, files), 0):016x}"


def _hash(file: Found) -> int:
    return int.from_bytes(hashlib.sha256(file.name.encode()).digest()[:8], "big")
