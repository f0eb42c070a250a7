"""Raw files → the relations `raw_events` and `raw_quarantine` of a DuckDB connection.

A raw file holds JSON lines, packed or not, or rows (``.parquet``): days that are over are rows, which are read in a
fraction of the time; what the stream and imports bring are lines. The columns of rows are the fields of a line, of the
types of `LineKind.fields`: instants in UTC without a zone, `attributes` as the JSON text that was sent, `product` and
`recommendation` as structs.

A line of the raw lake has passed the event contract when it was written. A line that cannot be read any more (a file
edited by hand, a damaged disk) goes to quarantine with its bytes, its file and its line. A file that cannot be
unpacked to its end is refused as a whole, because what it held is unknown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.parquet import quoted
from pipeline.curate.joining import joined
from pipeline.raw.files import ROWS, lines, unreadable_file
from pipeline.raw.zstandard import is_complete

if TYPE_CHECKING:
    import duckdb

UNREADABLE = "unreadable_line"  # reason code of a raw line that can no longer be read
SOURCE = "raw"  # of such a line

MANY_BYTES = 16 * 1024 * 1024  # of packed lines: some 400,000 events, which fit into memory
_ROW_GROUP = 122_880
_PACKERS = 2
_WHOLE = "takings_whole_rows"  # of a file of rows: whether each is a whole record

Fields = Mapping[str, "str | Mapping[str, str]"]


@dataclass(frozen=True)
class LineKind:
    """One kind of raw line: the relation it goes to, its JSON fields, its columns, and the condition of a whole line.

    Fields and columns are written for DuckDB; `pipeline.curate.spark.raw` reads the same lines.
    """

    relation: str
    what: str
    fields: Fields
    columns: str
    whole: str

    @property
    def unreadable(self) -> str:
        """The detail of the quarantine for a line that cannot be read."""
        return f"The raw line cannot be read as {self.what} any more"


EVENTS = LineKind(
    relation="raw_events",
    what="an event",
    fields={
        "event_id": "VARCHAR",
        "event_type": "VARCHAR",
        "occurred_at": "TIMESTAMP",
        "customer_id": "VARCHAR",
        "session_id": "VARCHAR",
        "product_id": "VARCHAR",
        "quantity": "DECIMAL(18,3)",
        "unit_price": "DECIMAL(18,4)",
        "currency": "VARCHAR",
        "order_id": "VARCHAR",
        "channel": "VARCHAR",
        "device": "VARCHAR",
        "region": "VARCHAR",
        "store_id": "VARCHAR",
        "campaign": "VARCHAR",
        "product": {"name": "VARCHAR", "category": "VARCHAR", "brand": "VARCHAR", "unit_cost": "DECIMAL(18,4)"},
        "recommendation": {"surface": "VARCHAR", "model": "VARCHAR", "rank": "INTEGER", "request_id": "VARCHAR"},
        "attributes": "JSON",
        "received_at": "TIMESTAMP",
        "source": "VARCHAR",
        "namespace": "VARCHAR",
        "public": "BOOLEAN",
        "rounded": "BOOLEAN",
        "free_order": "BOOLEAN",
    },
    columns="""
        event_id, event_type, occurred_at, received_at, source, coalesce(namespace, '') as namespace,
        coalesce(public, false) as public, customer_id, session_id, product_id, quantity,
        unit_price, currency, order_id, channel, device, region, store_id, campaign, product.name as product_name,
        product.category as category_path, product.brand as brand, product.unit_cost as unit_cost,
        recommendation.surface as recommendation_surface, recommendation.model as recommendation_model,
        recommendation.rank as recommendation_rank, recommendation.request_id as recommendation_request_id,
        cast(attributes as varchar) as attributes, coalesce(rounded, false) as rounded,
        coalesce(free_order, false) as free_order
    """,
    # what every event must still have after the contract
    whole="""
        event_id is not null and event_type is not null and occurred_at is not null and received_at is not null
        and source is not null and (customer_id is not null or session_id is not null)
        and (event_type not in ('purchase', 'refund')
             or (order_id is not null and unit_price is not null and quantity is not null and currency is not null))
    """,
)
REFUSED = LineKind(
    relation="raw_quarantine",
    what="a refused record",
    fields=dict.fromkeys(("record", "reason", "detail", "origin", "source"), "VARCHAR") | {"received_at": "TIMESTAMP"},
    columns="try(from_base64(record)) as record, reason, detail, origin, source, received_at",
    whole="record is not null and reason is not null and received_at is not null",
)


def read(
    connection: duckdb.DuckDBPyConnection,
    kind: LineKind,
    files: Sequence[Path],
    *,
    root: Path | None = None,
    workshop: Path | None = None,
) -> None:
    """Create the relation of one kind of records. Unreadable lines are added to `raw_quarantine`: read `REFUSED` first.

    The relation is a view: over packed files where they are, over the table ``<relation>_of_lines`` for files of lines.

    Parameters
    ----------
    root : the lake's folder; the origin of an unreadable line is its file relative to it
    workshop : folder that lasts as long as the relation. Where it is given, small files are joined there, and many
        lines are packed into files there rather than kept in memory

    Raises
    ------
    CurationError
        A file cannot be unpacked to its end, or a packed one holds something else.
    """
    import duckdb

    for path in files:
        if path.suffix == ".zst" and not is_complete(path):
            raise unreadable_file(path, "the compressed stream breaks off")
    packed = [path for path in files if path.suffix == ROWS]
    unknown = [path for path in packed if not _is_known_whole(kind, path)]
    of_lines = [path for path in files if path.suffix != ROWS]
    sources = {path: [path] for path in of_lines} if workshop is None else joined(of_lines, workshop / "joined")
    copies: dict[Path, Path] = {}  # packed copy → file of lines
    table, columns, is_broken = f"{kind.relation}_of_lines", kind.columns, f"({kind.whole}) is not true"
    try:
        if workshop is not None and sum(path.stat().st_size for path in of_lines) > MANY_BYTES:
            copies = _packed_copies(kind, list(sources), workshop / "packed")
        kept = f"create or replace table {table} as select {columns} from"
        connection.execute(f"{kept} {_json(kind, [] if copies else list(sources))}")

        def broken_among(paths: Sequence[Path]) -> set[Path]:
            found = _json(kind, paths, name=True)
            return _names(connection, f"select {columns}, filename from {found}", is_broken)

        broken = set()
        if connection.execute(f"select 1 from {table} where {is_broken} limit 1").fetchall():
            broken = broken_among(list(sources))
        unknown += [copy for copy in copies if not _is_known_whole(kind, copy)]
        held = _names(connection, f"select {columns}, filename from {_parquet(kind, unknown)}", is_broken)
        if refused := sorted(held.intersection(packed)):
            raise unreadable_file(refused[0], f"a row is not {kind.what}")
        broken |= {copies[path] for path in held}
        # of a joined file, the files with a broken line are read by themselves, and all others as before
        apart = [path for place in broken for path in sources[place] if path != place]
        damaged = {path for path in broken if sources[path] == [path]} | (broken_among(apart) if apart else set())
        if broken:
            rest = [] if copies else [path for path in sources if path not in broken]
            connection.execute(f"{kept} {_json(kind, [*rest, *(path for path in apart if path not in damaged)])}")
        sound = [path for path in (*packed, *copies) if path not in held]
        union = f" union all select {columns} from {_parquet(kind, sound)}" if sound else ""
        connection.execute(f"create or replace view {kind.relation} as select * from {table}{union}")
    except (duckdb.IOException, duckdb.InvalidInputException) as error:
        named = next((path for path in files if str(path) in str(error)), files[0].parent)
        raise unreadable_file(named, str(error)) from error
    for path in sorted(damaged):
        _read_line_by_line(connection, kind, path, str(path.relative_to(root)) if root else path.name)


def _is_known_whole(kind: LineKind, path: Path) -> bool:
    """Whether a file of rows says that each is whole; refuses one that is no such file, or lacks a column."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        found = pq.read_schema(path)
    except pa.ArrowInvalid as error:
        raise unreadable_file(path, str(error)) from error
    if missing := sorted(kind.fields.keys() - set(found.names)):
        raise unreadable_file(path, f"it has no column {missing[0]}")
    return (found.metadata or {}).get(_WHOLE.encode()) == b"true"


