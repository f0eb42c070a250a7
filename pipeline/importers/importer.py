"""What an importer is: which columns a kind of file has, and how one of its rows becomes events."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any, Protocol

from catalogue.errors import ImportFailed
from pipeline.contract.rejections import Rejection
from pipeline.importers.layout import Layout
from pipeline.lake import LakeSettings

Fields = dict[str, Any]
Translate = Callable[[list[str]], Fields | list[Fields] | Rejection]


class Importer(Protocol):
    """How one kind of file becomes events.

    Attributes
    ----------
    name : on the command line and in import ids
    columns : those a file must have
    layout : of text files and sheets
    lake_settings : of a lake that is made for this import
    in_order : whether a row's event depends on the rows before it, such as when they are counted
    """

    name: str
    columns: Sequence[str]
    layout: Layout
    lake_settings: LakeSettings
    in_order: bool

    def translator(self, header: list[str], digest: str) -> Translate:
        """A function from the values of a row to the fields of its event, or of its events, for one file.

        Parameters
        ----------
        header : names of the file's columns
        digest : hex SHA-256 of the file's bytes
        """
        ...


def require_columns(header: Sequence[str], importer: Importer, others: Sequence[Importer], *, where: str) -> None:
    """Refuse a header that lacks columns or names one twice, with the likely cause.

    Parameters
    ----------
    others : importers that the file may be meant for

    Raises
    ------
    ImportFailed
        Names the columns and `where` they are missed.
    """
    twice = [name for name, times in Counter(header).items() if times > 1]
    if twice:
        raise ImportFailed(f"Column {twice[0]!r} is named twice", where=where, remedy="Rename one of them.")
    missing = [name for name in importer.columns if name not in header]
    if not missing:
        return
    other = next((known.name for known in others if set(known.columns) <= set(header)), None)
    likely = difflib.get_close_matches(missing[0], header, n=1)
    if other is not None:
        remedy = f"The columns are those of {other}: use `python -m pipeline import {other} …`."
    elif importer.name == "csv":
        hint = f" Did you mean {likely[0]!r}?" if likely else ""
        remedy = f"Found: {', '.join(header)}.{hint} Check the mapping, its delimiter and the file's header."
    else:
        expected, found = ", ".join(importer.columns), ", ".join(header)
        remedy = f"Expected: {expected}. Found: {found}. For other files use the csv importer."
    raise ImportFailed(f"The file has no column {', '.join(map(repr, missing))}", where=where, remedy=remedy)


@lru_cache(4096)
def decimal_of(text: str) -> Decimal | None:
    """The number that a text writes; None where it writes none."""
    try:
        return Decimal(text)
    except InvalidOperation:
        return None
