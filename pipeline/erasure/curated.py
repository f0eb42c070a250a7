"""The curated tables as curation would have made them of the raw files without the person.

The events that change are curated again from all of their copies, and everything that depends on them follows by the
step that curation itself takes; no other event is read again.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from catalogue.errors import CurationError
from catalogue.parquet import arrow_type
from catalogue.tables import TABLES
from pipeline.curate import raw
from pipeline.curate.run import connected
from pipeline.curate.step import Progress, curate_marts, recurate_events
from pipeline.curate.store import DuckDbStore
from pipeline.erasure.lines import Eraser
from pipeline.lake import STATE, Lake
from pipeline.transaction import Transaction

if TYPE_CHECKING:
    import duckdb

_REFUSED_ROWS = 10_000  # rows of the quarantine in memory at once


def rewrite(
    lake: Lake, eraser: Eraser, copies: Sequence[Path], change: Transaction, report: Progress
) -> dict[str, int]:
    """Stage the tables without the person, and the state of their next version; returns files written by table.

    Parameters
    ----------
    copies : raw files of all copies, without the person, of the events that change

    Raises
    ------
    CurationError
        The tables count other copies of these events than there are: records arrived meanwhile.
    """
    with connected(lake, change) as connection:
        store = DuckDbStore(lake, connection, change)
        if copies:
            raw.read(connection, raw.REFUSED, [])
            raw.read(connection, raw.EVENTS, copies)
            connection.execute("create table nothing as select namespace, event_id from raw_events where false")
            recurate_events(store, report)
            _require_all_copies(connection, lake)
        _refused(connection, store, eraser)
        curate_marts(store, report)
    if store.changed:
        state = lake.state()
        change.stage(STATE).write_text(json.dumps(state | {"version": state["version"] + 1}, indent=1), "utf-8")
    return store.changed


def _require_all_copies(connection: duckdb.DuckDBPyConnection, lake: Lake) -> None:
    ((new, known),) = connection.execute(
        "select (select coalesce(sum(copies), 0) from new_events), (select coalesce(sum(copies), 0) from known_events)"
    ).fetchall()
    if new != known:
        raise CurationError(
            f"The tables hold {known:,} records of these events, the raw files {new:,}",
            where=str(lake.root),
            remedy="Nothing has changed. Run `python -m pipeline curate`, then try again.",
        )


def _refused(connection: duckdb.DuckDBPyConnection, store: DuckDbStore, eraser: Eraser) -> None:
    """Change the refused records that name the person, on their days."""
    import pyarrow as pa

    columns = TABLES["quarantine"].columns
    schema = pa.schema([(name, arrow_type(kind)) for name, kind in columns.items()])
    days = set()
    rows = connection.sql(f"from ({store.select('quarantine')})")
    for batch in rows.to_arrow_reader(_REFUSED_ROWS):
        days |= {row["received_date"] for row in batch.to_pylist() if eraser.refused_values(row)}
    if not days:
        return
    connection.register("listed_days", pa.table({"day": pa.array(sorted(days), pa.date32())}))
    connection.execute("create table erased_days as from listed_days")
    key = ("received_date",)
    store.load_known("quarantine", key=key, units="erased_days")
    known = connection.sql("from known_quarantine").to_arrow_table().to_pylist()
    changed = [{**row, **eraser.refused_values(row)} for row in known]
    connection.register("changed_quarantine", pa.Table.from_pylist(changed, schema))
    connection.execute("create table new_quarantine as from changed_quarantine")
    store.merge("quarantine", key=key, units="erased_days")
