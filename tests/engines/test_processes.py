"""A server ends with the process that started it, also where that is killed and can end nothing."""

from __future__ import annotations

import os
import select
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.engines.artifacts import EngineMissing
from tests.engines.processes import stop, tied
from tests.engines.trino_server import ATTEMPTS, _started
from tests.support.paths import ROOT

STARTS = """
import subprocess, sys
from tests.engines.processes import tied
process = subprocess.Popen(tied([sys.executable, "-c", "print('up', flush=True); input()"]), stdout=subprocess.PIPE,
                           stdin=subprocess.PIPE)
process.stdout.readline()
print(process.pid, flush=True)
input()
"""
SECONDS = 30


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv of util-linux ties a process to its parent")
def test_a_server_ends_with_a_test_run_that_is_killed() -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", STARTS], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with run:
        assert run.stdout is not None
        server = os.pidfd_open(int(run.stdout.readline()))
        try:
            assert select.select([server], [], [], 0)[0] == []
            run.send_signal(signal.SIGKILL)
            assert select.select([server], [], [], SECONDS)[0] == [server]
        finally:
            os.close(server)


def test_a_server_that_does_not_end_when_asked_is_ended() -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); input()"
    process = subprocess.Popen(tied([sys.executable, "-c", deaf]), stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    with process:
        assert process.stdout is not None
        process.stdout.readline()
        stop(process, 0.2)
        assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize(
    ("says", "times"), [("java.net.BindException: Address already in use", ATTEMPTS), ("Out of memory", 1)]
)
def test_trino_is_started_again_only_where_somebody_else_took_its_port(tmp_path: Path, says: str, times: int) -> None:
    fails = f"open('started', 'a').write('x'); print({says!r}); raise SystemExit(1)"
    with pytest.raises(EngineMissing, match=says):
        _started(tmp_path, [sys.executable, "-c", fails], tmp_path, tmp_path / "server.log")
    assert (tmp_path / "started").read_text() == "x" * times
