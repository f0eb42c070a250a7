"""Files that a reader sees whole or not at all: written under another name, then renamed.

A rename puts the new file in the place of the old one in one step. It survives a power failure only after both the file
and its folder were forced to the disk.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600
_ALL_BUT_UMASK = 0o666  # what `open` asks for: the umask of the process takes permissions away


def atomic_write(
    path: Path, data: str | bytes, *, durable: bool = True, mode: int = _ALL_BUT_UMASK, aside: Path | None = None
) -> None:
    """Let a file hold exactly this text (as UTF-8) or these bytes, whatever it held before.

    Parameters
    ----------
    path : its folder exists
    durable : wait until the file and its name are on the disk
    mode : permissions of the file, such as `OWNER_ONLY`, before the umask
    aside : where the file is written before the rename, on the same disk. None takes a hidden name in the same folder
        that no other writer has; a name of one's own is for a single writer, who may be killed often: what the killed
        one left there is overwritten

    Raises
    ------
    OSError
        The disk refuses; the file is as it was, unless it was the folder that could not be forced to the disk.
    """
    aside = aside or path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        with suppress(OSError):
            aside.unlink(missing_ok=True)
        raise
    if durable:
        fsync_path(path.parent)


def fsync_path(path: Path) -> None:
    """Force a file, or the names in a folder, to the disk; raises OSError as the disk does."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
