"""Sums of sessions, customers and interest in products, by day and by month."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import TEXT, Table

_INTEREST = {"product_id": TEXT, "channel": TEXT, "region": TEXT, "views": "bigint", "cart_adds": "bigint"}

TABLES: Mapping[str, Table] = {
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
}
