"""A file replaced whole: written aside and renamed, so that a reader sees the old text or the new one, never a part."""

from __future__ import annotations

import os
from pathlib import Path

from catalogue.errors import SettingsError


def replace_text(path: Path, text: str) -> None:
    """Let a file hold exactly this text.

    Raises
    ------
    SettingsError
        The folder cannot be written; the file is as it was.
    """
    aside = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        with aside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        aside.unlink(missing_ok=True)
        raise SettingsError(
            f"{path.name} cannot be written: {error.strerror or error}",
            where=str(path),
            remedy="Allow writing to its folder, or name another file.",
        ) from error
