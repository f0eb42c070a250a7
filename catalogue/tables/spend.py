"""The cloud bill: its charges, and their sums by day, by tag and by resource."""

from __future__ import annotations

from collections.abc import Mapping

from catalogue.tables.table import COST, INSTANT, QUANTITY, TEXT, Table, of_type

_COSTS = of_type(COST, "billed_cost", "effective_cost", "list_cost", "contracted_cost")

_WHAT_IS_CHARGED = {
    **of_type(TEXT, "provider_name", "billing_currency", "sub_account_id", "sub_account_name"),
    **of_type(TEXT, "service_category", "service_name", "region_id", "usage_type"),
}

TABLES: Mapping[str, Table] = {
    "spend": Table(
        grain="one FOCUS charge row",
        columns={
            **_COSTS,
            **of_type(TEXT, "billing_currency", "billing_account_id", "billing_account_name"),
            **of_type(INSTANT, "billing_period_start", "billing_period_end"),
            **of_type(INSTANT, "charge_period_start", "charge_period_end"),
            **of_type(TEXT, "charge_category", "charge_class", "charge_frequency", "charge_description"),
            **of_type(TEXT, "provider_name", "publisher_name", "invoice_issuer_name"),
            **of_type(TEXT, "service_category", "service_name", "sku_id", "sku_price_id", "usage_type", "operation"),
            **of_type(TEXT, "sub_account_id", "sub_account_name", "region_id", "region_name", "availability_zone"),
            **of_type(TEXT, "resource_id", "resource_name", "resource_type", "pricing_category"),
            "pricing_quantity": QUANTITY,
            "pricing_unit": TEXT,
            **of_type(QUANTITY, "list_unit_price", "contracted_unit_price", "consumed_quantity"),
            "consumed_unit": TEXT,
            **of_type(TEXT, "commitment_discount_id", "commitment_discount_name", "commitment_discount_category"),
            **of_type(TEXT, "commitment_discount_type", "commitment_discount_status"),
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
            **of_type(TEXT, "charge_category", "charge_class", "pricing_category"),
            **of_type(TEXT, "commitment_discount_status", "commitment_discount_type", "pricing_unit"),
            "estimated": "boolean",
            "source": TEXT,
            **_COSTS,
            "pricing_quantity": QUANTITY,
            "charges": "bigint",
        },
        sort=("charge_date", "service_name", "usage_type", "sub_account_id", "region_id"),
    ),
    "daily_spend_tags": Table(
        grain="one row per charge_date, tag_key, tag_value, service_name, sub_account_id, kind of charge, currency",
        columns={
            "charge_date": "date",
            **of_type(TEXT, "tag_key", "tag_value", "service_name", "sub_account_id"),
            **of_type(TEXT, "charge_category", "charge_class", "billing_currency"),
            **_COSTS,
        },
        sort=("charge_date", "tag_key", "tag_value", "service_name"),
    ),
    "daily_spend_resources": Table(
        grain="one row per charge_date, resource_id and what is charged for it",
        columns={
            "charge_date": "date",
            **_WHAT_IS_CHARGED,
            **of_type(TEXT, "resource_id", "resource_name", "resource_type", "pricing_unit"),
            **_COSTS,
            "pricing_quantity": QUANTITY,
            "charges": "bigint",
            "charge_month": "date",
        },
        partition="charge_month",
        sort=("service_name", "resource_id", "charge_date", "usage_type"),
    ),
}
