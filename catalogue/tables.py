"""The curated tables: their columns in Trino's types, what a row is, and how they are partitioned. Pure data.

This is the one definition: curation writes these columns, queries are checked against them when they are loaded, and
row-level access is added to every table that has a `region`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Columns = Mapping[str, str]

TEXT = "varchar"
INSTANT = "timestamp(6)"  # UTC, without a zone of its own
AMOUNT = "decimal(38,4)"
PRICE = "decimal(18,4)"
COST = "decimal(38,12)"  # as cloud bills keep costs, unit prices and quantities
QUANTITY = COST


@dataclass(frozen=True)
class Table:
    """A curated table.

    Attributes
    ----------
    grain : what one row is
    columns : name → Trino type, in the order they are stored; the partition column comes last
    partition : the date column that splits the table into files; None for a table of one file
    sort : columns each file is sorted by, so that a reader can skip row groups
    zone : the folder of the lake it stands in: ``curated``, or ``console`` for what the console writes about itself
    days : how many of the last days stand in it unless a setting says otherwise; None for all
    """

    grain: str
    columns: Columns
    partition: str | None
    sort: tuple[str, ...]
    zone: str = "curated"
    days: int | None = None

    @property
    def has_region(self) -> bool:
        """Whether row-level access applies."""
        return "region" in self.columns


_WHERE = {"channel": TEXT, "device": TEXT, "region": TEXT, "store_id": TEXT, "campaign": TEXT}
_COSTS = {"billed_cost": COST, "effective_cost": COST, "list_cost": COST, "contracted_cost": COST}
_WHAT_IS_CHARGED = {
    "provider_name": TEXT,
    "billing_currency": TEXT,
    "sub_account_id": TEXT,
    "sub_account_name": TEXT,
    "service_category": TEXT,
    "service_name": TEXT,
    "region_id": TEXT,
    "usage_type": TEXT,
}
_PRODUCT = {"product_name": TEXT, "category": TEXT, "category_path": TEXT, "brand": TEXT}
_RECOMMENDATION = {
    "recommendation_surface": TEXT,
    "recommendation_model": TEXT,
    "recommendation_rank": "integer",
    "recommendation_request_id": TEXT,
}

_CALLS = {
    "called_at": INSTANT,
    "viewer": TEXT,
    "page": TEXT,
    "kind": TEXT,
    "name": TEXT,
    "engine": TEXT,
    "query_id": TEXT,
    "elapsed_seconds": "double",
    "result_rows": "bigint",
    "cached": "boolean",
    "bytes_scanned": "bigint",
    "dollars": COST,
    "dollars_saved": COST,
    "call_date": "date",
}
_ADDED_UP = {
    "calls": "bigint",
    "cached_calls": "bigint",
    "unpriced_calls": "bigint",
    "bytes_scanned": "bigint",
    "dollars": COST,
    "dollars_saved": COST,
    "elapsed_microseconds": "bigint",  # whole ones: added up in any order they are the same
}

_SOLD = {
    "gross_revenue": AMOUNT,
    "refunds": AMOUNT,
    "net_revenue": AMOUNT,
    "cost": AMOUNT,
    "net_revenue_without_cost": AMOUNT,
    "units": "bigint",
    "lines": "bigint",
}
_SALES = {"channel": TEXT, "region": TEXT, "category": TEXT, "currency": TEXT, **_SOLD}
_DEVICE_SALES = {"channel": TEXT, "device": TEXT, "region": TEXT, "category": TEXT, "currency": TEXT, **_SOLD}
_INTEREST = {"product_id": TEXT, "channel": TEXT, "region": TEXT, "views": "bigint", "cart_adds": "bigint"}
_PRODUCT_SALES = {
    "product_id": TEXT,
    "category": TEXT,
    "channel": TEXT,
    "region": TEXT,
    "currency": TEXT,
    # what is hardly ever anything else than 0 takes no room: the other amounts follow from these
    "gross_revenue": AMOUNT,
    "refunds": AMOUNT,
    "cost": AMOUNT,
    "net_revenue_without_cost": AMOUNT,
    "units": "bigint",
    "orders": "bigint",
}

TABLES: Mapping[str, Table] = {
    "events": Table(
        grain="one row per event_id",
        columns={
            "event_id": TEXT,
            "event_type": TEXT,
            "occurred_at": INSTANT,
            "received_at": INSTANT,
            "source": TEXT,
            "customer_id": TEXT,
            "session_id": TEXT,
            "product_id": TEXT,
            "quantity": "bigint",
            "unit_price": PRICE,
            "currency": TEXT,
            "order_id": TEXT,
            **_WHERE,
            **_PRODUCT,
            "unit_cost": PRICE,
            **_RECOMMENDATION,
            "attributes": TEXT,
            "copies": "bigint",
            "event_date": "date",
        },
        partition="event_date",
        sort=("event_type", "occurred_at", "event_id"),
    ),
    "order_lines": Table(
        grain="one row per order line (a purchase or refund event)",
        columns={
            "event_id": TEXT,
            "order_id": TEXT,
            "event_type": TEXT,
            "occurred_at": INSTANT,
            "customer_id": TEXT,
            "session_id": TEXT,
            "product_id": TEXT,
            **_PRODUCT,
            **_WHERE,
            "currency": TEXT,
            "quantity": "bigint",
            "unit_price": PRICE,
            "amount": AMOUNT,
            "cost": AMOUNT,
            "recommendation_model": TEXT,
            "recommendation_request_id": TEXT,
            "borrowed": "boolean",
            "ordered_on": "date",
            "order_date": "date",
        },
        partition="order_date",
        sort=("occurred_at", "event_id"),
    ),
    "orders": Table(
        grain="one row per order_id",
        columns={
            "order_id": TEXT,
            "ordered_at": INSTANT,
            "customer_id": TEXT,
            "session_id": TEXT,
            **_WHERE,
            "currency": TEXT,
            "lines": "bigint",
            "units": "bigint",
            "gross_revenue": AMOUNT,
            "refunds": AMOUNT,
            "net_revenue": AMOUNT,
            "cost": AMOUNT,
            "net_revenue_with_cost": AMOUNT,
            "placed": "boolean",
            "first_order": "boolean",
            "categories": TEXT,
            "order_date": "date",
        },
        partition="order_date",
        sort=("ordered_at", "order_id"),
    ),
    "sessions": Table(
        grain="one row per session_key",
        columns={
            "session_key": TEXT,
            "visitor": TEXT,
            "customer_id": TEXT,
            "started_at": INSTANT,
            "ended_at": INSTANT,
            **_WHERE,
            "landing_product_id": TEXT,
            "events": "bigint",
            "views": "bigint",
            "carts": "bigint",
            "checkouts": "bigint",
            "purchases": "bigint",
            "revenue": AMOUNT,
            "abandoned": "boolean",
            "session_date": "date",
        },
        partition="session_date",
        sort=("started_at", "session_key"),
    ),
    "products": Table(
        grain="one row per product_id",
        columns={
            "product_id": TEXT,
            "product_name": TEXT,
            "category": TEXT,
            "category_path": TEXT,
            "brand": TEXT,
            "unit_cost": PRICE,
            "product_name_at": INSTANT,
            "category_at": INSTANT,
            "brand_at": INSTANT,
            "unit_cost_at": INSTANT,
            "first_seen": INSTANT,
            "last_seen": INSTANT,
        },
        partition=None,
        sort=("product_id",),
    ),
    "customers": Table(
        grain="one row per customer_id",
        columns={
            "customer_id": TEXT,
            "first_seen": INSTANT,
            "last_seen": INSTANT,
            "first_order_date": "date",
            "last_order_date": "date",
            "orders": "bigint",
            "net_revenue": AMOUNT,
            "days_between_orders": "double",
        },
        partition=None,
        sort=("customer_id",),
    ),
    "quarantine": Table(
        grain="one row per refused record",
        columns={
            "record": "varbinary",
            "reason": TEXT,
            "detail": TEXT,
            "origin": TEXT,
            "source": TEXT,
            "received_at": INSTANT,
            "received_date": "date",
        },
        partition="received_date",
        sort=("received_at", "origin"),
    ),
    "spend": Table(
        grain="one FOCUS charge row",
        columns={
            **_COSTS,
            "billing_currency": TEXT,
            "billing_account_id": TEXT,
            "billing_account_name": TEXT,
            "billing_period_start": INSTANT,
            "billing_period_end": INSTANT,
            "charge_period_start": INSTANT,
            "charge_period_end": INSTANT,
            "charge_category": TEXT,
            "charge_class": TEXT,
            "charge_frequency": TEXT,
            "charge_description": TEXT,
            "provider_name": TEXT,
            "publisher_name": TEXT,
            "invoice_issuer_name": TEXT,
            "service_category": TEXT,
            "service_name": TEXT,
            "sku_id": TEXT,
            "sku_price_id": TEXT,
            "usage_type": TEXT,
            "operation": TEXT,
            "sub_account_id": TEXT,
            "sub_account_name": TEXT,
            "region_id": TEXT,
            "region_name": TEXT,
            "availability_zone": TEXT,
            "resource_id": TEXT,
            "resource_name": TEXT,
            "resource_type": TEXT,
            "pricing_category": TEXT,
            "pricing_quantity": QUANTITY,
            "pricing_unit": TEXT,
            "list_unit_price": QUANTITY,
            "contracted_unit_price": QUANTITY,
            "consumed_quantity": QUANTITY,
            "consumed_unit": TEXT,
            "commitment_discount_id": TEXT,
            "commitment_discount_name": TEXT,
            "commitment_discount_category": TEXT,
            "commitment_discount_type": TEXT,
            "commitment_discount_status": TEXT,
            "tags": TEXT,
            "estimated": "boolean",
            "source": TEXT,
            "charge_date": "date",
        },
        partition="charge_date",
        sort=("service_name", "usage_type", "sku_id"),
    ),
    "daily_spend": Table(
        grain="one row per charge_date, source and every other column that is no cost and no quantity",
        columns={
            "charge_date": "date",
            **_WHAT_IS_CHARGED,
            "charge_category": TEXT,
            "charge_class": TEXT,
            "pricing_category": TEXT,
            "commitment_discount_status": TEXT,
            "commitment_discount_type": TEXT,
            "pricing_unit": TEXT,
            "estimated": "boolean",
            "source": TEXT,
            **_COSTS,
            "pricing_quantity": QUANTITY,
            "charges": "bigint",
        },
        partition=None,
        sort=("charge_date", "service_name", "usage_type", "sub_account_id", "region_id"),
    ),
    "daily_spend_tags": Table(
        grain="one row per charge_date, tag_key, tag_value, service_name, sub_account_id, kind of charge, currency",
        columns={
            "charge_date": "date",
            "tag_key": TEXT,
            "tag_value": TEXT,
            "service_name": TEXT,
            "sub_account_id": TEXT,
            "charge_category": TEXT,
            "charge_class": TEXT,
            "billing_currency": TEXT,
            **_COSTS,
        },
        partition=None,
        sort=("charge_date", "tag_key", "tag_value", "service_name"),
    ),
    "daily_spend_resources": Table(
        grain="one row per charge_date, resource_id and what is charged for it",
        columns={
            "charge_date": "date",
            **_WHAT_IS_CHARGED,
            "resource_id": TEXT,
            "resource_name": TEXT,
            "resource_type": TEXT,
            "pricing_unit": TEXT,
            **_COSTS,
            "pricing_quantity": QUANTITY,
            "charges": "bigint",
            "charge_month": "date",
        },
        partition="charge_month",
        sort=("service_name", "resource_id", "charge_date", "usage_type"),
    ),
    "daily_device_sales": Table(
        grain="one row per order_date, channel, device, region, category, currency",
        columns={"order_date": "date", **_DEVICE_SALES},
        partition=None,
        sort=("order_date", "channel", "region", "category", "device", "currency"),
    ),
    "monthly_device_sales": Table(
        grain="one row per order_month, channel, device, region, category, currency",
        columns={"order_month": "date", **_DEVICE_SALES},
        partition=None,
        sort=("order_month", "channel", "region", "category", "device", "currency"),
    ),
    "daily_sales": Table(
        grain="one row per order_date, channel, region, category, currency",
        columns={"order_date": "date", **_SALES},
        partition=None,
        sort=("order_date", "channel", "region", "category", "currency"),
    ),
    "monthly_sales": Table(
        grain="one row per order_month, channel, region, category, currency",
        columns={"order_month": "date", **_SALES},
        partition=None,
        sort=("order_month", "channel", "region", "category", "currency"),
    ),
    "daily_orders": Table(
        grain="one row per order_date, channel, device, region, currency",
        columns={
            "order_date": "date",
            "channel": TEXT,
            "device": TEXT,
            "region": TEXT,
            "currency": TEXT,
            "orders": "bigint",
            "first_orders": "bigint",
            "units": "bigint",
        },
        partition=None,
        sort=("order_date", "channel", "region", "device", "currency"),
    ),
    "daily_traffic": Table(
        grain="one row per session_date, channel, device, region",
        columns={
            "session_date": "date",
            "channel": TEXT,
            "device": TEXT,
            "region": TEXT,
            "sessions": "bigint",
            "sessions_with_view": "bigint",
            "sessions_with_cart": "bigint",
            "sessions_with_checkout": "bigint",
            "sessions_with_purchase": "bigint",
            "sessions_abandoned": "bigint",
            "views": "bigint",
            "events": "bigint",
        },
        partition=None,
        sort=("session_date", "channel", "region", "device"),
    ),
    "daily_customers": Table(
        grain="one row per session_date, customer_id, region",
        columns={"session_date": "date", "customer_id": TEXT, "region": TEXT, "session_month": "date"},
        partition="session_month",
        sort=("session_date", "customer_id", "region"),
    ),
    "daily_customer_registers": Table(
        grain="one row per session_date, bucket",
        columns={
            "session_date": "date",
            "bucket": TEXT,
            "highest_rank": "bigint",
            "session_month": "date",
        },
        partition="session_month",
        sort=("session_date", "bucket"),
    ),
    "daily_interest": Table(
        grain="one row per event_date, product_id, channel, region",
        columns={"event_date": "date", **_INTEREST, "event_month": "date"},
        partition="event_month",
        sort=("event_date", "product_id", "channel", "region"),
    ),
    "monthly_interest": Table(
        grain="one row per event_month, product_id, channel, region",
        columns={"event_month": "date", **_INTEREST},
        partition=None,
        sort=("event_month", "product_id", "channel", "region"),
    ),
    "daily_product_sales": Table(
        grain="one row per order_date, product_id, category, channel, region, currency",
        columns={"order_date": "date", **_PRODUCT_SALES, "order_month": "date"},
        partition="order_month",
        sort=("product_id", "order_date", "channel", "region", "category", "currency"),
    ),
    "monthly_product_sales": Table(
        grain="one row per order_month, product_id, category, channel, region, currency",
        columns={"order_month": "date", **_PRODUCT_SALES},
        partition=None,
        sort=("order_month", "product_id", "channel", "region", "category", "currency"),
    ),
    "daily_pairs": Table(
        grain="one row per order_date, two products in one order, channel, region, currency",
        # what a filter alone reads stands behind what every question reads
        columns={
            "order_date": "date",
            "product_id": TEXT,
            "other_product_id": TEXT,
            "currency": TEXT,
            "orders": "bigint",
            "channel": TEXT,
            "region": TEXT,
            "category": TEXT,
            "other_category": TEXT,
            "order_month": "date",
        },
        partition="order_month",
        sort=(
            "product_id",
            "other_product_id",
            "order_date",
            "channel",
            "region",
            "currency",
            "category",
            "other_category",
        ),
    ),
    "daily_baskets": Table(
        grain="one row per order_date, channel, region, currency, first_order, the categories of an order, category",
        columns={
            "order_date": "date",
            "channel": TEXT,
            "region": TEXT,
            "currency": TEXT,
            "first_order": "boolean",
            "basket": TEXT,
            "category": TEXT,
            "orders": "bigint",
        },
        partition=None,
        sort=("order_date", "channel", "region", "basket", "category", "currency", "first_order"),
    ),
    "hourly_events": Table(
        grain="one row per event_hour, event_date, region",
        columns={"event_hour": INSTANT, "event_date": "date", "region": TEXT, "events": "bigint"},
        partition=None,
        sort=("event_hour", "event_date", "region"),
    ),
    "daily_quarantine": Table(
        grain="one row per received_date, reason, source",
        columns={"received_date": "date", "reason": TEXT, "source": TEXT, "records": "bigint"},
        partition=None,
        sort=("received_date", "reason", "source"),
    ),
    "daily_events": Table(
        grain="one row per event_date, event_type, source, channel, region",
        columns={
            "event_date": "date",
            "event_type": TEXT,
            "source": TEXT,
            "channel": TEXT,
            "region": TEXT,
            "events": "bigint",
            "duplicates": "bigint",
        },
        partition=None,
        sort=("event_date", "event_type", "source", "channel", "region"),
    ),
    "console_calls": Table(
        grain="one row per call the console made or spared itself, of days not closed yet, or closed within the hour",
        columns=_CALLS,
        partition="call_date",
        sort=("called_at",),
        zone="console",
        days=2,
    ),
    "closed_calls": Table(
        grain="one row per call the console made or spared itself, of closed days",
        columns=_CALLS,
        partition="call_date",
        sort=("called_at",),
        zone="console",
        days=90,
    ),
    "daily_page_calls": Table(
        grain="one row per closed call_date, page, viewer, kind",
        columns={"page": TEXT, "viewer": TEXT, "kind": TEXT, **_ADDED_UP, "call_date": "date"},
        partition="call_date",
        sort=("page", "viewer", "kind"),
        zone="console",
    ),
    "daily_question_calls": Table(
        grain="one row per closed call_date, kind, name, engine",
        columns={"kind": TEXT, "name": TEXT, "engine": TEXT, **_ADDED_UP, "call_date": "date"},
        partition="call_date",
        sort=("kind", "name", "engine"),
        zone="console",
    ),
}

BILL_TABLES = frozenset({"spend", "daily_spend", "daily_spend_tags", "daily_spend_resources"})  # made of bills alone
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
