"""Folders that are built once for equal inputs: their names hold a digest of these, and each is whole or not there."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
KEPT_SECONDS = 24 * 3600.0  # a folder of other inputs may still be in use by another run
_MOMENT = 946_771_200  # 2000-01-02: every file has this time, also in a zip file in any time zone


def digest(words: Iterable[str], files: Mapping[str, Path]) -> str:
    """Twelve digits that follow from these words, and from names and contents of these files."""
    whole = hashlib.sha256("\0".join(words).encode())
    for name, file in sorted(files.items()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        whole.update(f"\0{name}\0{content}".encode())
    return whole.hexdigest()[:12]


def below(*paths: str, root: Path = ROOT) -> dict[str, Path]:
    """All files at these paths of the project, by their path from its root; compiled and hidden ones are left out."""
    found = {}
    for path in paths:
        place = root / path
        for file in [place] if place.is_file() else sorted(place.rglob("*")):
            inside = file.relative_to(place).parts
            if file.is_file() and file.suffix != ".pyc" and not any(part.startswith(".") for part in inside):
                found[file.relative_to(root).as_posix()] = file
    return found


def kept(folder: Path, make: Callable[[Path], None]) -> Path:
    """The folder; where it is not there, `make` fills another one that then gets its name.

    Of two processes that make it at the same time, both take the one that was ready first. Folders of the same name
    with other digests, and what a killed process left, are removed after a day.
    """
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        make(aside)
        _same_everywhere(aside)
        aside.rename(folder)
    except OSError as error:
        if error.errno not in (errno.EEXIST, errno.ENOTEMPTY) or not folder.is_dir():
            raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)
    _remove_old(folder)
    return folder


def _same_everywhere(folder: Path) -> None:
    """Take away what differs between machines: the times, and the permissions of a umask."""
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (_MOMENT, _MOMENT))


def _remove_old(folder: Path) -> None:
    """Remove what is older than a day and has the same name but for its digest; the folder itself stays."""
    name = folder.name.rpartition("-")[0]
    oldest = time.time() - KEPT_SECONDS
    for other in folder.parent.iterdir():
        named = other.name.lstrip(".").rpartition("-")[0]
        if other != folder and named == name and other.stat().st_mtime < oldest:
            shutil.rmtree(other, ignore_errors=True)


def zipped(folder: Path, file: Path) -> Path:
    """Pack a folder as Lambda takes it; equal folders give equal bytes."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder).as_posix())
    return file


def size(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
