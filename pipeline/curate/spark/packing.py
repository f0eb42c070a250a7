"""Closed days of the raw zone of a bucket, packed into a few objects each.

The delivery stream writes an object a minute or more, and a full curation, an erasure and the daily listing read each
one. Once a day is closed and all of its objects are curated, they become few: events are rows, which are read in a
fraction of the time, refused records stay lines, as in a lake folder (`pipeline.curate.compaction`)::

    raw/stream/dt=2026-03-01/hour=12/stream-1.gz  ┐   raw/events/dt=2026-03-01/day-00001.parquet
    raw/stream/dt=2026-03-01/hour=13/stream-2.gz  ┘ → raw/quarantine/dt=2026-03-01/day-00001.jsonl.zst

A bucket changes one object at a time, so a plan (`PLAN`) lists what is packed and into what, before anything is
written. Then the packed objects are written, then a version is published whose watermarks have them and no longer the
small ones: this is the commit. Then the small objects are removed, and at last the plan. Whoever reads raw objects
settles a plan first that a killed job left (`settle`): forward after the commit, back before it. So each record is in
exactly one of the objects that are read.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count, islice
from typing import Protocol

from catalogue.errors import LakeError
from pipeline.curate.spark.new_files import Watermark, is_data, is_read, row_of
from pipeline.curate.spark.publishing import Version, fence, published
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM
from pipeline.objects import Found, Objects
from pipeline.raw.files import ROWS

PLAN = "raw/_packing.json"  # a name that begins with _ is no data
SMALL_BYTES = 16 * 1024 * 1024  # a larger object stays as it is: reading it takes longer than opening it
PACKED_BYTES = 64 * 1024 * 1024  # of small objects that one packed object holds: what one worker writes in its memory
DAYS_AT_ONCE = 30  # of one version: a plan of 43,200 names of minutes

_AREAS = (RAW_STREAM, RAW_EVENTS, RAW_QUARANTINE)
_DAY = re.compile(rf"(?:{'|'.join(_AREAS)})/dt=(\d{{4}}-\d{{2}}-\d{{2}})")
_LOOSE = re.compile(rf"{_DAY.pattern}/hour=\d{{2}}/[^/]+")
_SUFFIXES = {RAW_EVENTS: ROWS, RAW_QUARANTINE: ".jsonl.zst"}


class Watermarks(Protocol):
    """The watermarks of a version, and the version that changes them."""

    def of(self, version: Version) -> list[Watermark]:
        """Those of a published version."""
        ...

    def publish(self, before: Version, watermarks: Sequence[Watermark]) -> Version:
        """Publish a version with other ones; raises LakeError where another job has published since `before`."""
        ...


@dataclass(frozen=True)
class Part:
    """Some small objects of a day, and the packed ones that take their place.

    Attributes
    ----------
    files : the small objects, by raw area
    events, refused : names of the packed objects; one that would hold nothing is not written
    """

    files: Mapping[str, Sequence[Found]]
    events: str
    refused: str


# writes a part's packed objects; returns the small ones with a line that cannot be read, of which it took nothing
Pack = Callable[[Part], Collection[str]]


@dataclass(frozen=True)
class _Day:
    """A closed day: the objects of each of its folders, all of which were read, and those of them that are packed."""

    name: str
    folders: Mapping[str, Sequence[Found]]
    small: Sequence[Found]


def pack_closed_days(objects: Objects, watermarks: Watermarks, pack: Pack) -> int:
    """Pack the days that are closed and read to the last object; returns how many small objects were packed.

    An object with a line that cannot be read stays as it is, because the refused record names its place in it.

    Raises
    ------
    LakeError
        Another job has published meanwhile, or the bucket refuses. Nothing is lost; the next job settles it.
    CurationError
        An object cannot be unpacked to its end.
    """
    settle(objects, watermarks)
    packed = 0
    done: set[str] = set()
    while True:
        before = published(objects)
        known = watermarks.of(before)
        days = list(islice(_packable(objects, known, done), DAYS_AT_ONCE))
        if not days:
            return packed
        done.update(day.name for day in days)
        packed += _pack_days(objects, watermarks, pack, before, known, days)


def settle(objects: Objects, watermarks: Watermarks) -> None:
    """Finish or undo what a killed job left, so that each record is in one object; does nothing where there is no plan.

    To be called before raw objects are listed.

    Raises
    ------
    LakeError
        The plan was damaged, or another job has published meanwhile.
    """
    stored = objects.stored(PLAN)
    if stored is None:
        return
    try:
        plan = json.loads(stored.content)
        small, packed = (list(map(str, plan[name])) for name in ("small", "packed"))
    except (ValueError, TypeError, KeyError) as error:
        raise LakeError(
            f"The plan of a packing cannot be read: {error!r}",
            where=f"{objects.place}/{PLAN}",
            remedy="Take back its last version.",
        ) from error
    before = published(objects)
    known = {f"{row.folder}/{row.name}" for row in watermarks.of(before)}
    if known.intersection(packed):
        objects.remove(small)
    else:
        fence(objects, before)  # a job that still works on the plan cannot publish what is removed here
        objects.remove(packed)
    objects.remove([PLAN])


def _packable(objects: Objects, known: Sequence[Watermark], done: Collection[str]) -> Iterator[_Day]:
    """Closed days with small objects, whose folders hold what was read and nothing else."""
    rows: dict[str, list[Watermark]] = defaultdict(list)
    for row in known:
        rows[row.folder].append(row)
    # a lone object is as good as a packed one
    closed = {folder for folder, found in rows.items() if found[0].name is None and found[0].files > 1}
    days = sorted({found[1] for folder in closed if (found := _DAY.fullmatch(folder))}.difference(done))
    for day in days:
        folders = {
            folder: [file for file in objects.found(folder) if is_data(file)]
            for folder in (f"{area}/dt={day}" for area in _AREAS)
        }
        small = [
            file
            for folder in closed.intersection(folders)
            for file in folders[folder]
            if _LOOSE.fullmatch(file.name) and file.size <= SMALL_BYTES
        ]
        if len(small) > 1 and all(is_read(rows[folder], folder, found) for folder, found in folders.items()):
            yield _Day(day, folders, sorted(small))


def _pack_days(
    objects: Objects,
    watermarks: Watermarks,
    pack: Pack,
    before: Version,
    known: Sequence[Watermark],
    days: Sequence[_Day],
) -> int:
    """Pack some days in one version; returns how many small objects were packed."""
    parts = [part for day in days for part in _parts(day)]
    names = {name for part in parts for name in (part.events, part.refused)}
    _save(objects, {file.name for day in days for file in day.small}, names)
    damaged = {name for part in parts for name in pack(part)}
    taken = {file.name for day in days for file in day.small}.difference(damaged)
    written = {folder: _named(objects, folder, names) for day in days for folder in day.folders}
    if not taken or not any(written.values()):
        objects.remove([*names, PLAN])
        return 0
    _save(objects, taken, names)
    watermarks.publish(before, list(_after(known, days, taken, written)))
    objects.remove(sorted(taken))
    objects.remove([PLAN])
    return len(taken)


def _named(objects: Objects, folder: str, names: Collection[str]) -> list[Found]:
    return [file for file in objects.found(folder) if file.name in names]


def _save(objects: Objects, small: Collection[str], packed: Collection[str]) -> None:
    """Write the plan, or what became of it."""
    stored = objects.stored(PLAN)
    content = json.dumps({"small": sorted(small), "packed": sorted(packed)}).encode()
    if not objects.replace(PLAN, content, tag=stored and stored.tag):
        raise LakeError(
            "Another job packs raw objects",
            where=f"{objects.place}/{PLAN}",
            remedy="Let one job run at a time, then run it again.",
        )


def _parts(day: _Day) -> Iterator[Part]:
    """The day's small objects in parts of some size, in the order of their names, each with names that are free."""
    names = zip(*(_free_names(day, area) for area in _SUFFIXES), strict=True)
    size, files = 0, defaultdict[str, list[Found]](list)
    for file in day.small:
        if files and size + file.size > PACKED_BYTES:
            yield Part(dict(files), *next(names))
            size, files = 0, defaultdict(list)
        files[file.name.partition("/dt=")[0]].append(file)
        size += file.size
    yield Part(dict(files), *next(names))


def _free_names(day: _Day, area: str) -> Iterator[str]:
    folder = f"{area}/dt={day.name}"
    taken = {file.name for file in day.folders[folder]}
    names = (f"{folder}/day-{number:05d}{_SUFFIXES[area]}" for number in count(1))
    return (name for name in names if name not in taken)


def _after(
    known: Sequence[Watermark],
    days: Sequence[_Day],
    taken: Collection[str],
    written: Mapping[str, Sequence[Found]],
) -> Iterator[Watermark]:
    """The watermarks once the packed objects are there and the small ones are not.

    Folders that change have a row for each object, by which `settle` knows the packed ones. The next run closes them.
    """
    changed = {
        folder: [*(file for file in found if file.name not in taken), *written[folder]]
        for day in days
        for folder, found in day.folders.items()
        if written[folder] or any(file.name in taken for file in found)
    }
    yield from (row for row in known if row.folder not in changed)
    for folder, files in changed.items():
        yield from (row_of(file, folder) for file in files)
