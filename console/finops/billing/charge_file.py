"""The base of the bill files of every format: required columns, rows that are read or refused, and their rules."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from catalogue.errors import SourceError
from console.finops.billing.charge_rows import INSTANT, batch
from console.finops.billing.columns import Chunk, Refusals, Rounding
from console.finops.billing.table_file import BillFile, Progress

Columns = dict[str, pa.Array | None]  # by their names in the charge rows

FIRST, LAST = datetime(2000, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - naive UTC, as the tables
_CURRENCY = r"^[A-Za-z][A-Za-z0-9_\-]{1,15}$"  # ISO 4217, or a provider's own unit such as credits


class ChargeFile(ABC):
    """The charge rows of one bill file. Fills the `SpendSource` port.

    Raises
    ------
    SourceError
        There is no such file, it is no table, or lacks columns; names the columns.
    """

    name: ClassVar[str]
    required: ClassVar[Mapping[str, tuple[str, ...]]]  # column as people call it → the normalised names it may have
    export_again: ClassVar[str]  # the remedy where a column is missing

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        self._file = BillFile(path)
        self._progress = progress
        self.path = path
        self.rounding = Rounding()
        missing = [text for text, names in self.required.items() if self._file.names.keys().isdisjoint(names)]
        if missing:
            raise SourceError(f"The file has no column {', '.join(missing)}", where=str(path), remedy=self.export_again)

    def charges(self) -> Iterator[pa.RecordBatch]:
        """All charge rows; those that cannot be read refuse the file, all of them counted first."""
        refusals = Refusals()
        for rows in self._file.rows(self._is_read, self._progress):
            chunk = Chunk(rows, self._file.names, refusals, self.rounding)
            columns = {"estimated": pa.repeat(pa.scalar(False), rows.count)} | self._columns(chunk)
            checked = check(columns | {"source": pa.repeat(pa.scalar(self.name), rows.count)}, chunk)
            if not refusals:
                yield checked
        refusals.raise_if_any(str(self.path))

    @abstractmethod
    def _is_read(self, name: str) -> bool:
        """Whether a column of this normalised name is read."""

    @abstractmethod
    def _columns(self, chunk: Chunk) -> Columns:
        """The columns of the charge rows that the format fills."""


def check(columns: Mapping[str, pa.Array | None], chunk: Chunk) -> pa.RecordBatch:
    """The rows as a batch; those that break a rule are refused in `chunk`.

    A charge period may begin before its billing period (a correction) or after it (a fee paid in advance); one that
    ends before it begins, or lies outside 2000 to 2099, is a mistake.
    """
    given = {name: values for name, values in columns.items() if values is not None}
    starts, ends = given["charge_period_start"], given.get("charge_period_end")
    for name in ("charge_period_start", "billing_period_start"):
        outside = pc.or_(
            pc.less(given[name], pa.scalar(FIRST, INSTANT)), pc.greater_equal(given[name], pa.scalar(LAST, INSTANT))
        )
        if pc.any(outside).as_py():
            chunk.refuse(outside, name.replace("_", ""), "outside the years 2000 to 2099")
    for name, first, last in (
        ("chargeperiodend", starts, ends),
        ("billingperiodend", given["billing_period_start"], given.get("billing_period_end")),
    ):
        if last is not None and pc.any(inverted := pc.less(last, first)).as_py():
            chunk.refuse(inverted, name, "the period ends before it begins")
    odd = pc.invert(pc.match_substring_regex(given["billing_currency"], _CURRENCY))
    if pc.any(odd).as_py():
        chunk.refuse(odd, "billingcurrency", "not a currency; write it such as USD")
    return batch(given, chunk.rows)
