"""Packed objects of closed days, written by Spark's workers: rows of events, and lines of refused records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING

from catalogue.errors import LakeError
from pipeline.curate.raw import EVENTS
from pipeline.curate.spark import raw as spark_raw
from pipeline.curate.spark.curation import own_session
from pipeline.curate.spark.packing import Part, pack_closed_days
from pipeline.curate.spark.publishing import Exports
from pipeline.curate.spark.source_tables import SparkWatermarks
from pipeline.objects import Objects

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_ROW_GROUP = 122_880
_PLACE = ("_name", "_number")  # of a line

Pack = Callable[[Iterable["pa.RecordBatch"]], bytes]


def pack(session: SparkSession, objects: Objects, namespace: str, exports: Exports | None = None) -> int:
    """Pack the closed days of a lake; returns how many objects were packed. Raises as `pack_closed_days`.

    Parameters
    ----------
    session : its configuration has the catalog
    namespace : catalog and database of the tables, such as ``glue_catalog.takings``
    """
    own = own_session(session)
    watermarks = SparkWatermarks(own, objects, namespace, exports)
    return pack_closed_days(objects, watermarks, partial(write, own, objects))


def write(session: SparkSession, objects: Objects, part: Part) -> set[str]:
    """Write the packed objects of a part, without small ones that have a line that cannot be read; returns these."""
    lines = spark_raw.lines_of(session, objects, part.files).persist()
    try:
        damaged = spark_raw.damaged_files(lines)
        sound = lines.where(~lines["_name"].isin(sorted(damaged))) if damaged else lines
        events = _in_order(spark_raw.event_fields(sound)).select(*EVENTS.fields)
        _write(objects, part.events, events, _rows)
        _write(objects, part.refused, _in_order(sound.where("_refused")).select("_line"), _lines)
    finally:
        lines.unpersist()
    return damaged


def _in_order(lines: DataFrame) -> DataFrame:
    """All in one task, as they came: a task that is tried again writes the same."""
    return lines.repartition(1).sortWithinPartitions(*_PLACE)


def _write(objects: Objects, name: str, records: DataFrame, packed: Pack) -> None:
    """Let one worker write all records into an object; none where there are none."""
    failed = records.mapInArrow(partial(_put, objects, name, packed), "why string").collect()
    if failed:
        raise LakeError(failed[0]["why"], where=f"{objects.place}/{name}", remedy="The next job undoes it. Try again.")


def _put(objects: Objects, name: str, packed: Pack, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Write an object, on a worker; why it could not be written is yielded: raised, it would come without its name."""
    import pyarrow as pa

    content = packed(batches)
    try:
        # what a task left that was tried before may be there
        if content and not objects.replace(name, content, tag=(stored := objects.stored(name)) and stored.tag):
            yield pa.RecordBatch.from_pydict({"why": ["Another process writes the object"]})
    except LakeError as error:
        yield pa.RecordBatch.from_pydict({"why": [error.what]})


def _rows(batches: Iterable[pa.RecordBatch]) -> bytes:
    """The bytes of a Parquet file; none without rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out, writer, some = BytesIO(), None, list[pa.RecordBatch]()
    for batch in batches:
        if writer is None and batch.num_rows:
            writer = pq.ParquetWriter(out, batch.schema, compression="zstd")
        some.append(batch)
        if writer is not None and sum(one.num_rows for one in some) >= _ROW_GROUP:
            writer.write_table(pa.Table.from_batches(some), row_group_size=_ROW_GROUP)
            some = []
    if writer is None:
        return b""
    if some:
        writer.write_table(pa.Table.from_batches(some))
    writer.close()
    return out.getvalue()


def _lines(batches: Iterable[pa.RecordBatch]) -> bytes:
    """The bytes of packed lines; none without a line."""
    import pyarrow as pa

    lines = [line + b"\n" for batch in batches for line in batch.column(0).to_pylist()]
    return bytes(pa.compress(b"".join(lines), "zstd", asbytes=True)) if lines else b""
