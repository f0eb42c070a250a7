"""The lake folder: its layout, its settings, and all-or-nothing changes to its files.

::

    lake/
      lake.toml                      reporting time zone and currency, retention (written once, edited by hand)
      sample.json                    present when the lake holds the sample year
      raw/events/…/*.jsonl.zst|.gz   accepted events, one canonical JSON object a line
      raw/quarantine/…/*.jsonl.zst   refused records: original bytes (base64), reason, origin
      raw/spend/…/*.parquet          FOCUS charge rows
      curated/<table>/<partition>=<value>/data.parquet     partitioned tables
      curated/<table>/data.parquet                         tables of one file
      curated/state.json             version, raw files already curated, data_as_of, row counts
      .journal.json                  a committed transaction that is still being applied
      .staging/                      files of transactions that are not committed

A `Transaction` writes every file aside, then commits them all by one atomic rename of a journal, then moves them into
place. A process killed before the commit leaves the old lake; one killed after it leaves a journal that the next
opening replays. No reader ever opens half a file, because a file appears only by rename.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tomllib
import uuid
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pipeline.errors import LakeError, SettingsError

RAW_EVENTS = "raw/events"
RAW_QUARANTINE = "raw/quarantine"
RAW_SPEND = "raw/spend"
CURATED = "curated"
STATE = "curated/state.json"
SETTINGS = "lake.toml"
SAMPLE = "sample.json"

_JOURNAL = ".journal.json"
_STAGING = ".staging"
_LOCK = ".lock"
_SYNC_THREADS = 8  # fsync waits for the disk, not for a core


@dataclass(frozen=True)
class LakeSettings:
    """Settings that belong to a lake, not to a viewer: they decide what a day and an amount mean in it."""

    reporting_time_zone: str = "UTC"
    reporting_currency: str = "USD"
    retention_days: int = 1100

    def __post_init__(self) -> None:
        try:
            ZoneInfo(self.reporting_time_zone)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SettingsError(
                f"Time zone {self.reporting_time_zone!r} is unknown",
                where="reporting_time_zone",
                remedy="Use an IANA name such as Europe/London.",
            ) from error
        currency = self.reporting_currency
        if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.isupper()):
            raise SettingsError(
                f"Currency {currency!r} is not an ISO 4217 code",
                where="reporting_currency",
                remedy="Use three capital letters such as EUR.",
            )
        if self.retention_days < 1:
            raise SettingsError("Retention must be at least one day", where="retention_days")

    def as_toml(self) -> str:
        """The text of `lake.toml`."""
        return (
            "# What a day and an amount mean in this lake. Change before data arrives, or run a full curation after.\n"
            f'reporting_time_zone = "{self.reporting_time_zone}"\n'
            f'reporting_currency = "{self.reporting_currency}"\n'
            f"retention_days = {self.retention_days}\n"
        )


@dataclass(frozen=True)
class Lake:
    """A lake folder that exists. Made by `Lake.create` or `Lake.open`."""

    root: Path
    settings: LakeSettings

    @classmethod
    def create(cls, root: Path | str, settings: LakeSettings | None = None) -> Lake:
        """Open the lake at `root`, making an empty one where there is none.

        Raises
        ------
        LakeError
            `root` holds other files, or cannot be written.
        """
        root = Path(root).absolute()
        if (root / SETTINGS).exists():
            return cls.open(root)
        try:
            root.mkdir(parents=True, exist_ok=True)
            if any(entry.name not in (_LOCK, _STAGING) for entry in root.iterdir()):
                raise LakeError(
                    "The folder holds files that are not a lake's",
                    where=str(root),
                    remedy="Name a new or empty folder with --lake DIR.",
                )
            chosen = settings or LakeSettings()
            aside = root / f".{SETTINGS}.{uuid.uuid4().hex}"
            aside.write_text(chosen.as_toml(), encoding="utf-8")
            aside.replace(root / SETTINGS)
        except OSError as error:
            raise LakeError(
                f"The lake folder cannot be written: {error.strerror}",
                where=str(root),
                remedy="Name another folder with --lake DIR.",
            ) from error
        return cls.open(root)

    @classmethod
    def open(cls, root: Path | str) -> Lake:
        """Open an existing lake.

        Raises
        ------
        LakeError
            There is no lake at `root`, or its `lake.toml` cannot be read.
        """
        root = Path(root).absolute()
        path = root / SETTINGS
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise LakeError(
                "There is no lake here",
                where=str(root),
                remedy="Make one with `python -m pipeline sample --lake DIR` or `python -m pipeline import …`.",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise LakeError(
                f"The lake's settings cannot be read: {error}", where=str(path), remedy="Mend the file by hand."
            ) from error
        known = set(LakeSettings.__dataclass_fields__)
        unknown = sorted(set(values) - known)
        if unknown:
            raise SettingsError(
                f"Unknown setting {unknown[0]!r}",
                where=str(path),
                remedy=f"Known settings: {', '.join(sorted(known))}.",
            )
        return cls(root, LakeSettings(**values))

    @property
    def is_sample(self) -> bool:
        """Whether the lake holds the sample year."""
        return (self.root / SAMPLE).exists()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lake's writer lock, after finishing or undoing what a killed writer left.

        Raises
        ------
        LakeError
            Another process is writing.
        """
        with (self.root / _LOCK).open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise LakeError(
                    "Another process is writing to the lake",
                    where=str(self.root),
                    remedy="Wait until it ends, then try again.",
                ) from error
            self._recover()
            yield

    def recover(self) -> None:
        """Finish a committed transaction that a killed writer left behind; does nothing while a writer is at work."""
        if (self.root / _JOURNAL).exists():
            with suppress(LakeError), self.writing():
                pass

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Change files all or nothing: commits when the block ends, forgets everything when it raises.

        Call it inside `writing()`.
        """
        change = Transaction(self.root)
        try:
            yield change
            change.commit()
        except BaseException:
            change.abandon()
            raise

    def _recover(self) -> None:
        journal = self.root / _JOURNAL
        if journal.exists():
            _apply(self.root, json.loads(journal.read_text(encoding="utf-8")))
        shutil.rmtree(self.root / _STAGING, ignore_errors=True)

    def raw_files(self, area: str) -> list[str]:
        """Files below one raw area, as sorted paths relative to the lake."""
        base = self.root / area
        return sorted(str(path.relative_to(self.root)) for path in base.rglob("*") if path.is_file())

    def state(self) -> dict[str, object]:
        """What the last curation committed; empty before the first one."""
        try:
            content: dict[str, object] = json.loads((self.root / STATE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        return content


class Transaction:
    """Files written aside and committed together."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._folder = root / _STAGING / uuid.uuid4().hex
        self._folder.mkdir(parents=True)
        self._moves: list[tuple[str, str]] = []
        self._removals: list[str] = []
        self._committed = False

    @property
    def folder(self) -> Path:
        """A scratch folder on the lake's own disk, gone after the transaction."""
        return self._folder

    def stage(self, target: str) -> Path:
        """Where to write the file that will appear at `target` (relative to the lake) on commit."""
        path = self._folder / f"file-{len(self._moves):06d}"
        self._moves.append((str(path.relative_to(self._root)), target))
        return path

    def adopt(self, written: Path, target: str) -> None:
        """Let a file already written below `folder` appear at `target` on commit."""
        self._moves.append((str(written.relative_to(self._root)), target))

    def remove(self, target: str) -> None:
        """Let the file at `target` disappear on commit."""
        self._removals.append(target)

    def commit(self) -> None:
        """Make every staged file and removal visible. The rename of the journal is the moment of truth."""
        moves = [move for move in self._moves if (self._root / move[0]).exists()]
        _sync_files([self._root / source for source, _ in moves])
        plan = {"moves": moves, "removals": self._removals, "staging": str(self._folder.relative_to(self._root))}
        aside = self._folder / "journal"
        aside.write_text(json.dumps(plan), encoding="utf-8")
        _sync_files([aside])
        aside.replace(self._root / _JOURNAL)
        _sync_files([self._root])
        self._committed = True
        _apply(self._root, plan)

    def abandon(self) -> None:
        """Forget everything that was staged; does nothing once committed."""
        if not self._committed:
            shutil.rmtree(self._folder, ignore_errors=True)


def _apply(root: Path, plan: dict[str, object]) -> None:
    """Carry out a committed plan. Safe to repeat: a move that was made finds no source any more."""
    parents: set[Path] = {root}
    moves: Sequence[tuple[str, str]] = plan["moves"]  # type: ignore[assignment]
    for source, target in moves:
        written, place = root / source, root / target
        if place.parent not in parents:
            place.parent.mkdir(parents=True, exist_ok=True)
            parents.add(place.parent)
        with suppress(FileNotFoundError):
            written.replace(place)
    removals: Sequence[str] = plan["removals"]  # type: ignore[assignment]
    for target in removals:
        (root / target).unlink(missing_ok=True)
        parents.add((root / target).parent)
    _sync_files([parent for parent in parents if parent.exists()])
    (root / _JOURNAL).unlink(missing_ok=True)
    shutil.rmtree(root / str(plan["staging"]), ignore_errors=True)


def _sync_files(paths: Sequence[Path]) -> None:
    """Force files or folders to the disk, several at a time."""

    def sync(path: Path) -> None:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    if len(paths) <= 1:
        for path in paths:
            sync(path)
        return
    with ThreadPoolExecutor(_SYNC_THREADS) as pool:
        list(pool.map(sync, paths))
