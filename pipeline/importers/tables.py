"""Files as rows: CSV and Parquet, plain or gzip, read as a stream and never as a whole.

A table yields each row as a list of texts, or as a `Rejection` where the row does not have the columns of the header.
It knows the line and the bytes of the current row, so that a refused row can be kept unchanged.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import IO, Any

from catalogue.errors import ImportFailed
from pipeline.contract.rejections import Reason, Rejection, rejected

LINE_BYTES = 1 << 20  # no line of a table of events is this long; reading one would not be bounded
_BUFFER = 1 << 20
_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
_PARQUET_ROWS = 20_000  # rows decoded at a time


@contextmanager
def open_table(path: Path, *, encoding: str = "utf-8", delimiter: str = ",") -> Iterator[DelimitedTable | ParquetTable]:
    """Open a file as a table; its first bytes decide whether it is CSV, gzip or Parquet.

    Raises
    ------
    ImportFailed
        The file is missing, empty, a folder, an archive, or has no header. Also raised while iterating: text in another
        encoding, a truncated gzip stream, a quote that never closes.
    """
    try:
        with path.open("rb") as file:
            beginning = file.read(4)
    except IsADirectoryError as error:
        raise ImportFailed("This is a folder", where=str(path), remedy="Name one file in it.") from error
    except FileNotFoundError as error:
        raise ImportFailed("There is no such file", where=str(path), remedy="Check the path.") from error
    except OSError as error:
        raise ImportFailed(f"The file cannot be read: {error.strerror}", where=str(path)) from error
    if not beginning:
        raise ImportFailed("The file is empty", where=str(path), remedy="Download or export it again.")
    if beginning == _ZIP:
        remedy = "Unpack it, or save the sheet as CSV (UTF-8)."
        raise ImportFailed(
            "This is a ZIP archive or a spreadsheet, not a table of text", where=str(path), remedy=remedy
        )
    compressed = beginning.startswith(_GZIP)
    if path.suffix == ".gz" and not compressed and beginning != _PARQUET:
        raise ImportFailed(
            "The name ends in .gz, but the file is not gzip", where=str(path), remedy="Download it again, or rename it."
        )
    with path.open("rb") as file:
        if beginning == _PARQUET:
            yield ParquetTable(path, file)
        elif compressed:
            with gzip.GzipFile(fileobj=file) as unpacked:
                # GzipFile.readline is Python; a buffer above it reads lines in C.
                yield DelimitedTable(path, file, io.BufferedReader(unpacked, _BUFFER), encoding, delimiter)
        else:
            yield DelimitedTable(path, file, io.BufferedReader(file.raw, _BUFFER), encoding, delimiter)


class DelimitedTable:
    """A CSV file. Knows quoted line breaks, a byte order mark and both line endings; blank lines are skipped.

    `header` holds the names of the columns, in the order of the values.
    """

    def __init__(self, path: Path, file: IO[bytes], stream: IO[bytes], encoding: str, delimiter: str) -> None:
        self._path = path
        self._file = file
        self._stream = stream
        self._encoding = encoding
        self._pending: list[bytes] = []  # the lines of the current row
        self._reader = csv.reader(self._decoded(), delimiter=delimiter)
        try:
            with self._translate_errors():
                header = next((row for row in self._reader if row), None)
        except csv.Error as error:
            remedy = "Check that it is a CSV file with LF or CRLF line endings."
            raise ImportFailed(f"The header cannot be split: {error}", where=f"{path}:1", remedy=remedy) from error
        if header is None:
            raise ImportFailed(
                "The file has no header", where=str(path), remedy="The first line must name the columns."
            )
        self.header = [name.strip() for name in header]
        self._pending.clear()

    @property
    def line(self) -> int:
        """Line on which the current row begins, the header being line 1."""
        return self._reader.line_num - max(len(self._pending), 1) + 1

    @property
    def bytes_read(self) -> int:
        """How far into the file on disk the reader is."""
        return self._file.tell()

    def original(self) -> bytes:
        """The bytes of the current row."""
        return b"".join(self._pending).rstrip(b"\r\n")

    def __iter__(self) -> Iterator[list[str] | Rejection]:
        width, pending = len(self.header), self._pending
        ended = False
        while not ended:
            try:
                with self._translate_errors():
                    for row in self._reader:
                        if len(row) == width:
                            yield row
                        elif row:
                            yield self._misshapen(len(row), width)
                        pending.clear()
                ended = True
            except csv.Error as error:  # the reader drops the row, and goes on with the next line
                yield rejected(Reason.MALFORMED_ROW, f"Row on line {self.line} cannot be split: {error}.")
                pending.clear()

    def _misshapen(self, found: int, expected: int) -> Rejection:
        detail = f"Row on line {self.line} has {found} fields; the header has {expected}."
        if len(self._pending) > 1:
            detail += f" A quote in it runs to line {self._reader.line_num}."
        return rejected(Reason.MALFORMED_ROW, detail)

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Turn what ends the reading of a file into a failure that names the line."""
        try:
            yield
        except csv.Error as error:
            if "field larger" not in str(error):
                raise
            remedy = "Close the quote that opens there, or check the delimiter."
            raise ImportFailed("A field does not end", where=f"{self._path}:{self.line}", remedy=remedy) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            where = f"{self._path}:{self._reader.line_num + 1}"
            raise ImportFailed(
                f"The gzip stream is damaged: {error}", where=where, remedy="Download it again."
            ) from error

    def _decoded(self) -> Iterator[str]:
        """Lines as text, each remembered until its row is done."""
        remember, encoding = self._pending.append, self._encoding
        line = b""
        try:
            for line in iter(partial(self._stream.readline, LINE_BYTES), b""):
                if len(line) == LINE_BYTES:
                    where = f"{self._path}:{self._reader.line_num + 1}"
                    remedy = "Check that it is a CSV file."
                    raise ImportFailed(f"A line is longer than {LINE_BYTES} bytes", where=where, remedy=remedy)
                remember(line)
                if line[:3] == codecs.BOM_UTF8 and not self._reader.line_num:
                    yield line[3:].decode(encoding)
                else:
                    yield line.decode(encoding)
        except UnicodeDecodeError as error:
            where, byte = f"{self._path}:{self._reader.line_num + 1}", line[error.start]
            remedy = "Convert the file to UTF-8 (for example with iconv), or name its encoding in a mapping."
            raise ImportFailed(f"Byte 0x{byte:02x} is not {encoding} text", where=where, remedy=remedy) from error


class ParquetTable:
    """A Parquet file; values become the texts a CSV export of them would have, nulls the empty text.

    Has the attributes of `DelimitedTable`; `line` is the number of the row.
    """

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
        self.line = 0
        self._row: list[str] = []

    @property
    def bytes_read(self) -> int:
        return self._file.tell()

    def original(self) -> bytes:
        line = io.StringIO()
        csv.writer(line, lineterminator="").writerow(self._row)
        return line.getvalue().encode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[list[str] | Rejection]:
        import pyarrow as pa

        try:
            for batch in self._parquet.iter_batches(_PARQUET_ROWS):
                columns = [[_text(value) for value in column.to_pylist()] for column in batch.columns]
                for values in zip(*columns, strict=True):
                    self.line += 1
                    self._row = list(values)
                    yield self._row
        except (pa.ArrowInvalid, OSError, UnicodeDecodeError) as error:
            where = f"{self._path}, row {self.line + 1}"
            raise ImportFailed(
                f"The Parquet file is damaged: {error}", where=where, remedy="Write it again."
            ) from error


def _text(value: Any) -> str:
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
