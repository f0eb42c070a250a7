"""Sums of orders and their lines by day and by month."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import AMOUNT, TEXT, UNITS, Table, of_type

_SOLD = {
    **of_type(AMOUNT, "gross_revenue", "refunds", "net_revenue", "cost", "net_revenue_without_cost"),
    "units": UNITS,
    "lines": "bigint",
}

_DEVICE_SALES = {**of_type(TEXT, "channel", "device", "region", "category", "currency"), **_SOLD}

_SALES = {**of_type(TEXT, "channel", "region", "category", "currency"), **_SOLD}

TABLES: Mapping[str, Table] = {
    "daily_device_sales": Table(
        grain="one row per order_date, channel, device, region, category, currency",
        columns={"order_date": "date", **_DEVICE_SALES},
        sort=("order_date", "channel", "region", "category", "device", "currency"),
    ),
    "monthly_device_sales": Table(
        grain="one row per order_month, channel, device, region, category, currency",
        columns={"order_month": "date", **_DEVICE_SALES},
        sort=("order_month", "channel", "region", "category", "device", "currency"),
    ),
    "daily_sales": Table(
        grain="one row per order_date, channel, region, category, currency",
        columns={"order_date": "date", **_SALES},
        sort=("order_date", "channel", "region", "category", "currency"),
    ),
    "monthly_sales": Table(
        grain="one row per order_month, channel, region, category, currency",
        columns={"order_month": "date", **_SALES},
        sort=("order_month", "channel", "region", "category", "currency"),
    ),
    "daily_orders": Table(
        grain="one row per order_date, channel, device, region, currency",
        columns={
            "order_date": "date",
            **of_type(TEXT, "channel", "device", "region", "currency"),
            **of_type("bigint", "orders", "first_orders"),
            "units": UNITS,
            "unconfirmed_orders": "bigint",
            "unconfirmed_revenue": AMOUNT,
        },
        sort=("order_date", "channel", "region", "device", "currency"),
    ),
}
