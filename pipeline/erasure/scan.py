"""Proof by reading: every file of a lake, unpacked, and how many of its records name a person.

Raw lines are read as lines, tables value by value, the append log entry by entry. A SQLite file is read value by value,
and compared with a copy that has no free page: what the file holds beyond it is left of a deleted row. What is no such
file is read as bytes.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from pipeline.erasure import packed
from pipeline.erasure.identity import Person, Pseudonyms
from pipeline.erasure.lines import Eraser
from pipeline.lake import RAW_QUARANTINE, Lake
from pipeline.raw.files import lines
from pipeline.streams import Kind
from pipeline.streams.checkpoints import STREAM
from pipeline.streams.segments import LogReader

if TYPE_CHECKING:
    import pyarrow as pa

Progress = Callable[[str, float], None]

_SQLITE = b"SQLite format 3\0"
_PARQUET = b"PAR1"
_CONSOLE = "console/"
_LINES = (".jsonl", ".gz", ".zst")
_TEXTS = ("record", "detail", "origin")  # columns of a refused record
_ROWS = 65_536


@dataclass
class Place:
    """What was read in one place of a lake.

    Attributes
    ----------
    name : a raw area, a table, or a file
    records : lines, rows or entries read; a file of another kind is one
    found : those that name the person
    alike : those that have the same characters in something else: a longer id, or an id of another kind
    """

    name: str
    records: int = 0
    found: int = 0
    alike: int = 0

    def count(self, records: int, found: int = 0, alike: int = 0) -> None:
        """Add what was read."""
        self.records, self.found, self.alike = self.records + records, self.found + found, self.alike + alike


def scan(lake: Lake, person: Person, progress: Progress | None = None) -> list[Place]:
    """Read every file of the lake, and say where the person is named.

    Raises
    ------
    CurationError
        A raw file cannot be read to its end.
    """
    eraser = reading(person)
    places: dict[str, Place] = {}
    files = sorted(path for path in lake.root.rglob("*") if path.is_file())
    for number, path in enumerate(files):
        name = path.relative_to(lake.root).as_posix()
        if progress is not None:
            progress("Scanning", number / len(files))
        _scan_file(path, name, eraser, places.setdefault(_place(name), Place(_place(name))))
    return sorted(places.values(), key=lambda place: place.name)


def _place(name: str) -> str:
    """The raw area or table that a file is of, or its folder's log; else the file itself."""
    parts = PurePosixPath(name).parts
    if parts[0] in ("raw", "curated", "console") and len(parts) > 2:
        return "/".join(parts[:2])
    return f"{STREAM}/*.log" if parts[0] == STREAM and name.endswith(".log") else name


def _scan_file(path: Path, name: str, eraser: Eraser, place: Place) -> None:
    person = eraser.person
    if path.suffix == ".log" and path.parent.name == STREAM:
        for entry in LogReader(path.parent).read_segment(int(path.stem)).entries:
            found, alike = _judge_line(entry.line, eraser, refused=entry.kind is Kind.REFUSED)
            found = found or person.is_customer(entry.key)
            place.count(1, found, alike and not found)
    elif path.suffix in _LINES:
        for line in lines(path):
            if line.strip():
                found, alike = _judge_line(line.strip(), eraser, refused=name.startswith(RAW_QUARANTINE))
                # a line of the console's may name one who asked, never a customer
                place.count(1, found and not name.startswith(_CONSOLE), alike or (found and name.startswith(_CONSOLE)))
    elif not name.endswith(("-wal", "-shm")):  # those are read with their database
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
        if head == _SQLITE:
            _scan_sqlite(path, person, place)
        elif head.startswith(_PARQUET) and name.startswith(RAW_QUARANTINE):
            rows, found_rows = packed.erased_refusals(path, eraser)
            place.count(rows.num_rows, found_rows)
        elif head.startswith(_PARQUET):
            scan_parquet(path, person, place)
        else:
            content = path.read_bytes()
            found = person.is_named_in(content)
            place.count(1, found, not found and person.may_be_in(content))


