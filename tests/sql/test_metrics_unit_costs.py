"""Questions of the Unit costs and Tiers pages on literal rows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import BindingError
from console.asking.periods import Period
from console.tiers import measured as tiers
from console.unit_costs import allocation_file, words
from console.unit_costs import answer as unit_costs
from console.unit_costs import days as unit_cost_days
from console.unit_costs import view as unit_cost_charts
from console.unit_costs.answer import UnitCosts
from console.unit_costs.days import COUNTED
from console.unit_costs.unit_costs import Parts
from tests.support.lake_rows import END, NOON, START, Rows, money

FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
PERIOD = Period(FIRST, date(2026, 3, 4))


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def charge(day: date, cost: str, **more: Any) -> dict[str, Any]:
    return {
        "charge_date": day,
        "service_name": "Amazon S3",
        "charge_category": "Usage",
        "billing_currency": "USD",
        "effective_cost": money(cost),
    } | more


def spent(lake: Rows, rows: list[dict[str, Any]]) -> Rows:
    """The charges, and the mart by day that curation makes of them."""
    lake.table("spend", rows)
    daily = [{key: value for key, value in row.items() if key != "tags"} | {"charges": 1} for row in rows]
    return lake.table("daily_spend", daily)


def shop(lake: Rows) -> Rows:
    """Two orders on the first day, one on the second, none on the third, which has charges all the same."""
    lake.table(
        "daily_orders",
        [
            {"order_date": FIRST, "orders": 2, "first_orders": 1, "units": 3},
            {"order_date": SECOND, "orders": 1, "units": 1},
            {"order_date": END, "orders": 50, "units": 50},  # the end date: not ours
        ],
    )
    lake.table(
        "daily_traffic",
        [
            {"session_date": FIRST, "sessions": 10, "sessions_with_cart": 4},
            {"session_date": SECOND, "sessions": 20, "sessions_with_cart": 5},
            {"session_date": THIRD, "sessions": 5},
        ],
    )
    lake.table(
        "daily_events",
        [
            {"event_date": FIRST, "event_type": "product_view", "events": 60, "source": "native"},
            {"event_date": FIRST, "event_type": "product_view", "events": 15, "source": "import"},
            {"event_date": FIRST, "event_type": "purchase", "events": 25},
            {"event_date": SECOND, "event_type": "recommendation_click", "events": 8},
            {"event_date": SECOND, "event_type": "product_view", "events": 92},
            {"event_date": END, "event_type": "product_view", "events": 1},  # the lake goes on
        ],
    )
    lake.table(
        "sessions",
        [
            {"session_key": "1", "session_date": FIRST, "customer_id": "ann"},
            {"session_key": "2", "session_date": FIRST, "customer_id": "ann"},
            {"session_key": "3", "session_date": FIRST, "customer_id": "bob"},
            {"session_key": "4", "session_date": SECOND, "customer_id": "ann"},
            {"session_key": "5", "session_date": SECOND},  # anonymous
        ],
    ).derived("daily_customers")
    return lake.table(
        "daily_sales",
        [
            sale(FIRST, "100", "80", "50"),
            sale(SECOND, "40", "40", "10"),
            sale(SECOND, "7", "7", "1") | {"currency": "EUR"},
        ],
    )


def sale(day: date, net: str, with_cost: str, cost: str) -> dict[str, Any]:
    return {
        "order_date": day,
        "category": "Home",
        "currency": "USD",
        "net_revenue": money(net),
        "net_revenue_without_cost": money(net) - money(with_cost),
        "cost": money(cost),
        "lines": 1,
    }


BILL = [
    charge(FIRST, "1.20", tags='{"component": "recommendations"}'),
    charge(FIRST, "2.00", tags='{"component": "stream"}', service_name="Amazon Kinesis"),
    charge(FIRST, "0.80", tags="no JSON"),
    charge(SECOND, "3.00", tags='{"component": "console", "application": "takings"}'),
    charge(SECOND, "1.00", charge_category="Tax", service_name="Tax"),
    charge(THIRD, "0.50"),
]


def answer(lake: Rows, **more: Any) -> UnitCosts:
    given: dict[str, Any] = {"currency": "USD"} | more
    return unit_costs.unit_costs(lake.scope(), PERIOD, (), allocation_file.load(), **given)


def test_charges_are_summed_by_what_rules_look_at_with_one_tag(lake: Rows) -> None:
    spent(lake, [*BILL, charge(FIRST, "0.30", tags='{"component": "stream"}', service_name="Amazon Kinesis")])
    rows = lake.ask("unit_costs/charges", tag_key="component")
    assert [(row["charge_date"], row["service_name"], row["tag_value"], row["effective_cost"]) for row in rows] == [
        (FIRST, "Amazon Kinesis", "stream", Decimal("2.30")),
        (FIRST, "Amazon S3", "", Decimal("0.80")),
        (FIRST, "Amazon S3", "recommendations", Decimal("1.20")),
        (SECOND, "Amazon S3", "console", Decimal("3.00")),
        (SECOND, "Tax", "", Decimal("1.00")),
        (THIRD, "Amazon S3", "", Decimal("0.50")),
    ]


def test_a_charge_without_an_effective_cost_is_counted_and_not_taken_as_0(lake: Rows) -> None:
    spent(lake, [charge(FIRST, "1", effective_cost=None), charge(FIRST, "2")])
    (row,) = lake.ask("unit_costs/charges", tag_key="component")
    assert (row["effective_cost"], row["without_cost"]) == (Decimal(2), 0)
    spent(lake, [charge(FIRST, "1", effective_cost=None)])
    (row,) = lake.ask("unit_costs/charges", tag_key="component")
    assert row["without_cost"] == 1


def test_counts_by_day_stand_apart_by_type_and_customers_are_distinct(lake: Rows) -> None:
    spent(shop(lake), BILL)
    assert lake.ask("unit_costs/events_by_day")[:2] == [
        {"event_date": FIRST, "event_type": "product_view", "events": 75},
        {"event_date": FIRST, "event_type": "purchase", "events": 25},
    ]
    assert lake.ask("unit_costs/customers", currency="USD") == [
        {"session_date": FIRST, "customers": 2},
        {"session_date": SECOND, "customers": 1},
        {"session_date": None, "customers": 2},
    ]
    assert lake.ask("unit_costs/margin_by_day") == [
        {"order_date": FIRST, "net_revenue": 100, "net_revenue_with_cost": 80, "cost": 50},
        {"order_date": SECOND, "net_revenue": 40, "net_revenue_with_cost": 40, "cost": 10},
    ]


def test_unit_costs_of_a_period_by_hand(lake: Rows) -> None:
    """8.50 in all: direct 1.20 + 3.00; shared 2.00 (stream) + 1.00 (tax); unallocated 0.80 + 0.50."""
    found = answer(spent(shop(lake), BILL))
    assert found.now.parts == Parts(Decimal("4.20"), Decimal("3.00"), Decimal("1.30"))
    by_unit = {unit.unit: (unit.count, unit.unit_cost) for unit in found.units}
    assert by_unit == {
        "order": (3, Decimal("2.833333333333")),
        "session": (35, Decimal("0.242857142857")),
        "active customer": (2, Decimal("4.25")),
        "1,000 events": (200, Decimal("42.5")),
        "recommendation click": (8, Decimal("1.0625")),
    }
    order = found.units[0]
    assert (order.direct, order.shared, order.unallocated) == (
        Decimal("1.4"), Decimal("1"), Decimal("0.433333333333"),
    )  # fmt: skip


def test_functions_carry_their_direct_and_shared_costs_and_add_up(lake: Rows) -> None:
    found = answer(spent(shop(lake), BILL))
    costs = {function.title: (function.direct, function.shared) for function in found.functions}
    assert costs == {
        "Deciding: console and warehouse": (Decimal("3.00"), Decimal("1.00")),  # tax like the direct cost of its day
        "Browsing": (Decimal(0), Decimal("1.50")),  # 75 of 100 events
        "Selling": (Decimal(0), Decimal("0.50")),
        "Recommending": (Decimal("1.20"), Decimal(0)),
        "Unallocated": (Decimal(0), Decimal(0)),
    }
    assert sum(function.total for function in found.functions) == Decimal("8.50")
    selling = next(function for function in found.functions if function.title == "Selling")
    assert (selling.count, selling.unit, selling.unit_cost) == (3, "order", Decimal("0.166666666667"))


def test_a_day_without_orders_has_an_unknown_cost_of_an_order(lake: Rows) -> None:
    found = answer(spent(shop(lake), BILL))
    assert found.now.daily(COUNTED[0]) == [Decimal("2"), Decimal("4"), None]
    assert found.figures[0].series == [Decimal("2"), Decimal("4"), None]


def test_margin_after_cloud_is_gross_margin_less_effective_cost_day_by_day(lake: Rows) -> None:
    found = answer(spent(shop(lake), BILL))
    # 80 − 50 − 4.00; 40 − 10 − 4.00; nothing sold − 0.50
    assert found.now.margin_after_cloud == [Decimal("26.00"), Decimal("26.00"), Decimal("-0.50")]
    margin = found.figures[-1]
    assert (margin.name, margin.value) == ("Margin after cloud", Decimal("51.50"))
    assert margin.note == "Margin unknown for 14.3\u202f% of net revenue"  # 20 of 140
    assert [day.day for day in found.ahead][:2] == [date(2026, 3, 4), date(2026, 3, 5)]
    assert all(day.low <= day.amount <= day.high for day in found.ahead)


def test_days_without_charges_are_left_out_of_costs_and_counts(lake: Rows) -> None:
    found = answer(spent(shop(lake), [row for row in BILL if row["charge_date"] == FIRST]))
    assert found.units[0].count == 2
    assert found.units[0].unit_cost == Decimal("2")
    assert found.now.margin_after_cloud == [Decimal("26.00"), None, None]


def test_a_customer_of_several_days_counts_once_though_some_days_have_no_charges(lake: Rows) -> None:
    """Ann came on both days, Bob on the first: two customers, whether or not the third day was charged."""
    found = answer(spent(shop(lake), [row for row in BILL if row["charge_date"] != THIRD]))
    customers = next(unit for unit in found.units if unit.unit == "active customer")
    assert (customers.count, customers.unit_cost) == (2, Decimal(4))  # 8.00
    assert lake.ask("unit_costs/customers", currency="EUR") == []
    found = answer(spent(shop(lake), [row for row in BILL if row["charge_date"] == SECOND]))
    assert next(unit.count for unit in found.units if unit.unit == "active customer") == 1


LONG = Period(FIRST, FIRST + timedelta(days=unit_cost_days.EXACT_DAYS + 1))


def visits(lake: Rows, customers: dict[str, list[date]]) -> Rows:
    """Customers with a session on each of these days."""
    rows = [
        {"session_key": f"{name}{day}", "session_date": day, "customer_id": name}
        for name, days in customers.items()
        for day in days
    ]
    return lake.table("sessions", rows).derived("daily_customers", "daily_customer_registers")


def test_customers_of_more_than_a_month_are_marked_as_estimated(lake: Rows) -> None:
    visits(spent(shop(lake), BILL), {"ann": [FIRST, SECOND], "bob": [FIRST]})
    found = unit_costs.unit_costs(lake.scope(), LONG, (), allocation_file.load(), currency="USD")
    assert [(unit.unit, unit.count) for unit in found.units if "customer" in unit.unit] == [
        ("active customer, about ± 2 %", 2)
    ]
    assert "about ± 2 %" in [figure.note for figure in found.figures]
    assert "about ± 2 %" not in [figure.note for figure in answer(lake).figures]
    assert "Active customers of more than 31 days are estimated" in " ".join(words.notes(found, is_sample=False))
    assert "estimated" not in " ".join(words.notes(answer(lake), is_sample=False))


@pytest.mark.parametrize("count", [1, 10, 1_000, 9_000, 14_000, 60_000])
def test_an_estimate_is_within_four_standard_errors_and_counts_nobody_twice(lake: Rows, count: int) -> None:
    """All come on the first day, every second one again on the second."""
    visits(spent(lake, BILL), {f"customer {n}": [FIRST, *([SECOND] if n % 2 else [])] for n in range(count)})
    days = {"start_date": LONG.start, "end_date": LONG.end, "currency": "USD"}
    exact, about = (
        [row["customers"] for row in lake.ask(f"unit_costs/customers{kind}", **days)] for kind in ("", "_estimated")
    )
    assert len(about) == len(exact) == (3 if count > 1 else 2), "days, and the period"
    assert about == pytest.approx(exact, rel=4 * 0.021, abs=0.5)


def test_the_registers_of_days_together_are_those_of_all_their_customers_at_once(lake: Rows) -> None:
    names = [f"customer {number}" for number in range(3000)]
    apart = {name: [FIRST if number % 2 else SECOND] for number, name in enumerate(names)}
    days = {"start_date": LONG.start, "end_date": LONG.end, "currency": "USD"}
    visits(spent(lake, BILL), apart)
    (*_, of_days) = sorted(row["customers"] for row in lake.ask("unit_costs/customers_estimated", **days))
    visits(lake, {name: [FIRST] for name in names})
    (*_, at_once) = sorted(row["customers"] for row in lake.ask("unit_costs/customers_estimated", **days))
    assert of_days == at_once


def test_a_day_of_which_no_cost_is_known_has_an_unknown_cost_rather_than_0(lake: Rows) -> None:
    found = answer(spent(shop(lake), [BILL[0], charge(SECOND, "1", effective_cost=None)]))
    assert (found.units[0].count, found.units[0].unit_cost) == (2, Decimal("0.6"))
    assert found.now.margin_after_cloud == [Decimal("28.80"), None, None]
    assert found.now.without_cost == 1


def test_charges_after_the_last_event_are_no_loss_and_in_no_unit_cost(lake: Rows) -> None:
    """The third day's 0.50 came after the last event: nothing is known of what happened then."""
    spent(shop(lake), BILL).table(
        "daily_events", [{"event_date": day, "event_type": "product_view", "events": 9} for day in (FIRST, SECOND)]
    )
    found = answer(lake)
    assert found.now.parts is not None
    assert found.now.parts.total == Decimal(8)
    assert found.now.margin_after_cloud == [Decimal("26.00"), Decimal("26.00"), None]
    assert found.now.uncounted == [THIRD]
    assert found.ahead[0].day == THIRD
    lake.table("daily_events", [])
    assert answer(lake).is_empty
    assert answer(lake).now.uncounted == [FIRST, SECOND, THIRD]


