"""Raw files → the relations `raw_events` and `raw_quarantine` of a Spark session.

Lines are judged as `pipeline.curate.raw` judges them. Values are read as text and tried as their types, so that one
field that cannot be read costs that field, and a line without what it must have goes to quarantine.

The stream's own files (`RAW_STREAM`) hold events and refused records as they were sent; `RAW_ERRORS` holds what could
not be delivered into them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from catalogue.errors import LakeError
from catalogue.tables import CURATION_RELATIONS
from pipeline.curate import raw
from pipeline.curate.spark.types import sql_type
from pipeline.curate.spark.undelivered import lines_of_undelivered
from pipeline.lake import RAW_ERRORS, RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM
from pipeline.objects import Found, Objects
from pipeline.raw.files import UNPACKING_ERRORS, unpacked, unreadable_file
from pipeline.raw.zstandard import is_whole
from pipeline.streams import Kind
from pipeline.streams.kinesis import kind_of

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame, SparkSession

AREAS = (RAW_EVENTS, RAW_QUARANTINE, RAW_STREAM, RAW_ERRORS)

# what a raw line's columns are called in DuckDB's SQL and not in Spark's
_SPELLED = {"try(from_base64(record))": "try_to_binary(record, 'base64')", "as varchar": "as string"}
_FILE = "area string, name string, modified timestamp"
# what is known of a line besides its fields; the names are no field's
_LINE = (
    "_name string, _modified timestamp, _number bigint, _refused boolean, _line binary, _text string,"
    " _attributes string, _broken string"
)
_BATCH_LINES = 10_000  # some 5 MiB
_TASK_BYTES = 8 * 1024 * 1024  # packed bytes of one task: unpacked and parsed they are some 100 MiB
_READ_AT_ONCE = 8  # files of one task: an object of S3 takes 30 ms to answer, however small it is
_TORN = "the compressed stream breaks off"
_GZIP = b"\x1f\x8b"


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
    files : by raw area, one of `AREAS`

    Raises
    ------
    CurationError
        A file cannot be unpacked to its end, or is not there any more; names it.
    """
    kept = _quarantined(_fields(_fields(_lines(session, objects, files), raw.EVENTS), raw.REFUSED)).persist()
    counted = kept.selectExpr(
        "count(*)",
        "count(raw_quarantine)",
        "greatest(max(raw_events.received_at), max(raw_quarantine.received_at))",
        "min(case when _broken is not null then struct(_name, _broken) end)",
    ).first()
    received, quarantined, newest, broken = counted or (0, 0, None, None)
    if broken is not None:
        kept.unpersist()
        raise unreadable_file(f"{objects.place}/{broken[0]}", broken[1])
    events, refused = (kept.filter(f"{name} is not null").select(f"{name}.*") for name in _RELATIONS)
    return RawBatch(events, refused, received, quarantined, newest, kept)


_RELATIONS = (raw.EVENTS.relation, raw.REFUSED.relation)


