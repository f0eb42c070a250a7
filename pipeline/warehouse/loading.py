"""The load: from the published version to views that show it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from catalogue.clock import utc_now
from catalogue.errors import LoadFailed
from catalogue.tables import TABLES
from catalogue.warehouse import warehouse_tables
from pipeline.objects import Objects
from pipeline.warehouse import exports
from pipeline.warehouse import statements as sql
from pipeline.warehouse.data_api import Warehouse
from pipeline.warehouse.exports import State
from pipeline.warehouse.statements import NO_ROWS, Load, definition_of

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Loaded:
    """What a load did.

    Attributes
    ----------
    version : that the warehouse shows now; None where nothing is published yet
    rows : rows of each table that was loaded; empty where the warehouse had them all
    """

    version: int | None
    rows: Mapping[str, int]


def load(
    warehouse: Warehouse,
    lake: Objects,
    *,
    reader: str = "",
    copy_role: str = "",
    every: timedelta = timedelta(0),
    now: Callable[[], datetime] = utc_now,
) -> Loaded:
    """Let the warehouse show the published version; where it does, nothing is asked of it.

    One load at a time: another one at once can fail, and loses nothing.

    Parameters
    ----------
    reader : role of the database that may read the views; made where it is missing. Empty for none
    copy_role : ARN of the role that reads the exports; empty for the default one of the namespace
    every : a load wakes the warehouse, which is paid by the minute: of the versions of one such stretch of time (of an
        hour by the clock, say) the first is loaded, and the others are left to the first call after it

    Raises
    ------
    UsageLimitReached
        The workgroup has reached its usage limit; the warehouse shows what it did.
    LoadFailed
        An export or a statement failed, or rows are missing; the warehouse shows what it did.
    LakeError
        The bucket refuses; the warehouse shows what it did.
    """
    published = exports.published(lake)
    if published is None:
        return Loaded(None, {})
    wanted = [Load(table, published.tables.get(table) or NO_ROWS, definition_of(table)) for table in warehouse_tables()]
    shown = exports.loaded(lake)
    rows = {} if shown is None else dict(shown.rows)
    loaded: dict[str, int] = {}
    loaded_at = None if shown is None else shown.loaded_at
    if shown is None or _of_state(shown) != wanted:
        called_at = now()
        if shown is not None and loaded_at is not None and _are_in_one_stretch(loaded_at, called_at, every):
            return Loaded(shown.version, {})
        loaded_at = called_at
        loaded, rows = _switch(warehouse, lake, wanted, published.version, reader, copy_role)
    state = State(
        version=published.version,
        data_as_of=published.data_as_of,
        bills_as_of=published.bills_as_of,
        tables={load.table: None if load.snapshot == NO_ROWS else load.snapshot for load in wanted},
        definitions={load.table: load.definition for load in wanted},
        rows=rows,
        loaded_at=loaded_at,
    )
    if state != shown:  # after the switch, so that what is shown is never older than this says
        exports.write_loaded(lake, state)
    return Loaded(published.version, loaded)


def _are_in_one_stretch(first: datetime, second: datetime, every: timedelta) -> bool:
    """Whether two instants are in the same hour of the clock, where `every` is an hour; never where it is 0.

    The time between two loads would be a worse measure: a load takes minutes, so of a version each hour every other one
    would come too soon.
    """
    return bool(every) and (first - _EPOCH) // every == (second - _EPOCH) // every


def _of_state(state: State) -> list[Load]:
    """The tables that a state of the warehouse names."""
    return [
        Load(table, snapshot or NO_ROWS, state.definitions.get(table, ""))
        for table, snapshot in sorted(state.tables.items())
    ]


def _switch(
    warehouse: Warehouse, lake: Objects, wanted: Sequence[Load], version: int, reader: str, copy_role: str
) -> tuple[dict[str, int], dict[str, int]]:
    """Load what differs, then let all views show it at once; the rows of what was loaded, and of all tables."""
    warehouse.transact(sql.prepare())
    known = {table: (Load(table, *rest[:2]), int(rest[3])) for table, *rest in warehouse.rows(sql.registered())}
    in_use = {load.place for load, _ in known.values()} | {sql.REGISTER.partition(".")[2]}
    unused = [place for (place,) in warehouse.rows(sql.tables_there()) if place not in in_use]
    if unused:  # of a load that was killed, or of the version before
        warehouse.transact([sql.drop(unused)])
    new = [load for load in wanted if load.table not in known or known[load.table][0] != load]
    loaded = {load.table: _fill(warehouse, lake, load, copy_role) for load in new}
    if new:
        _check(dict(warehouse.rows(sql.counts(new))), loaded)
    if reader and reader not in {role for (role,) in warehouse.rows(sql.roles())}:
        warehouse.transact([f"create role {reader}"])
    gone = sorted(set(known).difference(load.table for load in wanted))
    redefined = [
        load.table for load in new if load.table in known and known[load.table][0].definition != load.definition
    ]
    changes = [
        *([sql.drop_views([*gone, *redefined])] if gone or redefined else []),
        *(sql.view(load) for load in new),
        *([sql.forget([*gone, *loaded])] if gone or new else []),
        *([sql.register(new, loaded, version)] if new else []),
        *(sql.grants([load.table for load in wanted], reader) if reader else []),
    ]
    if changes:
        warehouse.transact(changes)
    kept = {load.table: known[load.table][1] for load in wanted if load.table in known}
    return loaded, kept | loaded


def _fill(warehouse: Warehouse, lake: Objects, load: Load, copy_role: str) -> int:
    """Make the table of a load and fill it, as a whole or not at all; how many rows its export has."""
    create = sql.create(load.table, load.place)
    if load.snapshot == NO_ROWS:
        warehouse.transact([create])
        return 0
    export = exports.export(lake, load.table, load.snapshot)
    expected = tuple(TABLES[load.table].columns)
    if export.columns != expected:
        differing = sorted(set(expected).symmetric_difference(export.columns)) or ["their order"]
        raise LoadFailed(
            f"The export of {load.table} has other columns than the table: {', '.join(differing)}",
            where=load.snapshot,
            remedy="Curate once with this version of Takings, then load again.",
        )
    manifest = exports.write_manifest(lake, load.table, load.snapshot, export)
    warehouse.transact([create, sql.copy(load.place, manifest, copy_role)])
    return export.rows


def _check(found: Mapping[str, int], expected: Mapping[str, int]) -> None:
    """Refuse to show a table that has other rows than its export."""
    for table, rows in expected.items():
        if found[table] != rows:
            raise LoadFailed(
                f"Of {rows:,} rows of {table}, {found[table]:,} were loaded",
                where=table,
                remedy="The warehouse shows what it did. Load again; report it if it stays.",
            )