def _names(connection: duckdb.DuckDBPyConnection, rows: str, condition: str) -> set[Path]:
    """The files of the rows that fulfil a condition."""
    names = connection.execute(f"select distinct filename from ({rows}) where {condition}").fetchall()
    return {Path(name) for (name,) in names}


def pack(kind: LineKind, sources: Sequence[Path], target: Path, *, compression: str = "zstd") -> None:
    """Write the lines of files as rows of a Parquet file; a line that cannot be read becomes a row of nulls.

    Where there is none, the file says so in its metadata, and no reader has to look. Many small files are read faster
    if they are `joined` first.
    """
    import duckdb

    options = f"format parquet, compression {compression}, row_group_size {_ROW_GROUP}"
    copy = f"copy (select {_fields(kind)} from {_json(kind, sources)}) to '{quoted(target)}' ({options}"
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        connection.execute("set enable_progress_bar = false")
        connection.execute(f"{copy}, kv_metadata {{{_WHOLE}: 'true'}})")
        rows = f"select {kind.columns}, filename from {_parquet(kind, [target])}"
        if _names(connection, rows, f"({kind.whole}) is not true"):
            connection.execute(f"{copy})")


def _packed_copies(kind: LineKind, files: Sequence[Path], folder: Path) -> dict[Path, Path]:
    """Pack files of lines, some at a time; returns the file of lines of each copy."""
    folder.mkdir(parents=True)
    copies = {folder / f"{number:06d}{ROWS}": path for number, path in enumerate(files)}
    with ThreadPoolExecutor(_PACKERS) as pool:
        list(pool.map(lambda copy: pack(kind, [copies[copy]], copy, compression="lz4"), copies))
    return copies


