"""Raw files → the relations `raw_events` and `raw_quarantine` of a Spark session.

Lines are judged as `pipeline.curate.raw` judges them. Values are read as text and tried as their types, so that one
field that cannot be read costs that field, and a line without what it must have goes to quarantine.

Files of `RAW_STREAM` hold events and refused records as they were sent, those of `RAW_ERRORS` what could not be
delivered. Files of rows (``.parquet``) hold what lines hold, in columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from catalogue.tables import CURATION_RELATIONS
from pipeline.curate import raw
from pipeline.curate.spark.failures import parquet_failures
from pipeline.curate.spark.lines import LINE, unpack
from pipeline.curate.spark.types import sql_type
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE
from pipeline.objects import Found, Objects
from pipeline.raw.files import unreadable_file

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# what a raw line's columns are called in DuckDB's SQL and not in Spark's
_SPELLED = {"try(from_base64(record))": "try_to_binary(record, 'base64')", "as varchar": "as string"}
_FILE = "area string, name string, modified timestamp"
_TASK_BYTES = 8 * 1024 * 1024  # packed bytes of one task: unpacked and parsed they are some 100 MiB
_ROWS = ".parquet"  # of a file that holds rows: a line's fields are its columns, `attributes` is the text sent


@dataclass(frozen=True)
class RawBatch:
    """The records of some raw files, read and kept by the cluster until `release`.

    Attributes
    ----------
    events, refused : the relations ``raw_events`` and ``raw_quarantine``; lines that cannot be read are among `refused`
    received, quarantined : records read, and those of them that are among `refused`
    newest : the largest ``received_at`` (UTC, naive); None where there is no record
    """

    events: DataFrame
    refused: DataFrame
    received: int
    quarantined: int
    newest: datetime | None
    _kept: DataFrame

    def release(self) -> None:
        """Let the cluster forget the records."""
        self._kept.unpersist()


def read(session: SparkSession, objects: Objects, files: Mapping[str, Sequence[Found]]) -> RawBatch:
    """Read raw files: exactly these, each once, in one pass that counts them too.

    Parameters
    ----------
    session : its time zone is UTC and it is in ANSI mode
    files : by raw area, as `new_files` finds them

    Raises
    ------
    CurationError
        A file cannot be unpacked to its end, or is not there any more; names it.
    """
    of_rows = {area: [file for file in found if file.name.endswith(_ROWS)] for area, found in files.items()}
    of_lines = {area: [file for file in found if not file.name.endswith(_ROWS)] for area, found in files.items()}
    kept = _quarantined(_judged(lines_of(session, objects, of_lines)))
    for area, kind in ((RAW_EVENTS, raw.EVENTS), (RAW_QUARANTINE, raw.REFUSED)):
        if of_rows.get(area):
            kept = kept.unionByName(_rows(session, objects, kind, of_rows[area]), allowMissingColumns=True)
    kept = kept.persist()
    counted = kept.selectExpr(
        "count(*)",
        "count(raw_quarantine)",
        "greatest(max(raw_events.received_at), max(raw_quarantine.received_at))",
        "min(case when _broken is not null then struct(_name, _broken) end)",
    )
    with parquet_failures(objects.place):
        received, quarantined, newest, broken = counted.first() or (0, 0, None, None)
    if broken is not None:
        kept.unpersist()
        raise unreadable_file(f"{objects.place}/{broken[0]}", broken[1])
    events, refused = (kept.filter(f"{name} is not null").select(f"{name}.*") for name in _RELATIONS)
    return RawBatch(events, refused, received, quarantined, newest, kept)


_RELATIONS = (raw.EVENTS.relation, raw.REFUSED.relation)


def lines_of(session: SparkSession, objects: Objects, files: Mapping[str, Sequence[Found]]) -> DataFrame:
    """Every line that is not blank, with its file and number; a file that breaks off is one row `_broken`.

    Files are unpacked whole, each by one task: Spark's own readers know no Zstandard outside of Hadoop's native
    library, and give no line numbers.
    """
    named = sorted(((area, file) for area in files for file in files[area]), key=lambda one: -one[1].size)
    if not named:
        return session.createDataFrame([], LINE)
    tasks = min(len(named), max(2, sum(file.size for _, file in named) // _TASK_BYTES + 1))
    rows = [(area, file.name, file.modified) for area, file in named]
    return session.createDataFrame(rows, _FILE).repartition(tasks).mapInArrow(partial(unpack, objects), LINE)


def event_fields(lines: DataFrame) -> DataFrame:
    """The events among lines as a file of rows holds them, after the columns of their lines."""
    events = lines.where("not _refused")
    return _parsed(events, raw.EVENTS).select(*events.columns, *raw.EVENTS.fields)


def damaged_files(lines: DataFrame) -> set[str]:
    """The files that break off, or hold a line that cannot be read."""
    unread = _judged(lines).where(" and ".join(f"{name} is null" for name in _RELATIONS))
    return {row["_name"] for row in unread.select("_name").distinct().collect()}


def _judged(lines: DataFrame) -> DataFrame:
    """Two columns more, named as the relations; a line that cannot be read has neither."""
    return _fields(_fields(lines, raw.EVENTS), raw.REFUSED)


def _fields(lines: DataFrame, kind: raw.LineKind) -> DataFrame:
    """One column more, named as the kind's relation: the line's columns; null where it is no whole line of the kind."""
    return _whole(_parsed(lines, kind), kind, lines.columns)


def _parsed(lines: DataFrame, kind: raw.LineKind) -> DataFrame:
    """The lines with the fields of a kind of line; a field that cannot be read is null, as all are of another kind."""
    from pyspark.sql import functions as f

    # Spark writes the numbers of an object in its own way (1.0E22 for 1e22): attributes are taken as they were sent
    fields = [
        "_attributes as attributes" if name == "attributes" else f"{_tried(f'_parsed.{name}', of)} as {name}"
        for name, of in kind.fields.items()
    ]
    of_kind = "_refused" if kind is raw.REFUSED else "not _refused"
    parsed = lines.withColumn(
        "_parsed", f.from_json(f.expr(f"case when {of_kind} then _text end"), _texts(kind.fields))
    )
    return parsed.selectExpr(*fields, *lines.columns)


def _rows(session: SparkSession, objects: Objects, kind: raw.LineKind, files: Sequence[Found]) -> DataFrame:
    """Every row of files that hold rows, as `_quarantined` gives lines; one that is not whole breaks its file."""
    from pyspark.sql import functions as f

    paths = (f"{objects.place}/{file.name}" for file in files)
    rows = session.read.schema(_types(kind.fields)).parquet(*paths)
    name = f.substring_index("_metadata.file_path", f"{objects.place}/", -1).alias("_name")
    named = rows.select(*rows.columns, name)
    broken = f"case when {kind.relation} is null then 'a row is not {kind.what}' end as _broken"
    return _whole(named, kind, ["_name"]).selectExpr(kind.relation, "_name", broken)


def _whole(read: DataFrame, kind: raw.LineKind, others: Sequence[str]) -> DataFrame:
    """Of the fields of records their columns, as one column named as the relation; null where not whole."""
    from pyspark.sql import functions as f

    columns = kind.columns.strip()
    for duckdb, spark in _SPELLED.items():
        columns = columns.replace(duckdb, spark)
    columned = read.sparkSession.sql(f"select {columns}, {', '.join(others)} from {{read}}", read=read)
    values = [columned[name].cast(sql_type(of)).alias(name) for name, of in CURATION_RELATIONS[kind.relation].items()]
    whole = f.when(f.expr(kind.whole), f.struct(*values))
    return columned.select(*others, whole.alias(kind.relation))


def _quarantined(lines: DataFrame) -> DataFrame:
    """The lines as members of one relation or the other: those that cannot be read go to quarantine."""
    unreadable = {
        "record": "_line",
        "reason": f"'{raw.UNREADABLE}'",
        "detail": f"case when _refused then '{raw.REFUSED.unreadable}' else '{raw.EVENTS.unreadable}' end",
        "origin": "concat(_name, ':', _number)",
        "source": f"'{raw.SOURCE}'",
        # it is unknown when an unreadable line arrived; the time of its file is the same in every curation
        "received_at": "_modified",
    }
    members = ", ".join(
        f"'{name}', cast({unreadable[name]} as {sql_type(of)})"
        for name, of in CURATION_RELATIONS[raw.REFUSED.relation].items()
    )
    return lines.selectExpr(
        raw.EVENTS.relation,
        f"case when {raw.REFUSED.relation} is not null then {raw.REFUSED.relation}"
        f" when {raw.EVENTS.relation} is null then named_struct({members}) end as {raw.REFUSED.relation}",
        "_name",
        "_broken",
    )


def _types(fields: raw.Fields, between: str = " ") -> str:
    """The columns of a file of rows."""
    return ", ".join(
        f"`{name}`{between}{sql_type(of)}" if isinstance(of, str) else f"`{name}`{between}struct<{_types(of, ': ')}>"
        for name, of in fields.items()
    )


def _texts(fields: raw.Fields) -> str:
    """A JSON object's shape with every value as text, which is then tried as its own type."""
    return ", ".join(
        f"`{name}` string" if isinstance(of, str) else f"`{name}` struct<{_texts(of).replace('` ', '`: ')}>"
        for name, of in fields.items()
        if name != "attributes"
    )


def _tried(path: str, of: str | Mapping[str, str]) -> str:
    """An expression of a value as its type; null where it does not have that type."""
    if not isinstance(of, str):
        members = ", ".join(f"'{name}', {_tried(f'{path}.{name}', kind)}" for name, kind in of.items())
        return f"named_struct({members})"
    if of == "TIMESTAMP":  # by way of an instant: the type without a zone drops an offset
        return f"cast(try_cast({path} as timestamp) as timestamp_ntz)"
    return f"try_cast({path} as {sql_type(of)})"
