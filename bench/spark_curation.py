"""How fast Spark makes curated Iceberg tables: all of a lake, then 100,000 new events, beside a plain transform of all.

The plain transform is what one writes without increments: Spark's own JSON reader, the same SQL for every table over
all rows, and Parquet.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from datetime import time as clock
from graphlib import TopologicalSorter
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from bench.options import END, Options, Record, record
from bench.raw_events import events_of, lines_of
from bench.spark_parts import Parts
from catalogue.binding import bind
from catalogue.queries import load_curation
from catalogue.tables import CURATED_TABLES, CURATION_RELATIONS
from pipeline.contract.events import encode
from pipeline.contract.shape import Event
from pipeline.curate.definitions import fingerprints, sources
from pipeline.curate.raw import EVENTS, Fields
from pipeline.curate.spark import curate
from pipeline.curate.spark.curation import SESSION
from pipeline.curate.spark.iceberg import nothing
from pipeline.curate.spark.types import typed
from pipeline.lake import RAW_EVENTS, STATE, LakeSettings
from tests.engines import spark_session

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

NEW_EVENTS = 100_000
PLAIN_EVENTS = 1_000_000  # the plain transform takes too long at more
_LATE, _AGAIN = 10, 50  # every tenth event is late, every fiftieth is one that was sent already
_LATE_DAYS = 21
_OF_A_LAKE = ("lake", "iceberg")  # its raw files with the state, and its tables
_SETTINGS = {
    "spark.driver.memory": "6g",
    "spark.sql.shuffle.partitions": "8",
    "spark.sql.codegen.wholeStage": "true",
}
# Some hundred statements are new to the JVM, and each runs for a second: its second compiler takes longer to make their
# code fast than the code then runs.
_OF_CURATION = {
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:TieredStopAtLevel=1 -XX:ReservedCodeCacheSize=256m"
}
_OF_PLAIN = {"spark.driver.extraJavaOptions": "-XX:+UseParallelGC"}


def measure(options: Options) -> Iterator[Record]:
    """Seconds of each step, and the most memory that its JVM held, at every size; each step in a JVM of its own."""
    for events in options.sizes:
        folder = options.folder / f"spark-{events}"
        folder.mkdir(exist_ok=True)
        yield from _Measured(folder, {"events": events, "new_events": NEW_EVENTS}).records(options.lake(events) / "raw")


@dataclass(frozen=True)
class _Measured:
    """One lake on Spark, below a folder that stays: Iceberg names its files by their whole paths.

    The first curation of a large lake takes long. What it made is kept beside what a run works on, as other names of
    the same files; while the definitions of the tables stay the same, the next run measures the increment alone.
    """

    folder: Path
    shape: Record
    settings: LakeSettings = field(default_factory=LakeSettings)

    def records(self, raw: Path) -> Iterator[Record]:
        kept = self.folder / "kept"
        if not self._is_kept(kept):
            self._replace(raw, self.folder / "lake" / "raw", *(self.folder / name for name in (*_OF_A_LAKE, "kept")))
            yield self._curated("spark_curation.first")
            self._replace(self.folder / "iceberg", kept / "iceberg")
            self._replace(self.folder / "lake", kept / "lake")
        for name in _OF_A_LAKE:
            self._replace(kept / name, self.folder / name, self.folder / name)
        _new_events(self.folder / "lake")
        yield self._curated("spark_curation.increment")
        if self.shape["events"] <= PLAIN_EVENTS:
            yield self._plain()

    def _is_kept(self, kept: Path) -> bool:
        state = kept / "lake" / STATE
        return state.exists() and json.loads(state.read_bytes())["made_by"] == fingerprints(self.settings)

    def _replace(self, source: Path, target: Path, *old: Path) -> None:
        """Let the same files have other names, too: none is written in place, each is replaced as a whole."""
        for path in old:
            shutil.rmtree(path, ignore_errors=True)
        shutil.copytree(source, target, copy_function=os.link)

    def _curated(self, bench: str) -> Record:
        parts, namespace, place = Parts(), f"{spark_session.CATALOG}.shop", str(self.folder / "lake")
        with spark_session.running(self.folder, _SETTINGS | _OF_CURATION) as spark, parts.measured():
            seconds = _seconds(spark, lambda: curate(spark, place, namespace, self.settings))
            jobs = int(spark.sparkContext._jsc.sc().statusStore().jobsList(None).size())
        return record(bench, **seconds, **self.shape, jobs=jobs, commits=parts.commits, parts=parts.most())

    def _plain(self) -> Record:
        with tempfile.TemporaryDirectory(dir=self.folder) as folder:
            unpacked, made = Path(folder) / "unpacked", Path(folder) / "plain"
            _unpack(self.folder / "lake", unpacked)
            with spark_session.running(Path(folder), _SETTINGS | _OF_PLAIN) as spark:
                seconds = _seconds(spark, lambda: _plain(spark, self.settings, unpacked, made))
        return record("spark_curation.plain", **seconds, **self.shape)


def _seconds(spark: SparkSession, work: Callable[[], object]) -> dict[str, Any]:
    """Seconds by the clock, and those of a processor that the JVM used: the same on a machine that others use too."""
    used, started = _processor_seconds(spark), time.perf_counter()
    work()
    seconds, used = time.perf_counter() - started, _processor_seconds(spark) - used
    return {
        "value": seconds,
        "unit": "s",
        "processor_seconds": round(used, 1),
        "load": round(os.getloadavg()[0], 1),
        "peak_mib": round(_peak_mib(spark)),
    }


def _new_events(root: Path) -> None:
    """One more raw file: events like the lake's last ones, most of the last day."""
    found = sorted((path for path in (root / RAW_EVENTS).rglob("part-*") if path.is_file()), reverse=True)
    known = (event for file in found for event in events_of(file))
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
    files = (path for path in (root / RAW_EVENTS).rglob("part-*") if path.is_file())
    for number, file in enumerate(sorted(files)):
        with gzip.open(folder / f"{number}.jsonl.gz", "wb", compresslevel=1) as out:
            out.writelines(line + b"\n" for line in lines_of(file))


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
