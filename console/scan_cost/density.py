"""A whole sample lake as one day of a full one: how many rows a day of each table has, and what its columns weigh.

A year of a small shop and a day of a large one hold as many events. So the rows of a table's every day are put together
as if they were of one day: rows of the same grain become one, their counts and amounts added up. That is written as
curation writes a file, and the file's own metadata are read: compressed bytes of every column, row groups with the
smallest and largest values of the columns they are sorted by.

Tables that do not grow with the days, such as products, are measured in two lakes of different size.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.parquet import names_partition
from catalogue.queries import load_curation
from catalogue.tables import TABLES
from console.scan_cost.files import Dictionary, RowGroup, TableFile, bounds, dictionary_bytes, row_groups

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

Write = Callable[["pa.Table", Path, Sequence[str]], None]  # rows, file, the columns they are sorted by

DAY = date(2000, 1, 1)  # the one day that all rows are put on
INSTANT = "timestamp(6)"
ROW_GROUP = 122_880  # rows, as curation writes them


@dataclass(frozen=True)
class Density:
    """What one day of a table holds; all of it, where the table has no days.

    Attributes
    ----------
    column_bytes : compressed bytes of every stored column without its dictionary, over all rows, as they are stored
    chunk_bytes : what a chunk of each column takes besides, however many rows it has, such as its page's header
    dictionaries : what a row group has besides, of columns whose values come again and again
    row_groups : as curation wrote them, without the bounds of days
    growth : rows grow with the events to this power: 1 for events themselves, 0 for what is always the same
    footer : bytes of the file that was measured that are no rows
    most : the most rows there can be: every combination of the values of the grain's columns
    row_group : rows of a row group in a file of the table
    """

    rows: int
    column_bytes: Mapping[str, int]
    row_groups: Sequence[RowGroup]
    growth: float
    footer: int = 0
    dictionaries: Mapping[str, Dictionary] = field(default_factory=dict)
    most: float = math.inf
    row_group: int = ROW_GROUP
    chunk_bytes: Mapping[str, int] = field(default_factory=dict)

    def file_of(self, groups: Sequence[RowGroup]) -> TableFile:
        """A file of these row groups, whose rows weigh as much as those that were measured."""
        weights = {name: size / self.rows for name, size in self.column_bytes.items()}
        return TableFile(weights, groups, self.footer, self.dictionaries, self.chunk_bytes)


def day_columns(table: str) -> list[str]:
    """The columns that say which day or month a row belongs to: the partition, and a leading one of the order."""
    definition = TABLES[table]
    leading = definition.sort[0]
    found = [definition.partition] if definition.partition else []
    if definition.columns[leading] in ("date", INSTANT) and leading not in found and _is_day(table, leading):
        found.append(leading)
    return [column for column in found if column is not None]


def _is_day(table: str, column: str) -> bool:
    """Whether a leading column says the day, and not a moment within the partition's day."""
    return TABLES[table].columns[column] == "date" or TABLES[table].partition is None


def measure(table: str, small: Path, large: Path, write: Write, row_group: int = ROW_GROUP) -> Density:
    """The density of a table.

    Parameters
    ----------
    small, large : lakes of the same sample, the large one with as many events as a day of the full lake
    write : how curation writes a file
    row_group : rows of its row groups
    """
    import pyarrow.parquet as pq

    fewer, more = (_as_one_day(table, _rows(table, lake)) for lake in (small, large))
    with tempfile.TemporaryDirectory() as folder:
        path, single = Path(folder) / "data.parquet", Path(folder) / "single.parquet"
        order = [column for column in TABLES[table].sort if column in more.column_names]
        write(more, path, order)
        write(more.slice(0, 1), single, order)
        metadata, size = pq.ParquetFile(path).metadata, path.stat().st_size
        chunk_bytes = _values_bytes(pq.ParquetFile(single).metadata)
    column_bytes, dictionaries = dict.fromkeys(more.column_names, 0), dict.fromkeys(more.column_names, 0)
    groups = []
    kinds = TABLES[table].columns
    for rows, chunks in row_groups(metadata):
        for chunk in chunks:
            column_bytes[chunk.path_in_schema] += chunk.total_compressed_size
            dictionaries[chunk.path_in_schema] += dictionary_bytes(chunk)
        kept = [chunk for chunk in chunks if kinds[chunk.path_in_schema] not in ("date", INSTANT)]
        groups.append(RowGroup(rows, bounds(kept)))
    growth = _growth(fewer.num_rows, more.num_rows, small, large)
    footer = size - sum(column_bytes.values())
    column_bytes = {
        name: max(size - dictionaries[name] - chunk_bytes.get(name, 0) * metadata.num_row_groups, 0)
        for name, size in column_bytes.items()
    }
    full = {
        name: Dictionary(
            bytes=size / metadata.num_row_groups,
            rows=more.num_rows / metadata.num_row_groups,
            growth=_values_growth(fewer, more, name),
        )
        for name, size in dictionaries.items()
        if size
    }
    return Density(
        more.num_rows, column_bytes, groups, growth, footer, full, _most(table, more), row_group, chunk_bytes
    )


