"""Recommendations shown, clicked and paid for, each on literal rows."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipeline.recommend.experiments.experiment import Experiment, Variant
from tests.support.lake_rows import Rows, money

DAY = date(2026, 3, 2)
Row = dict[str, Any]


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def shown(surface: str | None, impressions: int, clicks: int = 0, **more: Any) -> Row:
    return {"event_date": DAY, "surface": surface, "impressions": impressions, "clicks": clicks, **more}


def line(number: int, amount: str, surface: str | None = "home", **more: Any) -> Row:
    """An attributed line of its own order; its cost is a fifth of the amount unless it is given."""
    return {
        "event_id": f"e{number}",
        "order_id": f"o{number}",
        "event_type": "refund" if amount.startswith("-") else "purchase",
        "product_id": "p1",
        "surface": surface,
        "model": "m1",
        "quantity": 1,
        "amount": money(amount),
        "cost": money(amount) / 5,
        "order_date": DAY,
        **more,
    }


def test_impressions_and_clicks_are_added_by_day_surface_and_model(lake: Rows) -> None:
    lake.table(
        "daily_recommendations",
        [
            shown("home", 10, 2, model="m1", channel="web", region="A"),
            shown("home", 5, 1, model="m1", channel="app", region="B"),
            shown("home", 3, 1, model="m2"),
            shown("cart", 1, model="m1", event_date=date(2026, 3, 3)),
            shown("cart", 99, model="m1", event_date=date(2026, 4, 1)),  # the end date
        ],
    )
    rows = [tuple(row.values()) for row in lake.ask("recommendations/by_day")]
    assert rows == [
        (DAY, "home", "m1", 15, 3),
        (DAY, "home", "m2", 3, 1),
        (date(2026, 3, 3), "cart", "m1", 1, 0),
    ]
    assert [row["impressions"] for row in lake.ask("recommendations/by_day", channels=["app"])] == [5]
    assert [row["impressions"] for row in lake.ask("recommendations/by_day", regions_seen=("A",))] == [10]


def test_a_surface_has_what_it_showed_and_what_is_attributed_to_it(lake: Rows) -> None:
    lake.table("daily_recommendations", [shown("home", 100, 7), shown("cart", 50, 1), shown("new", 3)]).table(
        "attributed_lines",
        [
            line(1, "40.00", quantity=2),
            line(1, "10.00", event_id="e1b", cost=None),
            line(1, "-15.00", event_id="e1r"),
            line(2, "0.00", free_order=True, cost=money("1.00")),
            line(3, "0.00"),  # a gift in an order that does not count by it
            line(4, "8.00", "email"),  # a surface that shows elsewhere
            line(5, "70.00", currency="EUR"),
            line(6, "99.00", order_date=date(2026, 4, 1)),
        ],
    )
    home = {
        "surface": "home",
        "impressions": 100,
        "clicks": 7,
        "orders": 2,
        "units": Decimal(5),
        "net_revenue": Decimal("35.00"),
        "net_revenue_without_cost": Decimal("10.00"),
        "cost": Decimal("6.00"),
    }
    rows = {row["surface"]: row for row in lake.ask("recommendations/by_surface")}
    assert rows["home"] == home
    assert {name: (row["impressions"], row["orders"], row["net_revenue"]) for name, row in rows.items()} == {
        "home": (100, 2, Decimal(35)),
        "cart": (50, 0, 0),
        "new": (3, 0, 0),
        "email": (0, 1, Decimal(8)),
    }


def test_attributed_net_revenue_is_the_same_by_surface_by_model_and_by_day_to_the_cent(lake: Rows) -> None:
    amounts = ["0.01", "19.99", "-7.35", "1234567.8901", "3.10"]
    rows = [
        line(
            number,
            amount,
            surface,
            model=model,
            region=region,
            order_date=date(2026, 3, 1 + number % 9),
            cost=None if number % 4 == 0 else money(amount),
        )
        for number, (amount, surface, model, region) in enumerate(
            (amount, surface, model, region)
            for amount in amounts
            for surface in ("home", "cart", None)
            for model in ("m1", "m2", None)
            for region in ("A", "B", None)
        )
    ]
    lake.table("attributed_lines", rows)
    for regions in (None, ("A",), ("A", "B")):
        mine = [row for row in rows if regions is None or row["region"] in regions]
        for question in ("by_surface", "by_model", "attributed_by_day"):
            answer = lake.ask(f"recommendations/{question}", regions_seen=regions)
            for figure, expected in (
                ("net_revenue", sum(row["amount"] for row in mine)),
                ("net_revenue_without_cost", sum(row["amount"] for row in mine if row["cost"] is None)),
                ("cost", sum(row["cost"] or 0 for row in mine)),
                ("units", sum(row["quantity"] for row in mine if row["event_type"] == "purchase")),
            ):
                assert sum(row[figure] for row in answer) == expected, (question, figure, regions)


def test_a_refund_lowers_the_attributed_revenue_of_its_day_and_is_no_order(lake: Rows) -> None:
    lake.table(
        "attributed_lines", [line(1, "40.00"), line(1, "-15.00", event_id="r", order_date=date(2026, 3, 9), quantity=1)]
    )
    rows = lake.ask("recommendations/attributed_by_day")
    assert [(row["order_date"], row["orders"], row["units"], row["net_revenue"]) for row in rows] == [
        (DAY, 1, 1, Decimal(40)),
        (date(2026, 3, 9), 0, 0, Decimal(-15)),
    ]


def test_equal_order_ids_of_two_senders_are_two_orders(lake: Rows) -> None:
    lake.table("attributed_lines", [line(1, "1.00", namespace="a"), line(1, "1.00", namespace="b")])
    assert [row["orders"] for row in lake.ask("recommendations/attributed_by_day")] == [2]
    assert [row["orders"] for row in lake.ask("recommendations/by_model")] == [2]


def test_products_are_listed_by_clicks_with_their_names_where_they_have_one(lake: Rows) -> None:
    month = {"event_month": date(2026, 3, 1)}
    lake.table(
        "daily_recommended_products",
        [
            shown("home", 10, 1, product_id="mug", region="A", **month),
            shown("cart", 5, 3, product_id="mug", region="B", **month),
            shown("home", 50, 2, product_id="pot", region="A", **month),
            shown("home", 7, product_id="gone", region="A", **month),
            shown("home", 9, product_id="mug", event_date=date(2026, 4, 1), event_month=date(2026, 4, 1)),
        ],
    ).table("products", [{"product_id": "mug", "product_name": "Mug", "category": "Home"}, {"product_id": "pot"}])
    rows = lake.ask("recommendations/shown_products")
    assert [tuple(row.values()) for row in rows] == [
        ("mug", "Mug", "Home", 15, 4),
        ("pot", None, None, 50, 2),
        ("gone", None, None, 7, 0),
    ]
    assert [row["product_id"] for row in lake.ask("recommendations/shown_products", categories=["Home"])] == ["mug"]
    by_surface = lake.ask("recommendations/shown_products", surfaces=["cart"])
    assert [(row["product_id"], row["impressions"]) for row in by_surface] == [("mug", 5)]
    assert [row["impressions"] for row in lake.ask("recommendations/shown_products", regions_seen=("B",))] == [5]


def visit(customer: str, day: int, **more: Any) -> Row:
    return {
        "session_date": date(2026, 3, day),
        "customer_id": customer,
        "session_month": date(2026, 3, 1),
        **more,
    }


def order(number: int, customer: str | None, day: int, net: str, *, cost: str | None = None, **more: Any) -> Row:
    return {
        "order_id": f"o{number}",
        "customer_id": customer,
        "order_date": date(2026, 3, day),
        "net_revenue": money(net),
        "net_revenue_with_cost": money(net if cost is not None else "0"),
        "cost": None if cost is None else money(cost),
        **more,
    }


ALONE = {
    "experiment": "e",
    "second_from": "g",
    "third_from": "g",
    "fourth_from": "g",
    "outcome_end": date(2026, 3, 31),
    "window_days": 7,
}


def outcomes(lake: Rows, **more: Any) -> list[Row]:
    return lake.ask(
        "recommendations/experiment_outcomes",
        **{**ALONE, "start_date": date(2026, 3, 2), "end_date": date(2026, 3, 5), **more},
    )


def test_the_outcome_of_a_customer_is_that_of_7_days_from_the_day_of_entry(lake: Rows) -> None:
    lake.table(
        "daily_customers",
        [
            visit("c1", 1),  # before the experiment
            visit("c1", 3),
            visit("c1", 4),
            visit("idle", 3),
            visit("c2", 4, region="A"),
            visit("c2", 4, region="B"),
            visit("late", 5),  # the end date
        ],
    ).table(
        "orders",
        [
            order(1, "c1", 2, "1000.00"),  # before the entry
            order(2, "c1", 3, "30.00", cost="10.00"),
            order(3, "c1", 9, "5.00"),  # its cost is unknown
            order(4, "c1", 10, "1000.00"),  # the eighth day
            order(5, "c2", 4, "2.50", cost="3.00"),
            order(6, "c2", 4, "70.00", currency="EUR"),
            order(7, "c2", 4, "70.00", placed=False),
            order(8, "late", 5, "70.00"),
            order(9, None, 4, "70.00"),
            order(10, "c1", 3, "0.00", cost="1.00", namespace="b"),  # a free one
        ],
    )
    third, fourth = outcomes(lake)
    assert third == {
        "entry_date": date(2026, 3, 3),
        "variant": 0,
        "customers": 2,
        "buyers": 1,
        "orders": 3,
        "net_revenue": Decimal("35.00"),
        "net_revenue_without_cost": Decimal("5.00"),
        "gross_margin": Decimal("19.00"),
        "orders_squared": 9,
        "net_revenue_squared": 35.0**2,
        "gross_margin_squared": 19.0**2,
    }
    assert (fourth["entry_date"], fourth["customers"], fourth["orders"]) == (date(2026, 3, 4), 1, 1)
    assert (fourth["net_revenue"], fourth["gross_margin"]) == (Decimal("2.50"), Decimal("-0.50"))


def test_without_a_window_every_day_of_the_period_counts_from_the_day_of_entry_on(lake: Rows) -> None:
    lake.table("daily_customers", [visit("c1", 3), visit("c2", 4)])
    days = {"c1": (2, 3, 10, 11), "c2": (3, 4, 10, 11)}
    lake.table(
        "orders",
        [
            order(10 * number + day, customer, day, "1.00", cost="0.25")
            for number, (customer, each) in enumerate(days.items())
            for day in each
        ],
    )
    found = outcomes(lake, window_days=9, outcome_end=date(2026, 3, 11), end_date=date(2026, 3, 11))
    assert [(row["customers"], row["orders"], row["gross_margin"]) for row in found] == [
        (1, 2, Decimal("1.50")),
        (1, 2, Decimal("1.50")),
    ]


def test_customers_are_in_the_variant_that_the_server_gives_them(lake: Rows) -> None:
    customers = [f"c{number}" for number in range(200)] + ["ä/ö", "日本", "", "O'Brien"]
    lake.table("daily_customers", [visit(customer, 3) for customer in customers])
    for shares in ((0.5, 0.5), (0.1, 0.9), (0.25, 0.25, 0.3, 0.2), (1.0, 0.0)):
        variants = tuple(Variant(name=str(place), share=share) for place, share in enumerate(shares))
        experiment = Experiment(name="größer?", variants=variants, started_at=datetime(2026, 3, 1))
        second, third, fourth, *_ = [*experiment.bounds(), "g", "g"]
        found = outcomes(lake, experiment=experiment.name, second_from=second, third_from=third, fourth_from=fourth)
        expected: dict[int, int] = {}
        for customer in customers:
            place = int(experiment.variant_of(customer).name)
            expected[place] = expected.get(place, 0) + 1
        assert {row["variant"]: row["customers"] for row in found} == expected


def test_an_experiment_counts_what_a_viewers_regions_show(lake: Rows) -> None:
    lake.table("daily_customers", [visit("c1", 2, region="B"), visit("c1", 3, region="A"), visit("c2", 3, region="B")])
    lake.table("orders", [order(1, "c1", 3, "10.00", region="A"), order(2, "c1", 3, "5.00", region="B")])
    (row,) = lake.ask(
        "recommendations/experiment_outcomes",
        regions_seen=("A",),
        **{**ALONE, "start_date": date(2026, 3, 2), "end_date": date(2026, 3, 5)},
    )
    assert (row["entry_date"], row["customers"], row["net_revenue"]) == (date(2026, 3, 3), 1, Decimal(10))
