"""What a year of minute files costs: a day after 1, 30, 100 and 365 days, one minute, a late event, and an outage.

A shop whose server runs all year has 525,600 raw files of events. They come day by day here, and each day is curated
and packed once, with the clock of its end. Beside that, one more minute is curated as the server does it, and an event
that comes late. An outage leaves all files of a year to one run. Processor seconds are the same on a machine that
others use too.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pyarrow as pa

from bench.options import Options, Record, peak_memory_mib, record
from catalogue.parquet import files_of
from catalogue.tables import CURATED_TABLES
from pipeline.contract.events import encode
from pipeline.contract.shape import Event
from pipeline.curate import curate
from pipeline.curate.status import account
from pipeline.lake import RAW_EVENTS, STATE, Lake

ROOT = Path(__file__).resolve().parent.parent
FIRST = datetime(2025, 12, 1, tzinfo=UTC)
DAYS = 365
MINUTES = 1_440  # of a day: its files
MEASURED = (1, 30, 100, DAYS)
_OVER = timedelta(days=1, hours=2)  # after a day's midnight, when it is packed
_TRIES = 3
_LATE_DAYS = 335  # eleven months
_CODEC = pa.Codec("zstd", 3)


def measure(options: Options) -> Iterator[Record]:
    """Seconds of a day, of a minute and of late events, bytes of the state and files; then an outage of a year."""
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        yield from year(Lake.create(Path(folder) / "lake"), DAYS)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        lake = Lake.create(Path(folder) / "lake")
        for day in range(DAYS):
            write_day(lake, day)
        child = [sys.executable, "-m", "bench.minutes", str(lake.root)]
        found = json.loads(subprocess.run(child, capture_output=True, text=True, check=True, cwd=ROOT).stdout)
        took = _Seconds(found.pop("clock"), found.pop("processor"))
        yield _record("minutes.outage", took, days=DAYS, **found)


def year(lake: Lake, days: int) -> Iterator[Record]:
    """Let days of minutes come one after the other; measures some of them."""
    spent = _Seconds(0.0, 0.0)
    for day in range(days):
        write_day(lake, day)
        took = _timed(lake, _end(day))
        spent = _Seconds(spent.clock + took.clock, spent.processor + took.processor)
        if day + 1 in MEASURED:
            yield _record("minutes.day", took, day=day + 1, files=MINUTES, **_sizes(lake))
            yield _record("minutes.minute", _late(lake, day, day), day=day + 1, files=1)
    last = days - 1
    yield _record("minutes.late", _late(lake, last, last - 1), days_ago=1)
    long_ago = min(_LATE_DAYS, last)
    yield _record("minutes.late", _late(lake, last, last - long_ago), days_ago=long_ago)
    found = account(lake)
    if not found.holds or found.waiting.records:
        raise RuntimeError(f"Records were lost: {found}")
    yield _record("minutes.all_days", spent, days=days, files=days * MINUTES, events=found.accepted)


class _Seconds(NamedTuple):
    """By the clock, and those that all threads of this process used a processor."""

    clock: float
    processor: float


def _record(bench: str, took: _Seconds, **more: object) -> Record:
    return record(bench, took.clock, "s", processor_seconds=round(took.processor, 3), **more)


def write_day(lake: Lake, day: int) -> None:
    """The files of a day, as the stream's writer makes them: one or two events each."""
    for minute in range(MINUTES):
        number = day * MINUTES + minute
        at = FIRST + timedelta(minutes=number)
        events = [_event(number, at), *([_event(number, at, "second")] if number % 2 else [])]
        write_file(lake, at, f"stream-{number:015d}", events)


def write_file(lake: Lake, at: datetime, name: str, events: list[Event]) -> None:
    """One raw file, in the folder of its hour."""
    folder = lake.root / RAW_EVENTS / f"dt={at:%Y-%m-%d}" / f"hour={at:%H}"
    folder.mkdir(parents=True, exist_ok=True)
    lines = b"".join(encode(event) + b"\n" for event in events)
    (folder / f"{name}.jsonl.zst").write_bytes(_CODEC.compress(lines, asbytes=True))


def _event(number: int, at: datetime, second: str = "") -> Event:
    """Each visit has four events of four minutes; every tenth event is an order."""
    given: dict[str, Any] = {
        "event_id": f"{number:07d}{second}",
        "occurred_at": at,
        "received_at": at + timedelta(seconds=1),
        "customer_id": f"c{number // 4 * 7919 % 5_000}",
        "session_id": f"s{number // 4}",
        "product_id": f"p{number % 200}",
        "source": "native",
    }
    if number % 10 or second:
        return Event(event_type="product_view", **given)
    price = Decimal("19.9000")
    return Event(
        event_type="purchase", order_id=f"o{number}", quantity=Decimal(1), unit_price=price, currency="USD", **given
    )


def _end(day: int) -> datetime:
    return FIRST + timedelta(days=day) + _OVER


def _timed(lake: Lake, now: datetime) -> _Seconds:
    started, used = time.perf_counter(), time.process_time()
    curate(lake, now=now)
    return _Seconds(time.perf_counter() - started, time.process_time() - used)


def _late(lake: Lake, today: int, day: int) -> _Seconds:
    """What it takes to curate one more file of one event that a day gets, and to pack it: the median of some."""
    took = []
    for number in range(_TRIES):
        at = FIRST + timedelta(days=day, hours=12, seconds=number)
        late = f"late-{today}-{day}-{number}"
        event = Event(
            event_id=late,
            event_type="product_view",
            occurred_at=at,
            received_at=at,
            customer_id=late,
            session_id=late,
            product_id="p1",
            source="native",
        )
        write_file(lake, at, late, [event])
        took.append(_timed(lake, _end(today)))
    return _Seconds(*map(median, zip(*took, strict=True)))


def _sizes(lake: Lake) -> Record:
    """Bytes of the state, raw files, and files of curated tables."""
    tables = (files_of(lake.root, table) for table in CURATED_TABLES)
    return {
        "state_bytes": (lake.root / STATE).stat().st_size,
        "raw_files": len(lake.raw_files(RAW_EVENTS)),
        "curated_files": sum(len(files) for table in tables for files in table.values()),
    }


def outage(root: Path) -> Record:
    """Curate all raw files of a lake in one run: its seconds, the peak of memory, and sizes after it."""
    lake = Lake.open(root)
    files = len(lake.raw_files(RAW_EVENTS))
    took = _timed(lake, _end(DAYS - 1))
    return {**took._asdict(), "files": files, "peak_mib": peak_memory_mib(), **_sizes(lake)}


if __name__ == "__main__":
    print(json.dumps(outage(Path(sys.argv[1]))))
