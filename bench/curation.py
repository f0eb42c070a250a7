"""How fast raw events become curated tables: a first curation of the sample year, and a small one after it.

Beside it, where it is given, another checkout curates the raw files that it writes of the same sample itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from bench.options import Options, Record, peak_memory_mib, record
from pipeline.contract.events import encode
from pipeline.contract.shape import Event
from pipeline.curate import curate
from pipeline.lake import RAW_EVENTS, Lake

ROOT = Path(__file__).resolve().parent.parent
LATE_EVENTS = 1_000  # what an hour brings, spread over the last days


def measure(options: Options) -> Iterator[Record]:
    """Events a second, seconds of each step and peak memory, at every size; beside a plain DuckDB script's."""
    for events in options.sizes:
        raw = options.lake(events) / "raw"
        earlier = _curated(options, _sample_of(options, events), options.against) if options.against else None
        found = _curated(options, raw, ROOT)
        plain = _plain(options, raw)
        yield record("curation.events_per_second", events / found["seconds"], "events/s", events=events, **found)
        yield record("curation.memory_peak", found["peak_mib"], "MiB", events=events)
        yield record("curation.small_batch", found["small_seconds"], "s", events=events, new_events=LATE_EVENTS)
        yield record("curation.times_as_fast_as_plain", plain / found["seconds"], "", events=events, plain=plain)
        if earlier is not None:
            rates = {"first": earlier["seconds"] / found["seconds"]}
            rates["small_batch"] = earlier["small_seconds"] / found["small_seconds"]
            rates["first_processor"] = earlier["processor_seconds"] / found["processor_seconds"]
            yield record(
                "curation.times_as_fast_as_earlier", rates["first"], "", events=events, **rates, earlier=earlier
            )


def _sample_of(options: Options, events: int) -> Path:
    """The raw files of the same sample as the other checkout writes them, made once."""
    folder = options.folder / "earlier"
    code = "import sys, pathlib, bench.options as o; o.Options([], pathlib.Path(sys.argv[1])).lake(int(sys.argv[2]))"
    subprocess.run([sys.executable, "-c", code, str(folder), str(events)], check=True, cwd=options.against)
    return folder / f"sample-{events}" / "raw"


def _curated(options: Options, raw: Path, checkout: Path) -> dict[str, Any]:
    """What `run` of a checkout says of a new lake with these raw files."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        lake = Lake.create(Path(folder) / "lake")
        (lake.root / "raw").symlink_to(raw)
        # a process of its own: what others used does not count as its peak
        child = [sys.executable, "-m", "bench.curation", str(lake.root)]
        done = subprocess.run(child, capture_output=True, text=True, check=True, cwd=checkout)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def _plain(options: Options, raw: Path) -> float:
    """Seconds of the plain script."""
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        lake = Lake.create(Path(folder) / "lake")
        (lake.root / "raw").symlink_to(raw)
        child = [sys.executable, "-m", "bench.plain_curation", str(lake.root), folder]
        done = subprocess.run(child, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(done.stdout)


def run(root: Path) -> Record:
    """Curate a lake that has raw files alone, then a small batch; seconds, seconds of each step, peak memory."""
    lake = Lake.open(root)
    steps: dict[str, float] = {}
    moment, current = time.perf_counter(), "Starting"

    def tell(step: str, _share: float) -> None:
        nonlocal moment, current
        now = time.perf_counter()
        steps[current] = round(steps.get(current, 0.0) + now - moment, 3)
        moment, current = now, step

    started, used = time.perf_counter(), time.process_time()
    curate(lake, progress=tell)
    seconds, processor = time.perf_counter() - started, time.process_time() - used
    small = _small_batch(lake)
    peak = peak_memory_mib()
    return {
        "seconds": seconds,
        "processor_seconds": processor,
        "small_seconds": small,
        "peak_mib": peak,
        "steps": steps,
    }


def _small_batch(lake: Lake) -> float:
    """Seconds to curate an hour's events on top; the raw folder is replaced by a real one to hold them."""
    standing = (lake.root / "raw").resolve()
    (lake.root / "raw").unlink()
    # of today: a day that is over would be packed at once, as it is once a day
    folder = lake.root / RAW_EVENTS / f"dt={datetime.now(UTC):%Y-%m-%d}" / "hour=23"
    folder.mkdir(parents=True)
    for area in standing.rglob("*"):
        if area.is_file():
            place = lake.root / "raw" / area.relative_to(standing)
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(area)
    events = [
        Event(
            event_id=sha256(f"{number}".encode()).hexdigest()[:16],  # among those of the lake, as ids are
            event_type="product_view",
            occurred_at=datetime(2026, 11, 19 + number % 3, 12, number // 60 % 60, number % 60, tzinfo=UTC),
            received_at=datetime(2026, 11, 22, tzinfo=UTC),
            customer_id=sha256(f"{number % 100}".encode()).hexdigest()[:9],
            product_id="late",
            source="native",
        )
        for number in range(LATE_EVENTS)
    ]
    (folder / "late.jsonl").write_bytes(b"".join(encode(event) + b"\n" for event in events))
    started = time.perf_counter()
    curate(lake)
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(run(Path(sys.argv[1]))))
