"""The programs that fetch and build: uv and pip, called as an engineer calls them, and their failures explained."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from catalogue.errors import BuildFailed

_LAST_LINES = 6  # of what a program printed before it failed


def uv() -> Path:
    """The program uv, of this environment or on the path; raises BuildFailed where there is none."""
    beside = Path(sys.executable).with_name("uv")
    found = str(beside) if beside.is_file() else shutil.which("uv")
    if found is None:
        raise BuildFailed("uv is not installed", where=sys.prefix, remedy="Call `make check` once: it installs uv.")
    return Path(found)


def run(command: Sequence[str | Path], *, what: str, where: Path, remedy: str) -> None:
    """Run a program; raises BuildFailed with its last words where it fails."""
    environment = {**os.environ, "UV_LINK_MODE": "copy"}  # its cache must not get the times that a package's files get
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603 - our own
    if done.returncode != 0:
        words = "\n".join((done.stderr or done.stdout).strip().splitlines()[-_LAST_LINES:])
        raise BuildFailed(f"{what}: {words}", where=str(where), remedy=remedy)


def compiler(python: str) -> Path | None:
    """An interpreter of this version, such as ``3.13``; None where this machine has none.

    Only the same version makes bytecode that the other one reads.
    """
    if python == f"{sys.version_info.major}.{sys.version_info.minor}":
        return Path(sys.executable)
    command: list[str | Path] = [uv(), "python", "find", "--no-python-downloads", "--no-project", "--system", python]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    return Path(done.stdout.strip()) if done.returncode == 0 else None
