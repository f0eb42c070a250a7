"""Sums by product: sales, pairs in one order, categories of one order."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import AMOUNT, TEXT, UNITS, Table, of_type

_PRODUCT_SALES = {
    **of_type(TEXT, "product_id", "category", "channel", "region", "currency"),
    # these amounts are mostly 0 and compress to nothing; the other amounts follow from them
    **of_type(AMOUNT, "gross_revenue", "refunds", "cost", "net_revenue_without_cost"),
    "units": UNITS,
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
        sort=("order_month", "product_id", "channel", "region", "category", "currency"),
    ),
    "daily_pairs": Table(
        grain="one row per order_date, two products in one order, channel, region, currency",
        # columns that only a filter reads come after those that every question reads
        columns={
            "order_date": "date",
            **of_type(TEXT, "product_id", "other_product_id", "currency"),
            "orders": "bigint",
            **of_type(TEXT, "channel", "region", "category", "other_category"),
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
            **of_type(TEXT, "channel", "region", "currency"),
            "first_order": "boolean",
            "basket": TEXT,
            "category": TEXT,
            "orders": "bigint",
        },
        sort=("order_date", "channel", "region", "basket", "category", "currency", "first_order"),
    ),
}
