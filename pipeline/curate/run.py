"""Curation: new raw files in, changed partitions out, all or nothing.

The curated tables are a function of the raw files, the lake's settings and the SQL.
Where only raw files are new, only what they can have changed is computed again. A new table, or one whose definition
changed, is made again from the tables it is made of; where one changed that is made from raw records, all tables are
made again beside the existing ones. Either way readers see the old tables until the new ones replace them in one
transaction.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalogue.errors import LakeError
from catalogue.tables import CURATED_TABLES
from pipeline.curate.batch import BatchResult, FilesByArea, curate_batch
from pipeline.curate.compaction import pack_closed_days
from pipeline.curate.curated_files import curated_names, listed_names
from pipeline.curate.definitions import FROM_RAW, fingerprints, outdated
from pipeline.curate.side_by_side import InTurn
from pipeline.curate.status import require_conservation
from pipeline.curate.step import Progress
from pipeline.curate.store import SETTINGS
from pipeline.lake import CURATED, RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, STATE, Lake
from pipeline.spend.changes import SAMPLE_FOLDER
from pipeline.spend.curation import missing_files
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import duckdb

# Compressed raw bytes curated at once: about 2 million events, which stay in memory. More is curated in several steps.
BATCH_BYTES = 80 * 1024 * 1024
# Of the first step of a lake: about 10 million events, which are not kept in memory (`first_events`).
FIRST_BATCH_BYTES = 400 * 1024 * 1024
MEMORY_LIMIT = "4GB"  # of DuckDB, which spills to disk beyond; Arrow and Python take some more


@dataclass(frozen=True)
class CurationReport:
    """What one curation did. The conservation law holds: received = accepted + duplicates + quarantined.

    Attributes
    ----------
    raw_files : raw files curated now
    changed : tables that changed, with the number of files written
    received, accepted, duplicates, quarantined : records of the whole lake, after this curation
    """

    raw_files: int
    changed: dict[str, int]
    received: int = 0
    accepted: int = 0
    duplicates: int = 0
    quarantined: int = 0


def curate(
    lake: Lake, *, full: bool = False, progress: Progress | None = None, now: datetime | None = None
) -> CurationReport:
    """Bring the curated tables up to date; does nothing where nothing is new.

    Parameters
    ----------
    full : make all tables again from the raw files. Happens by itself where the lake's settings or the SQL changed
        since they were made
    progress : called with a step's name and the fraction done
    now : aware instant, by which a day is over; the current one where it is not given

    Raises
    ------
    CurationError
        A raw file cannot be read, or the conservation law does not hold; the previous tables stay.
    LakeError
        Another process is writing to the lake, or it cannot be written; the previous tables stay.
    """
    report = InTurn(progress or (lambda _step, _fraction: None))
    with lake.writing():
        remade = _outdated(lake)
        if (full or remade & FROM_RAW) and _tables(lake):
            files, changed = _rebuild(lake, report)
        else:
            files, changed = _advance(lake, lake.root, report, remade)
        pack_closed_days(lake, now)
        report("Curated", 1.0)
        return CurationReport(files, changed, **lake.state().get("records", {}))


def is_stale(lake: Lake) -> bool:
    """Whether a table was made by another definition or other settings than there are now, as after an update."""
    return bool(_outdated(lake))


def _outdated(lake: Lake) -> frozenset[str]:
    """Tables to be made again; none where nothing is made yet."""
    state = lake.state()
    return outdated(state.get("made_by", {}), lake.settings) if state else frozenset()


def _advance(
    lake: Lake, raw_root: Path, report: Progress, remade: frozenset[str] = frozenset()
) -> tuple[int, dict[str, int]]:
    """Curate the raw files below `raw_root` that are new to the lake; returns how many, and files written by table.

    Parameters
    ----------
    remade : tables that are made again as a whole, with the first batch
    """
    state, source = lake.state(), Lake(raw_root, lake.settings)
    present = {area: source.raw_files(area) for area in (RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND)}
    areas = {area: sorted(set(names) - curated_names(lake, names)) for area, names in present.items()}
    missing = missing_files(lake, raw_root)
    limit = BATCH_BYTES if state else FIRST_BATCH_BYTES
    batches = _batches(raw_root, areas, limit) or ([areas] if missing or remade else [])
    changed: Counter[str] = Counter()
    for number, batch in enumerate(batches):
        with lake.transaction(durable=lake.root == raw_root) as change:
            for name in _former(lake) if remade else ():
                change.remove(name)
            progress = _part_of(report, number, len(batches))
            first = number == 0
            result = _step(
                lake, raw_root, batch, change, progress, missing if first else (), remade if first else frozenset()
            )
            _stage_state(lake, raw_root, change, batch, result)
            progress("Publishing", 0.99)
        changed.update(result.changed)
    return sum(map(len, areas.values())), dict(changed)


def _part_of(report: Progress, number: int, count: int) -> Progress:
    return lambda step, share: report(step, (number + share) / count)


def _tables(lake: Lake) -> list[str]:
    """The files of the curated tables, relative to the lake."""
    return sorted(str(path.relative_to(lake.root)) for path in (lake.root / CURATED).rglob("*.parquet"))


def _former(lake: Lake) -> list[str]:
    """Files of tables that there are no more."""
    return [name for name in _tables(lake) if name.split("/")[1] not in CURATED_TABLES]


def _rebuild(lake: Lake, report: Progress) -> tuple[int, dict[str, int]]:
    """Curate all raw files into a temporary lake, and replace the existing tables with its tables."""
    with lake.transaction() as change:
        aside = Lake(change.folder / "rebuilt", lake.settings)
        aside.root.mkdir()
        files, changed = _advance(aside, lake.root, report)
        made = _tables(aside)
        for name in made:
            change.adopt(aside.root / name, name)
        for name in set(_tables(lake)).difference(made):
            change.remove(name)
        state = aside.state() | {"version": lake.state().get("version", 0) + 1}
        change.stage(STATE).write_text(json.dumps(state, indent=1), encoding="utf-8")
    return files, changed


def _batches(root: Path, areas: Mapping[str, Sequence[str]], first_bytes: int) -> list[FilesByArea]:
    """Split new event files by size; the other areas, which are small, go with the first batch."""
    groups: list[list[str]] = [[]]
    size = 0
    for name in areas[RAW_EVENTS]:
        weight = (root / name).stat().st_size
        if groups[-1] and size + weight > (BATCH_BYTES if len(groups) > 1 else first_bytes):
            groups.append([])
            size = 0
        groups[-1].append(name)
        size += weight
    first, *others = groups
    batches = [
        {**areas, RAW_EVENTS: first},
        *({RAW_EVENTS: group, RAW_QUARANTINE: (), RAW_SPEND: ()} for group in others),
    ]
    return [batch for batch in batches if any(batch.values())]


def _step(
    lake: Lake,
    raw_root: Path,
    batch: FilesByArea,
    change: Transaction,
    report: Progress,
    missing: Sequence[str],
    remade: frozenset[str],
) -> BatchResult:
    with connected(lake, change) as connection:
        return curate_batch(lake, raw_root, batch, connection, change, report, missing=missing, remade=remade)


@contextmanager
def connected(lake: Lake, change: Transaction) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database in memory for one step, which spills into the transaction's folder.

    Raises
    ------
    LakeError
        The disk refuses, or the step does not fit into memory.
    """
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(change.folder / "spill"),
        "preserve_insertion_order": False,
    }
    try:
        with duckdb.connect(":memory:", config=config) as connection:
            for setting in SETTINGS:
                connection.execute(setting)
            yield connection
    except (duckdb.IOException, duckdb.OutOfMemoryException, OSError) as error:
        raise LakeError(
            f"The curated tables cannot be made: {str(error).splitlines()[0]}",
            where=str(lake.root),
            remedy="The previous tables stay. Free disk space or mend the permissions, then try again.",
        ) from error


