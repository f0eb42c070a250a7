"""How far each consumer of a stream has come, kept in one small file per consumer."""

from __future__ import annotations

from pathlib import Path

from catalogue.files import atomic_write

STREAM = "stream"  # the append log's folder in a lake
CHECKPOINTS = "stream/checkpoints"

CURATED = "curated"  # saved by curation after its state: entries behind it are still to be curated


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
            The disk refuses; the former position remains.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        atomic_write(self._folder / name, f"{position}\n", aside=self._folder / f".{name}")
