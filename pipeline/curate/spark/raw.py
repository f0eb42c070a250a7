"""Raw files → the relations `raw_events`, `raw_quarantine` and `raw_spend` of a Spark session.

Lines are judged as `pipeline.curate.raw` judges them. Values are read as text and tried as their types, so that one
field that cannot be read costs that field, and a line without what it must have goes to quarantine.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from catalogue.tables import CURATION_RELATIONS, Columns
from pipeline.curate import raw
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND
from pipeline.raw.files import UNPACKING_ERRORS, unpacked, unreadable_file
from pipeline.raw.zstandard import is_whole
from pipeline.spend.bills import Bill, counting, provider_key
from pipeline.spend.curation import SAMPLE_FOLDER

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

_TYPES = {
    "varchar": "string",
    "timestamp": "timestamp_ntz",
    "timestamp(6)": "timestamp_ntz",
    "varbinary": "binary",
    "integer": "int",
    "json": "string",
}
# what a raw line's columns are called in DuckDB's SQL and not in Spark's
_SPELLED = {"try(from_base64(record))": "try_to_binary(record, 'base64')", "as varchar": "as string"}
_LINE = "path string, modified timestamp, number bigint, line binary, text string, attributes string, broken string"
_BATCH_LINES = 10_000  # some 5 MiB
_NOTHING_THERE = ("PATH_NOT_FOUND", "UNABLE_TO_INFER_SCHEMA")
_TORN = "the compressed stream breaks off"


def lines(session: SparkSession, root: str, area: str) -> DataFrame:
    """Every line of a raw area that is not blank, with its file and number; a file that breaks off is one row `broken`.

    Files are unpacked whole, each by one task: Spark's own readers know no Zstandard outside of Hadoop's native
    library, and give no line numbers.
    """
    from pyspark.errors import AnalysisException

    try:
        files = session.read.format("binaryFile").option("recursiveFileLookup", "true").load(f"{root}/{area}")
    except AnalysisException as error:
        if error.getErrorClass() not in _NOTHING_THERE:
            raise
        return session.createDataFrame([], _LINE)
    return files.select("path", "modificationTime", "content").mapInArrow(_unpack, _LINE)


def _unpack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Files → lines. Runs on the workers."""
    import pyarrow as pa

    types = {"number": pa.int64(), "line": pa.binary()}
    for batch in batches:
        for path, modified, content in zip(*batch.columns, strict=True):
            found = _judged(content.as_py(), PurePosixPath(path.as_py()).suffix)
            while rows := list(islice(found, _BATCH_LINES)):
                columns = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
                yield pa.RecordBatch.from_pydict(
                    {
                        "path": pa.array([path.as_py()] * len(rows), pa.string()),
                        "modified": pa.array([modified.as_py()] * len(rows), modified.type),
                        **{name: pa.array(column, types.get(name, pa.string())) for name, column in columns.items()},
                    }
                )


_COLUMNS = ("number", "line", "text", "attributes", "broken")


def _judged(content: bytes, suffix: str) -> Iterator[tuple[int, bytes | None, str | None, str | None, str | None]]:
    """Lines of one file by number: their bytes, and their text where it is one JSON object."""
    if suffix == ".zst" and not is_whole(io.BytesIO(content), len(content)):
        yield 0, None, None, None, _TORN
        return
    try:
        for number, line in enumerate(unpacked(io.BytesIO(content), suffix), start=1):
            if kept := line.strip(b" \t\r\n"):
                yield number, kept, *_text(kept), None
    except UNPACKING_ERRORS as error:
        yield 0, None, None, None, str(error) or type(error).__name__


def _text(line: bytes) -> tuple[str | None, str | None]:
    """A line's text and its attributes as they were sent; nothing where the line is not one JSON object."""
    import msgspec

    try:
        text = line.decode("utf-8")
        attributes = msgspec.json.decode(line, type=dict[str, msgspec.Raw]).get("attributes")
    except (UnicodeDecodeError, msgspec.DecodeError):
        return None, None
    sent = None if attributes is None else bytes(attributes).decode("utf-8")
    return text, None if sent == "null" else sent


def count(lines: DataFrame) -> int:
    """How many lines there are.

    Raises
    ------
    CurationError
        A file cannot be unpacked to its end.
    """
    broken = lines.filter("broken is not null").select("path", "broken").sort("path").head(1)
    if broken:
        raise unreadable_file(broken[0]["path"], broken[0]["broken"])
    return int(lines.count())


def read(events: DataFrame, refused: DataFrame) -> None:
    """Create `raw_events` and `raw_quarantine`."""
    judged = (
        (raw.EVENTS, _columned(events, raw.EVENTS, RAW_EVENTS).persist()),
        (raw.REFUSED, _columned(refused, raw.REFUSED, RAW_QUARANTINE).persist()),
    )
    for kind, lines in judged:
        columns = CURATION_RELATIONS[kind.relation]
        rows = typed(lines.filter("whole"), columns)
        if kind is raw.REFUSED:
            for _, columned in judged:
                rows = rows.union(typed(columned.filter("not whole").select("unreadable.*"), columns))
        rows.createOrReplaceTempView(kind.relation)


