"""Curated files: a sorted stream of rows, cut into one Parquet file per partition.

Arrow writes them: for hundreds of small files of a wide table it takes a third of the time of DuckDB's partitioned
`copy`, and the bytes depend on the rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# A file of one partition is read whole: large row groups compress better and cost one seek. Of a table of one file a
# question wants some weeks or months: smaller ones let a reader skip the others.
ROW_GROUP = 122_880
ROW_GROUP_OF_ONE_FILE = 16_384
_BATCH_ROWS = 122_880
_WRITERS = 2
_WAITING = 8  # partitions in memory that wait to be written
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
# A mart is small, and read with every page: a fifth smaller for some milliseconds.
_ZSTD_LEVEL_OF_MARTS = 9


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
    pq.write_table(
        rows.combine_chunks(),
        path,
        compression="zstd",
        compression_level=_ZSTD_LEVEL_OF_MARTS if is_mart else _ZSTD_LEVEL,
        row_group_size=row_group,
        use_dictionary=[name for name in rows.column_names if name not in instants and name not in _DISTINCT],
        column_encoding=dict.fromkeys(instants, "DELTA_BINARY_PACKED"),
        write_statistics=list(sort),
        store_schema=False,
    )


def write_partitions(
    rows: duckdb.DuckDBPyRelation, folder: Path, partition: str, sort: Sequence[str]
) -> Iterator[tuple[str, Path]]:
    """Write `rows`, sorted by `partition` and `sort`, into one file per day; yields each day and its file once written.

    Holds a few partitions in memory, never all rows.
    """
    folder.mkdir(parents=True, exist_ok=True)
    writing: list[tuple[str, Path, Future[None]]] = []
    with ThreadPoolExecutor(_WRITERS) as pool:
        for day, table in _by_day(rows, partition):
            path = folder / f"{day}.parquet"
            is_mart = partition.endswith("_month")
            writing.append((day, path, pool.submit(write_file, table, path, sort, is_mart=is_mart)))
            if len(writing) > _WAITING:
                first, written, future = writing.pop(0)
                future.result()
                yield first, written
        for day, path, future in writing:
            future.result()
            yield day, path


def _by_day(rows: duckdb.DuckDBPyRelation, partition: str) -> Iterator[tuple[str, pa.Table]]:
    """Cut a stream that is sorted by day where the day changes; the day itself is the folder's name, not a column."""
    import pyarrow as pa
    import pyarrow.compute as pc

    current: str | None = None
    pieces: list[pa.RecordBatch] = []
    for batch in rows.to_arrow_reader(_BATCH_ROWS):
        position = 0
        runs = pc.run_end_encode(batch.column(partition)) if batch.num_rows else None
        for day, end in zip(runs.values.to_pylist(), runs.run_ends.to_pylist(), strict=True) if runs else ():
            if str(day) != current:
                if current is not None:
                    yield current, pa.Table.from_batches(pieces).drop_columns([partition])
                current, pieces = str(day), []
            pieces.append(batch.slice(position, end - position))
            position = end
    if current is not None:
        yield current, pa.Table.from_batches(pieces).drop_columns([partition])
