"""Text as rows (CSV, whitespace, fixed width), read as a stream and never as a whole.

A table yields batches of rows. Each row is a list of texts, or a `Rejection` where it does not have the columns of the
header. A batch knows the line and the bytes of each of its rows, so that a refused row can be kept unchanged.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import IO, Protocol

from catalogue.errors import ImportFailed
from pipeline.contract.rejections import Reason, Rejection, rejected
from pipeline.importers.layout import WHITESPACE, Layout

LINE_BYTES = 1 << 20  # no line of a table of events is this long; reading one would not be bounded

Row = list[str] | Rejection


class Batch:
    """Some rows of a table, in order.

    Attributes
    ----------
    rows : values as texts, or why the row has none
    line : position in `rows` → line of the file on which the row begins, the header being line 1
    original : position in `rows` → bytes of the row
    """

    def __init__(self, rows: list[Row], line: Callable[[int], int], original: Callable[[int], bytes]) -> None:
        self.rows = rows
        self.line = line
        self.original = original


class Table(Protocol):
    """A file that is read as rows.

    Attributes
    ----------
    header : names of the columns, in the order of the values
    bytes_read : how far into the file on disk the reader is
    unseen : columns that no row has had so far, where each row names its own
    """

    header: list[str]

    @property
    def unseen(self) -> AbstractSet[str]:
        """Names of columns."""
        ...

    @property
    def bytes_read(self) -> int:
        """Bytes of the file on disk."""
        ...

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows, at most `size` at a time. Raises `ImportFailed` where the file cannot be read further."""
        ...


class Splitter(Protocol):
    """An iterator over the values of each row, which counts the lines it has read: a `csv.reader`, or `_SplitLines`."""

    @property
    def line_num(self) -> int:
        """Lines read so far."""
        ...

    def __iter__(self) -> Iterator[list[str]]: ...

    def __next__(self) -> list[str]: ...


class _SplitLines:
    """Lines split by a function: what `csv.reader` is for text that is not CSV."""

    def __init__(self, lines: Iterator[str], split: Callable[[str], list[str]]) -> None:
        self._lines = lines
        self._split = split
        self.line_num = 0

    def __iter__(self) -> Iterator[list[str]]:
        return self

    def __next__(self) -> list[str]:
        line = next(self._lines)
        self.line_num += 1
        return self._split(line)


