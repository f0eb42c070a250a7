"""Compares the records of the raw files, counted line by line, with the curated tables.

Curation counts records too; this counts them again, from the files alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipeline.lake import CURATED, RAW_EVENTS, RAW_QUARANTINE, Lake
from pipeline.raw.files import lines


@dataclass(frozen=True)
class RecordAccount:
    """Counts of the raw records and of the curated ones.

    Attributes
    ----------
    raw_events, raw_quarantine : lines in the raw files that are curated
    waiting : raw files that are not curated yet
    accepted, duplicates, quarantined : rows of the curated tables
    """

    raw_events: int
    raw_quarantine: int
    waiting: int
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
            "The conservation law holds."
            if self.holds
            else f"The conservation law is broken by {self._lost:,} records.",
            *([f"{self.waiting:,} raw files wait for `python -m pipeline curate`."] if self.waiting else []),
        ]


def account(lake: Lake) -> RecordAccount:
    """Count the raw lines of all curated files and the rows of the curated tables."""
    import duckdb

    known = lake.state().get("raw_files", [])
    curated = set(known) if isinstance(known, list) else set()
    raw = {area: lake.raw_files(area) for area in (RAW_EVENTS, RAW_QUARANTINE)}
    counted = {area: sum(_count(lake.root / name) for name in names if name in curated) for area, names in raw.items()}
    waiting = sum(1 for names in raw.values() for name in names if name not in curated)
    events = str(lake.root / CURATED / "events" / "*" / "data.parquet")
    refused = str(lake.root / CURATED / "quarantine" / "*" / "data.parquet")
    with duckdb.connect(":memory:") as connection:
        accepted, copies = 0, 0
        if any((lake.root / CURATED / "events").glob("*/data.parquet")):
            found = connection.execute(
                "select count(*), coalesce(sum(copies), 0) from read_parquet(?)", [events]
            ).fetchone()
            accepted, copies = (int(found[0]), int(found[1])) if found else (0, 0)
        quarantined = 0
        if any((lake.root / CURATED / "quarantine").glob("*/data.parquet")):
            row = connection.execute("select count(*) from read_parquet(?)", [refused]).fetchone()
            quarantined = int(row[0]) if row else 0
    return RecordAccount(
        counted[RAW_EVENTS], counted[RAW_QUARANTINE], waiting, accepted, copies - accepted, quarantined
    )


def _count(path: Path) -> int:
    return sum(1 for line in lines(path) if line.strip())
