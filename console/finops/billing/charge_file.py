"""The base of the bill files of every format: required columns, and rows that are read or refused."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pyarrow as pa

from catalogue.errors import SourceError
from console.finops.billing.charge_checks import check
from console.finops.billing.columns import Chunk, Refusals, Rounding
from console.finops.billing.table_file import BillFile, Progress, Rows

Columns = dict[str, pa.Array | None]  # by their names in the charge rows


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
        """See `SpendSource.charges`. Rows that cannot be read refuse the file, all of them counted first."""
        refusals = Refusals()
        for rows in self._file.rows(self._is_read, self._progress):
            chunk = Chunk(rows.columns, rows.count, rows.first, self._file.names, refusals, self.rounding)
            columns = {"estimated": pa.repeat(pa.scalar(False), rows.count)} | self._columns(chunk, rows)
            batch = check(columns | {"source": pa.repeat(pa.scalar(self.name), rows.count)}, chunk)
            if not refusals:
                yield batch
        refusals.raise_if_any(str(self.path))

    @abstractmethod
    def _is_read(self, name: str) -> bool:
        """Whether a column of this normalised name is read."""

    @abstractmethod
    def _columns(self, chunk: Chunk, rows: Rows) -> Columns:
        """The columns of the charge rows that the format fills."""
