"""Opening a file as a table: its first bytes, and for JSON lines its name, say what kind it is."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from catalogue.errors import ImportFailed
from pipeline.importers.layout import PLAIN, Layout
from pipeline.importers.tables import Table, TextTable

_BUFFER = 1 << 20
_GZIP, _ZSTD, _PARQUET, _ZIP = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"PK\x03\x04"
_COMPRESSED = (".gz", ".zst")
_JSON_LINES = (".jsonl", ".ndjson")
_WORKBOOKS = (".xlsx", ".xlsm")


@contextmanager
def open_table(path: Path, layout: Layout = PLAIN) -> Iterator[Table]:
    """Open a file as a table: text, JSON lines (both also as gzip or Zstandard), Parquet, or an Excel workbook.

    Raises
    ------
    ImportFailed
        The file is missing, empty, a folder, an archive, or has no header. Also raised while iterating: text in another
        encoding, a truncated stream, a quote that never closes.
    """
    beginning = _beginning(path)
    kind = Path(path.stem).suffix if path.suffix in _COMPRESSED else path.suffix
    if beginning == _PARQUET:
        from pipeline.importers.parquet import ParquetTable

        with path.open("rb") as file:
            yield ParquetTable(path, file)
        return
    if beginning == _ZIP:
        if path.suffix.lower() not in _WORKBOOKS:
            remedy = "Unpack it; a workbook must have a name that ends in .xlsx."
            raise ImportFailed("This is a ZIP archive, not a table", where=str(path), remedy=remedy)
        from pipeline.importers.workbooks import Sheet

        yield Sheet(path, layout)
        return
    if path.suffix == ".gz" and not beginning.startswith(_GZIP):
        remedy = "Download it again, or rename it."
        raise ImportFailed("The name ends in .gz, but the file is not gzip", where=str(path), remedy=remedy)
    with path.open("rb") as file:
        if beginning.startswith(_GZIP):
            # GzipFile.readline is Python; a buffer above it reads lines in C.
            stream: IO[bytes] = io.BufferedReader(gzip.GzipFile(fileobj=file), _BUFFER)
        elif beginning == _ZSTD:
            import pyarrow as pa

            stream = io.BufferedReader(pa.CompressedInputStream(file, "zstd"), _BUFFER)
        else:
            stream = io.BufferedReader(file.raw, _BUFFER)
        if kind in _JSON_LINES:
            from pipeline.importers.json_lines import JsonLinesTable

            yield JsonLinesTable(path, file, stream, layout.keys)
        else:
            yield TextTable(path, file, stream, layout)


def _beginning(path: Path) -> bytes:
    """The first bytes of a file that can be read."""
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
    return beginning
