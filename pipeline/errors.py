"""One exception tree for the write side.

::

    PipelineError
    ├── LakeError        a lake folder is missing, locked, or not a lake
    ├── ImportFailed     a file could not be imported; nothing of it was kept
    ├── CurationError    raw records could not be turned into curated tables
    ├── StreamFull       the stream has no room; nothing of the call was acknowledged
    ├── StreamUnavailable  the stream cannot be reached
    └── SettingsError    a setting or an option has a value that cannot be used

Every error says what failed, where, and what to do next.
"""

from __future__ import annotations


class PipelineError(Exception):
    """What failed, where (file, line, record or setting), and the remedy, each a short sentence."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        place = f" ({where})" if where else ""
        step = f" {remedy}" if remedy else ""
        super().__init__(f"{what}{place}.{step}")


class LakeError(PipelineError):
    """A lake folder is missing, locked by another writer, or is not a lake."""


class ImportFailed(PipelineError):  # noqa: N818 - reads as the sentence it is
    """A file could not be imported; nothing of it was kept."""


class CurationError(PipelineError):
    """Raw records could not be turned into curated tables; the previous tables stand."""


class SettingsError(PipelineError):
    """A setting or an option has a value that cannot be used."""


class StreamFull(PipelineError):  # noqa: N818 - reads as the sentence it is
    """The stream has no room (disk full, throughput exceeded); nothing of the call was acknowledged."""


class StreamUnavailable(PipelineError):  # noqa: N818 - reads as the sentence it is
    """The stream cannot be reached; the caller may try again."""
