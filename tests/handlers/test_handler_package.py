"""A handler stays small: of the catalogue it loads the smallest modules. `bench/handlers.py` measures the time."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.paths import ROOT

HEAVY = (
    "pandas",
    "pyarrow",
    "duckdb",
    "streamlit",
    "numpy",
    "sqlglot",
    "boto3",
    "aws_xray_sdk",
    "uvicorn",
    "starlette",
)


LIGHT = frozenset({"catalogue.clock", "catalogue.errors", "catalogue.files"})
CONSOLE = {"console", "console.handlers", "console.handlers.environment", "console.settings"}
ON_A_SCHEDULE = {
    "pipeline.handlers.shards": LIGHT,
    "pipeline.handlers.warehouse": LIGHT | {"catalogue.redshift", "catalogue.tables", "catalogue.warehouse"},
    "console.handlers.own_calls": LIGHT | CONSOLE,
    "console.handlers.cost_snapshot": LIGHT | CONSOLE,
}


@pytest.mark.parametrize(
    "name",
    ["pipeline.handlers.collector", "pipeline.handlers.live", "pipeline.handlers.recommendations", *ON_A_SCHEDULE],
)
def test_importing_a_handler_loads_nothing_heavy_and_starts_nothing(name: str):
    program = (
        "import sys, threading\n"
        f"import {name}\n"
        f"print(','.join(name for name in {HEAVY!r} if name in sys.modules))\n"
        "print(','.join(sorted(name for name in sys.modules if name.startswith(('catalogue.', 'console')))))\n"
        "print(threading.active_count())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env={"PATH": ""}, check=True
    )
    heavy, ours, threads = result.stdout.splitlines()
    assert (heavy, threads) == ("", "1")
    loaded = {module for module in ours.split(",") if not module.startswith("catalogue.tables.")} - {name}
    assert loaded <= ON_A_SCHEDULE.get(name, LIGHT)
