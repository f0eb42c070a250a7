"""How long a handler takes to import in a fresh process: the part of a cold start that is ours."""

from __future__ import annotations

import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, record

ROOT = Path(__file__).resolve().parent.parent

HANDLERS = ("collector", "live", "recommendations")
RUNS = 7

_PROGRAM = """
import time
begun = time.perf_counter()
import pipeline.handlers.{name}
print((time.perf_counter() - begun) * 1000)
"""


def measure(_options: Options) -> Iterator[Record]:
    """The median of `RUNS` cold imports of each handler, after a first one that compiles."""
    for name in HANDLERS:
        command = [sys.executable, "-c", _PROGRAM.format(name=name)]
        times = [
            float(subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True).stdout)
            for _ in range(RUNS + 1)
        ]
        yield record(f"handler.{name}.cold_import", statistics.median(times[1:]), "ms")
