"""The raw files of one import."""

from __future__ import annotations

from contextlib import ExitStack
from typing import IO

from pipeline.transaction import Transaction

PART_RECORDS = 1_000_000  # records per raw file, so that curation can read one import with several threads


class CompressedParts:
    """Lines written into as many compressed files as they need; the first file is made with the first line.

    Attributes
    ----------
    records : lines so far
    """

    def __init__(self, change: Transaction, folder: str, open_files: ExitStack) -> None:
        self._change = change
        self._folder = folder
        self._open_files = open_files
        self._file: IO[bytes] | None = None
        self._parts = 0
        self._in_part = 0
        self.records = 0

    def add(self, lines: bytes, records: int) -> None:
        """Add lines, each with its newline."""
        import pyarrow as pa

        if not records:
            return
        if self._in_part >= PART_RECORDS:
            self.close()
        if self._file is None:
            written = self._change.stage(f"{self._folder}/part-{self._parts:05d}.jsonl.zst")
            self._file = self._open_files.enter_context(pa.CompressedOutputStream(str(written), "zstd"))
            self._parts += 1
            self._in_part = 0
        self._file.write(lines)
        self._in_part += records
        self.records += records

    def close(self) -> None:
        """End the current file."""
        if self._file is not None:
            self._file.close()
            self._file = None
            self._in_part = 0
