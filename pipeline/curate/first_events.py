"""The events of a lake that has none yet, written some days at a time.

Millions of wide rows are neither kept in memory nor sorted as a whole. Ids that arrived more than once are found first,
from two columns; then span after span of days is made, by the same SQL, and sorted and written by Arrow, which
takes two thirds of the time that DuckDB's sort of wide rows takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from catalogue.tables import TABLES
from pipeline.curate.files import write_unsorted

if TYPE_CHECKING:
    import duckdb

# Rows of a span: some 250 MB while they are sorted.
ROWS_AT_ONCE = 500_000
_SPANS_AT_ONCE = 2
_BASE = "memory.main"  # where the relation of all raw events is; that of a span has the same name, and hides it
_EVENTS = TABLES["events"]


class _Hours(NamedTuple):
    """Some hours with events, and how many events those are; the last hour is not included."""

    first: datetime
    last: datetime
    rows: int


def write_first_events(connection: duckdb.DuckDBPyConnection, sql: str, folder: Path) -> list[tuple[str, Path]]:
    """Write the events of the relation `raw_events`; returns each file with its day.

    Parameters
    ----------
    sql : makes the rows of `events` from `raw_events` and `known_events`
    folder : where the files come to be
    """
    connection.execute(
        "create or replace table repeated_ids as"
        " select namespace, event_id from raw_events group by namespace, event_id having count(*) > 1"
    )
    same_id = "repeated.namespace = raw_events.namespace and repeated.event_id = raw_events.event_id"
    is_repeated = f"exists (select 1 from repeated_ids as repeated where {same_id})"
    columns = ", ".join(_EVENTS.columns)
    # all copies of an id are in one place: these are made together, whatever their days
    with _only(connection, is_repeated) as cursor:
        cursor.execute(f"create or replace table {_BASE}.once_of_repeated as {sql}")

    def write(numbered: tuple[int, _Hours]) -> list[tuple[str, Path]]:
        number, span = numbered
        within = f"occurred_at >= timestamp '{span.first}' and occurred_at < timestamp '{span.last}'"
        with _only(connection, f"{within} and not {is_repeated}") as cursor:
            rows = cursor.sql(
                f"select {columns} from ({sql}) union all select {columns} from once_of_repeated where {within}"
            ).to_arrow_table()
        return write_unsorted(rows, folder / f"{number:05d}", str(_EVENTS.partition), _EVENTS.sort)

    with ThreadPoolExecutor(_SPANS_AT_ONCE) as pool:
        return [file for files in pool.map(write, enumerate(_spans(connection))) for file in files]


@contextmanager
def _only(connection: duckdb.DuckDBPyConnection, condition: str) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that sees some of the raw events as `raw_events`."""
    with connection.cursor() as cursor:
        cursor.execute(f"create temp view raw_events as select * from {_BASE}.raw_events where {condition}")
        yield cursor


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