class TextTable:
    """A text file. CSV knows quoted line breaks, a byte order mark and both line endings; blank lines are skipped."""

    unseen: frozenset[str] = frozenset()

    def __init__(self, path: Path, file: IO[bytes], stream: IO[bytes], layout: Layout) -> None:
        self._path = path
        self._file = file
        self._stream = stream
        self._encoding = layout.encoding
        self._raw: list[bytes] = []  # the lines of the current batch
        self._base = 1  # the line of the file that the first of them is
        self._start = 0  # where in them the current row begins
        self._reader: Splitter = self._splitter(layout)
        if layout.columns:
            self.header = list(layout.columns)
            return
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
        self._next_batch()

    @property
    def bytes_read(self) -> int:
        """How far into the file on disk the reader is."""
        return self._file.tell()

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows, at most `size` at a time."""
        width = len(self.header)
        rows: list[Row] = []
        spans: list[tuple[int, int]] = []  # first line and end of each row, in the lines of the batch
        ended = False
        while not ended:
            try:
                with self._translate_errors():
                    for row in self._reader:
                        end = len(self._raw)
                        if row:
                            rows.append(row if len(row) == width else self._misshapen(len(row), width))
                            spans.append((self._start, end))
                        self._start = end
                        if len(rows) == size:
                            yield self._batch(rows, spans)
                            rows, spans = [], []
                ended = True
            except csv.Error as error:  # the reader drops the row, and goes on with the next line
                rows.append(rejected(Reason.MALFORMED_ROW, f"Row on line {self._line} cannot be split: {error}."))
                spans.append((self._start, len(self._raw)))
                self._start = len(self._raw)
        if rows:
            yield self._batch(rows, spans)

    @property
    def _line(self) -> int:
        """Line on which the current row begins."""
        return self._base + self._start

    def _batch(self, rows: list[Row], spans: Sequence[tuple[int, int]]) -> Batch:
        raw, base = self._raw, self._base
        self._next_batch()

        def line(place: int) -> int:
            return base + spans[place][0]

        def original(place: int) -> bytes:
            start, end = spans[place]
            return b"".join(raw[start:end]).rstrip(b"\r\n")

        return Batch(rows, line, original)

    def _next_batch(self) -> None:
        self._base += len(self._raw)
        self._raw = []
        self._start = 0

    def _splitter(self, layout: Layout) -> Splitter:
        """What turns lines into values."""
        if layout.widths:
            return _SplitLines(self._decoded(), partial(_cut, _places(layout.widths)))
        if layout.delimiter == WHITESPACE:
            return _SplitLines(self._decoded(), str.split)
        if len(layout.delimiter) > 1:
            return _SplitLines(self._decoded(), partial(_split, layout.delimiter))
        return csv.reader(self._decoded(), delimiter=layout.delimiter)

    def _misshapen(self, found: int, expected: int) -> Rejection:
        detail = f"Row on line {self._line} has {found} fields; the header has {expected}."
        if len(self._raw) - self._start > 1:
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
            raise ImportFailed("A field does not end", where=f"{self._path}:{self._line}", remedy=remedy) from error
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            where = f"{self._path}:{self._reader.line_num + 1}"
            raise ImportFailed(
                f"The gzip stream is damaged: {error}", where=where, remedy="Download it again."
            ) from error
        except OSError as error:
            where = f"{self._path}:{self._reader.line_num + 1}"
            raise ImportFailed(f"The file cannot be read: {error}", where=where, remedy="Download it again.") from error

    def _decoded(self) -> Iterator[str]:
        """Lines as text, each remembered until its batch is done."""
        encoding = self._encoding
        line = b""
        try:
            for line in iter(partial(self._stream.readline, LINE_BYTES), b""):
                if len(line) == LINE_BYTES:
                    where = f"{self._path}:{self._reader.line_num + 1}"
                    remedy = "Check that it is a text file with one row a line."
                    raise ImportFailed(f"A line is longer than {LINE_BYTES} bytes", where=where, remedy=remedy)
                self._raw.append(line)
                if line[:3] == codecs.BOM_UTF8 and not self._reader.line_num:
                    yield line[3:].decode(encoding)
                else:
                    yield line.decode(encoding)
        except UnicodeDecodeError as error:
            where, byte = f"{self._path}:{self._reader.line_num + 1}", line[error.start]
            remedy = "Convert the file to UTF-8 (for example with iconv), or name its encoding in a mapping."
            raise ImportFailed(f"Byte 0x{byte:02x} is not {encoding} text", where=where, remedy=remedy) from error


def csv_line(values: Sequence[str]) -> bytes:
    """The bytes of a row that has none of its own: as a CSV export writes it."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(values)
    return line.getvalue().encode("utf-8", "surrogatepass")


def _split(delimiter: str, line: str) -> list[str]:
    """The values of a line between delimiters of several characters, which know no quotes."""
    text = line.rstrip("\r\n")
    return text.split(delimiter) if text.strip() else []


def _places(widths: Sequence[int]) -> list[tuple[int, int]]:
    """Where each column of a fixed width begins and ends."""
    ends = [sum(widths[: number + 1]) for number in range(len(widths))]
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _cut(places: Sequence[tuple[int, int]], line: str) -> list[str]:
    """The values of a line whose columns begin at fixed places; text behind the last one is one value more."""
    text = line.rstrip("\r\n")
    if not text.strip():
        return []
    values = [text[start:end].strip() for start, end in places if start < len(text)]
    rest = text[places[-1][1] :].strip()
    return [*values, rest] if rest else values
