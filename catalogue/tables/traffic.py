"""Sums of sessions, customers and interest in products, by day and by month."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import TEXT, Table, of_type

_INTEREST = {"product_id": TEXT, "channel": TEXT, "region": TEXT, "views": "bigint", "cart_adds": "bigint"}

TABLES: Mapping[str, Table] = {
    "daily_traffic": Table(
        grain="one row per session_date, channel, device, region",
        columns={
            "session_date": "date",
            **of_type(TEXT, "channel", "device", "region"),
            **of_type("bigint", "sessions", "sessions_with_view", "sessions_with_cart", "sessions_with_checkout"),
            **of_type("bigint", "sessions_with_purchase", "sessions_abandoned", "views", "events"),
        },
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
        sort=("event_month", "product_id", "channel", "region"),
    ),
}
