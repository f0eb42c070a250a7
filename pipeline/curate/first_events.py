"""The events of a lake that has none yet, written some days at a time.

Millions of wide rows are neither kept in memory nor sorted as a whole. Ids that arrived more than once are found first,
from two columns; then span after span of days is made, by the same SQL, and sorted and written by Arrow, which
takes two thirds of the time that DuckDB's sort of wide rows takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalogue.tables import CURATION_RELATIONS, TABLES
from pipeline.curate.files import write_unsorted

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# Rows of a span: some 250 MB while they are sorted.
ROWS_AT_ONCE = 500_000
_SPANS_AT_ONCE = 2
_BASE = "memory.main"  # where the relation of all raw events is; that of a span has the same name, and hides it
_EVENTS, _FIELDS = TABLES["events"], CURATION_RELATIONS["raw_events"]


class _Hours(NamedTuple):
    """Some hours with events, and how many events those are; the last hour is not included."""

    first: datetime
    last: datetime
    rows: int


def write_first_events(connection: duckdb.DuckDBPyConnection, sql: str, folder: Path) -> list[tuple[str, Path]]:
    """Write the events of `raw_events`, and make the table `repeated_ids`; returns each file with its month.

    Parameters
    ----------
    sql : makes the rows of `events` from `raw_events`, `known_events` and `repeated_ids`
    folder : where the files come to be
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    # ids are grouped by a number first, which takes half of the time that grouping by the ids themselves takes
    some = "select hash(namespace, event_id) from raw_events group by 1 having count(*) > 1"
    connection.execute(
        "create table repeated_ids as select namespace, event_id, count(*) as copies from raw_events"
        f" where hash(namespace, event_id) in ({some}) group by namespace, event_id having count(*) > 1"
    )
    repeated = connection.sql("select distinct event_id from repeated_ids").to_arrow_table()["event_id"]

    def write(numbered: tuple[int, _Hours]) -> tuple[list[tuple[str, Path]], pa.Table]:
        """Write what arrived once in a span; returns the files, and the copies of repeated ids."""
        number, span = numbered
        within = f"occurred_at >= timestamp '{span.first}' and occurred_at < timestamp '{span.last}'"
        rows = _made(connection, sql, f"{_BASE}.raw_events where {within}", f"{_BASE}.repeated_ids where false")
        is_repeated = pc.is_in(rows["event_id"], repeated)
        return _write(rows, folder / f"{number:05d}", without=is_repeated), rows.filter(is_repeated)

    with ThreadPoolExecutor(_SPANS_AT_ONCE) as pool:
        written = list(pool.map(write, enumerate(_spans(connection))))
    # the copies of an id may be of several spans
    connection.register("copies", pa.concat_tables([copies for _, copies in written]))
    connection.execute("create table copies_of_repeated as from copies")
    once = _made(connection, sql, f"{_BASE}.copies_of_repeated", f"{_BASE}.repeated_ids")
    return [file for files, _ in written for file in files] + _write(once, folder / "repeated")


def _made(connection: duckdb.DuckDBPyConnection, sql: str, raw: str, repeated: str) -> pa.Table:
    """The events that the SQL makes of some raw events, where some ids are repeated."""
    with connection.cursor() as cursor:
        cursor.execute(f"create temp view raw_events as select {', '.join(_FIELDS)} from {raw}")
        cursor.execute(f"create temp view repeated_ids as from {repeated}")
        return cursor.sql(f"select {', '.join(_EVENTS.columns)} from ({sql})").to_arrow_table()


def _write(rows: pa.Table, folder: Path, without: pa.ChunkedArray | None = None) -> list[tuple[str, Path]]:
    return write_unsorted(rows, folder, str(_EVENTS.partition), _EVENTS.sort, without=without)


def _spans(connection: duckdb.DuckDBPyConnection) -> Iterator[_Hours]:
    """All hours that have events, in spans of about `ROWS_AT_ONCE` rows: of whole days, where a day is not more."""
    counted = connection.execute(
        "select date_trunc('hour', occurred_at), count(*) from raw_events group by 1 order by 1"
    ).fetchall()
    hours = [_Hours(hour, hour + timedelta(hours=1), rows) for hour, rows in counted]
    units: list[_Hours] = []
    for _, of_day in groupby(hours, key=lambda hour: hour.first.date()):
        day = list(of_day)
        rows = sum(hour.rows for hour in day)
        units += day if rows > ROWS_AT_ONCE else [_Hours(day[0].first, day[-1].last, rows)]
    span: _Hours | None = None
    for unit in units:
        if span is not None and span.rows + unit.rows > ROWS_AT_ONCE:
            yield span
            span = None
        span = unit if span is None else _Hours(span.first, unit.last, span.rows + unit.rows)
    if span is not None:
        yield span
