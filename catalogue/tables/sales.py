"""Sums of orders and their lines by day and by month."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import AMOUNT, TEXT, Table

_SOLD = {
    "gross_revenue": AMOUNT,
    "refunds": AMOUNT,
    "net_revenue": AMOUNT,
    "cost": AMOUNT,
    "net_revenue_without_cost": AMOUNT,
    "units": "bigint",
    "lines": "bigint",
}

_DEVICE_SALES = {"channel": TEXT, "device": TEXT, "region": TEXT, "category": TEXT, "currency": TEXT, **_SOLD}

_SALES = {"channel": TEXT, "region": TEXT, "category": TEXT, "currency": TEXT, **_SOLD}

TABLES: Mapping[str, Table] = {
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
}
