"""Compares the records of the raw files, counted line by line, with the curated tables.

Curation counts records too; this counts them again, from the files alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalogue.errors import CurationError
from catalogue.parquet import select_all
from pipeline.curate.curated_files import curated_names
from pipeline.curate.waiting import WaitingRecords, waiting
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, Lake
from pipeline.raw.files import record_count


@dataclass(frozen=True)
class RecordAccount:
    """Counts of the raw records and of the curated ones.

    Attributes
    ----------
    raw_events, raw_quarantine : lines in the raw files that are curated
    waiting : what was acknowledged and is not curated yet
    accepted, duplicates, quarantined : rows of the curated tables
    """

    raw_events: int
    raw_quarantine: int
    waiting: WaitingRecords
    accepted: int
    duplicates: int
    quarantined: int

    @property
    def received(self) -> int:
        """Records that ever reached the lake."""
        return self.raw_events + self.raw_quarantine

    @property
    def holds(self) -> bool:
        """Whether received = accepted + duplicates + quarantined."""
        return self._lost == 0

    @property
    def _lost(self) -> int:
        return self.received - self.accepted - self.duplicates - self.quarantined

    def lines(self) -> list[str]:
        """The account as text."""
        return [
            f"received     {self.received:>12,}   counted in the raw files",
            f"accepted     {self.accepted:>12,}   events, each once",
            f"duplicates   {self.duplicates:>12,}   further copies of the same event id",
            f"quarantined  {self.quarantined:>12,}   refused, kept with bytes and reason",
            *self._waiting(),
            "The conservation law holds."
            if self.holds
            else f"The conservation law is broken by {self._lost:,} records.",
            *(
                [f"{self.waiting.files:,} raw files wait for `python -m pipeline curate`."]
                if self.waiting.files
                else []
            ),
        ]

    def _waiting(self) -> list[str]:
        waiting = self.waiting
        if not waiting.records:
            return []
        oldest = f"; the oldest in the log is of {waiting.oldest:%Y-%m-%d %H:%M:%S} UTC" if waiting.oldest else ""
        kinds = f"{waiting.events:,} events, {waiting.refused:,} refused"
        whole = self.received + waiting.records
        return [
            f"acknowledged, not yet curated: {waiting.records:,} ({kinds}{oldest})",
            f"acknowledged in all: {whole:,} = {self.received:,} received above + {waiting.records:,} not yet curated",
        ]


def account(lake: Lake) -> RecordAccount:
    """Count the raw lines of all curated files and the rows of the curated tables."""
    import duckdb

    events, refused = (curated_names(lake, lake.raw_files(area)) for area in (RAW_EVENTS, RAW_QUARANTINE))
    with duckdb.connect(":memory:") as connection:

        def count(table: str, columns: str) -> tuple[int, ...]:
            found = connection.execute(f"select {columns} from ({select_all(lake.root, table)})").fetchone()
            return tuple(map(int, found or ()))

        accepted, copies = count("events", "count(*), coalesce(sum(copies), 0)")
        (quarantined,) = count("quarantine", "count(*)")
    return RecordAccount(
        raw_events=_records(lake, events),
        raw_quarantine=_records(lake, refused),
        waiting=waiting(lake),
        accepted=accepted,
        duplicates=copies - accepted,
        quarantined=quarantined,
    )


def _records(lake: Lake, files: Iterable[str]) -> int:
    """How many records some raw files hold."""
    return sum(record_count(lake.root / name) for name in files)


def require_conservation(
    received: int, accepted: int, duplicates: int, quarantined: int, *, where: str, remedy: str
) -> None:
    """Refuse counts of which records are missing.

    Raises
    ------
    CurationError
        received is not accepted + duplicates + quarantined.
    """
    if received != accepted + duplicates + quarantined:
        raise CurationError(
            f"Records would be lost: received {received:,} is not accepted {accepted:,}"
            f" + duplicates {duplicates:,} + quarantined {quarantined:,}",
            where=where,
            remedy=remedy,
        )