def _columned(lines: DataFrame, kind: raw.LineKind, area: str) -> DataFrame:
    """The columns of a kind of line, whether it is `whole`, and what goes to quarantine where it is not."""
    from pyspark.sql import functions as f

    # Spark writes the numbers of an object in its own way (1.0E22 for 1e22): attributes are taken as they were sent
    fields = [
        "attributes" if name == "attributes" else f"{_tried(f'parsed.{name}', of)} as {name}"
        for name, of in kind.fields.items()
    ]
    columns = kind.columns.strip()
    for duckdb, spark in _SPELLED.items():
        columns = columns.replace(duckdb, spark)
    unreadable = f.struct(
        f.col("line").alias("record"),
        f.lit(raw.UNREADABLE).alias("reason"),
        f.lit(kind.unreadable).alias("detail"),
        f.expr(f"concat('{area}/', substring_index(path, '/{area}/', -1), ':', number)").alias("origin"),
        f.lit(raw.SOURCE).alias("source"),
        # it is unknown when an unreadable line arrived; the time of its file is the same in every curation
        f.col("modified").alias("received_at"),
    ).alias("unreadable")
    parsed = lines.withColumn("parsed", f.from_json("text", _texts(kind.fields)))
    read = parsed.select(*(f.expr(field) for field in fields), unreadable)
    columned = read.sparkSession.sql(f"select {columns}, unreadable from {{read}}", read=read)
    return columned.withColumn("whole", f.expr(f"coalesce({kind.whole}, false)"))


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
    return f"try_cast({path} as {_type(of)})"


def read_spend(session: SparkSession, root: str) -> None:
    """Create `raw_spend` from FOCUS Parquet files, whose column names are the specification's."""
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import AnalysisException
    from pyspark.sql import functions as f
    from pyspark.sql.types import MapType

    kinds = CURATION_RELATIONS["raw_spend"]
    try:
        files = session.read.option("mergeSchema", "true").option("recursiveFileLookup", "true")
        charges = files.parquet(f"{root}/{RAW_SPEND}")
    except AnalysisException as error:
        if error.getErrorClass() not in _NOTHING_THERE:
            raise
        session.createDataFrame([], schema(kinds)).createOrReplaceTempView("raw_spend")
        return
    except Py4JJavaError as error:
        why = str(error.java_exception.getMessage())
        named = re.search(rf"{RAW_SPEND}/\S+\.parquet", why)
        raise unreadable_file(named[0] if named else f"{root}/{RAW_SPEND}", "it is no Parquet file") from error
    given = {name.lower(): name for name in charges.columns}
    focus = {name: given.get(name.replace("_", "")) for name in kinds}
    if focus["tags"] is not None and isinstance(charges.schema[focus["tags"]].dataType, MapType):
        charges = charges.withColumn(focus["tags"], f.to_json(focus["tags"]))  # as providers export them
    sample = f.col("_metadata.file_path").contains(f"/{SAMPLE_FOLDER}")
    charged = charges.select(
        *((f.lit(None) if column is None else f.col(f"`{column}`")).alias(name) for name, column in focus.items()),
        sample.alias("is_sample"),
    )
    # the source of a row that names none follows from the folder of its file
    source = f.coalesce("source", f.when(f.col("is_sample"), "sample").otherwise("focus"))
    _counting(typed(charged.withColumn("source", source), kinds)).createOrReplaceTempView("raw_spend")


def _counting(charges: DataFrame) -> DataFrame:
    """The charges of the bills that count: where several sources know a bill, those of the best one."""
    bill = {
        "bill_source": "source",
        "bill_provider": "coalesce(provider_name, '')",
        "bill_account": "coalesce(billing_account_id, '')",
        "bill_period": "coalesce(cast(cast(billing_period_start as date) as string), '')",
    }
    named = charges.selectExpr("*", *(f"{sql} as {name}" for name, sql in bill.items()))
    found = {
        tuple(row): Bill(row["bill_source"], provider_key(row["bill_provider"]), *row[2:])
        for row in named.select(*bill).distinct().collect()
    }
    counts = counting(found.values())
    wanted = [row for row, bill in found.items() if bill in counts]
    if len(wanted) == len(found):
        return charges
    schema = ", ".join(f"{name} string" for name in bill)
    return named.join(charges.sparkSession.createDataFrame(wanted, schema), list(bill), "left_semi").drop(*bill)


def schema(columns: Columns) -> str:
    """Columns as Spark writes them."""
    return ", ".join(f"`{name}` {_type(kind)}" for name, kind in columns.items())


def _type(kind: str) -> str:
    return _TYPES.get(kind.lower(), kind.lower())


def typed(frame: DataFrame, columns: Columns) -> DataFrame:
    """The frame with exactly these columns and types; a value that does not fit stops the job."""
    return frame.select(*(frame[name].cast(_type(kind)).alias(name) for name, kind in columns.items()))
