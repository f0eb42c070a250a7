"""A lake of literal curated rows, and a scope that asks it with the console's own engine, catalogue and binding."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as parquet

from catalogue.binding import RowFilter, bind
from catalogue.parquet import arrow_type, folder_name, select
from catalogue.queries import Catalogue, Query, load, load_curation
from catalogue.tables import TABLES
from console.asking.cache import ResultCache
from console.asking.engines import SqlEngine
from console.asking.engines.duckdb import DuckDbEngine
from console.asking.scope import Scope
from pipeline.lake import STATE, Lake, LakeSettings
from tests.support import reading

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
START, END = date(2026, 3, 1), date(2026, 4, 1)

# what a row says where a test does not care
_DEFAULTS: dict[str, object] = {
    "namespace": "",
    "counted": True,
    "confirmed": True,
    "currency": "USD",
    "event_type": "purchase",
    "copies": 1,
    "placed": True,
}
# questions ask whole months of one and the other days of the other
_OF_ITS_MONTHS = {
    "daily_device_sales": "monthly_device_sales",
    "daily_sales": "monthly_sales",
    "daily_interest": "monthly_interest",
    "daily_product_sales": "monthly_product_sales",
}


def money(text: str) -> Decimal:
    """An amount as the tables store it."""
    return Decimal(text)


class Rows:
    """Writes literal rows as the Parquet of a lake folder, and asks them."""

    def __init__(self, root: Path, settings: LakeSettings | None = None) -> None:
        self.lake = Lake.create(root, settings)
        self._version = 0
        self._engine = DuckDbEngine(self.lake.root)

    def table(self, name: str, rows: Sequence[dict[str, Any]]) -> Rows:
        """Let a table hold exactly these rows; a column left out is null, or 0 where a mart counts.

        A mart of days brings the mart of its months with it.
        """
        definition = TABLES[name]
        unknown = {key for row in rows for key in row} - set(definition.columns)
        assert not unknown, f"{name} has no column {unknown}"
        shutil.rmtree(self.lake.root / definition.zone / name, ignore_errors=True)
        split = definition.partition
        for folder in {folder_name(name, row[split] if split else None) for row in rows} or ({""} if not split else ()):
            mine = [_complete(name, row) for row in rows if folder_name(name, row[split] if split else None) == folder]
            columns = {key: kind for key, kind in definition.columns.items() if "=" not in folder or key != split}
            table = pa.Table.from_pylist(mine, pa.schema([(key, arrow_type(kind)) for key, kind in columns.items()]))
            place = self.lake.root / definition.zone / name / folder
            place.mkdir(parents=True)
            parquet.write_table(table, place / "data.parquet")
        self._commit()
        return self.derived(_OF_ITS_MONTHS[name]) if name in _OF_ITS_MONTHS else self

    def derived(self, *names: str) -> Rows:
        """Let tables hold what the curation's SQL makes of the tables there are, in the order given."""
        for name in names:
            query = load_curation()[name]
            with reading.connection() as connection:
                for relation in query.tables:
                    table = relation.removeprefix("scoped_")
                    files = sorted((self.lake.root / TABLES[table].zone / table).rglob("*.parquet"))
                    connection.execute(f"create temporary view {relation} as {select(table, files)}")
                self.table(name, connection.sql(bind(query, {}, dialect="duckdb").sql).to_arrow_table().to_pylist())
        return self

    def _commit(self) -> None:
        self._version += 1
        state = {"version": self._version, "data_as_of": "2026-03-31T11:59:00Z", "raw_files": []}
        aside = self.lake.root / "state.aside"
        aside.write_text(json.dumps(state), encoding="utf-8")
        (self.lake.root / STATE).parent.mkdir(exist_ok=True)
        aside.replace(self.lake.root / STATE)

    def scope(
        self,
        *,
        regions: tuple[str, ...] | None = None,
        catalogue: Catalogue | None = None,
        engine: SqlEngine | None = None,
        cache: ResultCache | None = None,
    ) -> Scope:
        """What a viewer of some regions can ask."""
        chosen = engine or self._engine
        return Scope(
            engines={"lake": chosen, "warehouse": chosen},
            catalogue=catalogue or load(),
            cache=cache or ResultCache(),
            reporting_currency=self.lake.settings.reporting_currency,
            reporting_time_zone=self.lake.settings.reporting_time_zone,
            row_filter=RowFilter(regions),
            now=lambda: NOON,
        )

    def ask(self, query: str, *, regions_seen: tuple[str, ...] | None = None, **values: object) -> list[dict[str, Any]]:
        """The rows of one answer; the dates are those of March 2026 where none are given."""
        scope = self.scope(regions=regions_seen)
        given = march(scope.catalogue[query]) | values
        return scope.ask(query, **given).rows()


def march(query: Query) -> dict[str, object]:
    """The dates a query needs, around March 2026."""
    return {name: day for name, day in (("start_date", START), ("end_date", END)) if name in query.parameters}


def values_for(query: Query, start: date, end: date) -> dict[str, object]:
    """A fitting value for every parameter of any query, so that all of them can be run."""
    by_type: dict[str, object] = {"int": 10, "str": "none", "decimal": Decimal(1), "bool": True, "date": start}
    known: dict[str, object] = {
        "start_date": start,
        "end_date": end,
        "outcome_end": end + timedelta(days=7),
        "start_at": datetime.combine(start, time(), UTC),
        "end_at": datetime.combine(end, time(), UTC),
        "minimum_orders": 1,
    }
    ours = {"reporting_currency", "reporting_time_zone"}  # the scope's own
    return {
        name: known.get(name, [] if item.is_list else by_type.get(item.type, NOON))
        for name, item in query.parameters.items()
        if name not in ours
    }


def _complete(table: str, row: dict[str, Any]) -> dict[str, Any]:
    """Every column of the table; marts count and add, so there a column left out is 0."""
    is_mart = table.startswith(("daily_", "hourly_", "monthly_"))
    complete: dict[str, Any] = {}
    for name, kind in TABLES[table].columns.items():
        default = _DEFAULTS.get(name)
        if default is None and is_mart and (kind == "bigint" or kind.startswith("decimal")):
            default = 0
        value = row.get(name, default)
        complete[name] = Decimal(value) if isinstance(value, int) and kind.startswith("decimal") else value
    return complete
