"""What is sold by weight, rounded, or known by its total alone: from raw lines to the sums."""

from decimal import Decimal
from pathlib import Path

from tests.support.given import Given, event


def bought(event_id: str, price: str, **fields: object):
    return event(event_id, "2026-03-01 12:00", event_type="purchase", unit_price=price, **fields)


def test_kilograms_are_multiplied_exactly_and_summed_with_pieces(tmp_path: Path):
    lake = Given(tmp_path).events(
        bought("e1", "3.9900", quantity="0.750", order_id="o1", product_id="apples"),
        bought("e2", "12.0000", quantity=2, order_id="o1", product_id="lamp"),
    )
    lake.curate()
    assert lake.column("order_lines", "amount") == [Decimal("2.9925"), Decimal("24.0000")]
    assert lake.column("orders", "units") == [Decimal("2.750")]
    assert sum(lake.column("daily_product_sales", "units")) == Decimal("2.750")
    assert lake.column("sessions", "revenue") == [Decimal("26.9925")]


def test_the_smallest_weight_at_the_finest_price_is_rounded_to_what_an_amount_keeps(tmp_path: Path):
    lake = Given(tmp_path).events(bought("e1", "0.0999", quantity="0.005")).curate()
    assert lake.column("order_lines", "amount") == [Decimal("0.0005")]  # 0.00049950


def test_an_order_of_a_million_units_at_the_highest_price_fits(tmp_path: Path):
    lake = Given(tmp_path).events(bought("e1", "99999999999999.9999", quantity=1_000_000)).curate()
    assert lake.column("orders", "net_revenue") == [Decimal("99999999999999999900.0000")]


def test_an_order_without_products_is_revenue_without_a_product(tmp_path: Path):
    lake = Given(tmp_path).events(bought("e1", "99.9000", order_id="o1", product_id=None)).curate()
    assert lake.rows("order_lines", "product_id", "category", "amount") == [
        {"product_id": None, "category": None, "amount": Decimal("99.9000")}
    ]
    assert lake.column("daily_sales", "net_revenue") == [Decimal("99.9000")]
    assert lake.rows("daily_product_sales", "product_id", "gross_revenue") == [
        {"product_id": None, "gross_revenue": Decimal("99.9000")}
    ]
    assert lake.column("products", "product_id") == []


def test_rounded_events_are_counted_as_such(tmp_path: Path):
    lake = Given(tmp_path).events(bought("e1", "0.3000", rounded=True), bought("e2", "0.3000")).curate()
    assert lake.rows("events", "event_id", "rounded") == [
        {"event_id": "e1", "rounded": True},
        {"event_id": "e2", "rounded": False},
    ]
    assert lake.column("daily_events", "rounded") == [1]


def test_an_order_for_nothing_counts_where_its_sender_says_so(tmp_path: Path):
    lake = Given(tmp_path).events(
        bought("e1", "0.0000", order_id="o1", free_order=True),
        bought("e2", "0.0000", order_id="o2"),
        bought("e3", "5.0000", order_id="o3", free_order=True),
    )
    lake.curate()
    assert lake.rows("orders", "order_id", "placed") == [
        {"order_id": "o1", "placed": True},
        {"order_id": "o2", "placed": False},
        {"order_id": "o3", "placed": True},
    ]
    assert lake.column("daily_orders", "orders") == [2]
    assert lake.column("customers", "orders") == [2]
