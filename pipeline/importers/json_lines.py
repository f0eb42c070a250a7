"""JSON lines as rows: one object a line."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import IO, Any

import msgspec

from catalogue.errors import ImportFailed
from pipeline.contract.rejections import Reason, rejected
from pipeline.importers.parquet import text_of
from pipeline.importers.tables import LINE_BYTES, Batch, Row

_DECODER = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal)  # a price stays the digits that were written


class JsonLinesTable:
    """A file with one JSON object a line; blank lines are skipped.

    Parameters
    ----------
    keys : those to read, as columns; ``customer.id`` is the key ``id`` in the object ``customer``. One that a line does
        not have, or has as null, is the empty text there

    Attributes
    ----------
    unseen : keys that no line so far had
    """

    def __init__(self, path: Path, file: IO[bytes], stream: IO[bytes], keys: Sequence[str]) -> None:
        self._path = path
        self._file = file
        self._stream = stream
        self._line = 0
        self.header = list(keys)
        self.unseen = set(keys)

    @property
    def bytes_read(self) -> int:
        """How far into the file on disk the reader is."""
        return self._file.tell()

    def batches(self, size: int) -> Iterator[Batch]:
        """The rows, at most `size` at a time."""
        rows: list[Row] = []
        lines: list[tuple[int, bytes]] = []
        for line in self._lines():
            rows.append(self._row(line))
            lines.append((self._line, line.rstrip(b"\r\n")))
            if len(rows) == size:
                yield _batch(rows, lines)
                rows, lines = [], []
        if rows:
            yield _batch(rows, lines)

    def _lines(self) -> Iterator[bytes]:
        try:
            for line in iter(partial(self._stream.readline, LINE_BYTES), b""):
                self._line += 1
                if len(line) == LINE_BYTES:
                    where, remedy = f"{self._path}:{self._line}", "Check that it holds one JSON object a line."
                    raise ImportFailed(f"A line is longer than {LINE_BYTES} bytes", where=where, remedy=remedy)
                text = line.removeprefix(codecs.BOM_UTF8) if self._line == 1 else line
                if text.strip():
                    yield text
        except (EOFError, zlib.error, OSError) as error:
            where = f"{self._path}:{self._line + 1}"
            raise ImportFailed(f"The file is damaged: {error}", where=where, remedy="Download it again.") from error

    def _row(self, line: bytes) -> Row:
        try:
            values = _DECODER.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            return rejected(Reason.MALFORMED_ROW, f"Line {self._line} is not one JSON object: {error}.")
        if self.unseen:
            self.unseen -= {key for key in self.unseen if _value(values, key) is not None}
        return [_text(_value(values, key)) for key in self.header]


def _batch(rows: list[Row], lines: list[tuple[int, bytes]]) -> Batch:
    return Batch(rows, lambda place: lines[place][0], lambda place: lines[place][1])


def _value(values: Any, key: str) -> Any:
    """What an object has under a key, or under a path of keys."""
    if key in values:
        return values[key]
    holder, _, rest = key.partition(".")
    inner = values.get(holder) if rest else None
    return _value(inner, rest) if isinstance(inner, dict) else None


def _text(value: Any) -> str:
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode("utf-8")
    return text_of(value)
