"""How fast Spark makes curated Iceberg tables: all of a lake, then 100,000 new events, beside a plain transform of all.

The plain transform is what one writes without increments: Spark's own JSON reader, the same SQL for every table over
all rows, and Parquet.
"""

from __future__ import annotations

import gzip
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from datetime import time as clock
from functools import partial
from graphlib import TopologicalSorter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.options import END, Options, Record, record
from catalogue.binding import bind
from catalogue.queries import load_curation
from catalogue.tables import CURATED_TABLES, CURATION_RELATIONS
from pipeline.contract.events import encode
from pipeline.contract.shape import Event
from pipeline.curate.definitions import sources
from pipeline.curate.raw import EVENTS, Fields
from pipeline.curate.spark import curate
from pipeline.curate.spark.curation import SESSION
from pipeline.curate.spark.iceberg import nothing
from pipeline.curate.spark.types import typed
from pipeline.lake import RAW_EVENTS, LakeSettings
from pipeline.raw.files import lines
from tests.engines import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEW_EVENTS = 100_000
PLAIN_EVENTS = 1_000_000  # the plain transform takes too long at more
_LATE, _AGAIN = 10, 50  # every tenth event is late, every fiftieth is one that was sent already
_LATE_DAYS = 21
_SETTINGS = {
    "spark.driver.memory": "6g",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.codegen.wholeStage": "true",
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC",
}


def measure(options: Options) -> Iterator[Record]:
    """Seconds of each step, and the most memory that Spark's JVM held, at every size."""
    for events in options.sizes:
        raw = options.lake(events) / "raw"
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            root = Path(folder) / "lake"
            shutil.copytree(raw, root / "raw", copy_function=os.link)
            with spark_session.running(Path(folder), _SETTINGS) as spark:
                yield from _measured(spark, root, events)


def _measured(spark: SparkSession, root: Path, events: int) -> Iterator[Record]:
    namespace, settings = f"{spark_session.CATALOG}.shop", LakeSettings()
    shape: Record = {"events": events, "new_events": NEW_EVENTS}
    steps: dict[str, float] = {}

    def curated() -> None:
        steps.clear()
        started = time.perf_counter()

        def reached(step: str, _share: float) -> None:
            steps[step] = round(time.perf_counter() - started, 1)

        curate(spark, str(root), namespace, settings, progress=reached)

    yield _timed("spark_curation.first", spark, curated, **shape, reached=steps)
    _new_events(root)
    yield _timed("spark_curation.increment", spark, curated, **shape, reached=steps)
    yield record("spark_curation.memory_peak", _peak_mib(spark), "MiB", **shape)
    if events <= PLAIN_EVENTS:
        unpacked = root.parent / "unpacked"
        _unpack(root, unpacked)
        plain = partial(_plain, spark, settings, unpacked, root.parent / "plain")
        yield _timed("spark_curation.plain", spark, plain, **shape)


def _timed(bench: str, spark: SparkSession, work: Callable[[], None], **more: object) -> Record:
    """Seconds by the clock, and those of a processor that the JVM used: the same on a machine that others use too."""
    used, started = _processor_seconds(spark), time.perf_counter()
    work()
    seconds, used = time.perf_counter() - started, _processor_seconds(spark) - used
    return record(bench, seconds, "s", processor_seconds=round(used, 1), load=round(os.getloadavg()[0], 1), **more)


def _new_events(root: Path) -> None:
    """One more raw file: events like the lake's last ones, most of the last day."""
    found = sorted((root / RAW_EVENTS).rglob("*.jsonl.zst"), reverse=True)
    known = (msgspec.json.decode(line, type=Event) for file in found for line in lines(file) if line.strip())
    folder = root / RAW_EVENTS / "imports" / "new"
    folder.mkdir(parents=True)
    with (folder / "part-1.jsonl").open("wb") as out:
        for number, event in enumerate(islice(known, NEW_EVENTS)):
            out.write(encode(event if number % _AGAIN == 0 else _moved(event, number)) + b"\n")


def _moved(event: Event, number: int) -> Event:
    """The event as a new one of the last day, or of one of the weeks before."""
    days = 1 + (number % _LATE_DAYS if number % _LATE == 0 else 0)
    moment = event.occurred_at.timetz()
    at = datetime.combine(END - timedelta(days=days), moment if moment.tzinfo else clock())
    return msgspec.structs.replace(
        event,
        event_id=f"new-{number}",
        occurred_at=at,
        received_at=at + timedelta(seconds=1),
        session_id=event.session_id and f"new-{event.session_id}",
        order_id=event.order_id and f"new-{event.order_id}",
    )


def _unpack(root: Path, folder: Path) -> None:
    """The raw events as gzip, because Spark's own reader knows no Zstandard; not a part of what is measured."""
    folder.mkdir()
    for number, file in enumerate(sorted((root / RAW_EVENTS).rglob("*.jsonl*"))):
        with gzip.open(folder / f"{number}.jsonl.gz", "wb", compresslevel=1) as out:
            out.writelines(line + b"\n" for line in lines(file) if line.strip())


def _plain(spark: SparkSession, settings: LakeSettings, raw: Path, folder: Path) -> None:
    """Every table from all raw events, as Parquet; bills and refused records are left out."""
    own = spark.newSession()
    for name, value in SESSION.items():
        own.conf.set(name, value)
    read = own.read.schema(_shape(EVENTS.fields)).json(str(raw))
    columns = EVENTS.columns.replace("as varchar", "as string")
    events = own.sql(f"select {columns} from {{read}}", read=read)  # noqa: S608 - our own columns
    frames = {"raw_events": typed(events, CURATION_RELATIONS["raw_events"])}
    values, queries = settings.of_curation(), load_curation()
    for name in TopologicalSorter({name: sources(query) for name, query in queries.items()}).static_order():
        query, definition = queries[name], CURATED_TABLES[name]
        for relation in query.tables:
            part, _, table = relation.partition("_")
            if relation not in frames and part not in ("raw", "known"):
                frames[table].createOrReplaceTempView(relation)
            else:
                frames.get(relation, nothing(own, CURATION_RELATIONS[relation])).createOrReplaceTempView(relation)
        given = {parameter: values[parameter] for parameter in query.parameters}
        rows = typed(own.sql(bind(query, given, dialect="spark").sql), definition.columns)
        if definition.partition is None:
            rows.coalesce(1).write.parquet(f"{folder}/{name}")
        else:
            rows.repartition(definition.partition).write.partitionBy(definition.partition).parquet(f"{folder}/{name}")
        frames[name] = own.read.schema(rows.schema).parquet(f"{folder}/{name}")


def _shape(fields: Fields) -> str:
    """A raw line's fields as Spark reads them."""
    kinds = {"TIMESTAMP": "timestamp", "JSON": "string", "VARCHAR": "string", "INTEGER": "int"}
    return ", ".join(
        f"{name} {kinds.get(of, of)}" if isinstance(of, str) else f"{name} struct<{_shape(of)}>"
        for name, of in fields.items()
    )


def _processor_seconds(spark: SparkSession) -> float:
    fields = Path(f"/proc/{spark.sparkContext._gateway.proc.pid}/stat").read_text(encoding="ascii").split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def _peak_mib(spark: SparkSession) -> float:
    """The most memory that the JVM of a session ever held."""
    process = spark.sparkContext._gateway.proc.pid
    for text in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if text.startswith("VmHWM:"):
            return int(text.split()[1]) / 1024
    return 0.0