def _fields(kind: LineKind) -> str:
    """The columns of a packed file: the fields of a line as they are; JSON is its text, as it was sent."""
    return ", ".join(f"cast({name} as varchar) as {name}" if of == "JSON" else name for name, of in kind.fields.items())


def _parquet(kind: LineKind, files: Sequence[Path]) -> str:
    """The relation of all rows of packed files, with their names."""
    if not files:
        return f"(select *, '' as filename from {_json(kind, [])})"
    return f"read_parquet({_listed(files)}, filename=true, hive_partitioning=false)"


def _json(kind: LineKind, files: Sequence[Path], *, name: bool = False) -> str:
    """The relation of all lines; one that cannot be read has nulls."""
    if not files:
        empty = ", ".join(f"cast(null as {_type(of)}) as {field}" for field, of in kind.fields.items())
        return f"(select {empty} where false)"
    shape = ", ".join(f"'{field}': '{_type(of)}'" for field, of in kind.fields.items())
    options = f"format='newline_delimited', columns={{{shape}}}, ignore_errors=true"
    return f"read_json({_listed(files)}, {options}{', filename=true' if name else ''})"


def _type(of: str | Mapping[str, str]) -> str:
    return of if isinstance(of, str) else f"STRUCT({', '.join(f'{name} {kind}' for name, kind in of.items())})"


def _read_line_by_line(connection: duckdb.DuckDBPyConnection, kind: LineKind, path: Path, shown: str) -> None:
    """Add the whole lines of a file to their relation, and all others to `raw_quarantine`."""
    import pyarrow as pa

    numbered = [(number, line.strip(b" \t\r\n")) for number, line in enumerate(lines(path), start=1)]
    kept = [(number, line) for number, line in numbered if line]
    table = pa.table(
        {"number": [number for number, _ in kept], "line": pa.array([line for _, line in kept], pa.binary())}
    )
    connection.register("numbered_lines", table)
    connection.execute(
        f"""
        create or replace temp table judged_lines as
        with texts as (select number, line, try(decode(line)) as text from numbered_lines),
        parsed as (
            select number, line, unnest(json_transform(case when json_valid(text) then text end, $shape)) from texts
        ),
        columned as (select number, line, {kind.columns} from parsed)
        select *, coalesce({kind.whole}, false) as whole from columned
        """,
        {"shape": json.dumps(kind.fields)},
    )
    connection.unregister("numbered_lines")
    connection.execute(
        f"insert into {kind.relation}_of_lines select * exclude (number, line, whole) from judged_lines where whole"
    )
    # it is unknown when an unreadable line arrived; the time of its file is the same in every curation
    moment = datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(tzinfo=None)
    connection.execute(
        "insert into raw_quarantine_of_lines by name select line as record, $reason as reason, $detail as detail,"
        " $shown || ':' || number as origin, $source as source, $moment as received_at"
        " from judged_lines where not whole",
        {
            "reason": UNREADABLE,
            "detail": kind.unreadable,
            "shown": shown,
            "source": SOURCE,
            "moment": moment,
        },
    )


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join(f"'{quoted(path)}'" for path in files) + "]"
