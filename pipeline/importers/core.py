"""The import that all importers share: reads files as streams, checks every row, publishes all or nothing.

An importer only says which columns it needs and how one row becomes the fields of one event. A row the contract
refuses goes to the quarantine with its bytes, its reason and ``file.csv:LINE``; a file that cannot be read to its end
is refused as a whole, and with it the files that were to be imported with it.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from catalogue.errors import ImportFailed
from pipeline.contract.rejections import quarantine_line
from pipeline.contract.shape import Rules
from pipeline.importers.beside import CheckingProcesses, checking_processes
from pipeline.importers.checking import SOURCE, Checked, EventIds, RowChecker, rare_garbage_collection
from pipeline.importers.importer import Importer, require_columns
from pipeline.importers.opening import open_table
from pipeline.importers.parts import CompressedParts
from pipeline.importers.sources import Source
from pipeline.importers.tables import Batch
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake, LakeSettings

BATCH_ROWS = 4096
PROCESSES_FROM = 4 << 20  # bytes: starting processes takes as long as checking the rows of a file of this size
MOST_PROCESSES = 4  # this process, which reads and writes, feeds no more
_REFUSALS_SHOWN = 5

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class ImportReport:
    """How many rows were accepted or not: ``received = accepted + duplicates + quarantined``.

    Attributes
    ----------
    import_id : folder of the import below ``raw/events/imports``
    file : what was read: the file, or the first one and how many more
    duplicates : rows whose event id came before in these files; they are in the raw lake, and curation counts them as
        copies
    rounded : events with an amount or a quantity of more digits than the lake keeps
    events : events written; more than the accepted rows and duplicates where a row became two lines of its order
    reasons : reason code → rows in quarantine
    first_refusals : up to five ``origin: detail`` of refused rows
    seconds : wall-clock time
    """

    importer: str
    import_id: str
    file: str
    received: int
    accepted: int
    duplicates: int
    quarantined: int
    events: int
    rounded: int
    reasons: Mapping[str, int]
    first_refusals: Sequence[str]
    seconds: float


def import_file(
    lake: Lake,
    importer: Importer,
    path: Path | str,
    *,
    progress: Progress | None = None,
    received_at: datetime | None = None,
) -> ImportReport:
    """Bring one file into the raw lake; see `import_files`."""
    return import_files(lake, importer, [Source(Path(path))], progress=progress, received_at=received_at)


def import_files(
    lake: Lake,
    importer: Importer,
    sources: Sequence[Source],
    *,
    namespace: str = "",
    progress: Progress | None = None,
    received_at: datetime | None = None,
    processes: int | None = None,
) -> ImportReport:
    """Bring files into the raw lake in their order, all of them or nothing.

    Parameters
    ----------
    namespace : within which event and order ids are unique; the lake's own by default
    progress : called with bytes read and bytes in all, a few times a second
    received_at : aware instant of the import; now by default
    processes : how many others check rows, 0 for none; by default as many as there are cores for and enough to do

    Raises
    ------
    ImportFailed
        A file cannot be read to its end, or lacks columns. Nothing is kept.
    LakeError
        Another process is writing to the lake.
    """
    started = datetime.now(UTC)
    rules = import_rules(lake.settings, received_at or started, namespace=namespace)
    digests = [digest_of(source) for source in sources]
    sizes = [source.path.stat().st_size for source in sources]
    if processes is None:
        processes = _useful_processes(importer, sum(sizes))
    with lake.writing(), lake.transaction() as change, rare_garbage_collection(), ExitStack() as open_files:
        import_id = _free_id(lake, f"{importer.name}-{_together(digests)[:12]}")
        accepted = CompressedParts(change, f"{RAW_EVENTS}/imports/{import_id}", open_files)
        refused = CompressedParts(change, f"{RAW_QUARANTINE}/imports/{import_id}", open_files)
        checker: RowChecker | CheckingProcesses = (
            open_files.enter_context(checking_processes(processes, importer, rules))
            if processes
            else RowChecker(importer, rules)
        )
        known_ids = EventIds()
        received = duplicates = rounded = read_before = 0
        reasons: Counter[str] = Counter()
        first_refusals: list[str] = []
        unseen: AbstractSet[str] | None = None
        for source, digest, size in zip(sources, digests, sizes, strict=True):
            with source.named(), open_table(source.path, importer.layout) as table:
                begin_file(checker, table.header, importer, source, digest)
                for batch, checked in checked_batches(checker, table.batches(BATCH_ROWS)):
                    received += len(batch.rows)
                    duplicates += known_ids.known(checked.ids)
                    rounded += checked.rounded
                    accepted.add(checked.lines, checked.events)
                    for place, refusal in checked.refusals:
                        origin = f"{source.name}:{batch.line(place)}"
                        reasons[refusal.reason] += 1
                        if len(first_refusals) < _REFUSALS_SHOWN:
                            first_refusals.append(f"{origin}: {refusal.detail}")
                        line = quarantine_line(
                            batch.original(place),
                            refusal,
                            origin=origin,
                            received_at=rules.now,
                            source=SOURCE,
                            namespace=namespace,
                        )
                        refused.add(line + b"\n", 1)
                    if progress is not None and len(batch.rows) == BATCH_ROWS:
                        progress(read_before + min(table.bytes_read, size), sum(sizes))
                unseen = table.unseen if unseen is None else unseen & table.unseen
            read_before += size
        _require_keys(unseen, received, sources)
        accepted.close()
        refused.close()
    if progress is not None:
        progress(sum(sizes), sum(sizes))
    return ImportReport(
        importer=importer.name,
        import_id=import_id,
        file=described(sources),
        received=received,
        accepted=received - duplicates - refused.records,
        duplicates=duplicates,
        quarantined=refused.records,
        events=accepted.records,
        rounded=rounded,
        reasons=dict(reasons.most_common()),
        first_refusals=first_refusals,
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )


def import_rules(settings: LakeSettings, now: datetime, *, namespace: str = "") -> Rules:
    """The lake's rules for an import, which may be of any age since 1970."""
    return Rules(now=now, namespace=namespace, **(settings.of_contract() | {"retention_days": None}))


