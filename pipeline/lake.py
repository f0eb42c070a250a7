"""The lake folder: its layout, its settings, and all-or-nothing changes to its files.

::

    lake/
      lake.toml                      reporting time zone and currency, retention (written once, edited by hand)
      budgets.toml                   how much the cloud may cost a month (the Budgets page, or edited by hand)
      sample.json                    present when the lake is for the sample year
      raw/events/…/*.jsonl.zst|.gz   accepted events, one canonical JSON object a line
      raw/events/dt=<day>/day-*.parquet     those of a day that is over, packed by curation; the sample's are rows, too
      raw/quarantine/…/*.jsonl.zst   refused records: original bytes (base64), reason, origin
      raw/spend/<source>/<provider>/<account>/<period>/*.parquet   FOCUS charge rows, one file a bill
      curated/<table>/<month>/*.parquet                    partitioned tables, one or several files a month
      curated/<table>/*.parquet                            the other tables
      curated/state.json             version, raw files already curated but packed days, data_as_of, row counts
      console/<table>/call_date=<day>/*.parquet            the console's own calls (console/metering)
      console/journal/*.jsonl        those that no file of a table holds yet, one line a call
      erasures.jsonl                 who was erased, by keyed hashes (pipeline/erasure)
      .journal.json                  a committed transaction that is still being applied
      .staging/                      files of transactions that are not committed

Every change but those below `console/` is one `Transaction`: a process killed before its commit leaves the old lake,
one killed after it leaves a journal that the next writer, or `Lake.recover`, carries out.
"""

from __future__ import annotations

import fcntl
import json
import os
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from catalogue.errors import LakeError, LakeMissing, SettingsError
from catalogue.files import atomic_write
from pipeline.transaction import JOURNAL, STAGING, Transaction, discard, finish

RAW_EVENTS = "raw/events"
RAW_QUARANTINE = "raw/quarantine"
RAW_SPEND = "raw/spend"
RAW_STREAM = "raw/stream"  # on AWS: events and refused records as the delivery stream writes them, by arrival
RAW_ERRORS = "raw-errors"  # on AWS: what the delivery stream could not deliver
CURATED = "curated"
STATE = "curated/state.json"
SETTINGS = "lake.toml"
SAMPLE = "sample.json"

_LOCK, _TRAINING_LOCK = ".lock", ".training.lock"


