"""The tables of curation by a plain DuckDB script: the same SQL over all raw records, each table copied to Parquet.

What curation is compared with: nothing is kept apart, compared, published or made to survive a crash here.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from catalogue.tables import TABLES
from pipeline.curate import raw
from pipeline.curate.bound import unit_sql
from pipeline.curate.run import MEMORY_LIMIT
from pipeline.curate.step import MARTS
from pipeline.curate.store import DIALECT, DuckDbStore
from pipeline.lake import RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND, Lake
from pipeline.spend.curation import raw_select

_SOURCES = {  # table → the relations that its SQL reads, and the tables they are here
    "events": {},
    "products": {"changed_events": "events", "known_products": None},
    "order_lines": {"scoped_events": "events", "current_products": "products"},
    "orders": {"scoped_order_lines": "order_lines"},
    "attributed_lines": {"scoped_order_lines": "order_lines", "scoped_events": "events"},
    "sessions": {"scoped_events": "events"},
    "customers": {"changed_events": "events", "scoped_orders": "orders", "known_customers": None},
    "quarantine": {},
    "spend": {},
    **{mart: {f"scoped_{source}": source} for mart, source in MARTS.items()},
}


def transform(root: Path, target: Path) -> float:
    """Seconds to make all tables of a lake's raw files below `target`."""
    import duckdb

    lake = Lake.open(root)
    files = {area: [root / name for name in lake.raw_files(area)] for area in (RAW_EVENTS, RAW_QUARANTINE, RAW_SPEND)}
    started = time.perf_counter()
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": MEMORY_LIMIT,
        "temp_directory": str(target / "spill"),
        "preserve_insertion_order": False,
    }
    with lake.transaction() as change, duckdb.connect(":memory:", config=config) as connection:
        connection.execute("set enable_progress_bar = false")
        store = DuckDbStore(Lake(target, lake.settings), connection, change)
        raw.read(connection, raw.REFUSED, files[RAW_QUARANTINE])
        raw.read(connection, raw.EVENTS, files[RAW_EVENTS])
        connection.execute(f"create view raw_spend as {raw_select(files[RAW_SPEND], source='sample')}")
        connection.execute("create view known_events as " + store.select("events"))
        connection.execute(f"create view repeated_ids as {unit_sql('repeated_ids', lake.settings, DIALECT)}")
        for table, sources in _SOURCES.items():
            for relation, source in sources.items():
                rows = source or f"({store.select(relation.removeprefix('known_'))})"
                connection.execute(f"create or replace view {relation} as from {rows}")
            connection.execute(f"create table {table} as {store.sql(table)}")
            definition = TABLES[table]
            order = ", ".join((*([definition.partition] if definition.partition else ()), *definition.sort))
            cut = f", partition_by ({definition.partition})" if definition.partition else ""
            place = target / table if cut else target / f"{table}.parquet"
            connection.execute(
                f"copy (from {table} order by {order}) to '{place}' (format parquet, compression zstd{cut})"
            )
    return time.perf_counter() - started


if __name__ == "__main__":
    print(json.dumps(transform(Path(sys.argv[1]), Path(sys.argv[2]))))
