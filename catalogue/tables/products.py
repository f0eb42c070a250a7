"""Sums by product: sales, pairs in one order, categories of one order."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import AMOUNT, TEXT, Table

_PRODUCT_SALES = {
    "product_id": TEXT,
    "category": TEXT,
    "channel": TEXT,
    "region": TEXT,
    "currency": TEXT,
    # these amounts are mostly 0 and compress to nothing; the other amounts follow from them
    "gross_revenue": AMOUNT,
    "refunds": AMOUNT,
    "cost": AMOUNT,
    "net_revenue_without_cost": AMOUNT,
    "units": "bigint",
    "orders": "bigint",
}

TABLES: Mapping[str, Table] = {
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
        # columns that only a filter reads come after those that every question reads
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
}
