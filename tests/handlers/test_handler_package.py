"""A handler stays small: what importing one in a fresh process brings along. `bench/handlers.py` measures the time."""

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


@pytest.mark.parametrize("name", ["collector", "live"])
def test_importing_a_handler_loads_nothing_heavy_and_starts_nothing(name: str):
    program = (
        "import sys, threading\n"
        f"import pipeline.handlers.{name}\n"
        f"print(','.join(each for each in {HEAVY!r} if each in sys.modules))\n"
        "print(threading.active_count())\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, env={"PATH": ""}, check=True
    )
    assert result.stdout.splitlines() == ["", "1"]
