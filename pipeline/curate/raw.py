"""Raw files → the relations `raw_events`, `raw_quarantine` and `raw_spend` of a DuckDB connection.

A line of the raw lake has passed the event contract when it was written. A line that cannot be read any more (a torn or
hand-edited file) goes to quarantine with its bytes: nothing that was received is lost.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from console.tables import CURATION_RELATIONS
from pipeline.errors import CurationError

if TYPE_CHECKING:
    import duckdb

_EVENT_JSON = {
    "event_id": "VARCHAR",
    "event_type": "VARCHAR",
    "occurred_at": "TIMESTAMP",
    "customer_id": "VARCHAR",
    "session_id": "VARCHAR",
    "product_id": "VARCHAR",
    "quantity": "BIGINT",
    "unit_price": "DECIMAL(18,4)",
    "currency": "VARCHAR",
    "order_id": "VARCHAR",
    "channel": "VARCHAR",
    "device": "VARCHAR",
    "region": "VARCHAR",
    "store_id": "VARCHAR",
    "campaign": "VARCHAR",
    "product": "STRUCT(name VARCHAR, category VARCHAR, brand VARCHAR, unit_cost DECIMAL(18,4))",
    "recommendation": "STRUCT(surface VARCHAR, model VARCHAR, rank INTEGER, request_id VARCHAR)",
    "attributes": "JSON",
    "received_at": "TIMESTAMP",
    "source": "VARCHAR",
}
_QUARANTINE_JSON = dict.fromkeys(("record", "reason", "detail", "origin", "source"), "VARCHAR") | {
    "received_at": "TIMESTAMP"
}

# what every event must still have after the contract, checked again because a file can rot
_WHOLE = """
    event_id is not null and event_type is not null and occurred_at is not null and received_at is not null
    and source is not null and (customer_id is not null or session_id is not null)
    and (event_type not in ('purchase', 'refund')
         or (order_id is not null and unit_price is not null and quantity is not null and currency is not null))
"""


def read_events(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Create `raw_events`, and add lines that cannot be read to `raw_quarantine` (which must exist)."""
    connection.execute(f"create or replace table arrived as {_events_of(files)}")
    broken = connection.execute(f"select distinct raw_file from arrived where not coalesce({_WHOLE}, false)").fetchall()
    for (name,) in broken:
        _quarantine_unreadable(connection, Path(name))
    connection.execute(
        f"""
        create or replace view raw_events as
        select event_id, event_type, occurred_at, received_at, source, customer_id, session_id, product_id, quantity,
               unit_price, currency, order_id, channel, device, region, store_id, campaign, product.name as product_name,
               product.category as category_path, product.brand as brand, product.unit_cost as unit_cost,
               recommendation.surface as recommendation_surface, recommendation.model as recommendation_model,
               recommendation.rank as recommendation_rank, recommendation.request_id as recommendation_request_id,
               cast(attributes as varchar) as attributes
        from arrived where {_WHOLE if broken else "true"}
        """
    )


def _events_of(files: Sequence[Path]) -> str:
    if not files:
        columns = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in _EVENT_JSON.items())
        return f"select {columns}, '' as raw_file where false"
    return f"select * rename (filename as raw_file) from {_reader(files, _EVENT_JSON, with_name=True)}"


def read_quarantine(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Create `raw_quarantine` from the refused records."""
    connection.execute(
        "create or replace table raw_quarantine (record blob, reason varchar, detail varchar, origin varchar,"
        " source varchar, received_at timestamp)"
    )
    if files:
        connection.execute(
            "insert into raw_quarantine select from_base64(record), reason, detail, origin, source, received_at"
            f" from {_reader(files, _QUARANTINE_JSON)} where received_at is not null"
        )


def read_spend(connection: duckdb.DuckDBPyConnection, files: Sequence[Path]) -> None:
    """Create `raw_spend` from FOCUS Parquet files, whose column names are the specification's."""
    columns = CURATION_RELATIONS["raw_spend"]
    if not files:
        empty = ", ".join(f"cast(null as {_duckdb(kind)}) as {name}" for name, kind in columns.items())
        connection.execute(f"create or replace view raw_spend as select {empty} where false")
        return
    listed = _listed(files)
    present = {
        row[0]
        for row in connection.execute(f"describe select * from read_parquet({listed}, union_by_name=true)").fetchall()
    }
    chosen = ", ".join(
        f'cast("{_focus(name)}" as {_duckdb(kind)}) as {name}'
        if _focus(name) in present
        else f"cast(null as {_duckdb(kind)}) as {name}"
        for name, kind in columns.items()
    )
    connection.execute(
        f"create or replace view raw_spend as select {chosen} from read_parquet({listed}, union_by_name=true)"
    )


def _focus(name: str) -> str:
    return "".join(word.capitalize() for word in name.split("_"))


def _duckdb(kind: str) -> str:
    return "timestamp" if kind.startswith("timestamp") else kind


def _listed(files: Sequence[Path]) -> str:
    return "[" + ", ".join("'" + str(path).replace("'", "''") + "'" for path in files) + "]"


def _reader(files: Sequence[Path], columns: dict[str, str], *, with_name: bool = False) -> str:
    shape = "{" + ", ".join(f"'{name}': '{kind}'" for name, kind in columns.items()) + "}"
    name = ", filename=true" if with_name else ""
    # errors become nulls: such lines are found again by `_WHOLE` and kept
    return f"read_json({_listed(files)}, format='newline_delimited', columns={shape}, ignore_errors=true{name})"


def _quarantine_unreadable(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Keep the bytes of every line of `path` that is not a whole event, in the order of the file."""
    now = datetime.now(UTC).replace(tzinfo=None)
    refused = [
        (
            record,
            "unreadable_line",
            "The raw line cannot be read as an event any more",
            f"{path.name}:{number}",
            "raw",
            now,
        )
        for number, record in enumerate((line.rstrip(b"\r\n") for line in lines(path)), start=1)
        if record.strip() and not _is_whole(connection, record)
    ]
    connection.executemany("insert into raw_quarantine values (?, ?, ?, ?, ?, ?)", refused)


def _is_whole(connection: duckdb.DuckDBPyConnection, record: bytes) -> bool:
    """Whether DuckDB would read this line as a whole event: the same conversion, one line at a time."""
    try:
        text = record.decode("utf-8")
        value: Any = json.loads(text)
    except ValueError:
        return False
    if not isinstance(value, dict):
        return False
    shape = json.dumps({name: kind for name, kind in _EVENT_JSON.items() if not kind.startswith(("STRUCT", "JSON"))})
    found = connection.execute(f"select {_WHOLE} from (select unnest(json_transform(?, ?)))", [text, shape]).fetchone()
    return bool(found and found[0])


def lines(path: Path) -> Iterator[bytes]:
    """Lines of a raw file, unpacked; a file that cannot be read raises CurationError."""
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as unpacked:
                yield from unpacked
        elif path.suffix == ".zst":
            import pyarrow as pa

            with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
                yield from stream.read().split(b"\n")
        else:
            with path.open("rb") as plain:
                yield from plain
    except OSError as error:
        raise CurationError(
            f"A raw file cannot be read: {error}", where=str(path), remedy="Restore the file, or move it out of raw/."
        ) from error
