"""Any file of interactions: one row per user and item, with a rating and a time where it has them.

CSV, tabs, semicolons, spaces, ``::``, or Parquet, also compressed; with the names of the columns in the first line or
without. A row that cannot be used is counted under its reason, with the lines of the first ones.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pipeline.contract.rejections import Rejection
from pipeline.importers.opening import open_table
from pipeline.recommend.evaluation.columns import (
    ITEM,
    RATING,
    TIMESTAMP,
    USER,
    is_number,
    layout_of,
    places_of,
    seconds,
)
from pipeline.recommend.interactions import Interactions

_BATCH = 10_000
_LINES_NAMED = 5


@dataclass
class BadLines:
    """Rows that were left out for one reason."""

    reason: str
    count: int = 0
    first: list[int] = field(default_factory=list)

    def add(self, line: int) -> None:
        """Count one."""
        self.count += 1
        if len(self.first) < _LINES_NAMED:
            self.first.append(line)


@dataclass(frozen=True)
class InteractionFile:
    """What a file holds: ``rows`` = interactions + the rows that `bad` counts.

    Attributes
    ----------
    columns : which column is what, such as ``{"user": "CustomerID"}``, or ``"column 1"`` where none has a name
    rows : without the header and blank lines
    """

    interactions: Interactions
    columns: dict[str, str]
    rows: int
    bad: tuple[BadLines, ...]


def read(path: Path, *, columns: str = "", progress: Callable[[float], None] | None = None) -> InteractionFile:
    """Read a file of interactions; each weighs 1, whatever its rating.

    Parameters
    ----------
    columns : names the columns where that cannot be seen: ``user=CustomerID,item=StockCode,timestamp=InvoiceDate`` by
        their names in the header, or ``user,item,-,timestamp`` in their order in a file without a header
    progress : called with the share of the file that is read

    Raises
    ------
    ImportFailed
        The file is missing, empty or damaged.
    SettingsError
        It cannot be seen which column is what, or `columns` names one that is not there.
    """
    layout = layout_of(path, columns)
    with open_table(path, layout) as table:
        places = places_of(table.header, columns if not layout.columns else "", path)
        collected = _Collected(places)
        size = path.stat().st_size
        for batch in table.batches(_BATCH):
            for number, row in enumerate(batch.rows):
                problem = collected.add(row)
                if problem:
                    collected.refuse(problem, batch.line(number))
            if progress is not None:
                progress(table.bytes_read / size)
        names = [f"column {place + 1}" for place in range(len(table.header))] if layout.columns else table.header
    found = {kind: names[place] for kind, place in places.items()}
    return InteractionFile(collected.interactions(), found, collected.rows, tuple(collected.bad.values()))


class _Collected:
    """The rows that were read so far."""

    def __init__(self, places: dict[str, int]) -> None:
        self._places = places
        self._users: dict[str, int] = {}  # numbered as they come
        self._items: dict[str, int] = {}
        self._user = array("i")
        self._item = array("i")
        self._at = array("q")
        self.rows = 0
        self.bad: dict[str, BadLines] = {}

    def add(self, row: list[str] | Rejection) -> str:
        """Take a row; returns why it cannot be used, or nothing."""
        self.rows += 1
        if isinstance(row, Rejection):
            return "has another number of columns, or a quote that does not close"
        places = self._places
        user, item = row[places[USER]].strip(), row[places[ITEM]].strip()
        if not user or not item:
            return "has no user" if not user else "has no item"
        if RATING in places and not is_number(row[places[RATING]]):
            return "has a rating that is no number"
        time = seconds(row[places[TIMESTAMP]]) if TIMESTAMP in places else 0
        if time is None:
            return "has a time that cannot be read"
        self._user.append(self._users.setdefault(user, len(self._users)))
        self._item.append(self._items.setdefault(item, len(self._items)))
        self._at.append(time)
        return ""

    def refuse(self, reason: str, line: int) -> None:
        """Count a row that cannot be used."""
        self.bad.setdefault(reason, BadLines(reason)).add(line)

    def interactions(self) -> Interactions:
        """All of them, with users and items in the order of their ids, so that the order of the file means nothing."""
        customers, customer = _by_id(self._users, self._user)
        products, product = _by_id(self._items, self._item)
        return Interactions(
            customers=customers,
            products=products,
            customer=customer,
            product=product,
            weight=np.ones(len(self._at), dtype=np.float32),
            at=np.array(self._at, dtype=np.int64),
        )


def _by_id(numbers: dict[str, int], rows: array[int]) -> tuple[tuple[str, ...], NDArray[np.int32]]:
    """The ids in order, and each row's place among them."""
    ordered = sorted(numbers)
    place = np.empty(len(ordered), dtype=np.int32)
    place[[numbers[name] for name in ordered]] = np.arange(len(ordered), dtype=np.int32)
    return tuple(ordered), place[np.array(rows, dtype=np.int32)]