def _bills_as_of(raw_root: Path, names: Iterable[str]) -> str | None:
    """When the last bill came in; None without one. The sample's is made with its events, and as new as they are."""
    times = [(raw_root / name).stat().st_mtime for name in names if not name.startswith(SAMPLE_FOLDER)]
    return datetime.fromtimestamp(max(times), UTC).isoformat().replace("+00:00", "Z") if times else None


def _stage_state(lake: Lake, raw_root: Path, change: Transaction, batch: FilesByArea, result: BatchResult) -> None:
    """Check the conservation law, then write the state that makes this curation the lake's."""
    state = lake.state()
    records = _records_after(state.get("records", {}), result, str(lake.root))
    times = [datetime.fromisoformat(state["data_as_of"])] if state.get("data_as_of") else []
    times += [result.newest.replace(tzinfo=UTC)] if result.newest else []
    raw_files = {*state.get("raw_files", ()), *(name for names in batch.values() for name in names)}
    content: dict[str, Any] = {
        "version": state.get("version", 0) + 1,
        "data_as_of": max(times).isoformat().replace("+00:00", "Z") if times else None,
        "bills_as_of": _bills_as_of(raw_root, result.bills),
        "made_by": fingerprints(lake.settings),
        "records": records,
        "raw_files": listed_names(raw_files),
        "bills": result.bills,
    }
    change.stage(STATE).write_text(json.dumps(content, indent=1), encoding="utf-8")


def _records_after(before: Mapping[str, int], result: BatchResult, where: str) -> dict[str, int]:
    """How many records the lake holds after a step, by verdict; refuses a step that would lose any."""
    records = {
        "received": before.get("received", 0) + result.received,
        "accepted": result.accepted,
        "duplicates": result.duplicates,
        "quarantined": before.get("quarantined", 0) + result.quarantined,
    }
    remedy = "The previous tables stay. Run `python -m pipeline curate --full`; report it if it stays."
    require_conservation(**records, where=where, remedy=remedy)
    return records
