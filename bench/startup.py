"""From a fresh clone to the first page, and every later start.

The clone is a real `git clone` of this checkout with its own environment; packages come from the index or its cache, as
they would for anyone.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from bench.options import Options, Record, record

ROOT = Path(__file__).resolve().parent.parent
LIMIT_SECONDS = 300


def measure(_options: Options) -> Iterator[Record]:
    """Seconds of `make run` in a fresh clone until the first page answers, then of a second start."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        yield record("start.fresh_clone", _until_first_page(clone), "s", limit=60)
        yield record("start.later", _until_first_page(clone), "s", limit=5)
        shutil.rmtree(clone / ".venv", ignore_errors=True)


def _until_first_page(clone: Path) -> float:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name not in ("TAKINGS_LAKE", "VIRTUAL_ENV")}
    started = time.perf_counter()
    process = subprocess.Popen(
        ["make", "run", f"PORT={port}", "TRAFFIC=0"],
        cwd=clone,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        while time.perf_counter() - started < LIMIT_SECONDS:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
                    return time.perf_counter() - started
            except (urllib.error.URLError, ConnectionError, TimeoutError):
                if process.poll() is not None:
                    raise RuntimeError("`make run` ended before the console answered") from None
                time.sleep(0.05)
        raise TimeoutError(f"No page within {LIMIT_SECONDS} s")
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # make and its children: a group of our own
        process.wait()
