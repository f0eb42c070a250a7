"""Writes the sample year into a lake, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from catalogue.errors import LakeError, SettingsError
from pipeline.curate.raw import EVENTS, pack
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, SAMPLE, Lake
from pipeline.raw.files import ROWS
from pipeline.sample import budgets
from pipeline.sample.actions import EVENT_TYPES, VIEW, Actions, expand
from pipeline.sample.bill import write_bill
from pipeline.sample.holdout import held_out, without_recommendations
from pipeline.sample.lines import Writer, as_bytes
from pipeline.sample.people import arrivals
from pipeline.sample.refused import quarantined
from pipeline.sample.season import DAY_MS, DAYS, SPIKE_FACTOR, Bools, Calendar, Ints, calendar
from pipeline.sample.shop import Shop, open_shop
from pipeline.sample.visits import Visits, plan
from pipeline.transaction import Transaction

DUPLICATES = 0.001
BROKEN = 0.0005
PART_EVENTS = 250_000  # enough parts to be read in parallel, few enough to be opened quickly
FEWEST_EVENTS = 2_000  # below, a day has too few events to have a season
RESENT_WITHIN_MS = 600_000
_CORES = 2  # more would only cost memory: each part needs about 300 MiB

Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class SampleReport:
    """The counts of what was written: `received` = `distinct` + `duplicates` + `quarantined`. `end` is not included."""

    seed: int
    start: date
    end: date
    received: int
    distinct: int
    duplicates: int
    quarantined: int
    charges: int
    incidents: dict[str, object]


class _Part(NamedTuple):
    """Visits from `first` to `last` (not included), and how many of their events are repeated or broken."""

    number: int
    first: int
    last: int
    first_event: int
    duplicates: int
    broken: int
    first_broken: int


def generate(
    lake: Lake, *, events: int = 1_000_000, end: date, seed: int = 7, progress: Progress | None = None
) -> SampleReport:
    """Write a year of a shop's events, its refused records and its cloud bill into an empty lake.

    The same arguments give the same bytes.

    Parameters
    ----------
    lake : must hold no raw files
    events : records received in total, duplicates and refused ones included; exactly as many are written
    end : the day after the last full day; the first one is 396 days earlier
    progress : called with what is being done and the share done, 0 to 1

    Raises
    ------
    LakeError
        The lake holds data already, or is being written.
    SettingsError
        There are too few events to make a year, or the lake reports in another currency than the sample's.
    """
    if events < FEWEST_EVENTS:
        raise SettingsError(
            f"A sample year of {events} events is too small",
            where="events",
            remedy=f"Ask for {FEWEST_EVENTS} or more.",
        )
    if lake.settings.reporting_currency != "USD":
        raise SettingsError(
            f"The sample is in USD, the lake reports in {lake.settings.reporting_currency}",
            where=str(lake.root),
            remedy="Name a new folder with --lake DIR.",
        )
    with lake.writing():
        if any(lake.raw_files(area) for area in (RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND)):
            raise LakeError(
                "The lake holds data already", where=str(lake.root), remedy="Name a new folder with --lake DIR."
            )
        with lake.transaction() as change:
            return _write(lake, change, events, end, seed, progress or (lambda _what, _share: None))


def _write(lake: Lake, change: Transaction, events: int, end: date, seed: int, progress: Progress) -> SampleReport:
    duplicates, broken = round(events * DUPLICATES), round(events * BROKEN)
    progress("Planning visits", 0.0)
    when, shop = calendar(end), open_shop(seed)
    rng = np.random.default_rng([seed, 2])
    visits = plan(events - duplicates, arrivals(events - duplicates, when, shop, rng), when, rng)

    parts = list(_parts(visits, duplicates, broken))
    paths = [change.stage(f"{RAW_EVENTS}/imports/sample/part-{part.number:05d}{ROWS}") for part in parts]
    part_writer = _PartWriter(
        shop,
        when,
        visits,
        held_out(visits, end, seed),
        Writer(shop, when, seed),
        seed,
        lake.settings.reporting_currency,
    )
    daily = np.zeros((DAYS, len(EVENT_TYPES)), dtype=np.int64)
    refused: list[bytes] = []
    with ThreadPoolExecutor(_CORES) as pool:
        for done, (counts, lines) in enumerate(pool.map(part_writer.write, parts, paths), start=1):
            daily += counts
            refused += lines
            progress("Writing events", 0.1 + 0.85 * done / len(parts))
    _write_compressed(change.stage(f"{RAW_QUARANTINE}/imports/sample/part-00000.jsonl.zst"), b"".join(refused))

    progress("Writing the bill", 0.96)
    charges = write_bill(change.stage(f"{RAW_SPEND}/sample/part-00000.parquet"), daily, when)
    incidents: dict[str, object] = {
        "outage": {"start": when.instant(when.outage[0]).isoformat(), "end": when.instant(when.outage[1]).isoformat()},
        "spend_spike": {
            "days": [day.isoformat() for day in when.spike_days],
            "service": "Amazon Athena",
            "factor": SPIKE_FACTOR,
        },
        "black_friday": [day.isoformat() for day in when.black_fridays()],
    }
    report = SampleReport(
        seed=seed,
        start=when.start,
        end=end,
        received=events,
        distinct=events - duplicates - broken,
        duplicates=duplicates,
        quarantined=broken,
        charges=charges,
        incidents=incidents,
    )
    summary = {"events": events, **vars(report), "start": report.start.isoformat(), "end": end.isoformat()}
    change.stage(budgets.FILE).write_text(budgets.TEXT, encoding="utf-8")
    change.stage(SAMPLE).write_text(json.dumps(summary, indent=2) + "\n", encoding="utf-8")
    progress("Done", 1.0)
    return report


def _parts(visits: Visits, duplicates: int, broken: int) -> Iterator[_Part]:
    """The visits in parts of about `PART_EVENTS` events, with duplicates and broken records divided evenly."""
    running = np.cumsum(visits.events())
    total = int(running[-1])
    count = -(-total // PART_EVENTS)
    ends = [int(np.searchsorted(running, total * (n + 1) // count, side="left")) + 1 for n in range(count)]
    first = event = 0
    for number, last in enumerate(min(end, visits.size) for end in ends):
        after = int(running[last - 1])
        before = broken * event // total
        yield _Part(
            number,
            first,
            last,
            event,
            duplicates * after // total - duplicates * event // total,
            broken * after // total - before,
            before,
        )
        first, event = last, after


@dataclass(frozen=True)
class _PartWriter:
    """Everything that writing a part needs; read only, so that parts can be written at the same time."""

    shop: Shop
    when: Calendar
    visits: Visits
    held: Bools
    writer: Writer
    seed: int
    currency: str

    def write(self, part: _Part, path: Path) -> tuple[Ints, list[bytes]]:
        """Write one part; returns its events by day and type, and its quarantine lines."""
        rng = np.random.default_rng([self.seed, 3, part.number])
        visits = self.visits[part.first : part.last]
        events = expand(visits, self.shop, self.when, rng)

        views = np.flatnonzero(events.kind == VIEW)
        broken = np.sort(rng.choice(views, part.broken, replace=False))
        intact = np.ones(events.kind.size, dtype=bool)
        intact[broken] = False
        repeated = np.sort(
            rng.choice(np.flatnonzero(intact & self._can_repeat(events)), part.duplicates, replace=False)
        )
        # after all that is drawn, so that those who are not held out have the same year with and without the hold-out
        chance = np.random.default_rng([self.seed, 4, part.number])
        events = without_recommendations(events, visits, self.held[part.first : part.last], chance)
        lines = self.writer.lines(events, visits, part.first_event, part.first)
        later = events.received[repeated] + rng.integers(1_000, RESENT_WITHIN_MS, repeated.size)
        copies = self.writer.delayed(lines.take(pa.array(repeated)), later)
        _write_rows(path, *as_bytes(lines, without=broken), *copies)

        refused = quarantined(
            [line.encode().rstrip() for line in lines.take(pa.array(broken)).to_pylist()],
            [self.when.instant(int(moment)) for moment in events.received[broken]],
            first=part.first_broken,
            currency=self.currency,
        )
        cells = (events.at // DAY_MS) * len(EVENT_TYPES) + events.kind
        return np.bincount(cells, minlength=DAYS * len(EVENT_TYPES)).reshape(DAYS, -1), refused

    def _can_repeat(self, events: Actions) -> Bools:
        """Whether a second arrival would be inside the span and outside the outage."""
        down, up = self.when.outage
        latest = events.received + RESENT_WITHIN_MS
        return (latest < self.when.length_ms) & ((latest < down) | (events.received >= up))


def _write_rows(path: Path, *pieces: bytes | memoryview) -> None:
    """Write lines as the rows that curation reads in a fraction of the time."""
    lines = path.with_suffix(".jsonl")
    with lines.open("wb") as file:
        file.writelines(pieces)
    pack(EVENTS, [lines], path)
    lines.unlink()


def _write_compressed(path: Path, *pieces: bytes | memoryview) -> None:
    with pa.OSFile(str(path), "wb") as file, pa.CompressedOutputStream(file, "zstd") as stream:
        for piece in pieces:
            stream.write(piece)