def test_a_day_without_charges_does_not_shift_the_week_of_the_days_to_come(lake: Rows) -> None:
    """Four weeks of 100 a day and 10 on Sundays (March 1 is one), without the charges of one Wednesday."""
    days = [FIRST + timedelta(days=place) for place in range(28)]
    shop(lake).table("daily_events", [{"event_date": day, "event_type": "search", "events": 1} for day in days])
    lake.table(
        "daily_sales",
        [sale(day, "110" if place % 7 else "20", "110" if place % 7 else "20", "9") for place, day in enumerate(days)],
    )
    spent(lake, [charge(day, "1") for day in days if day != date(2026, 3, 11)])
    found = unit_costs.unit_costs(
        lake.scope(), Period(FIRST, date(2026, 3, 29)), (), allocation_file.load(), currency="USD"
    )
    week = {one_day.day: one_day.amount for one_day in found.ahead[:7]}
    assert week[date(2026, 3, 29)] == pytest.approx(10, abs=1)
    assert all(amount == pytest.approx(100, abs=1) for day, amount in week.items() if day != date(2026, 3, 29))


@pytest.mark.parametrize(
    ("amounts", "reported"),
    [
        ([str(-place) for place in range(1, 13)], "12 days, 3 to 14 orders, −$0.86 to −$0.33"),  # credits all the way
        (["-3", "2", "5", "-40", "1", "2", "3", "4", "5", "6", "7", "80"], "12 days, 3 to 14 orders, −$6.67 to $5.71"),
        (["0"] * 12, "12 days, 3 to 14 orders, $0.00 to $0.00"),
        (["9" * 26] * 12, "12 days, 3 to 14 orders"),
    ],
    ids=["credits", "mixed", "nothing", "most"],
)
def test_every_amount_that_a_bill_can_hold_is_divided_and_drawn(lake: Rows, amounts: list[str], reported: str) -> None:
    days = [FIRST + timedelta(days=place) for place in range(12)]
    shop(lake).table("daily_events", [{"event_date": day, "event_type": "search", "events": 5} for day in days])
    lake.table("daily_orders", [{"order_date": day, "orders": 3 + place} for place, day in enumerate(days)])
    spent(lake, [charge(day, amount) for day, amount in zip(days, amounts, strict=True)])
    found = unit_costs.unit_costs(
        lake.scope(), Period(FIRST, date(2026, 3, 13)), (), allocation_file.load(), currency="USD"
    )
    chart = unit_cost_charts.efficiency(found)
    assert reported in chart.alt
    assert chart.spec is not None
    costs = [row[1] for row in chart.spec["dataset"]["source"]]
    assert chart.spec["yAxis"]["min"] <= min(costs)
    assert max(costs) <= chart.spec["yAxis"]["max"]
    assert unit_cost_charts.margin_after_cloud(found).spec is not None
    assert all(amount for _, amount in found.unallocated)


