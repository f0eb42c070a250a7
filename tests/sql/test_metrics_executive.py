"""Figures for dashboards of other tools, on literal rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from tests.support.lake_rows import Rows, money

DAY, NEXT = date(2026, 3, 1), date(2026, 3, 2)


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def test_revenue_orders_and_sessions_of_a_day_meet_in_one_row_for_each_channel_and_region(lake: Rows) -> None:
    where = {"channel": "web", "region": "EU"}
    lake.table(
        "daily_sales",
        [
            {
                "order_date": DAY,
                **where,
                "category": "Toys",
                "gross_revenue": money("40.00"),
                "refunds": money("15.00"),
            },
            {"order_date": DAY, **where, "category": "Books", "gross_revenue": money("5.00")},
            {"order_date": DAY, **where, "category": "Books", "gross_revenue": money("99.00"), "currency": "EUR"},
            {"order_date": NEXT, **where, "category": "Toys", "gross_revenue": money("7.00")},
        ],
    )
    lake.table(
        "daily_orders",
        [
            {"order_date": DAY, **where, "device": "phone", "orders": 2},
            {"order_date": DAY, **where, "device": "desktop", "orders": 1},
            {"order_date": DAY, **where, "device": "phone", "orders": 50, "currency": "EUR"},
        ],
    )
    lake.table(
        "daily_traffic",
        [
            {"session_date": DAY, **where, "device": "phone", "sessions": 10, "sessions_with_purchase": 3},
            {"session_date": DAY, "channel": "app", "region": None, "sessions": 4, "sessions_with_purchase": 0},
        ],
    )
    rows = lake.ask("executive/figures_by_day")
    found = {(row["day"], row["channel"], row["region"]): tuple(row.values())[3:] for row in rows}
    assert found == {
        (DAY, "web", "EU"): (Decimal("30.00"), 3, 10, 3),
        (DAY, "app", None): (Decimal(0), 0, 4, 0),
        (NEXT, "web", "EU"): (Decimal("7.00"), 0, 0, 0),
    }


def test_net_revenue_of_a_category_is_without_refunds_and_without_other_currencies(lake: Rows) -> None:
    toys = {"order_date": DAY, "category": "Toys", "region": "EU"}
    lake.table(
        "daily_sales",
        [
            {**toys, "channel": "web", "gross_revenue": money("40.00"), "refunds": money("15.00"), "units": 2},
            {**toys, "channel": "app", "gross_revenue": money("1.00"), "units": 1},
            {**toys, "channel": "web", "gross_revenue": money("99.00"), "units": 1, "currency": "EUR"},
        ],
    )
    (row,) = lake.ask("executive/sales_by_day")
    assert row == {"day": DAY, "category": "Toys", "region": "EU", "net_revenue": Decimal("26.00"), "units": 3}
