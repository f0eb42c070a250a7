"""One exception tree for the read side.

::

    ConsoleError
    ├── SettingsError        a setting or an option has a value that cannot be used
    ├── CatalogueError       a query file drifted: header, parameters or tables do not agree
    ├── BindingError         a value does not fit its parameter
    ├── SourceError          an engine, spend or health source did not answer
    │   ├── LakeMissing      there is no lake, or nothing is curated yet
    │   └── QueryFailed      the engine refused or broke off a query
    └── ExportError          a table could not be written as a file

Every error says what failed, where, and what to do next; a page shows the three parts as its failed state.
"""

from __future__ import annotations


class ConsoleError(Exception):
    """What failed, where (file, line, query, source), and the remedy, each a short sentence."""

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what = what
        self.where = where
        self.remedy = remedy
        place = f" ({where})" if where else ""
        step = f" {remedy}" if remedy else ""
        super().__init__(f"{what}{place}.{step}")


class SettingsError(ConsoleError):
    """A setting or an option has a value that cannot be used."""


class CatalogueError(ConsoleError):
    """A query file drifted: its header, its parameters or its tables do not agree."""


class BindingError(ConsoleError):
    """A value does not fit its parameter."""


class SourceError(ConsoleError):
    """An engine, a spend source or a health source did not answer."""


class LakeMissing(SourceError):  # noqa: N818 - reads as the sentence it is
    """There is no lake at the place named, or nothing in it is curated yet."""


class QueryFailed(SourceError):  # noqa: N818 - reads as the sentence it is
    """The engine refused or broke off a query."""


class ExportError(ConsoleError):
    """A table could not be written as a file."""
