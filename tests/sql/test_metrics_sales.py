"""Sales metrics, each on literal rows."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.asking.periods import Period
from console.asking.slices import Slices
from console.sales.answer import apart, revenue
from tests.support.lake_rows import Rows, money


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def sold(day: str, net: str, *, with_cost: str = "0", **more: Any) -> dict[str, Any]:
    """A row of daily_sales: a sale without a refund unless said; `with_cost` is revenue whose cost is known."""
    unknown = money(net) - money(with_cost)
    amounts = {
        "gross_revenue": money(net), "net_revenue": money(net), "net_revenue_without_cost": unknown, **more
    }  # fmt: skip
    return {"order_date": date.fromisoformat(day), "units": 1, "lines": 1, **amounts}


def test_a_refund_lowers_net_revenue_on_the_refund_day_and_the_end_date_is_left_out(lake: Rows) -> None:
    lake.table(
        "daily_sales",
        [
            sold("2026-02-28", "7.00"),  # the day before: not ours
            sold("2026-03-01", "40.00"),
            sold("2026-03-02", "-15.00", gross_revenue=money("0"), refunds=money("15.00"), units=0),
            sold("2026-03-03", "99.00"),  # the end date: not ours
        ],
    )
    answer = lake.ask("sales/net_revenue_by_day", start_date=date(2026, 3, 1), end_date=date(2026, 3, 3))
    assert [(row["order_date"], row["net_revenue"], row["gross_revenue"], row["refunds"]) for row in answer] == [
        (date(2026, 3, 1), Decimal("40.00"), Decimal("40.00"), Decimal(0)),
        (date(2026, 3, 2), Decimal("-15.00"), Decimal(0), Decimal("15.00")),
    ]


def test_cents_and_their_parts_add_up_exactly(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-01", "0.0001", channel=str(number)) for number in range(1000)])
    (row,) = lake.ask("sales/net_revenue_by_day")
    assert row["net_revenue"] == Decimal("0.1000")


def test_units_are_added_over_channels_and_a_day_without_sales_has_no_row(lake: Rows) -> None:
    lake.table(
        "daily_sales",
        [
            sold("2026-03-01", "10", channel="web", units=3),
            sold("2026-03-01", "10", channel="app", units=4),
            sold("2026-03-05", "10", units=1),
        ],
    )
    answer = lake.ask("sales/net_revenue_by_day")
    assert [(row["order_date"].day, row["units"]) for row in answer] == [(1, 7), (5, 1)]


def test_amounts_in_another_currency_are_in_no_total_and_shown_apart(lake: Rows) -> None:
    lake.table(
        "daily_sales",
        [
            sold("2026-03-01", "10.00"),
            sold("2026-03-01", "500.00", currency="EUR", lines=2),
            sold("2026-03-02", "-20.00", currency="EUR", lines=1),
            sold("2026-03-02", "3.00", currency="CHF"),
        ],
    )
    assert [row["net_revenue"] for row in lake.ask("sales/net_revenue_by_day")] == [Decimal("10.00")]
    assert lake.ask("sales/other_currencies") == [
        {"currency": "CHF", "net_revenue": Decimal("3.0000"), "lines": 1},
        {"currency": "EUR", "net_revenue": Decimal("480.0000"), "lines": 3},
    ]


def test_orders_that_no_secret_key_confirmed_are_in_no_total_and_named_with_their_amount(lake: Rows) -> None:
    lake.table(
        "daily_orders",
        [
            {"order_date": date(2026, 3, 1), "orders": 2, "unconfirmed_orders": 1, "unconfirmed_revenue": money("40")},
            {"order_date": date(2026, 3, 2), "unconfirmed_orders": 2, "unconfirmed_revenue": money("100.50")},
            {"order_date": date(2026, 4, 1), "unconfirmed_orders": 9, "unconfirmed_revenue": money("900")},
        ],
    )
    found = revenue(lake.scope(), Period(date(2026, 3, 1), date(2026, 3, 31)), [], Slices())
    sums = found.now.sums
    assert (sums.orders, sums.unconfirmed_orders, sums.unconfirmed_revenue) == (2, 3, Decimal("140.5000"))
    assert apart(found, "USD") == ("Not in these figures: $140.50 of 3 orders that no secret key has confirmed.",)


def test_a_period_of_unconfirmed_orders_alone_is_not_empty(lake: Rows) -> None:
    lake.table("daily_orders", [{"order_date": date(2026, 3, 1), "unconfirmed_orders": 1}])
    assert not revenue(lake.scope(), Period(date(2026, 3, 1), date(2026, 3, 31)), [], Slices()).is_empty


def test_gross_margin_speaks_only_of_lines_whose_cost_is_known(lake: Rows) -> None:
    lake.table(
        "daily_sales",
        [
            sold("2026-03-01", "100.00", cost=money("60.00"), with_cost="100.00"),
            sold("2026-03-01", "50.00", channel="app"),  # cost unknown: in net revenue, not in the margin
            sold("2026-03-02", "30.00", cost=money("10.00"), with_cost="20.00"),
        ],
    )
    assert lake.ask("sales/gross_margin") == [
        {
            "net_revenue": Decimal("180.0000"),
            "net_revenue_with_cost": Decimal("120.0000"),
            "cost": Decimal("70.0000"),
            "gross_margin": Decimal("50.0000"),
        }
    ]


def test_gross_margin_of_a_period_without_sales_is_one_row_of_zeros(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2025-01-01", "1")])
    (row,) = lake.ask("sales/gross_margin")
    assert set(row.values()) == {Decimal(0)}


@pytest.mark.parametrize("dimension", ["channel", "category", "region", "device"])
def test_net_revenue_by_a_dimension_puts_the_largest_first_and_names_what_is_missing(
    lake: Rows, dimension: str
) -> None:
    lake.table(
        "daily_device_sales" if dimension == "device" else "daily_sales",
        [
            sold("2026-03-01", "10.00", **{dimension: "small"}),
            sold("2026-03-01", "90.00", **{dimension: "large"}),
            sold("2026-03-02", "5.00", **{dimension: "large"}),
            sold("2026-03-02", "20.00"),
        ],
    )
    answer = lake.ask(f"sales/by_{dimension}")
    assert [(row[dimension], row["net_revenue"]) for row in answer] == [
        ("large", Decimal("95.00")),
        ("(none)", Decimal("20.00")),
        ("small", Decimal("10.00")),
    ]


def test_slices_leave_out_every_other_row_and_empty_slices_leave_out_none(lake: Rows) -> None:
    lake.table(
        "daily_sales",
        [
            sold("2026-03-01", "1", channel="web", category="Home", region="north"),
            sold("2026-03-01", "2", channel="app", category="Home", region="north"),
            sold("2026-03-01", "4", channel="web", category="Toys", region="north"),
            sold("2026-03-01", "8", channel="web", category="Home", region="south"),
            sold("2026-03-01", "16"),
        ],
    )

    def net(**slices: list[str]) -> Decimal:
        return sum((row["net_revenue"] for row in lake.ask("sales/net_revenue_by_day", **slices)), Decimal(0))

    assert net() == 31
    assert net(channels=["web"]) == 13
    assert net(channels=["web"], categories=["Home"]) == 9
    assert net(channels=["web", "app"], categories=["Home"], regions=["north"]) == 3
    assert net(channels=["fax"]) == 0


def test_orders_and_first_orders_are_counted_on_the_day_of_the_order(lake: Rows) -> None:
    def placed(day: str, orders: int, first: int, **more: Any) -> dict[str, Any]:
        return {"order_date": date.fromisoformat(day), "orders": orders, "first_orders": first, **more}

    lake.table(
        "daily_orders",
        [
            placed("2026-03-01", 3, 1, channel="web"),
            placed("2026-03-01", 2, 2, channel="app"),
            placed("2026-03-02", 1, 0),
            placed("2026-03-02", 50, 50, currency="EUR"),
            placed("2026-04-01", 9, 9),
        ],
    )
    found = lake.ask("sales/orders_by_day")
    assert [(row["order_date"], row["orders"], row["first_orders"]) for row in found] == [
        (date(2026, 3, 1), 5, 3),
        (date(2026, 3, 2), 1, 0),
    ]


def test_an_order_in_two_categories_counts_once_and_a_free_line_is_no_order(lake: Rows) -> None:
    def line(order: str, category: str, amount: str, day: int = 1, **more: Any) -> dict[str, Any]:
        on = date(2026, 3, day)
        return {
            "event_id": f"{order}-{category}-{amount}",
            "order_id": order,
            "category": category,
            "amount": money(amount),
            "ordered_on": on,
            "order_date": on,
            **more,
        }

    lake.table(
        "order_lines",
        [
            line("o1", "Home", "10"),
            line("o1", "Toys", "5"),
            line("o2", "Toys", "5", day=2, customer_id="ann"),
            line("o3", "Home", "0"),  # a gift alone is no order
            line("o4", "Home", "-9", event_type="refund"),
            line("o5", "Food", "7"),
        ],
    )
    lake.derived("orders", "daily_baskets")
    assert lake.ask("sales/orders_by_day_in_categories", categories=["Home", "Toys"]) == [
        {"order_date": date(2026, 3, 1), "orders": 1, "first_orders": 0},
        {"order_date": date(2026, 3, 2), "orders": 1, "first_orders": 1},
    ]


def test_the_headline_divides_by_hand_counted_sums(lake: Rows) -> None:
    lake.table(
        "daily_sales",
        [
            sold("2026-03-01", "300.00", units=12, cost=money("200"), with_cost="300.00"),
            sold("2026-03-02", "-50.00", gross_revenue=money("0"), refunds=money("50.00"), units=0),
        ],
    )
    lake.table("daily_orders", [{"order_date": date(2026, 3, 1), "orders": 4, "first_orders": 3, "units": 12}])
    lake.table(
        "daily_traffic",
        [
            {
                "session_date": date(2026, 3, 1),
                "sessions": 80,
                "sessions_with_view": 70,
                "sessions_with_cart": 10,
                "sessions_with_purchase": 4,
                "sessions_abandoned": 6,
            }
        ],
    )
    answer = revenue(lake.scope(), Period(date(2026, 3, 1), date(2026, 3, 4)), [], Slices())
    sums = answer.now.sums
    assert sums.net_revenue == Decimal("250.00")
    assert sums.average_order_value == Decimal("62.5")  # 250 ÷ 4
    assert sums.units_per_order == 3
    assert sums.conversion_rate == Decimal("0.05")  # 4 ÷ 80
    assert sums.cart_abandonment == Decimal("0.6")  # 6 ÷ 10
    assert sums.gross_margin == 100  # 300 − 200: the refund's cost is unknown
    assert sums.refund_rate == Decimal(50) / 300
    assert answer.now.daily.net_revenue == [300, -50, 0]  # a day without sales counts 0
    assert answer.now.daily.orders == [4, 0, 0]


def test_a_period_without_anything_is_empty_and_its_rates_are_unknown_not_zero(lake: Rows) -> None:
    answer = revenue(lake.scope(), Period(date(2026, 3, 1), date(2026, 3, 4)), [], Slices())
    assert answer.is_empty
    sums = answer.now.sums
    assert [sums.average_order_value, sums.conversion_rate, sums.gross_margin, sums.refund_rate] == [None] * 4
