"""Every error that Takings raises by name: one tree, for the console and the pipeline alike.

::

    TakingsError
    ├── SettingsError          a setting or an option has a value that cannot be used
    ├── CatalogueError         a query file drifted: its header, its parameters or its tables do not agree
    ├── BindingError           a value does not fit its parameter
    ├── SourceError            an engine, a spend source or a health source did not answer
    │   └── QueryFailed        the engine refused or broke off a query
    │       └── UsageLimitReached  the warehouse answers nothing until its limit is raised or its period ends
    ├── ExportError            a table could not be written as a file
    ├── LakeError              a lake folder is locked, damaged, cannot be written, or holds something else
    │   └── LakeMissing        there is no lake that can be opened, or nothing in it is curated yet
    ├── ImportFailed           a file could not be imported; nothing of it was kept
    ├── CurationError          raw records could not be turned into curated tables; the previous tables stay
    ├── LoadFailed             tables could not be loaded into the warehouse; it shows what it did
    ├── BuildFailed            what a deployment uploads could not be built; what was built before stays
    ├── PublishConflict        another model of recommendations was made current meanwhile
    ├── StreamFull             the stream has no room; nothing of the call was acknowledged
    └── StreamUnavailable      the stream or the live store cannot be reached; the caller may try again

A command prints an error as one line; a page shows its three parts as the failed state. This module imports nothing,
so that the handlers which run in a Lambda can raise these errors too.
"""

from __future__ import annotations


class TakingsError(Exception):
    """What failed, where (file, line, record, query or source), and the remedy, each a short sentence."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        place = f" ({where})" if where else ""
        step = f" {remedy}" if remedy else ""
        super().__init__(f"{what}{place}.{step}")


class SettingsError(TakingsError):
    """A setting or an option has a value that cannot be used."""


class CatalogueError(TakingsError):
    """A query file drifted: its header, its parameters or its tables do not agree."""


class BindingError(TakingsError):
    """A value does not fit its parameter."""


class SourceError(TakingsError):
    """An engine, a spend source or a health source did not answer."""


class QueryFailed(SourceError):  # noqa: N818 - reads as the sentence it is
    """The engine refused or broke off a query."""


class UsageLimitReached(QueryFailed):
    """The warehouse has used up its capacity: it answers nothing until the limit is raised or its period ends."""


class ExportError(TakingsError):
    """A table could not be written as a file."""


class LakeError(TakingsError):
    """A lake folder is locked by another writer, damaged, cannot be written, or holds something else."""


class LakeMissing(LakeError):  # noqa: N818 - reads as the sentence it is
    """There is no lake that can be opened at the place named, or nothing in it is curated yet."""


class ImportFailed(TakingsError):  # noqa: N818 - reads as the sentence it is
    """A file could not be imported; nothing of it was kept."""


class CurationError(TakingsError):
    """Raw records could not be turned into curated tables; the previous tables stay."""


class LoadFailed(TakingsError):  # noqa: N818 - reads as the sentence it is
    """Tables could not be loaded into the warehouse; it shows what it did."""


class BuildFailed(TakingsError):  # noqa: N818 - reads as the sentence it is
    """What a deployment uploads could not be built; what was built before stays."""


class PublishConflict(TakingsError):  # noqa: N818 - reads as the sentence it is
    """Another model of recommendations was made current meanwhile; this one is kept aside."""


class StreamFull(TakingsError):  # noqa: N818 - reads as the sentence it is
    """The stream has no room (disk full, throughput exceeded); nothing of the call was acknowledged."""


class StreamUnavailable(TakingsError):  # noqa: N818 - reads as the sentence it is
    """The stream or the live store cannot be reached; the caller may try again."""
