"""How far each consumer of a stream has come, kept in one small file per consumer."""

from __future__ import annotations

import os
from pathlib import Path

STREAM = "stream"  # the append log's folder in a lake
CHECKPOINTS = "stream/checkpoints"

CURATED = "curated"  # moved by curation, after its state stands: entries behind it are what is pending


class Checkpoints:
    """Positions by consumer name, in a folder. A position is replaced whole or not at all.

    Parameters
    ----------
    folder : made with the first position saved
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load(self, name: str) -> str | None:
        """The position saved last; None before the first one."""
        try:
            return (self._folder / name).read_text(encoding="ascii").strip() or None
        except FileNotFoundError:
            return None

    def save(self, name: str, position: str) -> None:
        """Replace a consumer's position; it is on disk when this returns.

        Raises
        ------
        OSError
            The disk refuses; the former position stands.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        aside = self._folder / f".{name}"
        with aside.open("w", encoding="ascii") as file:
            file.write(f"{position}\n")
            file.flush()
            os.fsync(file.fileno())
        aside.replace(self._folder / name)
        sync_folder(self._folder)


def sync_folder(folder: Path) -> None:
    """Put a folder's entries on disk: a rename or a new file lasts after this."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
