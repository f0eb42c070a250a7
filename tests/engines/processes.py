"""Servers that the tests start: each ends with the process that started it, however that ends."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path


def tied(command: Sequence[str | Path]) -> list[str | Path]:
    """The command of a server that the kernel kills when its parent is gone; as it is where `setpriv` is missing.

    A test run that is killed runs no `finally`: without this its servers stay.
    """
    setpriv = shutil.which("setpriv")  # of util-linux
    return [setpriv, "--pdeathsig", "KILL", "--", *command] if setpriv else list(command)


def stop(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a server to end; after so many seconds it has to."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of loopback that nobody listens on; somebody else may take it before a server does."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
