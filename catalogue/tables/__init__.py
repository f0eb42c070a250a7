"""The curated tables: their columns in Trino's types, what a row is, and how they are partitioned. Pure data.

This is the one definition: curation writes these columns, queries are checked against them when they are loaded, and
row-level access is added to every table that has a `region`.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables import arrivals, console_calls, details, products, recommendations, sales, spend, traffic
from catalogue.tables.table import Columns, Table

__all__ = ["BILL_TABLES", "CURATED_TABLES", "CURATION_RELATIONS", "TABLES", "UNIT_RELATIONS", "Columns", "Table"]

TABLES: Mapping[str, Table] = {
    **details.TABLES,
    **spend.TABLES,
    **sales.TABLES,
    **traffic.TABLES,
    **products.TABLES,
    **recommendations.TABLES,
    **arrivals.TABLES,
    **console_calls.TABLES,
}

BILL_TABLES = frozenset(spend.TABLES)  # made of bills alone
CURATED_TABLES: Mapping[str, Table] = {name: table for name, table in TABLES.items() if table.zone == "curated"}

_EVENT_FIELDS = {
    name: kind for name, kind in TABLES["events"].columns.items() if name not in ("category", "copies", "event_date")
}

_PARTS = ("earlier", "known", "new", "current")

_SCOPED = (
    "events", "order_lines", "orders", "daily_device_sales", "daily_sales", "daily_customers", "daily_interest",
    "daily_product_sales", "quarantine", "sessions", "spend",
)  # fmt: skip

# What curation reads besides the tables: new raw records, what the lake already knows under the same keys, and the
# part of a table that the new records can have changed.
CURATION_RELATIONS: Mapping[str, Columns] = {
    "raw_events": _EVENT_FIELDS,
    "repeated_ids": {name: TABLES["events"].columns[name] for name in ("namespace", "event_id", "copies")},
    "raw_quarantine": {k: v for k, v in TABLES["quarantine"].columns.items() if k != "received_date"},
    "raw_spend": {k: v for k, v in TABLES["spend"].columns.items() if k != "charge_date"},
    **{f"known_{name}": TABLES[name].columns for name in ("events", "products", "customers")},
    "changed_events": TABLES["events"].columns,
    "current_products": TABLES["products"].columns,
    **{f"scoped_{name}": TABLES[name].columns for name in _SCOPED},
}


def _columns(table: str, *names: str) -> Columns:
    return {name: TABLES[table].columns[name] for name in names}


_ORDER = _columns("orders", "namespace", "order_id")

# What the SQL that names changed units reads: each table before, known, new and after a step, and other units.
UNIT_RELATIONS: Mapping[str, Columns] = {
    "raw_events": _EVENT_FIELDS,
    **{f"{part}_{name}": table.columns for name, table in CURATED_TABLES.items() for part in _PARTS},
    "affected_buyers": _columns("customers", "customer_id"),
    "affected_orders": _ORDER,
    "described_again": _columns("products", "product_id"),
    "affected_purchases": _ORDER,
    "affected_attributions": _ORDER,
    "withdrawn": {
        name: kind for name, kind in TABLES["events"].columns.items() if name not in ("received_at", "source", "copies")
    },
}
