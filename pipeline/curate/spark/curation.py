"""Raw → curated on Spark: every table from all raw files, by the SQL that DuckDB runs, in Spark's dialect.

A Glue job is this call with somewhere to keep the tables::

    curate(spark, "s3://shop-lake", settings, keep=iceberg("glue_catalog.takings"))

It makes everything again each time. Merging the new rows into the existing tables is the deployment's step (`MERGE`
into Iceberg); the rows to merge are these.

A line is judged as `pipeline.curate.raw` judges it: one that cannot be read goes to quarantine with its bytes, its file
and its line, a file that breaks off is refused as a whole, and the call fails unless
received = accepted + duplicates + quarantined: publish the tables after it returned.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING

from catalogue.binding import bind
from catalogue.clock import utc_now
from catalogue.queries import load_curation
from catalogue.tables import CURATED_TABLES, CURATION_RELATIONS, TABLES
from pipeline.curate.spark import raw as spark_raw
from pipeline.curate.spark.new_files import new_files
from pipeline.curate.spark.spend import read_spend
from pipeline.curate.spark.types import schema, typed
from pipeline.curate.status import require_conservation
from pipeline.lake import LakeSettings
from pipeline.objects import opened

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

Keep = Callable[[str, "DataFrame"], "DataFrame"]

DIALECT = "spark"
SESSION = {
    "spark.sql.session.timeZone": "UTC",  # curated instants are UTC, without a zone of their own
    "spark.sql.ansi.enabled": "true",  # money that overflows stops the job; without it, it would become null
    "spark.sql.json.enablePartialResults": "true",  # one field that cannot be read is null; its line is kept
}


@dataclass(frozen=True)
class SparkCuration:
    """The curated tables and the counts of their records: received = accepted + duplicates + quarantined."""

    tables: Mapping[str, DataFrame]
    received: int
    accepted: int
    duplicates: int
    quarantined: int


def persisted(_table: str, frame: DataFrame) -> DataFrame:
    """Keep a table in the cluster's memory and disks, for as long as the session lives."""
    return frame.persist()


def parquet(folder: str) -> Keep:
    """Keep tables as Parquet below `folder`, a subfolder a table, partitioned and sorted as `catalogue.tables` says."""

    def keep(table: str, frame: DataFrame) -> DataFrame:
        definition, place = TABLES[table], f"{folder}/{table}"
        if definition.partition is None:
            frame.sort(*definition.sort).coalesce(1).write.mode("overwrite").parquet(place)
        else:
            ordered = frame.repartition(definition.partition).sortWithinPartitions(
                definition.partition, *definition.sort
            )
            ordered.write.mode("overwrite").partitionBy(definition.partition).parquet(place)
        return frame.sparkSession.read.schema(frame.schema).parquet(place)

    return keep


def curate(session: SparkSession, root: str, settings: LakeSettings, *, keep: Keep = persisted) -> SparkCuration:
    """Make every curated table from all raw files below `root`.

    Works in a session of its own, which shares the cluster and the catalogs with `session` and no setting and no view.

    Parameters
    ----------
    root : the lake: a folder, or a URL that Spark can read; the raw areas lie below it
    keep : given a table's name and its rows once they are computed; returns the frame that later tables read

    Raises
    ------
    CurationError
        A raw file cannot be read, or the conservation law does not hold.
    """
    own = session.newSession()
    for name, value in SESSION.items():
        own.conf.set(name, value)
    objects = opened(root)
    batch = spark_raw.read(own, objects, new_files(objects, (), now=utc_now()).files)
    batch.events.createOrReplaceTempView("raw_events")
    batch.refused.createOrReplaceTempView("raw_quarantine")
    read_spend(own, objects).charges.createOrReplaceTempView("raw_spend")
    values = settings.of_curation()
    tables: dict[str, DataFrame] = {}
    for name in in_order():
        query = load_curation()[name]
        given = {parameter: values[parameter] for parameter in query.parameters}
        for relation in query.tables:
            _provide(own, relation, tables)
        rows = own.sql(bind(query, given, dialect=DIALECT).sql)
        tables[name] = keep(name, typed(rows, CURATED_TABLES[name].columns))
    return _accounted(tables, batch.received, objects.place)


def in_order() -> list[str]:
    """The curated tables, each behind those that its SQL reads."""
    needs = {
        name: {source for relation in query.tables if (source := _source(relation)) is not None}
        for name, query in load_curation().items()
    }
    return list(TopologicalSorter(needs).static_order())


def _source(relation: str) -> str | None:
    """The table that a relation of the curation is a part of; None for raw records, and for what is not known yet."""
    kind, _, table = relation.partition("_")
    return None if kind in ("raw", "known") else table


def _provide(session: SparkSession, relation: str, tables: Mapping[str, DataFrame]) -> None:
    """Make a relation that a table's SQL names: all is new, so a part of a table is the whole table."""
    source = _source(relation)
    if source is not None:
        tables[source].createOrReplaceTempView(relation)
    elif relation.startswith("known_"):
        session.createDataFrame([], schema(CURATION_RELATIONS[relation])).createOrReplaceTempView(relation)


def _accounted(tables: Mapping[str, DataFrame], received: int, root: str) -> SparkCuration:
    """The tables with the counts of their records.

    Raises
    ------
    CurationError
        Records would be lost.
    """
    row = tables["events"].selectExpr("count(*)", "coalesce(sum(copies), 0)").head()
    accepted, copies = (int(row[0]), int(row[1])) if row else (0, 0)
    quarantined = tables["quarantine"].count()
    duplicates = copies - accepted
    remedy = "Do not publish these tables; report it."
    require_conservation(received, accepted, duplicates, quarantined, where=root, remedy=remedy)
    return SparkCuration(dict(tables), received, accepted, duplicates, quarantined)
