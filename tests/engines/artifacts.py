"""The engines' own files: fetched once by Maven, checked against `artifacts.toml`, unpacked into a cache folder.

``python -m tests.engines.artifacts`` fetches them ahead of a test run. The cache is ``TAKINGS_ENGINES``, else
``~/.cache/takings/engines``.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PINS = Path(__file__).with_name("artifacts.toml")
_FETCH_SECONDS = 900  # 450 MB over a slow line
_CHUNK = 1 << 20


class EngineMissing(RuntimeError):  # noqa: N818 - reads as the sentence it is
    """Something that the engine tests stand on is not on this machine; says how to get it."""


def pins() -> dict[str, Any]:
    """What is fetched, as `artifacts.toml` says."""
    return tomllib.loads(PINS.read_text(encoding="utf-8"))["trino"]


def cache() -> Path:
    """The folder that keeps fetched files between runs."""
    named = os.environ.get("TAKINGS_ENGINES")
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(named) if named else Path(home) / "takings" / "engines"


def trino_home() -> Path:
    """The unpacked Trino server with its Hive plugin; fetched on the first call.

    Raises
    ------
    EngineMissing
        Maven is not installed, a file cannot be had, or its checksum is another one.
    """
    pinned = pins()
    folder = cache()
    home = folder / f"trino-{pinned['version']}"
    if home.exists():
        return home
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        if not home.exists():
            aside = folder / f".trino-{pinned['version']}"
            shutil.rmtree(aside, ignore_errors=True)
            for file in pinned["files"]:
                _unpack(_fetched(folder, file), aside / file["unpack"], strip=not file["unpack"])
            aside.rename(home)
            for file in pinned["files"]:
                (folder / file["file"]).unlink(missing_ok=True)
    return home


def _fetched(folder: Path, pin: dict[str, str]) -> Path:
    """One file with the right checksum, from the cache or by Maven."""
    path = folder / pin["file"]
    if path.exists() and _sha256(path) != pin["sha256"]:
        path.unlink()  # what a run left that was broken off
    if not path.exists():
        maven = shutil.which("mvn")
        if maven is None:
            raise EngineMissing(
                f"Maven fetches {pin['artifact']} and is not installed: on Debian, apt-get install maven"
            )
        command = [maven, "-B", "-q", "dependency:copy", f"-Dartifact={pin['artifact']}", f"-DoutputDirectory={folder}"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
        if done.returncode or not path.exists():
            raise EngineMissing(
                f"Maven could not fetch {pin['artifact']}: {(done.stdout + done.stderr).strip()[-800:]}"
            )
    found = _sha256(path)
    if found != pin["sha256"]:
        path.unlink()
        raise EngineMissing(f"{path.name} has SHA-256 {found}, not {pin['sha256']} as in {PINS.name}; it was removed")
    return path


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _unpack(archive: Path, target: Path, *, strip: bool) -> None:
    """Unpack an archive; `strip` leaves out its one top folder."""
    target.mkdir(parents=True, exist_ok=True)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(target)  # noqa: S202 - its checksum is known
        return
    with tarfile.open(archive) as packed:
        packed.extractall(target, filter="data")
    if strip:
        (top,) = target.iterdir()
        for path in list(top.iterdir()):
            path.rename(target / path.name)
        top.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two test runs on one machine fetch one after the other."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        sys.stdout.write(f"{trino_home()}\n")
    except EngineMissing as error:
        sys.exit(str(error))
