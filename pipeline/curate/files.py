"""Curated files: a sorted stream of rows, cut into Parquet files of one month each.

Arrow writes them: for many small files of a wide table it takes a third of the time of DuckDB's partitioned `copy`,
and the bytes depend on the rows alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline.curate import parts

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# A file of one partition is read whole: large row groups compress better and cost one seek. Of a table of one file a
# question wants some weeks or months: smaller ones let a reader skip the others.
ROW_GROUP = 122_880
ROW_GROUP_OF_ONE_FILE = 16_384
_BATCH_ROWS = 122_880
_FEW_ROWS = 5_000  # fewer are written in less time than is saved
_WRITERS = 2
_WAITING = 2  # files in memory that wait to be written
# Hardly any value comes twice in a day: a dictionary of them is longer than the column.
_DISTINCT = {
    "event_id",
    "session_id",
    "session_key",
    "visitor",
    "customer_id",
    "order_id",
    "recommendation_request_id",
    "attributes",
    "record",
}
_ZSTD_LEVEL = 1  # a tenth larger than level 3 for two thirds of the time
# A mart is small, and read with every page: a tenth smaller for some milliseconds.
_ZSTD_LEVEL_OF_MARTS = 6


def write_file(
    rows: pa.Table, path: Path, sort: Sequence[str], *, row_group: int = ROW_GROUP, is_mart: bool = False
) -> None:
    """Write one file of sorted rows. Equal rows give equal bytes.

    Parameters
    ----------
    sort : columns the rows are sorted by, so that a reader can skip row groups by them
    row_group : rows of a row group
    is_mart : whether the file is small and read often
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    instants = [field.name for field in rows.schema if pa.types.is_timestamp(field.type)]
    repeating = [name for name in rows.column_names if name not in instants and name not in _DISTINCT]
    for position, field in enumerate(rows.schema if rows.num_rows > _FEW_ROWS else ()):
        # Arrow finds the words of a column in less time than its Parquet writer does
        if pa.types.is_string(field.type) and field.name in repeating:
            rows = rows.set_column(position, field.name, rows.column(position).dictionary_encode())
    pq.write_table(
        rows.combine_chunks(),
        path,
        compression="zstd",
        compression_level=_ZSTD_LEVEL_OF_MARTS if is_mart else _ZSTD_LEVEL,
        row_group_size=row_group,
        use_dictionary=repeating,
        column_encoding=dict.fromkeys(instants, "DELTA_BINARY_PACKED"),
        write_statistics=list(sort),
        store_schema=False,
    )


def write_partitions(
    rows: duckdb.DuckDBPyRelation, folder: Path, partition: str | None, sort: Sequence[str], *, is_mart: bool
) -> Iterator[tuple[str, Path]]:
    """Write `rows`, sorted by `partition` and `sort`, into files of one month each; yields each once written.

    Yields the month of the partition, such as 2026-03, and the file: ``<folder>/00000.parquet``. Holds some files' rows
    in memory, never all rows.
    """
    batches = rows.to_arrow_reader(_BATCH_ROWS)
    runs = (run for batch in batches for run in _runs(batch, partition))
    return _write_all(_cut(runs), folder, partition, sort, is_mart=is_mart)


def write_unsorted(
    rows: pa.Table, folder: Path, partition: str, sort: Sequence[str], *, without: pa.ChunkedArray | None = None
) -> list[tuple[str, Path]]:
    """Sort rows in memory, and write them as `write_partitions` does; equal rows in another order give equal bytes.

    Parameters
    ----------
    without : a boolean a row: those that are left out
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    columns, keys = {}, {}
    for field in rows.schema:
        is_repeating = pa.types.is_string(field.type) and field.name not in _DISTINCT
        column = _in_order(rows[field.name]) if is_repeating else rows[field.name].combine_chunks()
        columns[field.name] = column
        if field.name in (partition, *sort):
            keys[field.name] = column.indices if is_repeating else column
    order = pc.sort_indices(pa.table(keys), sort_keys=[(name, "ascending") for name in (partition, *sort)])
    if without is not None:
        order = order.filter(pc.invert(without.combine_chunks().take(order)))
    ordered = pa.record_batch({name: column.take(order) for name, column in columns.items()})
    return list(_write_all(_cut(_runs(ordered, partition)), folder, partition, sort, is_mart=False))


def _in_order(column: pa.ChunkedArray) -> pa.DictionaryArray:
    """A column of few words by their place in a dictionary, which is sorted: places compare as the words do."""
    import pyarrow as pa
    import pyarrow.compute as pc

    words = column.combine_chunks().dictionary_encode()
    order = pc.sort_indices(words.dictionary)
    places = pc.sort_indices(order).cast(pa.int32())
    return pa.DictionaryArray.from_arrays(places.take(words.indices), words.dictionary.take(order))


def _runs(batch: pa.RecordBatch, partition: str | None) -> Iterator[tuple[str, pa.RecordBatch]]:
    """Pieces of sorted rows that are of one month each."""
    import pyarrow.compute as pc

    if partition is None:
        yield "", batch
        return
    days = batch.column(partition)
    months = pc.run_end_encode(pc.add(pc.multiply(pc.year(days), 100), pc.month(days)))
    position = 0
    for month, end in zip(months.values.to_pylist(), months.run_ends.to_pylist(), strict=True):
        yield f"{month // 100:04d}-{month % 100:02d}", batch.slice(position, end - position)
        position = end


def _cut(runs: Iterable[tuple[str, pa.RecordBatch]]) -> Iterator[tuple[str, pa.Table]]:
    """The rows of one file after another: cut where the month changes, and where a file is full."""
    import pyarrow as pa

    current, size = "", 0
    pieces: list[pa.RecordBatch] = []
    for value, run in runs:
        position = 0
        while position < run.num_rows:
            if pieces and (value != current or size == parts.LARGEST):
                yield current, pa.Table.from_batches(pieces)
                pieces, size = [], 0
            piece = run.slice(position, parts.LARGEST - size)
            pieces.append(piece)
            current, size, position = value, size + piece.num_rows, position + piece.num_rows
    if pieces:
        yield current, pa.Table.from_batches(pieces)


def _write_all(
    tables: Iterable[tuple[str, pa.Table]], folder: Path, partition: str | None, sort: Sequence[str], *, is_mart: bool
) -> Iterator[tuple[str, Path]]:
    """Write tables into a file each, some at a time; yields the month and the file, in their order."""
    writing: list[tuple[str, Path, Future[None]]] = []
    row_group = ROW_GROUP if partition else ROW_GROUP_OF_ONE_FILE
    skipped_by = (partition, *sort) if partition else sort
    folder.mkdir(parents=True)
    with ThreadPoolExecutor(_WRITERS) as pool:
        for number, (month, table) in enumerate(tables):
            path = folder / f"{number:05d}.parquet"
            done = pool.submit(write_file, table, path, skipped_by, row_group=row_group, is_mart=is_mart)
            writing.append((month, path, done))
            if len(writing) > _WAITING:
                first, written, future = writing.pop(0)
                future.result()
                yield first, written
        for month, path, future in writing:
            future.result()
            yield month, path
