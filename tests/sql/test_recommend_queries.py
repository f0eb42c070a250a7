"""What recommendations are learnt from, on literal rows of the curated tables, in DuckDB."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, time
from hashlib import md5
from pathlib import Path

import pytest
from sqlglot import parse_one

from catalogue.binding import bind
from catalogue.queries import load_recommendation
from pipeline.recommend.learning.reading import KIND_WEIGHTS, ShopData, read_lake
from tests.support.lake_rows import Rows, money

DAY = date(2026, 3, 10)


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    rows = Rows(tmp_path / "lake")
    rows.table("products", [product("cup", category="Home"), product("pot")])
    return rows


def product(name: str, *, category: str | None = None, last_seen: datetime = datetime(2026, 3, 10, 9)) -> dict:
    return {"product_id": name, "product_name": name.title(), "category": category, "last_seen": last_seen}


def event(kind: str, name: str | None, at: str = "09:15", *, day: date = DAY, **more: object) -> dict:
    occurred_at = datetime.combine(day, time.fromisoformat(at))
    who = more or {"customer_id": "ann"}
    return {"event_type": kind, "product_id": name, "occurred_at": occurred_at, "event_date": day, **who}


def interest(name: str, *, views: int = 1, day: date = DAY, region: str | None = None, **more: object) -> dict:
    month = day.replace(day=1)
    return {"product_id": name, "event_date": day, "views": views, "region": region, "event_month": month, **more}


def interactions(data: ShopData) -> Counter[tuple[str, str, float, int]]:
    """Visitor, product, weight and hour of the day of each row."""
    rows = data.interactions
    return Counter(
        (rows.customers[who], rows.products[what], float(weight), int(at) // 3_600 % 24)
        for who, what, weight, at in zip(rows.customer, rows.product, rows.weight, rows.at, strict=True)
    )


def test_views_cart_adds_and_purchases_weigh_by_their_kind_and_other_events_say_nothing(lake: Rows) -> None:
    kinds = ("product_view", "cart_add", "purchase", "refund", "cart_remove", "recommendation_click")
    lake.table("events", [event(kind, "cup") for kind in kinds])
    lake.table("daily_interest", [interest("cup")])
    assert interactions(read_lake(lake.lake)) == Counter(("c:ann", "cup", KIND_WEIGHTS[kind], 9) for kind in kinds[:3])


def test_an_hour_with_a_product_is_one_interaction_of_each_kind_and_all_its_events_are_counted(lake: Rows) -> None:
    rows = [event("product_view", "cup", at) for at in ("09:00", "09:59", "10:00")]
    lake.table("events", rows).table("daily_interest", [interest("cup")])
    data = read_lake(lake.lake)
    assert interactions(data) == Counter([("c:ann", "cup", 1.0, 9), ("c:ann", "cup", 1.0, 10)])
    assert data.events == 3


def test_who_is_not_known_is_a_session_of_its_sender_and_without_one_nobody(lake: Rows) -> None:
    lake.table(
        "events",
        [
            event("product_view", "cup", customer_id="7", session_id="s1"),
            event("product_view", "cup", session_id="7"),
            event("product_view", "cup", session_id="7", namespace="eu"),
            event("product_view", "cup", channel="web"),
        ],
    ).table("daily_interest", [interest("cup")])
    assert sorted(read_lake(lake.lake).interactions.customers) == ["c:7", "n:eu/7", "s:7"]


def test_only_the_newest_days_up_to_the_last_one_with_anything_are_read(lake: Rows) -> None:
    days = [date(2026, 3, 8), date(2026, 3, 9), DAY]
    lake.table("events", [event("product_view", "cup", day=day) for day in days])
    lake.table("daily_interest", [interest("cup", day=day) for day in days])
    data = read_lake(lake.lake, window_days=2)
    assert len(data.interactions) == 2
    assert data.activity.weight.tolist() == [1, 1]
    assert (data.first_event.date(), data.last_event.date()) == (days[1], DAY)


def test_of_a_shop_with_more_than_fits_some_visitors_are_read_and_the_lists_for_everybody_count_all(lake: Rows) -> None:
    names = [f"v{number}" for number in range(40)]
    lake.table("events", [event("product_view", "cup", customer_id=name) for name in names])
    lake.table("daily_interest", [interest("cup", views=40)])
    data = read_lake(lake.lake, most=10)
    chosen = {name for name in names if md5(f"c:{name}".encode()).hexdigest() < "400000"}  # noqa: S324 - no secret
    assert data.share == 0.25
    assert {name.removeprefix("c:") for name in data.interactions.customers} < chosen  # one is beyond the bound of 10
    assert (len(data.interactions), data.left_out) == (10, len(chosen) - 10)
    assert data.activity.weight.tolist() == [40]


def test_of_a_very_large_shop_all_is_read_of_those_who_did_something_lately(lake: Rows) -> None:
    earlier = date(2026, 3, 1)
    rows = [event("product_view", "cup", day=earlier, customer_id=f"v{number}") for number in range(40)]
    rows += [event("product_view", "pot", customer_id=name) for name in ("v7", "new")]
    lake.table("events", rows)
    lake.table("daily_interest", [interest("cup", views=40, day=earlier), interest("pot", views=2)])
    data = read_lake(lake.lake, most=40, active_from=DAY)
    assert data.lately is not None
    lately = [
        (data.lately.customers[who], data.lately.products[what])
        for who, what in zip(data.lately.customer, data.lately.product, strict=True)
    ]
    assert sorted(lately) == [("c:new", "pot"), ("c:v7", "cup"), ("c:v7", "pot")]
    assert read_lake(lake.lake, active_from=DAY).lately is None  # everything is read: nothing is read twice


def test_activity_adds_up_interest_and_sales_of_a_day_and_region(lake: Rows) -> None:
    sale = {"product_id": "cup", "order_date": DAY, "region": "UK", "units": 3, "orders": 2, "refunds": money("9")}
    lake.table("daily_interest", [interest("cup", views=4, cart_adds=1, region="UK"), interest("pot", views=2)])
    lake.table("daily_product_sales", [{**sale, "channel": channel, "order_month": DAY} for channel in ("web", "app")])
    data = read_lake(lake.lake)
    activity = data.activity
    rows = zip(activity.product, activity.region, activity.weight, activity.units, activity.orders, strict=True)
    assert sorted(
        (data.interactions.products[what], data.regions[where] if where >= 0 else None, weight, units, orders)
        for what, where, weight, units, orders in rows
    ) == [("cup", "UK", 4 + 3 * 1 + 5 * 4, 6, 4), ("pot", None, 2, 0, 0)]


def test_pairs_are_counted_over_days_and_regions_and_orders_once_placed(lake: Rows) -> None:
    pair = {"product_id": "cup", "other_product_id": "pot", "order_date": DAY, "order_month": DAY}
    lake.table("daily_interest", [interest("cup")])
    lake.table("daily_pairs", [{**pair, "orders": 2, "region": "UK"}, {**pair, "orders": 3}])
    order = {"order_date": DAY, "ordered_at": datetime(2026, 3, 10, 9)}
    lake.table("orders", [{**order, "order_id": "o1"}, {**order, "order_id": "o2", "placed": False}])
    data = read_lake(lake.lake)
    assert [data.interactions.products[place] for place in (data.pairs.product[0], data.pairs.other[0])] == [
        "cup",
        "pot",
    ]
    assert (data.pairs.orders.tolist(), data.orders) == ([5], 1)


def test_products_are_described_where_anything_is_done_with_them(lake: Rows) -> None:
    lake.table("daily_interest", [interest("cup"), interest("kite"), interest("pot")])
    data = read_lake(lake.lake)
    assert list(zip(data.interactions.products, data.names, data.interactions.categories, strict=True)) == [
        ("cup", "Cup", "Home"),
        ("kite", "", ""),
        ("pot", "Pot", ""),
    ]
    assert data.seen.tolist() == [(DAY - date(1970, 1, 1)).days, 0, (DAY - date(1970, 1, 1)).days]


def test_a_lake_in_which_nothing_is_curated_has_nothing_to_learn_from(tmp_path: Path) -> None:
    data = read_lake(Rows(tmp_path / "empty").lake)
    assert (len(data.interactions), data.names, data.orders, data.first_event) == (0, (), 0, None)


@pytest.mark.parametrize("name", list(load_recommendation()))
def test_spark_can_read_every_query(name: str) -> None:
    query = load_recommendation()[name]
    sql = bind(query, {name: DAY for name in query.parameters if name != "first_hash"}, dialect="spark").sql
    assert parse_one(sql, read="spark").named_selects == list(query.columns)
