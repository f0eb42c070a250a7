"""Usage charges by day, on literal rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake_rows import Rows

DAY = date(2026, 3, 10)


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def charge(cost: str, **more: Any) -> dict[str, Any]:
    return {
        "charge_date": DAY,
        "service_name": "Amazon Kinesis",
        "usage_type": "Storage-ShardHour",
        "pricing_unit": "Shard-Hours",
        "billing_currency": "USD",
        "charge_category": "Usage",
        "effective_cost": Decimal(cost),
        "pricing_quantity": Decimal(24),
        **more,
    }


def test_usage_is_summed_by_day_and_usage_type_and_nothing_else_counts(lake: Rows) -> None:
    lake.table(
        "daily_spend",
        [
            charge("0.36", sub_account_id="a"),
            charge("0.24", sub_account_id="b"),
            charge("5", usage_type=None, pricing_unit=None, service_name=None, pricing_quantity=Decimal(1)),
            charge("100", charge_category="Tax"),
            charge("100", charge_category="Credit"),
            charge("100", charge_category="Purchase"),
            charge("100", charge_class="Correction"),
            charge("7", billing_currency="EUR"),
            charge("100", charge_date=date(2026, 2, 28)),
            charge("100", charge_date=date(2026, 4, 1)),  # the end date: not ours
        ],
    )
    assert lake.ask("savings/usage_by_day") == [
        {
            "charge_date": DAY,
            "service_name": service,
            "usage_type": usage_type,
            "pricing_unit": unit,
            "billing_currency": currency,
            "effective_cost": Decimal(cost),
            "quantity": Decimal(quantity),
        }
        for service, usage_type, unit, currency, cost, quantity in (
            ("(none)", "(none)", "(none)", "USD", "5", 1),
            ("Amazon Kinesis", "Storage-ShardHour", "Shard-Hours", "EUR", "7", 24),
            ("Amazon Kinesis", "Storage-ShardHour", "Shard-Hours", "USD", "0.60", 48),
        )
    ]


def test_a_viewer_of_one_region_of_the_shop_sees_the_whole_bill(lake: Rows) -> None:
    lake.table("daily_spend", [charge("0.36")])
    assert len(lake.ask("savings/usage_by_day", regions_seen=("North",))) == 1
