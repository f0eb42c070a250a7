"""Whose order is whose in the tables: namespaces, public keys and what confirms them, and lakes from before."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.lake import STATE, LakeSettings
from tests.support.given import Given, event


def bought(event_id: str, at: str, price: str, **fields: Any):
    return event(event_id, at, event_type="purchase", unit_price=price, **fields)


def test_the_same_order_id_of_two_senders_is_two_orders_with_the_revenue_of_both(tmp_path: Path):
    lake = Given(tmp_path).events(
        bought("e1", "2026-03-01 12:00", "100.0000", order_id="1001", namespace="shop", product_id="x"),
        bought("e1", "2026-03-01 12:05", "250.0000", order_id="1001", namespace="till", product_id="y"),
    )
    lake.curate()
    assert lake.rows("orders", "namespace", "order_id", "net_revenue") == [
        {"namespace": "shop", "order_id": "1001", "net_revenue": Decimal("100.0000")},
        {"namespace": "till", "order_id": "1001", "net_revenue": Decimal("250.0000")},
    ]
    assert lake.column("events", "copies") == [1, 1]
    assert lake.column("daily_orders", "orders") == [2]
    assert sum(lake.column("daily_sales", "net_revenue")) == Decimal("350")
    assert lake.column("daily_pairs", "orders") == []  # x and y were not in one order
    assert (lake.report.accepted, lake.report.duplicates) == (2, 0)


def test_a_refund_meets_the_order_of_its_own_sender(tmp_path: Path):
    lake = Given(tmp_path).events(
        bought("e1", "2026-03-01 12:00", "100.0000", order_id="1001", namespace="shop"),
        bought("e1", "2026-03-01 12:05", "250.0000", order_id="1001", namespace="till"),
    )
    lake.curate()
    lake.events(
        event("r1", "2026-03-02 09:00", event_type="refund", order_id="1001", unit_price="250", namespace="till")
    ).curate()
    assert lake.rows("orders", "namespace", "net_revenue") == [
        {"namespace": "shop", "net_revenue": Decimal("100.0000")},
        {"namespace": "till", "net_revenue": Decimal("0.0000")},
    ]


def test_equal_session_ids_of_two_senders_are_two_sessions(tmp_path: Path):
    lake = Given(tmp_path).events(
        event("e1", "2026-03-01 12:00", session_id="7", namespace="shop"),
        event("e2", "2026-03-01 12:01", session_id="7", namespace="till"),
        event("e3", "2026-03-01 12:02", session_id="7"),
    )
    lake.curate()
    assert sorted(lake.column("sessions", "session_key")) == ["n:shop/7", "n:till/7", "s:7"]


def test_who_guesses_an_event_id_with_a_public_key_cannot_suppress_the_real_event(tmp_path: Path):
    lake = Given(tmp_path).events(
        bought("e1", "2026-03-01 12:00", "0.0100", order_id="1001", namespace="shop", public=True)
    )
    lake.curate()
    lake.events(bought("e1", "2026-03-01 12:10", "250.0000", order_id="1001", namespace="shop")).curate()
    assert lake.rows("events", "unit_price", "public", "copies") == [
        {"unit_price": Decimal("250.0000"), "public": False, "copies": 2}
    ]
    assert lake.column("daily_sales", "net_revenue") == [Decimal("250.0000")]
    assert (lake.report.accepted, lake.report.duplicates) == (1, 1)


def test_the_purchase_lines_of_a_secret_key_take_the_place_of_the_public_ones(tmp_path: Path):
    lake = Given(tmp_path).events(
        bought("web-1", "2026-03-01 12:00", "100.0000", order_id="1001", namespace="shop", public=True),
        bought("web-2", "2026-03-01 12:00", "999.0000", order_id="1002", namespace="shop", public=True),
    )
    lake.curate()
    assert lake.column("daily_sales", "net_revenue") == [Decimal("1099.0000")]
    lake.events(bought("erp-1", "2026-03-02 01:00", "99.5000", order_id="1001", namespace="shop")).curate()
    assert [(row["order_id"], row["net_revenue"], str(row["order_date"])) for row in lake.rows("orders")] == [
        ("1001", Decimal("99.5000"), "2026-03-02"),
        ("1002", Decimal("999.0000"), "2026-03-01"),
    ]
    assert [(row["event_id"], row["counted"]) for row in lake.rows("order_lines")] == [
        ("erp-1", True),
        ("web-1", False),
        ("web-2", True),
    ]
    assert sum(lake.column("daily_product_sales", "net_revenue_without_cost")) == Decimal("1098.5000")
    assert sum(lake.column("daily_orders", "orders")) == 2


def test_where_the_lake_asks_for_it_public_orders_wait_for_a_secret_key(tmp_path: Path):
    lake = Given(tmp_path, LakeSettings(confirm_public_orders=True)).events(
        bought("web-1", "2026-03-01 12:00", "100.0000", order_id="1001", namespace="shop", public=True),
        bought(
            "web-2", "2026-03-01 12:00", "40.0000", order_id="1002", namespace="shop", public=True, customer_id="c2"
        ),
        bought("erp-9", "2026-03-01 12:00", "7.0000", order_id="1009", namespace="shop", customer_id="c9"),
    )
    lake.curate()
    measures = ("orders", "unconfirmed_orders", "unconfirmed_revenue")
    assert lake.rows("daily_orders", *measures) == [
        {"orders": 1, "unconfirmed_orders": 2, "unconfirmed_revenue": Decimal("140.0000")}
    ]
    assert lake.column("daily_sales", "net_revenue") == [Decimal("7.0000")]
    assert [(row["order_id"], row["confirmed"], row["placed"]) for row in lake.rows("orders")] == [
        ("1001", False, False),
        ("1002", False, False),
        ("1009", True, True),
    ]
    assert [(row["customer_id"], row["orders"], row["net_revenue"]) for row in lake.rows("customers")] == [
        ("c1", 0, Decimal("0.0000")),
        ("c2", 0, Decimal("0.0000")),
        ("c9", 1, Decimal("7.0000")),
    ]
    # any line of a secret key confirms: a refund too, since only the shop knows what it pays back
    lake.events(
        bought("erp-1", "2026-03-01 12:30", "100.0000", order_id="1001", namespace="shop"),
        event(
            "erp-2", "2026-03-01 13:00", event_type="refund", unit_price="15", order_id="1002", namespace="shop",
            customer_id="c2",
        ),
    ).curate()  # fmt: skip
    assert lake.rows("daily_orders", *measures) == [
        {"orders": 3, "unconfirmed_orders": 0, "unconfirmed_revenue": Decimal("0.0000")}
    ]
    assert sum(lake.column("daily_sales", "net_revenue")) == Decimal("132")


def test_whether_public_orders_wait_is_a_setting_that_makes_the_tables_again(tmp_path: Path):
    lake = Given(tmp_path).events(bought("web-1", "2026-03-01 12:00", "100", order_id="1", namespace="s", public=True))
    assert lake.curate().column("daily_sales", "net_revenue") == [Decimal("100.0000")]
    lake.settings(confirm_public_orders=True).curate()
    assert lake.column("daily_sales", "net_revenue") == []
    assert lake.column("daily_orders", "unconfirmed_revenue") == [Decimal("100.0000")]


def test_a_lake_from_before_there_were_namespaces_keeps_every_row(tmp_path: Path):
    """Its raw lines name none; keys of that time keep sending into the lake's own, the empty one."""
    old = {
        "event_id": "e1", "event_type": "purchase", "occurred_at": "2026-03-01T12:00:00Z", "customer_id": "c1",
        "session_id": "s1", "product_id": "p1", "quantity": 2, "unit_price": "10.0000", "currency": "USD",
        "order_id": "o1", "received_at": "2026-03-01T12:00:01Z", "source": "native",
    }  # fmt: skip
    lines = [old, old, old | {"event_id": "e2", "order_id": "o2"}]
    lake = Given(tmp_path).raw("".join(json.dumps(line) + "\n" for line in lines).encode()).curate()
    state = json.loads((lake.lake.root / STATE).read_text())
    (lake.lake.root / STATE).write_text(json.dumps(state | {"made_by": {"queries": "of an older version"}}))
    lake.curate()  # finds the tables made by other SQL, and makes them again
    assert lake.rows("events", "event_id", "namespace", "public", "copies") == [
        {"event_id": "e1", "namespace": "", "public": False, "copies": 2},
        {"event_id": "e2", "namespace": "", "public": False, "copies": 1},
    ]
    assert lake.column("sessions", "session_key") == ["s:s1"]
    assert lake.column("orders", "net_revenue") == [Decimal("20.0000")] * 2
    # sent again, and refunded, by a key of that time: still the same event, and the same order
    again = [
        old,
        old | {"event_id": "r1", "event_type": "refund", "quantity": 1, "occurred_at": "2026-03-02T12:00:00Z"},
    ]
    lake.raw("".join(json.dumps(line) + "\n" for line in again).encode()).curate()
    assert lake.column("orders", "net_revenue") == [Decimal("10.0000"), Decimal("20.0000")]
    assert (lake.report.received, lake.report.accepted, lake.report.duplicates) == (5, 3, 2)