@dataclass(frozen=True)
class LakeSettings:
    """Settings that belong to a lake, not to a viewer: they decide what a day and an amount mean in it.

    Attributes
    ----------
    reporting_time_zone, reporting_currency : of days and of amounts
    retention_days : older events are refused
    confirm_public_orders : whether an order that a public key sent counts only once a secret key has sent a line of it
    fractional_quantities : whether quantities may have decimals, such as kilograms
    largest_amount : a purchase or refund line of more is held until a person accepts it; 0 for no limit
    """

    reporting_time_zone: str = "UTC"
    reporting_currency: str = "USD"
    retention_days: int = 1100
    confirm_public_orders: bool = False
    fractional_quantities: bool = False
    largest_amount: int = 1_000_000_000

    def __post_init__(self) -> None:
        for name, kind, written in (
            ("reporting_time_zone", str, "text in quotes"),
            ("reporting_currency", str, "text in quotes"),
            ("retention_days", int, "a whole number"),
            ("confirm_public_orders", bool, "true or false"),
            ("fractional_quantities", bool, "true or false"),
            ("largest_amount", int, "a whole number"),
        ):
            value = getattr(self, name)
            if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
                raise SettingsError(f"{name} is {value!r}", where=name, remedy=f"Write it as {written}.")
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
        if self.largest_amount < 0:
            raise SettingsError("The largest amount is negative", where="largest_amount", remedy="0 means no limit.")

    def as_toml(self) -> str:
        """The text of `lake.toml`."""
        return (
            "# What a day and an amount mean in this lake. Change before data arrives, or run a full curation after.\n"
            f'reporting_time_zone = "{self.reporting_time_zone}"\n'
            f'reporting_currency = "{self.reporting_currency}"\n'
            f"retention_days = {self.retention_days}\n"
            "# Whether an order sent with a public key counts only once a secret key has sent a line of it.\n"
            f"confirm_public_orders = {str(self.confirm_public_orders).lower()}\n"
            "# Whether quantities may have up to 3 decimals, such as kilograms.\n"
            f"fractional_quantities = {str(self.fractional_quantities).lower()}\n"
            "# A line of a larger amount is held until a person accepts it; 0 for no limit.\n"
            f"largest_amount = {self.largest_amount}\n"
        )

    def of_contract(self) -> dict[str, Any]:
        """The settings that decide which events are taken: as `Rules` and `Collector` name them."""
        return {
            "reporting_currency": self.reporting_currency,
            "retention_days": self.retention_days,
            "fractional_quantities": self.fractional_quantities,
            "largest_amount": Decimal(self.largest_amount) if self.largest_amount else None,
        }

    def of_curation(self) -> dict[str, str | bool]:
        """The settings that decide what the curated tables hold: parameters of `queries/curate`."""
        return {
            "reporting_time_zone": self.reporting_time_zone,
            "reporting_currency": self.reporting_currency,
            "confirm_public_orders": self.confirm_public_orders,
        }


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
            if any(entry.name not in (_LOCK, STAGING) for entry in root.iterdir()):
                raise LakeError(
                    "The folder holds files that are not a lake's",
                    where=str(root),
                    remedy="Name a new or empty folder with --lake DIR.",
                )
            atomic_write(root / SETTINGS, (settings or LakeSettings()).as_toml())
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
        LakeMissing
            There is no lake at `root`, or its `lake.toml` cannot be read.
        SettingsError
            A setting in `lake.toml` has a value that cannot be used.
        """
        root = Path(root).absolute()
        path = root / SETTINGS
        try:
            values = tomllib.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError) as error:
            raise LakeMissing(
                "There is no lake here",
                where=str(root),
                remedy="Check the path, or make an empty lake with `takings init DIR`, or `takings sample --lake DIR`.",
            ) from error
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise LakeMissing(
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
        """Whether the lake holds the sample year, or was made for it."""
        return (self.root / SAMPLE).exists()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lake's writer lock, after finishing or undoing what a killed writer left.

        Raises
        ------
        LakeError
            Another process is writing, or the folder cannot be written.
        """
        with self._only_one(_LOCK, "Another process is writing to the lake"):
            with self._translate_errors():
                finish(self.root)
                discard(self.root)
            yield

    @contextmanager
    def training(self) -> Iterator[None]:
        """Hold the lock of who learns from the lake: what was read of a person may not outlive the person's erasure.

        Raises
        ------
        LakeError
            Another process trains or erases, or the folder cannot be written.
        """
        with self._only_one(_TRAINING_LOCK, "Another process learns recommendations, or erases a person"):
            yield

    @contextmanager
    def _only_one(self, lock: str, what: str) -> Iterator[None]:
        with self._translate_errors():
            handle = (self.root / lock).open("a")
        with handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                remedy = "Wait until it ends, then try again."
                raise LakeError(what, where=str(self.root), remedy=remedy) from error
            yield

    @property
    def is_settled(self) -> bool:
        """Whether no committed change is still being moved into place.

        A reader that must not mix two versions asks before and after it opened the files.
        """
        return not (self.root / JOURNAL).exists()

    def recover(self) -> None:
        """Finish a committed transaction that a killed writer left behind; does nothing while a writer is at work."""
        if not self.is_settled:
            with suppress(LakeError), self.writing():
                pass

    @contextmanager
    def transaction(self, *, durable: bool = True) -> Iterator[Transaction]:
        """A transaction that commits when the block ends and is dropped when the block raises.

        Call it inside `writing()`; see `Transaction` for `durable`.

        Raises
        ------
        LakeError
            The folder cannot be written, for example because the disk is full.
        """
        with self._translate_errors():
            change = Transaction(self.root, durable=durable)
        try:
            yield change
            with self._translate_errors():
                change.commit()
        finally:
            change.close()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Raise an error of the disk as a LakeError that names the file."""
        try:
            yield
        except OSError as error:
            raise LakeError(
                f"The lake cannot be written: {error.strerror or error}",
                where=str(error.filename or self.root),
                remedy="Free space or mend the permissions, then try again: a change is made whole or not at all.",
            ) from error

    def raw_files(self, area: str) -> list[str]:
        """Files below one raw area, as sorted paths relative to the lake; a name that begins with . or _ is no data."""
        found = []
        for folder, _, files in os.walk(self.root / area):
            within = os.path.relpath(folder, self.root)
            found += [f"{within}/{name}" for name in files if name[0] not in "._"]
        return sorted(found)

    def state(self) -> dict[str, Any]:
        """What the last curation committed; empty before the first one.

        Raises
        ------
        LakeError
            The state file was damaged.
        """
        path = self.root / STATE
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except ValueError as error:
            raise LakeError(
                f"The state of the curated tables cannot be read: {error}",
                where=str(path),
                remedy="Remove the file, then run `python -m pipeline curate`.",
            ) from error
        return content
