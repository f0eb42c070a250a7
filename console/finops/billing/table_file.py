"""Bill files as streams of columns: CSV, gzipped CSV, Parquet.

Columns are known by their normalised name: small letters without ``_``, ``/``, ``:`` and spaces, because exports write
``BilledCost``, ``billed_cost`` or ``billedcost``, and ``lineItem/UsageAmount`` or ``line_item_usage_amount``.
"""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as pv
import pyarrow.parquet as pq

from catalogue.errors import SourceError
from console.finops.billing.columns import NULLS

Progress = Callable[[int, int], None]  # bytes read, bytes in all
Wanted = Callable[[str], bool]

_BLOCK = 4 * 1024 * 1024  # bytes of CSV read at once: some thousand rows, which stay in the processor's cache
_BATCH_ROWS = 65_536  # of Parquet, for the same reason
_HEADER_BYTES = 256 * 1024  # a header with hundreds of tag columns is longer than one would think
_PARQUET = b"PAR1"
_GZIP = b"\x1f\x8b"
_SEPARATORS = re.compile(r"[_/: .\-]")
_REMEDY = "Export the file again, or name another one."


@dataclass(frozen=True)
class Rows:
    """Some rows of a file.

    Attributes
    ----------
    columns : normalised name → values; of CSV all texts, of Parquet as the file types them
    first : number of the first row, counted from 1, the header not counted
    """

    columns: Mapping[str, pa.Array]
    count: int
    first: int


def normalised(name: str) -> str:
    """The name by which a column is known."""
    return _SEPARATORS.sub("", name.strip().lstrip("\ufeff").lower())


class BillFile:
    """One file, its header read.

    Raises
    ------
    SourceError
        There is no such file, it is empty, torn, or no table.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with self._explained():
            self.size = path.stat().st_size
            with path.open("rb") as file:
                start = file.read(4)
            self.is_parquet = start == _PARQUET
            self._is_packed = start[:2] == _GZIP
            names = self._parquet_names() if self.is_parquet else self._csv_names()
        self.names: dict[str, str] = {}
        for name in names:
            key = normalised(name)
            if key in self.names:
                raise SourceError(
                    f"Column {name!r} is in the file twice", where=str(path), remedy="Remove one of the two."
                )
            self.names[key] = name

    def rows(self, wanted: Wanted, progress: Progress | None = None) -> Iterator[Rows]:
        """All rows in order, with the columns whose normalised name is wanted.

        Raises SourceError where the file breaks off, or a row has too many or too few fields; names the row.
        """
        chosen = [name for key, name in self.names.items() if wanted(key)]
        report = progress or (lambda _done, _total: None)
        first = 1
        with self._explained():
            for columns in self._parquet(chosen, report) if self.is_parquet else self._csv(chosen, report):
                if columns.num_rows:
                    arrays = dict(zip(map(normalised, columns.schema.names), columns.columns, strict=True))
                    yield Rows(arrays, columns.num_rows, first)
                    first += columns.num_rows
        report(self.size, self.size)

    def _parquet_names(self) -> Sequence[str]:
        with pq.ParquetFile(self.path) as file:
            return list(file.schema_arrow.names)

    def _parquet(self, chosen: Sequence[str], report: Progress) -> Iterator[pa.RecordBatch]:
        with pq.ParquetFile(self.path) as file:
            rows, done = max(1, file.metadata.num_rows), 0
            for batch in file.iter_batches(_BATCH_ROWS, columns=list(chosen)):
                yield batch
                done += batch.num_rows
                report(self.size * done // rows, self.size)

    def _csv_names(self) -> Sequence[str]:
        with self.path.open("rb") as file, gzip.GzipFile(fileobj=file) as unpacked:
            line = (unpacked if self._is_packed else file).readline(_HEADER_BYTES)
        if not line.strip():
            raise SourceError("The file is empty", where=str(self.path), remedy=_REMEDY)
        text = line.decode("utf-8-sig")
        # the header says which delimiter: its names hold none of them
        self._delimiter = max(",;\t", key=text.count)
        table = pv.read_csv(
            pa.py_buffer(text.encode()),
            parse_options=pv.ParseOptions(delimiter=self._delimiter),
            read_options=pv.ReadOptions(autogenerate_column_names=True),
            convert_options=pv.ConvertOptions(strings_can_be_null=False),
        )
        return [str(column[0].as_py()) for column in table.columns]

    def _csv(self, chosen: Sequence[str], report: Progress) -> Iterator[pa.RecordBatch]:
        wrong: list[str] = []

        def unfit(row: Any) -> str:
            wrong.append(f"a row has {row.actual_columns} fields, the header {row.expected_columns}: {row.text[:80]!r}")
            return "error"

        # the readers of the header and of the rows must agree, so the names are given and the header is skipped
        names = list(self.names.values())
        with self.path.open("rb") as packed:
            source = gzip.GzipFile(fileobj=packed) if self._is_packed else packed
            try:
                reader = pv.open_csv(
                    source,
                    read_options=pv.ReadOptions(block_size=_BLOCK, column_names=names, skip_rows=1),
                    parse_options=pv.ParseOptions(
                        delimiter=self._delimiter, newlines_in_values=True, invalid_row_handler=unfit
                    ),
                    convert_options=pv.ConvertOptions(
                        column_types=dict.fromkeys(names, pa.string()),
                        include_columns=list(chosen),
                        null_values=list(NULLS),
                        strings_can_be_null=True,
                        quoted_strings_can_be_null=True,
                    ),
                )
                with reader:
                    for batch in reader:
                        yield batch
                        report(min(packed.tell(), self.size), self.size)
            except pa.ArrowInvalid as error:
                if wrong:
                    raise SourceError(wrong[0], where=str(self.path), remedy=_REMEDY) from error
                raise

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """What the readers raise, named."""
        where = str(self.path)
        try:
            yield
        except FileNotFoundError as error:
            raise SourceError("There is no such file", where=where, remedy="Check the path.") from error
        except UnicodeDecodeError as error:
            raise SourceError("The file is not UTF-8 text", where=where, remedy="Save it as UTF-8 CSV.") from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            what = f"The packed file breaks off or is damaged: {error}"
            raise SourceError(what, where=where, remedy=_REMEDY) from error
        except (pa.ArrowInvalid, OSError) as error:
            if "invalid UTF8" in str(error):
                raise SourceError("The file is not UTF-8 text", where=where, remedy="Save it as UTF-8 CSV.") from error
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise SourceError(f"The file cannot be read: {first}", where=where, remedy=_REMEDY) from error