def test_nothing_charged_is_empty_and_its_figures_are_unknown(lake: Rows) -> None:
    found = answer(spent(shop(lake), [charge(date(2026, 2, 1), "9")]))
    assert found.is_empty
    assert all(figure.value is None for figure in found.figures)


def test_a_bill_in_another_currency_is_divided_but_never_taken_from_revenue(lake: Rows) -> None:
    found = answer(spent(shop(lake), [charge(FIRST, "6", billing_currency="EUR"), *BILL]), currency="EUR")
    assert found.units[0].unit_cost == Decimal("3")  # 6 EUR ÷ 2 orders: euros an order
    assert not found.has_margin
    assert found.figures[-1].value is None
    assert found.figures[-1].note == "The bill is in EUR, revenue in USD"
    assert found.ahead == ()
    assert found.now.other_currencies == {"USD": Decimal("8.50")}


def test_a_viewer_of_some_regions_is_shown_no_unit_cost(lake: Rows) -> None:
    scope = spent(shop(lake), BILL).scope(regions=("UK",))
    assert unit_costs.restricted(scope).startswith("You see UK; the cloud’s bill is of the whole shop")
    with pytest.raises(BindingError, match="cannot be divided by a part of its orders"):
        unit_costs.unit_costs(scope, PERIOD, (), allocation_file.load(), currency="USD")
    assert unit_costs.restricted(lake.scope()) == ""


