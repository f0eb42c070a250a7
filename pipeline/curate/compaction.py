"""Closed days of the raw zone, packed into one file each.

The stream brings a file a minute, and curation must know which of them it has read. So that this list does not grow
for years, the files of a day that is over become one. Events become rows, which are read in a fraction of the time when
tables are made again; refused records stay lines, as they came::

    raw/events/dt=2026-03-01/hour=12/stream-000001772366400123.jsonl.zst  ┐
    raw/events/dt=2026-03-01/hour=13/stream-000001772369100456.jsonl.zst  ┘
    → raw/events/dt=2026-03-01/day-00001.parquet

A file of that name in that place is curated, in a lake that has been curated at all: nobody else gives such names. A
file that comes later for a day long closed is new, gets curated, and is packed into the next file of the day. What is
not packed, such as an import, is listed in its own folder (`pipeline.curate.curated_files`).
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count

from catalogue.parquet import select_all
from pipeline.curate.curated_files import list_in_folders
from pipeline.curate.joining import joined
from pipeline.curate.raw import EVENTS, UNREADABLE, pack
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, STATE, Lake
from pipeline.raw.files import ROWS, lines
from pipeline.transaction import Transaction

_AREAS = f"(?:{RAW_EVENTS}|{RAW_QUARANTINE})"
_LOOSE = re.compile(rf"({_AREAS}/dt=(\d{{4}}-\d{{2}}-\d{{2}}))/hour=\d{{2}}/[^/]+")
_STILL_OPEN = timedelta(hours=1)  # after midnight, what the log still held comes into the day before
_FILES_AT_ONCE = 20_000  # two weeks of minutes; after an outage, the state lists hundreds of thousands


def pack_closed_days(lake: Lake, now: datetime | None = None) -> int:
    """Pack the curated raw files of days that are over; returns how many files were packed.

    Call it inside `lake.writing()`. Files and state change in one transaction, some days at a time: killed, it goes on
    with the days that are left. An unreadable line is known by its file and its place in it: a file with one stays as
    it is. From then on the state lists the files of open days alone.

    Parameters
    ----------
    now : aware instant; the current one where it is not given

    Raises
    ------
    LakeError
        The lake cannot be written; all files of the days that are left stay.
    CurationError
        A raw file cannot be unpacked to its end; all files of the days that are left stay.
    """
    listed = set(lake.state().get("raw_files", ()))
    today = ((now or datetime.now(UTC)) - _STILL_OPEN).date()
    staying = {name for name in listed if (found := _LOOSE.fullmatch(name)) and found[2] >= today.isoformat()}
    if listed == staying:
        return 0
    days = _closed_days(listed, today)
    if days and (damaged := _damaged(lake)):
        days = {folder: kept for folder, names in days.items() if (kept := [n for n in names if n not in damaged])}
    loose = {name for names in days.values() for name in names}
    _pack_days(lake, {}, listed=listed - staying - loose)
    for some in _some_at_a_time(days):
        _pack_days(lake, some)
    return len(loose)


def _pack_days(lake: Lake, days: Mapping[str, Sequence[str]], listed: Collection[str] = ()) -> None:
    """Pack some days, and move some names out of the state into the lists of their folders: all or nothing."""
    packed = {name for names in days.values() for name in names}
    if not packed and not listed:
        return
    state = lake.state()
    with lake.transaction() as change:
        for folder, names in days.items():
            _pack(lake, change, folder, names)
        for name in packed:
            change.remove(name)
        list_in_folders(lake, change, listed)
        rest = sorted(set(state["raw_files"]).difference(packed, listed))
        change.stage(STATE).write_text(json.dumps({**state, "raw_files": rest}, indent=1), encoding="utf-8")


def _some_at_a_time(days: Mapping[str, list[str]]) -> Iterator[dict[str, list[str]]]:
    """Days whose files are packed in one transaction: as many as the state, which is written each time, is worth."""
    some: dict[str, list[str]] = {}
    count = 0
    for folder, names in days.items():
        some[folder] = names
        count += len(names)
        if count >= _FILES_AT_ONCE:
            yield some
            some, count = {}, 0
    if some:
        yield some


def _closed_days(names: Iterable[str], today: date) -> dict[str, list[str]]:
    """The files of days that are over, by the folder of their day."""
    days: dict[str, list[str]] = {}
    for name in sorted(names):
        found = _LOOSE.fullmatch(name)
        if found and found[2] < today.isoformat():
            days.setdefault(found[1], []).append(name)
    return days


def _damaged(lake: Lake) -> set[str]:
    """The raw files with a line that cannot be read."""
    import duckdb

    with duckdb.connect(":memory:") as connection:
        found = connection.execute(
            f"select distinct origin from ({select_all(lake.root, 'quarantine')}) where reason = $reason",
            {"reason": UNREADABLE},
        ).fetchall()
    return {origin.rpartition(":")[0] for (origin,) in found}


def _pack(lake: Lake, change: Transaction, folder: str, names: Iterable[str]) -> None:
    """Stage the packed file of some files of a day: rows of events, lines of refused records."""
    import pyarrow as pa

    suffix = ROWS if folder.startswith(RAW_EVENTS) else ".jsonl.zst"
    targets = (f"{folder}/day-{number:05d}{suffix}" for number in count(1))
    place = change.stage(next(name for name in targets if not (lake.root / name).exists()))
    paths = [lake.root / name for name in names]
    if suffix == ROWS:
        aside = change.folder / f"{place.name}-lines"
        pack(EVENTS, list(joined(paths, aside)), place)
        shutil.rmtree(aside, ignore_errors=True)
        return
    with pa.CompressedOutputStream(str(place), "zstd") as packed:
        for path in paths:
            packed.writelines(line.rstrip(b"\n") + b"\n" for line in lines(path) if line.strip())
