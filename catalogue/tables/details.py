"""What was recorded, one by one: events, order lines, orders, sessions, products, customers, refused records."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import AMOUNT, INSTANT, PRICE, TEXT, UNITS, Table, of_type

_WHERE = of_type(TEXT, "channel", "device", "region", "store_id", "campaign")

_PRODUCT = of_type(TEXT, "product_name", "category", "category_path", "brand")

_RECOMMENDATION = {
    "recommendation_surface": TEXT,
    "recommendation_model": TEXT,
    "recommendation_rank": "integer",
    "recommendation_request_id": TEXT,
}

TABLES: Mapping[str, Table] = {
    "events": Table(
        grain="one row per namespace, event_id",
        columns={
            "event_id": TEXT,
            "event_type": TEXT,
            "occurred_at": INSTANT,
            "received_at": INSTANT,
            **of_type(TEXT, "source", "namespace"),
            "public": "boolean",
            **of_type(TEXT, "customer_id", "session_id", "product_id"),
            "quantity": UNITS,
            "unit_price": PRICE,
            "currency": TEXT,
            "order_id": TEXT,
            **_WHERE,
            **_PRODUCT,
            "unit_cost": PRICE,
            **_RECOMMENDATION,
            "attributes": TEXT,
            **of_type("boolean", "rounded", "free_order"),
            "copies": "bigint",
            "event_date": "date",
        },
        partition="event_date",
        sort=("event_type", "occurred_at", "event_id", "namespace"),
    ),
    "order_lines": Table(
        grain="one row per order line (a purchase or refund event)",
        columns={
            **of_type(TEXT, "event_id", "namespace", "order_id", "event_type"),
            "occurred_at": INSTANT,
            **of_type(TEXT, "customer_id", "session_id", "product_id"),
            **_PRODUCT,
            **_WHERE,
            "currency": TEXT,
            "quantity": UNITS,
            "unit_price": PRICE,
            "amount": AMOUNT,
            "cost": AMOUNT,
            "free_order": "boolean",
            "recommendation_model": TEXT,
            "recommendation_request_id": TEXT,
            "borrowed": "boolean",
            "counted": "boolean",
            "ordered_on": "date",
            "order_date": "date",
        },
        partition="order_date",
        sort=("occurred_at", "event_id", "namespace"),
    ),
    "orders": Table(
        grain="one row per namespace, order_id",
        columns={
            "order_id": TEXT,
            "namespace": TEXT,
            "ordered_at": INSTANT,
            "customer_id": TEXT,
            "session_id": TEXT,
            **_WHERE,
            "currency": TEXT,
            "lines": "bigint",
            "units": UNITS,
            **of_type(AMOUNT, "gross_revenue", "refunds", "net_revenue", "cost", "net_revenue_with_cost"),
            "confirmed": "boolean",
            "placed": "boolean",
            "first_order": "boolean",
            "categories": TEXT,
            "order_date": "date",
        },
        partition="order_date",
        sort=("ordered_at", "order_id", "namespace"),
    ),
    "sessions": Table(
        grain="one row per session_key",
        columns={
            **of_type(TEXT, "session_key", "visitor", "customer_id"),
            "started_at": INSTANT,
            "ended_at": INSTANT,
            **_WHERE,
            "landing_product_id": TEXT,
            **of_type("bigint", "events", "views", "carts", "checkouts", "purchases"),
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
            **_PRODUCT,
            "unit_cost": PRICE,
            **of_type(INSTANT, "product_name_at", "category_at", "brand_at", "unit_cost_at", "first_seen", "last_seen"),
        },
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
        sort=("customer_id",),
    ),
    "quarantine": Table(
        grain="one row per refused record",
        columns={
            "record": "varbinary",
            **of_type(TEXT, "reason", "detail", "origin", "source"),
            "received_at": INSTANT,
            "received_date": "date",
        },
        partition="received_date",
        sort=("received_at", "origin"),
    ),
}
