"""What became of recommendations: how often they were shown and clicked, and the order lines that followed a click."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import AMOUNT, INSTANT, TEXT, UNITS, Table, of_type

_SHOWN = of_type("bigint", "impressions", "clicks")

TABLES: Mapping[str, Table] = {
    "attributed_lines": Table(
        grain="one row per order line (a purchase or refund event) that is attributed to a recommendation",
        columns={
            **of_type(TEXT, "event_id", "namespace", "order_id", "event_type"),
            "occurred_at": INSTANT,
            **of_type(TEXT, "product_id", "category", "channel", "region", "currency"),
            "quantity": UNITS,
            **of_type(AMOUNT, "amount", "cost"),
            "free_order": "boolean",
            **of_type(TEXT, "surface", "model"),
            "clicked_at": INSTANT,
            "order_date": "date",
        },
        partition="order_date",
        sort=("occurred_at", "event_id", "namespace"),
    ),
    "daily_recommendations": Table(
        grain="one row per event_date, surface, model, channel, region",
        columns={"event_date": "date", **of_type(TEXT, "surface", "model", "channel", "region"), **_SHOWN},
        sort=("event_date", "surface", "model", "channel", "region"),
    ),
    "daily_recommended_products": Table(
        grain="one row per event_date, product_id, surface, region",
        columns={
            "event_date": "date",
            **of_type(TEXT, "product_id", "surface", "region"),
            **_SHOWN,
            "event_month": "date",
        },
        partition="event_month",
        sort=("event_date", "product_id", "surface", "region"),
    ),
}
