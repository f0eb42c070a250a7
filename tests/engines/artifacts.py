"""The engines' own files: fetched once, Trino's and Iceberg's by Maven, ministack's by uv, and kept in a cache folder.

Maven's files are checked against `artifacts.toml`. ``python -m tests.engines.artifacts`` fetches all of it ahead of a
test run. The cache is ``TAKINGS_ENGINES``, else ``~/.cache/takings/engines``.
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

from tests.support.paths import ROOT

PINS = Path(__file__).with_name("artifacts.toml")
MINISTACK = ROOT / "requirements-ministack.txt"
_FETCH_SECONDS = 900  # some hundred MB each, over a slow line
_CHUNK = 1 << 20


class EngineMissing(RuntimeError):  # noqa: N818 - reads as the sentence it is
    """Something that the engine tests stand on is not on this machine; says how to get it."""


def pins(engine: str = "trino") -> dict[str, Any]:
    """What is fetched for an engine, as `artifacts.toml` says."""
    return tomllib.loads(PINS.read_text(encoding="utf-8"))[engine]


def cache() -> Path:
    """The folder that keeps fetched files between runs."""
    named = os.environ.get("TAKINGS_ENGINES")
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(named) if named else Path(home) / "takings" / "engines"


def trino_home() -> Path:
    """The unpacked Trino server with its plugins; what is not there yet is fetched.

    Raises
    ------
    EngineMissing
        Maven is not installed, a file cannot be had, or its checksum is another one.
    """
    pinned, folder = pins(), cache()
    home = folder / f"trino-{pinned['version']}"
    with _alone(folder):
        for file in pinned["files"]:
            target = home / file["unpack"]
            if not target.exists():
                archive = _fetched(folder, file)
                _unpack(archive, target, aside=folder / ".unpacked")
                archive.unlink()
    return home


def spark_jars() -> list[Path]:
    """Iceberg's libraries for Spark; raises as `trino_home`."""
    with _alone(cache()):
        return [_fetched(cache(), file) for file in pins("spark")["files"]]


def ministack() -> Path:
    """The program of ministack, in an environment of its own; installed by the first call.

    Raises
    ------
    EngineMissing
        uv is not there, or cannot install it.
    """
    folder, pinned = cache(), MINISTACK.read_bytes()
    home = folder / f"ministack-{hashlib.sha256(pinned).hexdigest()[:12]}"
    program = home / "bin" / "ministack"
    with _alone(folder):
        if not program.exists():
            _install(home)
    return program


def _install(home: Path) -> None:
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        raise EngineMissing("uv installs ministack and is not there: `make` installs it into .venv")
    shutil.rmtree(home, ignore_errors=True)  # what an attempt left that was broken off
    for command in (
        [uv, "venv", "--quiet", "--python", sys.executable, home],
        [uv, "pip", "install", "--quiet", "--python", home / "bin" / "python", "-r", MINISTACK],
    ):
        done = subprocess.run(command, capture_output=True, text=True, timeout=_FETCH_SECONDS, check=False)
        if done.returncode:
            shutil.rmtree(home, ignore_errors=True)
            raise EngineMissing(f"uv could not install ministack: {done.stderr.strip()[-800:]}")


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


def _unpack(archive: Path, target: Path, *, aside: Path) -> None:
    """Let the one folder at the top of an archive become `target`, whole or not at all."""
    shutil.rmtree(aside, ignore_errors=True)
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(aside)  # noqa: S202 - its checksum is known
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(aside, filter="data")
    (top,) = aside.iterdir()
    target.parent.mkdir(parents=True, exist_ok=True)
    top.rename(target)
    aside.rmdir()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two test runs on one machine fetch one after the other."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    try:
        sys.stdout.write("\n".join(map(str, [trino_home(), *spark_jars(), ministack()])) + "\n")
    except EngineMissing as error:
        sys.exit(str(error))