def _lines(session: SparkSession, objects: Objects, files: Mapping[str, Sequence[Found]]) -> DataFrame:
    """Every line that is not blank, with its file and number; a file that breaks off is one row `_broken`.

    Files are unpacked whole, each by one task: Spark's own readers know no Zstandard outside of Hadoop's native
    library, and give no line numbers.
    """
    named = sorted(((area, file) for area in files for file in files[area]), key=lambda one: -one[1].size)
    if not named:
        return session.createDataFrame([], _LINE)
    tasks = min(len(named), max(2, sum(file.size for _, file in named) // _TASK_BYTES + 1))
    rows = [(area, file.name, file.modified) for area, file in named]
    return session.createDataFrame(rows, _FILE).repartition(tasks).mapInArrow(partial(_unpack, objects), _LINE)


def _unpack(objects: Objects, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Names of files → their lines. Runs on the workers."""
    import pyarrow as pa

    types = {"number": pa.int64(), "refused": pa.bool_(), "line": pa.binary()}
    with ThreadPoolExecutor(_READ_AT_ONCE) as pool:
        for batch in batches:
            files = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            while some := list(islice(files, _READ_AT_ONCE)):
                contents = pool.map(partial(_content, objects), [name for _, name, _ in some])
                for (area, name, modified), content in zip(some, contents, strict=True):
                    found = _judged(area, name, content)
                    while rows := list(islice(found, _BATCH_LINES)):
                        columns = dict(zip(_COLUMNS, zip(*rows, strict=True), strict=True))
                        yield pa.RecordBatch.from_pydict(
                            {
                                "_name": pa.array([name] * len(rows), pa.string()),
                                "_modified": pa.array([modified] * len(rows), batch.schema.field("modified").type),
                                **{
                                    f"_{column}": pa.array(values, types.get(column, pa.string()))
                                    for column, values in columns.items()
                                },
                            }
                        )


_COLUMNS = ("number", "refused", "line", "text", "attributes", "broken")


def _content(objects: Objects, name: str) -> bytes | str:
    """What a file holds, or why it cannot be had."""
    try:
        return objects.read(name)
    except FileNotFoundError:
        return "it is not there any more"
    except LakeError as error:
        return error.what


def _judged(
    area: str, name: str, content: bytes | str
) -> Iterator[tuple[int, bool, bytes | None, str | None, str | None, str | None]]:
    """Lines of one file by number: whether they are refused records, their bytes, and their text where it is JSON."""
    why = content if isinstance(content, str) else None
    try:
        if isinstance(content, bytes):
            for number, line in enumerate(_unpacked(content, PurePosixPath(name).suffix), start=1):
                if not (kept := line.strip(b" \t\r\n")):
                    continue
                for record in lines_of_undelivered(kept, f"{name}:{number}") if area == RAW_ERRORS else (kept,):
                    refused = area == RAW_QUARANTINE or (area != RAW_EVENTS and kind_of(record) is Kind.REFUSED)
                    yield number, refused, record, *_text(record), None
    except UNPACKING_ERRORS as error:
        why = str(error) or type(error).__name__
    if why is not None:
        yield 0, False, None, None, None, why


def _unpacked(content: bytes, suffix: str) -> Iterator[bytes]:
    """Lines of a file, packed as its first bytes and its name say.

    An object whose name ends with .gz may come unpacked already: a client on the way has read ``Content-Encoding``.
    """
    if content.startswith(_GZIP):
        suffix = ".gz"
    elif suffix == ".gz" and content.startswith(b"{"):
        suffix = ""
    if suffix == ".zst" and not is_whole(io.BytesIO(content), len(content)):
        raise EOFError(_TORN)
    return unpacked(io.BytesIO(content), suffix)


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


def _fields(lines: DataFrame, kind: raw.LineKind) -> DataFrame:
    """One column more, named as the kind's relation: the line's columns; null where it is no whole line of the kind."""
    from pyspark.sql import functions as f

    # Spark writes the numbers of an object in its own way (1.0E22 for 1e22): attributes are taken as they were sent
    fields = [
        "_attributes as attributes" if name == "attributes" else f"{_tried(f'_parsed.{name}', of)} as {name}"
        for name, of in kind.fields.items()
    ]
    columns = kind.columns.strip()
    for duckdb, spark in _SPELLED.items():
        columns = columns.replace(duckdb, spark)
    of_kind = "_refused" if kind is raw.REFUSED else "not _refused"
    parsed = lines.withColumn(
        "_parsed", f.from_json(f.expr(f"case when {of_kind} then _text end"), _texts(kind.fields))
    )
    read = parsed.selectExpr(*fields, *lines.columns)
    columned = read.sparkSession.sql(f"select {columns}, {', '.join(lines.columns)} from {{read}}", read=read)
    values = [columned[name].cast(sql_type(of)).alias(name) for name, of in CURATION_RELATIONS[kind.relation].items()]
    whole = f.when(f.expr(kind.whole), f.struct(*values))
    return columned.select(*lines.columns, whole.alias(kind.relation))


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
