"""A bounded run of the coverage-guided fuzzer; run it longer by hand with ``-runs=``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.load
def test_the_fuzzer_finds_no_5xx_no_loss_and_no_growth_of_memory(tmp_path: Path):
    pytest.importorskip("atheris", reason="atheris has no wheel for this Python or system")
    target = Path(__file__).with_name("fuzz_collector.py")
    done = subprocess.run(
        [sys.executable, str(target), "-runs=5000", f"-artifact_prefix={tmp_path}/"],
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert "Done 5000 runs" in done.stderr
