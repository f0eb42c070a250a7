"""``python -m bench [NAME …] [--events N …]``: run benchmarks; one JSON object a line."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
from datetime import UTC, datetime
from pathlib import Path

from bench.options import Options, line

NAMES = (
    "startup",
    "curation",
    "minutes",
    "spark_curation",
    "importing",
    "spend_import",
    "collector",
    "stream",
    "live",
    "http",
    "handlers",
    "recommendations",
    "tracker",
    "live_units",
    "forecast",
    "recommend_training",
    "aa",
    "recommendation_quality",
    "pages",
    "spend_page",
    "browser",
    "scan_cost",
)
ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Run the benchmarks named, all by default."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of {', '.join(NAMES)}")
    parser.add_argument("--events", type=int, nargs="+", default=[1_000_000, 10_000_000], help="lake sizes")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench", help="where lakes are kept")
    parser.add_argument("--against", type=Path, help="checkout of another commit: curation is measured there, too")
    parsed = parser.parse_args()
    unknown = sorted(set(parsed.names) - set(NAMES))
    if unknown:
        parser.error(f"no benchmark {unknown[0]}; there are {', '.join(NAMES)}")
    options = Options(parsed.events, parsed.folder, parsed.against)
    machine = {"python": platform.python_version(), "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    print(line({"bench": "run", "at": datetime.now(UTC).isoformat(timespec="seconds"), **machine}), flush=True)
    for name in parsed.names or NAMES:
        for record in importlib.import_module(f"bench.{name}").measure(options):
            print(line(record), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
