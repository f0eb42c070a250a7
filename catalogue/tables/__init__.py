"""The curated tables: their columns in Trino's types, what a row is, and how they are partitioned. Pure data.

This is the one definition: curation writes these columns, queries are checked against them when they are loaded, and
row-level access is added to every table that has a `region`.
"""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables import arrivals, console_calls, details, products, sales, spend, traffic
from catalogue.tables.table import Columns, Table

__all__ = ["BILL_TABLES", "CURATED_TABLES", "CURATION_RELATIONS", "TABLES", "Columns", "Table"]

TABLES: Mapping[str, Table] = {
    **details.TABLES,
    **spend.TABLES,
    **sales.TABLES,
    **traffic.TABLES,
    **products.TABLES,
    **arrivals.TABLES,
    **console_calls.TABLES,
}

BILL_TABLES = frozenset(spend.TABLES)  # made of bills alone
CURATED_TABLES: Mapping[str, Table] = {name: table for name, table in TABLES.items() if table.zone == "curated"}

_EVENT_FIELDS = {
    name: kind for name, kind in TABLES["events"].columns.items() if name not in ("category", "copies", "event_date")
}

# What curation reads besides the tables: new raw records, what the lake already knows under the same keys, and the
# part of a table that the new records can have changed.
CURATION_RELATIONS: Mapping[str, Columns] = {
    "raw_events": _EVENT_FIELDS,
    "raw_quarantine": {k: v for k, v in TABLES["quarantine"].columns.items() if k != "received_date"},
    "raw_spend": {k: v for k, v in TABLES["spend"].columns.items() if k != "charge_date"},
    "known_events": TABLES["events"].columns,
    "known_products": TABLES["products"].columns,
    "known_customers": TABLES["customers"].columns,
    "changed_events": TABLES["events"].columns,
    "current_products": TABLES["products"].columns,
    "scoped_events": TABLES["events"].columns,
    "scoped_order_lines": TABLES["order_lines"].columns,
    "scoped_orders": TABLES["orders"].columns,
    "scoped_daily_device_sales": TABLES["daily_device_sales"].columns,
    "scoped_daily_sales": TABLES["daily_sales"].columns,
    "scoped_daily_customers": TABLES["daily_customers"].columns,
    "scoped_daily_interest": TABLES["daily_interest"].columns,
    "scoped_daily_product_sales": TABLES["daily_product_sales"].columns,
    "scoped_quarantine": TABLES["quarantine"].columns,
    "scoped_sessions": TABLES["sessions"].columns,
    "scoped_spend": TABLES["spend"].columns,
}
