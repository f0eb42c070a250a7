"""Parquet files as rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

from catalogue.errors import ImportFailed
from pipeline.importers.tables import Batch, csv_line


class ParquetTable:
    """A Parquet file; values become the texts a CSV export of them would have, nulls the empty text.

    The line of a row is its number.
    """

    unseen: frozenset[str] = frozenset()

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._path = path
        self._file = file
        try:
            self._parquet = pq.ParquetFile(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise ImportFailed(
                f"The Parquet file is damaged: {error}", where=str(path), remedy="Write it again."
            ) from error
        self.header: list[str] = list(self._parquet.schema_arrow.names)

    @property
    def bytes_read(self) -> int:
        """How far into the file on disk the reader is."""
        return self._file.tell()

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows, at most `size` at a time."""
        import pyarrow as pa

        done = 0
        try:
            for batch in self._parquet.iter_batches(size):
                columns = [[text_of(value) for value in column.to_pylist()] for column in batch.columns]
                rows = [list(values) for values in zip(*columns, strict=True)]
                yield _batch(rows, done + 1)
                done += len(rows)
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            where = f"{self._path}, row {done + 1}"
            raise ImportFailed(
                f"The Parquet file is damaged: {error}", where=where, remedy="Write it again."
            ) from error


def _batch(rows: list[list[str]], first: int) -> Batch:
    return Batch(list(rows), lambda place: first + place, lambda place: csv_line(rows[place]))


def text_of(value: Any) -> str:
    """A typed value as a CSV export writes it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, bytes):
        with suppress(UnicodeDecodeError):
            return value.decode("utf-8")
    if hasattr(value, "isoformat"):
        return str(value.isoformat())
    return str(value)
