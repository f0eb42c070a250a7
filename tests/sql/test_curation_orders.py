"""Order lines, orders, products and customers."""

from datetime import date, datetime
from decimal import Decimal

from pipeline.contract.shape import Event
from tests.support.given import Given, event


def sale(event_id: str, at: str, order: str = "o1", **fields: object) -> Event:
    return event(event_id, at, **{"event_type": "purchase", "order_id": order} | fields)


def refund(event_id: str, at: str, order: str = "o1", **fields: object) -> Event:
    return sale(event_id, at, order, event_type="refund", **fields)


def values(given: Given, table: str, *columns: str) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in given.rows(table, *columns)]


def test_a_refund_is_a_negative_line_on_its_own_day_and_on_the_day_of_its_order(given: Given):
    given.events(
        sale("e1", "2026-03-01 12:00", quantity=3, unit_price="10.0000"),
        refund("e2", "2026-03-04 12:00", quantity=1, unit_price="10.0000"),
    ).curate()
    assert values(given, "order_lines", "event_id", "amount", "order_date", "ordered_on") == [
        ("e1", Decimal("30.0000"), date(2026, 3, 1), date(2026, 3, 1)),
        ("e2", Decimal("-10.0000"), date(2026, 3, 4), date(2026, 3, 1)),
    ]
    columns = ("order_id", "lines", "units", "gross_revenue", "refunds", "net_revenue", "placed", "order_date")
    assert values(given, "orders", *columns) == [
        ("o1", 2, 3, Decimal(30), Decimal(10), Decimal(20), True, date(2026, 3, 1))
    ]
    assert values(given, "daily_sales", "order_date", "gross_revenue", "refunds", "units", "lines") == [
        (date(2026, 3, 1), Decimal(30), Decimal(0), 3, 1),
        (date(2026, 3, 4), Decimal(0), Decimal(10), 0, 1),
    ]


def test_a_refund_whose_purchase_arrives_later_is_dated_to_it_then(given: Given):
    given.events(refund("e2", "2026-03-04 12:00")).curate()
    assert values(given, "orders", "placed", "first_order", "order_date") == [(False, None, date(2026, 3, 4))]
    assert given.column("customers", "orders") == [0]
    given.events(sale("e1", "2026-03-01 12:00")).curate()
    assert values(given, "orders", "placed", "first_order", "order_date") == [(True, True, date(2026, 3, 1))]
    assert given.column("order_lines", "ordered_on") == [date(2026, 3, 1)] * 2
    assert given.days("orders") == [date(2026, 3, 1)]


def test_an_order_of_free_lines_is_not_placed(given: Given):
    given.events(sale("e1", "2026-03-01 12:00", unit_price="0.0000")).curate()
    assert values(given, "orders", "placed", "first_order", "net_revenue") == [(False, None, Decimal(0))]
    assert given.rows("daily_orders") == []
    given.events(sale("e2", "2026-03-01 12:00", unit_price="0.0001")).curate()
    assert values(given, "orders", "placed", "first_order") == [(True, True)]


def test_the_first_order_moves_when_an_earlier_one_arrives_late(given: Given):
    given.events(sale("e2", "2026-03-05 12:00", "o2"), sale("e3", "2026-03-06 12:00", "o3")).curate()
    assert values(given, "orders", "order_id", "first_order") == [("o2", True), ("o3", False)]
    given.events(sale("e1", "2026-03-01 12:00", "o1")).curate()
    assert values(given, "orders", "order_id", "first_order") == [("o1", True), ("o2", False), ("o3", False)]
    assert values(given, "daily_orders", "order_date", "first_orders") == [
        (date(2026, 3, 1), 1),
        (date(2026, 3, 5), 0),
        (date(2026, 3, 6), 0),
    ]
    assert values(given, "customers", "first_order_date", "last_order_date", "orders", "days_between_orders") == [
        (date(2026, 3, 1), date(2026, 3, 6), 3, 2.5)
    ]


def test_an_order_belongs_to_its_first_known_customer(given: Given):
    given.events(
        sale("e1", "2026-03-01 12:00", customer_id=None, session_id="s1"),
        sale("e2", "2026-03-01 12:01", customer_id="c2"),
        sale("e3", "2026-03-01 12:02", customer_id="c3"),
    ).curate()
    assert values(given, "orders", "order_id", "customer_id", "session_id") == [("o1", "c2", "s1")]
    assert values(given, "customers", "customer_id", "orders") == [("c2", 1), ("c3", 0)]


