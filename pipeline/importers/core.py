"""The import that all importers share: reads a file as a stream, checks every row, publishes all or nothing.

An importer only says which columns it needs and how one row becomes the fields of one event. A row the contract
refuses goes to the quarantine with its bytes, its reason and ``file.csv:LINE``; a file that cannot be read to its end
is refused as a whole.
"""

from __future__ import annotations

import difflib
import hashlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import IO, Any, Protocol

from catalogue.errors import ImportFailed
from pipeline.contract import events
from pipeline.contract.rejections import Rejection, quarantine_line
from pipeline.contract.shape import Rules
from pipeline.importers.tables import open_table
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake, LakeSettings
from pipeline.transaction import Transaction

SOURCE = "import"
PART_RECORDS = 1_000_000  # records per raw file, so that curation can read one import with several threads
DUPLICATES_WATCHED = 2_000_000  # event ids remembered for the report's own count; curation finds the others
_FLUSH = 4096  # lines per write

Fields = dict[str, Any]
Translate = Callable[[list[str]], Fields | Rejection]
Progress = Callable[[int, int], None]


class Importer(Protocol):
    """How one kind of file becomes events.

    Attributes
    ----------
    name : on the command line and in import ids
    columns : those a file must have
    encoding, delimiter : of text files
    lake_settings : of a lake that is made for this import
    """

    name: str
    columns: Sequence[str]
    encoding: str
    delimiter: str
    lake_settings: LakeSettings

    def translator(self, header: list[str], digest: str) -> Translate:
        """A function from the values of a row to the fields of an event, for one file.

        Parameters
        ----------
        header : names of the file's columns
        digest : hex SHA-256 of the file's bytes
        """
        ...


