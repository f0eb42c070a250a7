"""Raw bills → the relation `raw_spend` of the charges that new, changed and missing bills can have changed.

What every raw file holds is kept in the table `bills`: one row a bill and file, as many as there are bills.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from catalogue.tables import CURATION_RELATIONS
from pipeline.curate.spark.failures import parquet_failures
from pipeline.curate.spark.types import schema, sql_type, typed
from pipeline.lake import RAW_SPEND
from pipeline.objects import Found, Objects
from pipeline.spend.changes import SAMPLE_FOLDER, BillRows, holds_charges, source_of, spend_change
from pipeline.spend.focus_columns import columns_of

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

_KEYS = {  # what names a bill's rows in a file
    "_file": "_file",
    "_source": "source",
    "_written": "coalesce(provider_name, '')",
    "_account": "coalesce(billing_account_id, '')",
    "_period": "coalesce(cast(cast(billing_period_start as date) as string), '')",
}


class BillFile(NamedTuple):
    """One row of the table `bills`: the rows of one bill in one raw file. A file without charges has one of 0 rows."""

    name: str
    size: int
    modified: datetime
    source: str
    written: str
    account: str
    period: str
    rows: int


COLUMNS = {
    "name": "varchar",
    "size": "bigint",
    "modified": "timestamp(6)",
    **dict.fromkeys(("source", "written", "account", "period"), "varchar"),
    "rows": "bigint",
}


@dataclass(frozen=True)
class SpendBatch:
    """The charges that can have changed.

    Attributes
    ----------
    charges : the relation ``raw_spend``: all charges that count of the changed providers and periods
    replaced : (``provider_name``, first day of the billing period as ISO 8601) of the rows of `spend` that `charges`
        replace; empty texts for nulls
    bills : the rows of the table `bills` to save with the tables
    as_of : when the last bill came in; None without one. The sample's is as new as its events
    changed : whether a raw file is new, changed or missing
    """

    charges: DataFrame
    replaced: frozenset[tuple[str, str]]
    bills: Sequence[BillFile]
    as_of: datetime | None
    changed: bool


def read_spend(session: SparkSession, objects: Objects, known: Iterable[BillFile] = ()) -> SpendBatch:
    """Read the charges of the bills that changed; without known bills, all.

    Parameters
    ----------
    session : its time zone is UTC and it is in ANSI mode
    known : the table `bills` of the published version

    Raises
    ------
    CurationError
        A raw file is no Parquet file; names it.
    """
    present = {file.name: file for file in objects.found(RAW_SPEND) if holds_charges(file.name)}
    before: dict[str, list[BillFile]] = defaultdict(list)
    for row in known:
        before[row.name].append(row)
    same = {
        name
        for name, rows in before.items()
        if name in present and (rows[0].size, rows[0].modified) == (present[name].size, present[name].modified)
    }
    new, missing = sorted(present.keys() - same), before.keys() - present.keys()
    times = [file.modified for name, file in present.items() if not name.startswith(SAMPLE_FOLDER)]
    as_of = max(times, default=None)
    if not new and not missing:
        rows = [row for name in sorted(before) for row in before[name]]
        return SpendBatch(_charges(session, objects, []), frozenset(), rows, as_of, changed=False)
    known_bills = {name: [BillRows(*row[3:]) for row in rows if row.rows] for name, rows in before.items()}
    # where a data export needs fewer files than the day before, it leaves the others without a byte
    found = _bills(session, objects, [name for name in new if present[name].size])
    found |= {name: [] for name in new if not present[name].size}
    files, changed, wanted = spend_change(known_bills, found, missing)
    replaced = {
        (part.written, part.period)
        for parts in known_bills.values()
        for part in parts
        if (part.bill.provider, part.bill.period) in changed
    }
    return SpendBatch(
        _counting(session, _charges(session, objects, list(wanted)), files, wanted),
        frozenset(replaced),
        [row for name in sorted(files) for row in _rows(present[name], files[name])],
        as_of,
        changed=True,
    )


def _rows(file: Found, parts: Sequence[BillRows]) -> list[BillFile]:
    return [
        BillFile(
            *file, source=part.source, written=part.written, account=part.account, period=part.period, rows=part.rows
        )
        for part in parts or (BillRows("", "", "", "", 0),)
    ]


def _bills(session: SparkSession, objects: Objects, names: Sequence[str]) -> dict[str, list[BillRows]]:
    """The bills in some raw files."""
    found: dict[str, list[BillRows]] = {name: [] for name in names}
    if names:
        keyed = _charges(session, objects, names).selectExpr(*(f"{sql} as {key}" for key, sql in _KEYS.items()))
        for row in sorted(keyed.groupBy(*_KEYS).count().collect()):
            found[row[0]].append(BillRows(*row[1:]))
    return found


def _counting(
    session: SparkSession,
    charges: DataFrame,
    files: Mapping[str, Sequence[BillRows]],
    wanted: Mapping[str, Sequence[BillRows]],
) -> DataFrame:
    """Of the charges of files, those of the wanted bills."""
    if any(len(parts) < len(files[name]) for name, parts in wanted.items()):
        keys = [(name, *part[:4]) for name, parts in wanted.items() for part in parts]
        chosen = session.createDataFrame(keys, ", ".join(f"{key} string" for key in _KEYS))
        named = charges.selectExpr("*", *(f"{sql} as {key}" for key, sql in list(_KEYS.items())[1:]))
        charges = named.join(chosen, list(_KEYS), "left_semi")
    return typed(charges, CURATION_RELATIONS["raw_spend"])


def _charges(session: SparkSession, objects: Objects, names: Sequence[str]) -> DataFrame:
    """Every charge of some raw files, with its file as `_file`.

    Files are read together where their columns have the same types: an export can write its costs as decimals of one
    scale in one month, and of another or as doubles in the next.
    """
    alike: dict[str, list[str]] = defaultdict(list)
    for name in names:
        with parquet_failures(objects.place):
            alike[session.read.parquet(f"{objects.place}/{name}").schema.json()].append(name)
    frames = [_of_shape(session, objects, of_shape) for of_shape in alike.values()]
    if not frames:
        return session.createDataFrame([], f"{schema(CURATION_RELATIONS['raw_spend'])}, _file string")
    whole = frames[0]
    for frame in frames[1:]:
        whole = whole.unionByName(frame)
    return whole


def _of_shape(session: SparkSession, objects: Objects, names: Sequence[str]) -> DataFrame:
    from pyspark.sql import functions as f
    from pyspark.sql.types import MapType

    kinds = CURATION_RELATIONS["raw_spend"]
    with parquet_failures(objects.place):
        charges = session.read.parquet(*(f"{objects.place}/{name}" for name in names))
    place = f.expr(f"substring_index(_metadata.file_path, '/{RAW_SPEND}/', -1)").alias("_place")
    paths = [(_as_spark_names(session, name).partition(f"/{RAW_SPEND}/")[2], name, source_of(name)) for name in names]
    files = session.createDataFrame(paths, "_place string, _file string, _source_of string")
    named = charges.select("*", place).join(f.broadcast(files), "_place")
    written = {field.name: field.dataType for field in charges.schema}
    given: dict[str, list[Column]] = {}
    for name, columns in columns_of(charges.columns).items():
        values = [f.col(f"`{column}`") for column in columns]
        given[name] = [
            (f.to_json(value) if isinstance(written[column], MapType) else value).cast(sql_type(kinds[name]))
            for column, value in zip(columns, values, strict=True)
        ]
    given["source"].append(f.col("_source_of"))
    chosen = [(f.coalesce(*values) if values else f.lit(None)).alias(name) for name, values in given.items()]
    return typed(named.select(*chosen, "_file"), {**kinds, "_file": "varchar"})


def _as_spark_names(session: SparkSession, name: str) -> str:
    """A file as Spark's metadata names it: its path as a URI, with some signs escaped."""
    return str(session._jvm.org.apache.hadoop.fs.Path(f"/{name}").toUri().toString())