def test_an_order_without_a_customer_is_nobodys_first(given: Given):
    given.events(sale("e1", "2026-03-01 12:00", customer_id=None, session_id="s1")).curate()
    assert values(given, "orders", "customer_id", "placed", "first_order") == [(None, True, None)]


def test_an_unknown_cost_stays_unknown_and_its_revenue_is_told_apart(given: Given):
    given.events(
        sale("e1", "2026-03-01 12:00", quantity=2, unit_price="10.0000", product={"unit_cost": "4.0000"}),
        sale("e2", "2026-03-01 12:00", product_id="p2", unit_price="7.0000"),
        sale("e3", "2026-03-01 12:00", "o2", product_id="p2", unit_price="7.0000"),
    ).curate()
    assert values(given, "order_lines", "event_id", "cost") == [("e1", Decimal(8)), ("e2", None), ("e3", None)]
    assert values(given, "orders", "order_id", "cost", "net_revenue", "net_revenue_with_cost") == [
        ("o1", Decimal(8), Decimal(27), Decimal(20)),
        ("o2", None, Decimal(7), Decimal(0)),
    ]
    assert values(given, "daily_sales", "cost", "net_revenue", "net_revenue_without_cost") == [
        (Decimal(8), Decimal(34), Decimal(14))
    ]


def test_a_cost_of_zero_is_known(given: Given):
    given.events(sale("e1", "2026-03-01 12:00", product={"unit_cost": "0.0000"})).curate()
    assert values(given, "orders", "cost", "net_revenue_with_cost") == [(Decimal(0), Decimal(10))]


def test_a_line_borrows_what_it_does_not_say_from_the_products_latest_description(given: Given):
    given.events(sale("e1", "2026-03-01 12:00", product={"brand": "Own"})).curate()
    columns = ("product_name", "category", "category_path", "brand", "cost", "borrowed")
    assert values(given, "order_lines", *columns) == [(None, None, None, "Own", None, True)]
    described = {"name": "Lamp", "category": "Home/Lighting", "brand": "Ara", "unit_cost": "4.0000"}
    given.events(event("e2", "2026-03-09 12:00", product=described)).curate()
    assert values(given, "order_lines", *columns) == [("Lamp", "Home", "Home/Lighting", "Own", Decimal(4), True)]
    assert given.column("daily_sales", "category") == ["Home"]
    given.events(event("e3", "2026-03-08 12:00", product={"name": "Older", "unit_cost": "1.0000"})).curate()
    assert values(given, "order_lines", *columns) == [("Lamp", "Home", "Home/Lighting", "Own", Decimal(4), True)]


def test_a_line_that_says_everything_borrows_nothing(given: Given):
    full = {"name": "Lamp", "category": "Home", "brand": "Ara", "unit_cost": "4.0000"}
    given.events(sale("e1", "2026-03-01 12:00", product=full)).curate()
    given.events(event("e2", "2026-03-09 12:00", product={"name": "Lantern", "unit_cost": "9.0000"})).curate()
    assert values(given, "order_lines", "product_name", "cost", "borrowed") == [("Lamp", Decimal(4), False)]


def test_a_product_keeps_each_attribute_from_the_latest_event_that_has_it(given: Given):
    given.events(
        event("e1", "2026-03-02 12:00", product={"name": "Lamp", "brand": "Ara"}),
        event("e2", "2026-03-03 12:00", product={"name": "Lantern"}),
    ).curate()
    given.events(event("e3", "2026-03-01 12:00", product={"name": "Old", "category": "Home"})).curate()
    assert values(given, "products", "product_name", "brand", "category", "unit_cost", "first_seen", "last_seen") == [
        ("Lantern", "Ara", "Home", None, datetime(2026, 3, 1, 12), datetime(2026, 3, 3, 12))
    ]


def test_another_currency_is_kept_apart(given: Given):
    given.events(
        sale("e1", "2026-03-01 12:00", "o1", unit_price="10.0000"),
        sale("e2", "2026-03-01 12:00", "o2", unit_price="99.0000", currency="EUR"),
    ).curate()
    assert values(given, "daily_sales", "currency", "net_revenue") == [("EUR", Decimal(99)), ("USD", Decimal(10))]
    assert values(given, "customers", "orders", "net_revenue") == [(2, Decimal(10))]


def test_recommended_lines_keep_their_recommendation(given: Given):
    given.events(sale("e1", "2026-03-01 12:00", recommendation={"model": "m1", "request_id": "r1"})).curate()
    assert values(given, "order_lines", "recommendation_model", "recommendation_request_id") == [("m1", "r1")]
