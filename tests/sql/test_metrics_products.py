"""Product metrics, each on literal rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.support.lake_rows import Rows, money

DAY = date(2026, 3, 10)
MARTS = ("daily_product_sales", "daily_pairs", "orders", "daily_baskets")


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def line(order: str, product: str | None, amount: str, quantity: int = 1, **more: Any) -> dict[str, Any]:
    return {
        "event_id": f"{order}/{product}/{amount}",
        "order_id": order,
        "product_id": product,
        "product_name": f"Name of {product}",
        "category": "Home",
        "amount": money(amount),
        "quantity": quantity,
        "order_date": DAY,
        "ordered_on": DAY,
        **more,
    }


def test_sales_by_product_tell_purchases_from_refunds_and_known_costs_from_unknown(lake: Rows) -> None:
    lake.table(
        "order_lines",
        [
            line("o1", "lamp", "40.00", 2, customer_id="ann", cost=money("30.00")),
            line("o2", "lamp", "20.00", 1, customer_id="bob"),
            line("o3", "lamp", "20.00", 1),  # anonymous: an order, no buyer
            line("o4", "lamp", "0.00", 1, customer_id="cid"),  # a gift: a buyer, no order
            line("o1", "lamp", "-20.00", 1, event_type="refund", customer_id="ann", cost=money("-15.00")),
            line("o5", "vase", "500.00", currency="EUR"),
        ],
    ).derived(*MARTS)
    lake.table("products", [{"product_id": "lamp", "product_name": "Name of lamp", "brand": "Ara"}])
    assert lake.ask("products/buyers") == [{"product_id": "lamp", "buyers": 3}]
    assert lake.ask("products/sales") == [
        {
            "product_id": "lamp",
            "product_name": "Name of lamp",
            "category": "Home",
            "brand": "Ara",
            "net_revenue": Decimal("60.0000"),
            "gross_revenue": Decimal("80.0000"),
            "refunds": Decimal("20.0000"),
            "units": 5,
            "orders": 3,
            "cost": Decimal("15.0000"),
            "net_revenue_with_cost": Decimal("20.0000"),
        }
    ]


def test_net_revenue_of_a_product_has_its_current_name_or_none(lake: Rows) -> None:
    lake.table("order_lines", [line("o1", "lamp", "40.00"), line("o2", "lamp", "-15", event_type="refund"),
                               line("o3", "vase", "7"), line("o4", None, "1")]).derived(*MARTS)  # fmt: skip
    lake.table("products", [{"product_id": "lamp", "product_name": "Lamp, black"}])
    assert [tuple(row.values()) for row in lake.ask("products/net_revenue")] == [
        ("lamp", "Lamp, black", 25),
        ("vase", None, 7),
        ("(none)", None, 1),
    ]


def test_lines_without_a_product_are_kept_together_under_none(lake: Rows) -> None:
    lake.table("order_lines", [line("o1", None, "5"), line("o2", None, "6"), line("o3", "vase", "1")])
    lake.derived(*MARTS)
    assert [(row["product_id"], row["net_revenue"]) for row in lake.ask("products/sales")] == [
        ("(none)", 11),
        ("vase", 1),
    ]


def test_interest_counts_views_and_cart_adds_by_the_current_category(lake: Rows) -> None:
    def seen(product: str, views: int, cart_adds: int, day: date = DAY) -> dict[str, Any]:
        counts = {"product_id": product, "views": views, "cart_adds": cart_adds}
        return {**counts, "event_date": day, "event_month": day.replace(day=1)}

    other_days = [seen("lamp", 50, 50, DAY.replace(day=DAY.day + 1)), seen("lamp", 60, 60, DAY.replace(year=2024))]
    lake.table("daily_interest", [seen("lamp", 2, 1), seen("vase", 1, 0), seen("unknown", 1, 0), *other_days])
    lake.table(
        "products",
        [
            {"product_id": "lamp", "product_name": "Lamp", "category": "Home"},
            {"product_id": "vase", "product_name": "Vase", "category": "Art"},
        ],
    )
    only_day = {"start_date": DAY, "end_date": DAY.replace(day=DAY.day + 1)}
    assert lake.ask("products/interest", **only_day) == [
        {"product_id": "lamp", "product_name": "Lamp", "category": "Home", "views": 2, "cart_adds": 1},
        {"product_id": "vase", "product_name": "Vase", "category": "Art", "views": 1, "cart_adds": 0},
    ]
    assert [row["product_id"] for row in lake.ask("products/interest", categories=["Art"], **only_day)] == ["vase"]


def test_products_bought_together_have_support_confidence_and_lift_as_by_hand(lake: Rows) -> None:
    # 5 orders: tea in 4, cup in 3, both in 3; jam in 2, with tea in 1
    baskets = {"o1": "tea cup", "o2": "tea cup jam", "o3": "tea cup", "o4": "tea", "o5": "jam"}
    lines = [line(order, product, "1.00") for order, names in baskets.items() for product in names.split()]
    again = line("o1", "tea", "2.00")  # the same product twice in one order is one order
    free = line("o5", "cup", "0.00")  # a free line is no sale
    back = line("o5", "tea", "-1.00", event_type="refund")
    lake.table("order_lines", [*lines, again, free, back]).derived(*MARTS)
    lake.table("products", [{"product_id": name, "product_name": name.title()} for name in ("tea", "cup", "jam")])

    rows = lake.ask("products/bought_together", best_sellers=10, minimum_orders=1)
    pairs = {(row["product_id"], row["other_product_id"]): row for row in rows}
    assert set(pairs) == {("cup", "tea"), ("cup", "jam"), ("jam", "tea")}
    both = pairs["cup", "tea"]
    assert (both["product_name"], both["other_product_name"], both["orders"]) == ("Cup", "Tea", 3)
    assert both["support"] == pytest.approx(3 / 5)
    assert both["confidence"] == pytest.approx(3 / 3)
    assert both["lift"] == pytest.approx((3 / 3) / (4 / 5))  # 1.25
    assert pairs["jam", "tea"]["lift"] == pytest.approx((1 / 2) / (4 / 5))  # 0.625: less than chance
    assert [row["lift"] for row in rows] == sorted((row["lift"] for row in rows), reverse=True)


def test_pairs_come_from_the_best_sellers_and_rare_pairs_are_left_out(lake: Rows) -> None:
    baskets = {"o1": "tea cup", "o2": "tea cup", "o3": "tea jam"}
    lake.table("order_lines", [line(order, name, "1.00") for order, names in baskets.items() for name in names.split()])
    lake.derived(*MARTS)
    asked = lake.ask("products/bought_together", best_sellers=10, minimum_orders=2)
    assert [(row["product_id"], row["other_product_id"]) for row in asked] == [("cup", "tea")]
    assert lake.ask("products/bought_together", best_sellers=1, minimum_orders=1) == []


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 2, 1), date(2026, 4, 1), [5, 28, 1, 31]),  # whole months
        (date(2026, 2, 6), date(2026, 4, 2), [28, 1, 31, 1]),  # a month within, and days at both ends
        (date(2026, 3, 1), date(2026, 3, 31), [1]),  # a month but for its last day
        (date(2026, 3, 2), date(2026, 4, 1), [31]),  # a month but for its first day
        (date(2026, 2, 28), date(2026, 3, 2), [28, 1]),  # no whole month
        (date(2025, 12, 31), date(2027, 1, 1), [31, 5, 28, 1, 31, 1]),  # over both turns of a year
    ],
)
def test_whole_months_and_single_days_together_are_the_period(
    lake: Rows, start: date, end: date, days: list[int]
) -> None:
    sold = [
        date(2025, 12, 31),
        date(2026, 2, 5),
        date(2026, 2, 28),
        date(2026, 3, 1),
        date(2026, 3, 31),
        date(2026, 4, 1),
    ]
    lines = [line(f"o{place}", "tea", "1.00", day.day, order_date=day) for place, day in enumerate(sold)]
    cups = [line(f"o{place}", "cup", "1.00", order_date=day) for place, day in enumerate(sold)]
    lake.table("order_lines", [*lines, *cups]).derived(*MARTS)
    seen = [
        {"product_id": "tea", "views": day.day, "event_date": day, "event_month": day.replace(day=1)} for day in sold
    ]
    lake.table("daily_interest", seen).table("products", [{"product_id": "tea"}])
    period = {"start_date": start, "end_date": end}
    (_, tea) = sorted(lake.ask("products/sales", **period), key=lambda row: row["product_id"])
    assert (tea["units"], tea["orders"]) == (sum(days), len(days))
    assert [row["views"] for row in lake.ask("products/interest", **period)] == [sum(days)]
    (pair,) = lake.ask("products/bought_together", best_sellers=2, minimum_orders=1, **period)
    assert (pair["orders"], pair["confidence"]) == (len(days), 1.0)
