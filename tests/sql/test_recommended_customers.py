"""Who was here last, who somebody is, and what was done in a session, on literal rows."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import pytest

from tests.support.lake_rows import Rows, money

Row = dict[str, object]
DAY = date(2026, 3, 10)
DAYS = {"start_date": date(2026, 3, 9), "end_date": date(2026, 3, 11)}


def at(hour: int, day: int = 10) -> datetime:
    return datetime(2026, 3, day, hour)


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def session(key: str, customer: str | None, ended: datetime, **more: object) -> dict[str, object]:
    return {
        "session_key": key,
        "customer_id": customer,
        "ended_at": ended,
        "session_date": ended.date(),
        "views": 1,
        "purchases": 0,
        **more,
    }


def test_customers_come_by_their_newest_session_each_once_with_all_their_sessions_of_these_days(lake: Rows):
    lake.table(
        "sessions",
        [
            session("s1", "c1", at(8)),
            session("s2", "c2", at(9), views=4, purchases=1),
            session("s3", "c1", at(10), views=2),
            session("s4", None, at(11)),  # nobody says who it was
            session("s5", "c3", at(12, day=8)),  # before the first day
            session("s6", "c4", at(12, day=11)),  # the end is not included
        ],
    )
    assert lake.ask("recommendations/recent_customers", **DAYS) == [
        {"customer_id": "c1", "last_seen": at(10), "views": 3, "purchases": 0},
        {"customer_id": "c2", "last_seen": at(9), "views": 4, "purchases": 1},
    ]


def test_a_customer_is_one_row_of_the_customers(lake: Rows):
    row = {"customer_id": "c1", "first_seen": at(1), "last_seen": at(9), "orders": 2, "net_revenue": money("19.5")}
    lake.table("customers", [row, row | {"customer_id": "c2", "orders": 7}])
    assert lake.ask("recommendations/customer", customer_id="c1") == [row]
    assert lake.ask("recommendations/customer", customer_id="c'1") == []


def event(number: int, kind: str, product: str | None, hour: int, session_id: str = "s1", **more: object) -> Row:
    return {
        "event_id": f"e{number}",
        "event_type": kind,
        "occurred_at": at(hour),
        "session_id": session_id,
        "product_id": product,
        "product_name": f"The {product}",
        "category": "Home",
        "event_date": DAY,
        **more,
    }


def test_a_reader_of_a_region_sees_what_a_customer_did_there_and_nothing_else(lake: Rows):
    lake.table(
        "events",
        [
            event(1, "product_view", "lamp", 8, customer_id="c1", region="North"),
            event(2, "purchase", "lamp", 9, customer_id="c1", region="South"),  # the later one of the whole shop
            event(3, "product_view", "mug", 10, session_id="s2", customer_id="c1", region="North"),
            event(4, "product_view", "vase", 11, session_id="c1", customer_id="c2", region="North"),  # a session c1
            event(5, "product_view", "sofa", 7, customer_id="c1", region="North", event_date=date(2026, 3, 11)),
            event(6, "product_view", "bed", 7, customer_id="c1", region=None),
        ],
    )

    def seen(regions: tuple[str, ...] | None) -> list[tuple[str, str]]:
        scope = lake.scope(regions=regions)
        result = scope.ask("recommendations/customer_actions", visitor_id="c1", **DAYS)
        return [(row["product_id"], row["event_type"]) for row in result.rows()]

    assert seen(("North",)) == [("mug", "product_view"), ("lamp", "product_view")]
    assert seen(("South",)) == [("lamp", "purchase")]
    assert seen(("West",)) == seen(()) == []
    assert seen(None) == [("mug", "product_view"), ("lamp", "purchase"), ("bed", "product_view")]


def test_of_a_session_each_product_comes_once_with_the_last_action_the_newest_first(lake: Rows):
    lake.table(
        "events",
        [
            event(1, "product_view", "lamp", 8),
            event(2, "cart_add", "lamp", 9),
            event(3, "product_view", "mug", 10),
            event(4, "cart_remove", "lamp", 11),  # says nothing
            event(5, "search", None, 12),
            event(6, "product_view", "vase", 12, session_id="s2"),
        ],
    )
    found = lake.ask("recommendations/session_actions", visitor_id="s1", **DAYS)
    assert [(row["product_id"], row["event_type"], row["occurred_at"]) for row in found] == [
        ("mug", "product_view", at(10)),
        ("lamp", "cart_add", at(9)),
    ]
    assert found[0]["product_name"] == "The mug"
