"""A server that is stopped while it still asks its lake ends without a word."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pipeline.lake import Lake
from tests.support.paths import ROOT

pytestmark = pytest.mark.slow

START_SECONDS = 60
SERVES = """
import sys
import threading
import app
from console.budgets import answer

def overview(viewer, *_others, **_options):
    viewer.ask("lake/days")
    print("working", flush=True)
    threading.Event().wait(2)  # work that is not over when the server stops

answer.overview = overview
app.QUIET_SECONDS = 0.0  # it is begun at once
app.serve("127.0.0.1", int(sys.argv[1]))
"""


def test_a_server_that_is_stopped_while_it_works_ahead_ends_quietly(tmp_path: Path) -> None:
    lake = Lake.create(tmp_path / "lake").root
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = os.environ | {"TAKINGS_LAKE": str(lake), "PYTHONPATH": str(ROOT)}
    said = tmp_path / "said"
    with said.open("w") as printed:
        command = [sys.executable, "-c", SERVES, str(port)]
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=printed, stderr=printed)
        _wait_for("working\n", said, process)
        process.send_signal(signal.SIGINT)
        process.wait(timeout=60)
    assert said.read_text(encoding="utf-8") == f"Takings: http://localhost:{port}\nworking\n"


def _wait_for(line: str, file: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while line not in file.read_text(encoding="utf-8"):
        assert process.poll() is None, "the server ended"
        assert time.monotonic() < end, "the server does not begin"
        time.sleep(0.02)