def _judge_line(line: bytes, eraser: Eraser, *, refused: bool) -> tuple[bool, bool]:
    """Whether a line names the person, and whether it only has the same characters in something else."""
    changed = eraser.refused(line) if refused else eraser.event(line)
    return changed is not None, changed is None and eraser.person.may_be_in(line)


class _Every(dict[Any, str]):
    """Pseudonyms of one who only reads: whatever is the person's has one."""

    def __init__(self, is_own: Callable[[Any], bool]) -> None:
        super().__init__()
        self._is_own = is_own

    def __contains__(self, name: object) -> bool:
        return self._is_own(name)

    def __missing__(self, _name: Any) -> str:
        return ""


def reading(person: Person) -> Eraser:
    """An eraser that changes whatever names the person, to find it."""
    sessions = _Every(lambda session: person.is_session(*session))
    return Eraser(person, Pseudonyms(_Every(person.is_customer), sessions))


def scan_parquet(path: packed.Source, person: Person, place: Place) -> None:
    """Read a file of a table, value by value."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        metadata = b"".join(part for pair in (file.metadata.metadata or {}).items() for part in pair)
        place.count(0, person.is_named_in(metadata))
        for batch in file.iter_batches(_ROWS):
            judged = [set[int](), set[int]()]
            for name in batch.schema.names:
                for row, value in _suspects(batch, name, person):
                    judged[0 if _names(name, value, batch, row, person) else 1].add(row)
            place.count(batch.num_rows, len(judged[0]), len(judged[1] - judged[0]))


def _suspects(batch: pa.RecordBatch, name: str, person: Person) -> Iterator[tuple[int, Any]]:
    """Rows of a column, with their values, in which an id may be."""
    import pyarrow as pa
    import pyarrow.compute as pc

    column = batch.column(name)
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if not (pa.types.is_string(column.type) or pa.types.is_binary(column.type)):
        return
    wanted = [pc.match_substring(column, spelling) for spelling in person.spellings]
    sessions = {session for _, session in person.sessions} | person.named_sessions
    if name == "session_id":
        wanted.append(pc.is_in(column, pa.array(sorted(sessions), column.type)))
    elif name in ("session_key", "visitor"):
        keys = {f"n:{namespace}/{session}" if namespace else f"s:{session}" for namespace, session in person.sessions}
        wanted.append(pc.is_in(column, pa.array(sorted(keys | {f"s:{name}" for name in sessions}), column.type)))
    for mask in wanted:
        for row in pc.indices_nonzero(mask).to_pylist():
            yield row, column[row].as_py()


def _names(column: str, value: Any, batch: pa.RecordBatch, row: int, person: Person) -> bool:
    """Whether a value of a table names the person."""
    if column == "customer_id":
        return person.is_customer(value)
    if column == "session_id":
        names = batch.schema.names
        namespace = batch.column("namespace")[row].as_py() if "namespace" in names else ""
        return person.is_session(namespace or "", value)
    if column in ("session_key", "visitor"):
        return person.is_visitor(value)
    if column == "attributes":
        return person.is_quoted_in(value)
    return column in _TEXTS and person.is_named_in(value)


def _scan_sqlite(path: Path, person: Person, place: Place) -> None:
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as database,
    ):
        dense = Path(folder) / "dense.sqlite"
        database.execute("vacuum into ?", (str(dense),))
        for (table,) in database.execute("select name from sqlite_schema where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"'):  # noqa: S608 - its own name, quoted
                texts = [value for value in row if isinstance(value, str)]
                found = any(_is_in(text, person) for text in texts)
                alike = not found and any(person.may_be_in(text.encode()) for text in texts)
                place.count(1, found, alike)
        stored = path.read_bytes() + _bytes_of(path.with_name(f"{path.name}-wal"))
        live = dense.read_bytes()
    spellings = (*person.spellings, *(pk.encode() for pk in person.history_pks))
    left = sum(max(0, stored.count(spelling) - live.count(spelling)) for spelling in spellings)
    place.count(0, left)


def _is_in(text: str, person: Person) -> bool:
    return person.is_customer(text) or person.is_quoted_in(text) or person.has_history(text)


def _bytes_of(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