def begin_file(
    checker: RowChecker | CheckingProcesses, header: Sequence[str], importer: Importer, source: Source, digest: str
) -> None:
    """Let the rows that follow be those of a file, once it has the columns that the importer needs."""
    from pipeline.importers import DATASETS

    require_columns(header, importer, DATASETS, where=f"{source.path}:1")
    checker.begin_file(header, digest)


def checked_batches(
    checker: RowChecker | CheckingProcesses, batches: Iterable[Batch]
) -> Iterator[tuple[Batch, Checked]]:
    """Each batch with what it became, in order."""
    if isinstance(checker, CheckingProcesses):
        return checker.check_all(batches)
    return ((batch, checker.check(batch.rows)) for batch in batches)


def described(sources: Sequence[Source]) -> str:
    """The files of an import in a few words."""
    further = len(sources) - 1
    return sources[0].place + (f" and {further:,} more file{'s' if further > 1 else ''}" if further else "")


def _useful_processes(importer: Importer, size: int) -> int:
    """How many processes should check rows. With two cores two: this one waits most of the time."""
    cores = os.cpu_count() or 1
    if size < PROCESSES_FROM or cores == 1:
        return 0
    return 1 if importer.in_order else min(cores, MOST_PROCESSES)


def _require_keys(unseen: AbstractSet[str] | None, received: int, sources: Sequence[Source]) -> None:
    """Refuse a key that no line of JSON has, as a column would be that no header names."""
    if unseen and received:
        name = min(unseen)
        raise ImportFailed(
            f"No line has the key {name!r}", where=described(sources), remedy="Check its name in the mapping."
        )


def digest_of(source: Source) -> str:
    """Hex SHA-256 of a file, which names its import; a file that cannot be opened is explained by `open_table`."""
    try:
        with source.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        with source.named(), open_table(source.path):
            return ""


def _together(digests: Sequence[str]) -> str:
    """One digest for all files: that of the file where it is one."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode("ascii")).hexdigest()


def _free_id(lake: Lake, wanted: str) -> str:
    """`wanted`, or with a number behind it where the same files were imported before."""
    number = 1
    import_id = wanted
    while any((lake.root / area / "imports" / import_id).exists() for area in (RAW_EVENTS, RAW_QUARANTINE)):
        number += 1
        import_id = f"{wanted}-{number}"
    return import_id
