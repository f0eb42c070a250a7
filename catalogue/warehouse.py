"""What the warehouse holds, and where curation leaves it to be loaded: the tables that warehouse questions read.

Curation writes each of these tables whole, as plain Parquet with all columns of the table in their order, before it
publishes the version that names the snapshot::

    warehouse/<table>/<snapshot>/*.parquet      at least one file, even for a table without rows
    curated/state.json                          {"version": 17, "tables": {"daily_sales": "<snapshot>", …}, …}

The load writes the second state once all tables of the version are switched::

    curated/warehouse.json                      the same of what is loaded, for those who ask the warehouse
"""

from __future__ import annotations

EXPORTS = "warehouse"
LOADED_STATE = "curated/warehouse.json"


def warehouse_tables() -> tuple[str, ...]:
    """The curated tables that questions with ``source: warehouse`` read, sorted; raises as `catalogue.queries.load`."""
    from catalogue.queries import load

    return tuple(sorted({table for query in load() if query.source == "warehouse" for table in query.tables}))


def export_folder(table: str, snapshot: str) -> str:
    """The folder of the export of one snapshot of a table, relative to the lake."""
    return f"{EXPORTS}/{table}/{snapshot}"