@dataclass(frozen=True)
class ImportReport:
    """How many rows of a file were accepted or not: ``received = accepted + duplicates + quarantined``.

    Attributes
    ----------
    import_id : folder of the import below ``raw/events/imports``
    duplicates : rows whose event id came before in this file (they are in the raw lake; curation counts them as copies)
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
    """Bring one file into the raw lake, all or nothing.

    Parameters
    ----------
    progress : called with bytes read and bytes in all, a few times a second
    received_at : aware instant of the import; now by default

    Raises
    ------
    ImportFailed
        The file cannot be read to its end, or lacks columns. Nothing of it is kept.
    LakeError
        Another process is writing to the lake.
    """
    path = Path(path)
    started = datetime.now(UTC)
    received_at = received_at or started
    rules = Rules(now=received_at, retention_days=None, reporting_currency=lake.settings.reporting_currency)
    digest = _digest(path)
    size = path.stat().st_size
    with lake.writing(), lake.transaction() as change, ExitStack() as open_files:
        import_id = _free_id(lake, f"{importer.name}-{digest[:12]}")
        table = open_files.enter_context(open_table(path, encoding=importer.encoding, delimiter=importer.delimiter))
        _require_columns(table.header, importer, path)
        translate = importer.translator(table.header, digest)
        accepted = _CompressedParts(change, f"{RAW_EVENTS}/imports/{import_id}", open_files)
        refused = _CompressedParts(change, f"{RAW_QUARANTINE}/imports/{import_id}", open_files)
        seen: set[int] = set()
        copies = 0
        reasons: Counter[str] = Counter()
        first_refusals: list[str] = []
        for row in table:
            outcome = row if isinstance(row, Rejection) else translate(row)
            if not isinstance(outcome, Rejection):
                identity = hash(outcome["event_id"])
                line = events.write(outcome, rules, source=SOURCE)
                if isinstance(line, bytes):
                    if identity in seen:
                        copies += 1
                    elif len(seen) < DUPLICATES_WATCHED:
                        seen.add(identity)
                    if accepted.add(line) and progress is not None:
                        progress(min(table.bytes_read, size), size)
                    continue
                outcome = line
            reasons[outcome.reason] += 1
            origin = f"{path.name}:{table.line}"
            if len(first_refusals) < 5:
                first_refusals.append(f"{origin}: {outcome.detail}")
            refused.add(quarantine_line(table.original(), outcome, origin=origin, received_at=rules.now, source=SOURCE))
        accepted.close()
        refused.close()
    if progress is not None:
        progress(size, size)
    return ImportReport(
        importer=importer.name,
        import_id=import_id,
        file=str(path),
        received=accepted.records + refused.records,
        accepted=accepted.records - copies,
        duplicates=copies,
        quarantined=refused.records,
        reasons=dict(reasons.most_common()),
        first_refusals=first_refusals,
        seconds=(datetime.now(UTC) - started).total_seconds(),
    )


class _CompressedParts:
    """Lines written into as many compressed files as they need; the first file is made with the first line."""

    def __init__(self, change: Transaction, folder: str, open_files: ExitStack) -> None:
        self._change = change
        self._folder = folder
        self._open_files = open_files
        self._lines: list[bytes] = []
        self._file: IO[bytes] | None = None
        self._in_file = 0
        self.records = 0

    def add(self, line: bytes) -> bool:
        """Add a line; returns whether a batch was written, which is when progress is reported."""
        self._lines.append(line)
        self.records += 1
        if len(self._lines) < _FLUSH:
            return False
        self._flush()
        return True

    def close(self) -> None:
        """Write what is left and end the last file."""
        if self._lines:
            self._flush()
        if self._file is not None:
            self._file.close()

    def _flush(self) -> None:
        import pyarrow as pa

        if self._file is not None and self._in_file >= PART_RECORDS:
            self._file.close()
            self._file = None
        if self._file is None:
            part = (self.records - len(self._lines)) // PART_RECORDS
            written = self._change.stage(f"{self._folder}/part-{part:05d}.jsonl.zst")
            self._file = self._open_files.enter_context(pa.CompressedOutputStream(str(written), "zstd"))
            self._in_file = 0
        self._lines.append(b"")
        self._file.write(b"\n".join(self._lines))
        self._in_file += len(self._lines) - 1
        self._lines.clear()


@lru_cache(4096)
def decimal_of(text: str) -> Decimal | None:
    """The number that a text writes; None where it writes none."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _digest(path: Path) -> str:
    """Hex SHA-256 of a file, which names its import; a file that cannot be opened is explained by `open_table`."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        with open_table(path):
            return ""


def _free_id(lake: Lake, wanted: str) -> str:
    """`wanted`, or with a number behind it where the same file was imported before."""
    number = 1
    import_id = wanted
    while any((lake.root / area / "imports" / import_id).exists() for area in (RAW_EVENTS, RAW_QUARANTINE)):
        number += 1
        import_id = f"{wanted}-{number}"
    return import_id


def _require_columns(header: list[str], importer: Importer, path: Path) -> None:
    """Refuse a header that lacks columns or names one twice, with the likely cause."""
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        raise ImportFailed(f"Column {twice[0]!r} is named twice", where=f"{path}:1", remedy="Rename one of them.")
    missing = [name for name in importer.columns if name not in header]
    if not missing:
        return
    from pipeline.importers import DATASETS

    other = next((known.name for known in DATASETS if set(known.columns) <= set(header)), None)
    likely = difflib.get_close_matches(missing[0], header, n=1)
    if other is not None:
        remedy = f"The columns are those of {other}: use `python -m pipeline import {other} …`."
    elif importer.name == "csv":
        hint = f" Did you mean {likely[0]!r}?" if likely else ""
        remedy = f"Found: {', '.join(header)}.{hint} Check the mapping, its delimiter and the file's header."
    else:
        expected, found = ", ".join(importer.columns), ", ".join(header)
        remedy = f"Expected: {expected}. Found: {found}. For other files use the csv importer."
    raise ImportFailed(f"The file has no column {', '.join(map(repr, missing))}", where=f"{path}:1", remedy=remedy)