def _values_bytes(metadata: pq.FileMetaData) -> dict[str, int]:
    """Bytes of each column without its dictionary, in a file of one row group; empty where it has none."""
    return {
        chunk.path_in_schema: chunk.total_compressed_size - dictionary_bytes(chunk)
        for _, chunks in row_groups(metadata)
        for chunk in chunks
    }


def _values_growth(fewer: pa.Table, more: pa.Table, column: str) -> float:
    """Distinct values of a column grow with its rows to this power; 1 where two equal samples do not show it."""
    if not fewer.num_rows or not more.num_rows or fewer.num_rows == more.num_rows:
        return 1.0
    values = [rows.select([column]).group_by(column).aggregate([]).num_rows for rows in (fewer, more)]
    return min(1.0, max(0.0, math.log(values[1] / values[0]) / math.log(more.num_rows / fewer.num_rows)))


def _most(table: str, rows: pa.Table) -> float:
    """How many combinations the grain's columns can have; a column that follows from others does not count."""
    kept: list[str] = []
    combinations, product = 1, 1
    for column in _key(table, rows):
        together = rows.select([*kept, column]).group_by([*kept, column]).aggregate([]).num_rows
        if together > combinations:
            kept.append(column)
            combinations = together
            product *= rows.select([column]).group_by(column).aggregate([]).num_rows
    return float(product) if kept else math.inf


def _growth(fewer: int, more: int, small: Path, large: Path) -> float:
    events = [_rows("events", lake, ["copies"]).num_rows for lake in (small, large)]
    if not fewer or not more or events[0] == events[1]:
        return 0.0
    return min(1.0, max(0.0, math.log(more / fewer) / math.log(events[1] / events[0])))


def _rows(table: str, lake: Path, columns: Sequence[str] | None = None) -> pa.Table:
    """All rows of a table; where `columns` are named, those."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    definition = TABLES[table]
    pieces = []
    for path in sorted((lake / definition.zone / table).rglob("*.parquet")):
        rows = pq.ParquetFile(path).read(columns=columns)
        if definition.partition is not None and columns is None and names_partition(path):
            value = date.fromisoformat(path.parent.name.partition("=")[2])
            rows = rows.append_column(definition.partition, pa.array([value] * rows.num_rows, pa.date32()))
        pieces.append(rows)
    if not pieces:
        return pa.table({name: pa.array([], pa.string()) for name in columns or definition.columns})
    return pa.concat_tables(pieces, promote_options="default").combine_chunks()


def _as_one_day(table: str, rows: pa.Table) -> pa.Table:
    """Rows of many days as those of one, sorted as the table is, without the partition's column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    definition = TABLES[table]
    if not rows.num_rows:
        return rows
    days = day_columns(table)
    if days:
        for place, field in enumerate(rows.schema):
            if pa.types.is_date(field.type):
                rows = rows.set_column(place, field.name, pa.array([DAY] * rows.num_rows, field.type))
            elif pa.types.is_timestamp(field.type):
                within = pc.subtract(rows.column(place), pc.floor_temporal(rows.column(place), unit="day"))
                moved = pc.add(pa.scalar(DAY, pa.date32()).cast(field.type), within)
                rows = rows.set_column(place, field.name, moved.cast(field.type))
        rows = _grouped(table, rows)
    stored = rows.drop_columns([definition.partition]) if definition.partition else rows
    return stored.sort_by([(column, "ascending") for column in definition.sort if column in stored.column_names])


def _key(table: str, rows: pa.Table) -> list[str]:
    """The columns of the grain."""
    query = load_curation().get(table)
    grain = query.grain.removeprefix("one row per ").split(", ") if query is not None else []
    return [column for column in grain if column in rows.column_names]


def _grouped(table: str, rows: pa.Table) -> pa.Table:
    """Rows of the same grain as one row."""
    import pyarrow as pa

    key = _key(table, rows)
    if not key or rows.select(key).group_by(key).aggregate([]).num_rows == rows.num_rows:
        return rows
    others = [field for field in rows.schema if field.name not in key]
    sums = {
        field.name: "sum" if pa.types.is_integer(field.type) or pa.types.is_decimal(field.type) else "first"
        for field in others
    }
    grouped = rows.group_by(key, use_threads=False).aggregate(list(sums.items()))
    renamed = grouped.rename_columns([*key, *sums] if grouped.column_names[0] == key[0] else [*sums, *key])
    return renamed.select(rows.column_names).cast(rows.schema)
