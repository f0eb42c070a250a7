"""How a Parquet file is read: as Trino reads it, the engine inside Athena.

Files of other partitions and row groups that a condition rules out are skipped; of the others the columns that matter
are read. Two columns with less than a megabyte between them are read in one piece, gap included; a file below three
megabytes is read whole. Of every larger file that is opened the end is read too: the footer is there.

Held against a real Trino in `tests/engines/test_scan_cost_on_trino.py`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.parquet import names_partition
from catalogue.tables import TABLES
from console.scan_cost.conditions import Bounds, may_hold
from console.scan_cost.scans import TableScan

if TYPE_CHECKING:
    from pyarrow.parquet import ColumnChunkMetaData, FileMetaData

SMALL_FILE_BYTES = 3 * 1024 * 1024  # Trino's parquet.small-file-threshold
GAP_BYTES = 1024 * 1024  # Trino's parquet.max-merge-distance
FOOTER_BYTES = 48 * 1024  # what Trino reads of a file's end before it knows more


@dataclass(frozen=True)
class RowGroup:
    """A row group: its rows, and the smallest and largest value of its columns, where they are known."""

    rows: float
    bounds: Bounds


@dataclass(frozen=True)
class Dictionary:
    """The distinct values of a column in a row group: compressed bytes, where it has so many rows.

    Attributes
    ----------
    growth : they grow with the rows to this power: 1 where every row has its own value, 0 where all are known
    """

    bytes: float
    rows: float
    growth: float

    def of(self, rows: float) -> float:
        """Bytes in a row group of so many rows."""
        return float(self.bytes * (rows / self.rows) ** self.growth)


@dataclass(frozen=True)
class TableFile:
    """A file.

    Attributes
    ----------
    weights : compressed bytes of one row, by column, in the order they are stored
    dictionaries : those of columns whose values come again and again; every row group has its own
    footer : bytes of the file that are no rows
    chunk_bytes : what a chunk of a column takes besides its rows
    """

    weights: Mapping[str, float]
    groups: Sequence[RowGroup]
    footer: int = 0
    dictionaries: Mapping[str, Dictionary] = field(default_factory=dict)
    chunk_bytes: Mapping[str, int] = field(default_factory=dict)
    small: int = SMALL_FILE_BYTES
    gap: int = GAP_BYTES

    @property
    def bytes(self) -> float:
        """The file's size."""
        return self.footer + sum(self._size(group, name) for group in self.groups for name in self.weights)

    def read(self, scan: TableScan) -> float:
        """Bytes that a scan reads of this file."""
        touched = [group for group in self.groups if may_hold(scan.condition, group.bounds)]
        stored = scan.columns & set(self.weights)
        if not touched or not stored:
            return 0.0
        if self.bytes <= self.small:
            return self.bytes
        return FOOTER_BYTES + sum(self._chunks(group, stored) for group in touched)

    def _chunks(self, group: RowGroup, wanted: Collection[str]) -> float:
        """Bytes of some columns of a row group, with the small gaps between them."""
        taken = gap = 0.0
        for name in self.weights:
            size = self._size(group, name)
            if name not in wanted:
                gap += size
                continue
            taken += size + (gap if taken and gap <= self.gap else 0.0)
            gap = 0.0
        return taken

    def _size(self, group: RowGroup, name: str) -> float:
        dictionary = self.dictionaries.get(name)
        fixed = (dictionary.of(group.rows) if dictionary else 0.0) + self.chunk_bytes.get(name, 0)
        return fixed + self.weights[name] * group.rows


def dictionary_bytes(chunk: ColumnChunkMetaData) -> int:
    """Compressed bytes of a column chunk's dictionary, which comes before its values."""
    return chunk.data_page_offset - chunk.dictionary_page_offset if chunk.has_dictionary_page else 0


def row_groups(metadata: FileMetaData) -> Iterator[tuple[int, list[ColumnChunkMetaData]]]:
    """Rows and column chunks of every row group of a file."""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        yield group.num_rows, [group.column(place) for place in range(group.num_columns)]


def bounds(chunks: Iterable[ColumnChunkMetaData]) -> dict[str, tuple[object, object]]:
    """The smallest and largest value of each column, where the file says them."""
    return {
        chunk.path_in_schema: (chunk.statistics.min, chunk.statistics.max)
        for chunk in chunks
        if chunk.statistics is not None and chunk.statistics.has_min_max
    }


def files_of(lake: Path, table: str) -> list[TableFile]:
    """The files of a table in a lake folder, described by their footers."""
    import pyarrow.parquet as pq

    definition = TABLES[table]
    found = []
    for path in sorted((lake / definition.zone / table).rglob("*.parquet")):
        metadata = pq.ParquetFile(path).metadata
        fixed: dict[str, tuple[object, object]] = {}
        if definition.partition is not None and names_partition(path):
            day = date.fromisoformat(path.parent.name.partition("=")[2])
            fixed[definition.partition] = (day, day)
        sizes: Counter[str] = Counter()
        groups = []
        for rows_of_group, chunks in row_groups(metadata):
            for chunk in chunks:
                sizes[chunk.path_in_schema] += chunk.total_compressed_size
            groups.append(RowGroup(rows_of_group, fixed | bounds(chunks)))
        rows = max(metadata.num_rows, 1)
        weights = {name: size / rows for name, size in sizes.items()}
        found.append(TableFile(weights, groups, path.stat().st_size - sum(sizes.values())))
    return found