def test_unit_costs_are_held_against_the_period_before(lake: Rows) -> None:
    spent(shop(lake), [*BILL, charge(date(2026, 2, 28), "3")])
    lake.table("daily_orders", [{"order_date": FIRST, "orders": 2}, {"order_date": date(2026, 2, 28), "orders": 1}])
    lake.table("daily_events", [{"event_date": day, "event_type": "search"} for day in (date(2026, 2, 28), END)])
    found = unit_costs.unit_costs(
        lake.scope(), PERIOD, [("Previous period", PERIOD.shifted(-3))], allocation_file.load(), currency="USD"
    )
    assert (found.units[0].unit_cost, found.units[0].before) == (Decimal("4.25"), Decimal(3))
    assert [(change.label, change.value) for change in found.figures[0].changes] == [("Previous period", Decimal(3))]


def test_todays_bill_is_the_effective_cost_without_what_no_estimate_knows(lake: Rows) -> None:
    spent(
        shop(lake),
        [
            charge(date(2026, 3, 30), "10"),
            charge(date(2026, 3, 30), "2", service_name="AWS Lambda"),
            charge(date(2026, 3, 30), "3", charge_category="Purchase", service_name="AWS Support"),
            charge(date(2026, 3, 30), "1.30", charge_category="Tax", service_name="Tax"),
            charge(date(2026, 3, 30), "-5", charge_category="Credit"),
            charge(date(2026, 3, 30), "4", billing_currency="EUR"),
            charge(date(2026, 3, 31), "99"),  # today, not over
            charge(date(2026, 2, 28), "77"),  # 31 days ago
        ],
    )
    known = tiers.measured(lake.scope())
    assert known.bill is not None
    assert (known.bill.first_day, known.bill.last_day) == (date(2026, 3, 1), date(2026, 3, 30))
    assert known.bill.by_service == {"Amazon S3": 10, "AWS Lambda": 2, "AWS Support": 3}
    assert (known.bill.amount, known.bill.apart) == (15, Decimal("-3.70"))
    assert known.bill.other_currencies == {"EUR": 4}
    assert tiers.monthly(known.bill) == Decimal("15.21")  # 15 ÷ 30 × 730 ÷ 24
    assert NOON.date() - timedelta(days=1) == known.bill.last_day


