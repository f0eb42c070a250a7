"""Script runs of every page through `AppTest`, at each size, in a process of its own: first view, again, memory.

A first view is one that nobody asked for before: other dates or another region each time. *Again* is the same view with
its answers in the cache, as after a click on something that changes nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, peak_memory_mib, percentile, record

ROOT = Path(__file__).resolve().parent.parent
PAGES = (
    "brief", "revenue", "products", "recommendations", "budgets", "savings", "unit_costs", "tiers", "own_cost",
    "definitions",
)  # fmt: skip
VIEWS: tuple[dict[str, list[str]], ...] = (
    {},
    {"period": ["7d"]},
    {"period": ["90d"], "compare": ["previous", "year"]},
    {"period": ["12m"]},
    {"period": ["12m"], "compare": ["previous", "year"]},
    {"period": ["90d"], "region": ["UK", "France"]},
    {"period": ["28d"], "category": ["Home", "Kitchen"]},
    {"period": ["month"], "channel": ["web"]},
    {"period": ["ytd"], "region": ["Germany"]},
    {"period": ["all"]},
)
AGAIN = 5


def measure(options: Options) -> Iterator[Record]:
    """p95 of first and repeated views by page and size, and the process's peak memory."""
    for events in options.sizes:
        environment = os.environ | {"TAKINGS_LAKE": str(options.lake(events))}
        command = [sys.executable, "-m", "bench.pages", str(events)]
        output = subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True).stdout
        yield from (json.loads(line) for line in output.splitlines())


def _run(events: int) -> Iterator[Record]:
    """Measured inside the process that holds the lake."""
    from streamlit.testing.v1 import AppTest

    from console import wiring
    from console.kit import gc_tuning

    started = time.perf_counter()
    wiring.viewer().ask("lake/days")
    yield record("lake.open", (time.perf_counter() - started) * 1000, "ms", events=events)
    for name in PAGES:
        first, again = [], []
        for number, view in enumerate(({"warm": ["up"]}, *VIEWS)):
            page = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=60)
            for key, values in view.items():
                page.query_params[key] = values
            wiring.viewer().cache.clear()
            started = time.perf_counter()
            page.run()
            elapsed = (time.perf_counter() - started) * 1000
            assert not page.exception, (name, view, page.exception)
            if number:
                first.append(elapsed)
            else:  # the very first run imports pandas and the rest: that is start-up
                gc_tuning.tune_garbage_collector()  # as the server does then
            for _ in range(AGAIN if number else 0):
                started = time.perf_counter()
                page.run()
                again.append((time.perf_counter() - started) * 1000)
        for kind, values in (("first", first), ("again", again)):
            yield record(f"page.{name}.{kind}_p95", percentile(values, 0.95), "ms", events=events)
            yield record(f"page.{name}.{kind}_median", percentile(values, 0.5), "ms", events=events)
    yield record("page.memory_peak", peak_memory_mib(), "MiB", events=events)


if __name__ == "__main__":
    for measured_record in _run(int(sys.argv[1])):
        print(json.dumps(measured_record), flush=True)