def test_a_bill_younger_than_a_month_is_of_its_own_days(lake: Rows) -> None:
    spent(shop(lake), [charge(date(2026, 3, 29), "10"), charge(date(2026, 3, 30), "20")])
    known = tiers.measured(lake.scope())
    assert known.bill is not None
    assert (known.bill.first_day, known.bill.last_day, known.bill.days) == (date(2026, 3, 29), date(2026, 3, 30), 2)
    assert tiers.monthly(known.bill) == Decimal("456.25")  # 30 ÷ 2 × 730 ÷ 24


def test_a_bill_that_begins_today_has_no_day_that_is_over(lake: Rows) -> None:
    spent(shop(lake), [charge(date(2026, 3, 31), "10")])
    known = tiers.measured(lake.scope())
    assert tiers.monthly(known.bill) is None


def test_measured_traffic_is_events_a_day_and_unknown_where_regions_are_hidden(lake: Rows) -> None:
    shop(lake).table(
        "daily_events",
        [
            {"event_date": START, "event_type": "product_view", "events": 100},
            {"event_date": date(2026, 3, 4), "event_type": "recommendation_impression", "events": 20},
        ],
    )
    assert tiers.measured(lake.scope()).events_per_day == 30  # 120 ÷ 4 days
    assert lake.ask("tiers/traffic") == [{"events": 120, "impressions": 20}]
    assert tiers.measured(lake.scope(regions=("UK",))).events_per_day is None
    assert tiers.measured(lake.scope(regions=("UK",))).bill is None


def test_an_empty_lake_measures_nothing(lake: Rows) -> None:
    lake.table("daily_events", [])
    known = tiers.measured(lake.scope())
    assert (known.bill, known.events_per_day) == (None, None)
