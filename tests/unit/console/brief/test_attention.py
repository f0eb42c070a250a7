"""What needs somebody: every threshold, just below and just above it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from console.asking.contents import Conservation
from console.asking.engines import Result, Statistics
from console.asking.periods import Period
from console.brief.attention import QUIET_SHARE, USUAL_EVENTS, Cause, attention_items, quiet_hours
from console.sales.answer import Daily, Measured, SalesSums, Slice

PERIOD = Period(date(2026, 3, 1), date(2026, 3, 2))
RESULT = Result(pa.table({}), Statistics("fake", 0.0), "tests/query", "select 1")


def measured(**sums: Any) -> Measured:
    """A period of 1,000 net revenue, all of known cost, with 1,000 sessions and no refund, unless said."""
    known: dict[str, Any] = {
        "net_revenue": 1000,
        "gross_revenue": 1000,
        "refunds": 0,
        "cost": 600,
        "net_revenue_with_cost": sums.get("net_revenue", 1000),
    }
    counts = dict.fromkeys(
        ("units", "orders", "first_orders", "sessions_with_cart", "sessions_with_purchase", "sessions_abandoned"), 0
    )
    amounts = {name: Decimal(str(value)) for name, value in (known | sums).items() if name in known}
    others = {"sessions": 1000, "sessions_with_view": 1000} | counts
    rest = {name: sums.get(name, value) for name, value in others.items()}
    return Measured("x", Daily(PERIOD, [PERIOD.start], [Decimal(0)], [0], [0]), SalesSums(**amounts, **rest))


def kept(received: int = 1000, quarantined: int = 0, *, is_whole: bool = True) -> Conservation:
    return Conservation(received, received - quarantined, 0, quarantined, RESULT, is_whole=is_whole)


def category(name: str, now: str, before: str | None) -> Slice:
    return Slice(name, Decimal(now), None if before is None else Decimal(before), None, Decimal(0), 0, None)


def found(
    now: Measured | None = None,
    before: Measured | None = None,
    categories: Iterable[Slice] = (),
    conservation: Conservation | None = None,
    currencies: Iterable[dict[str, Any]] = (),
) -> list[str]:
    items = attention_items(now or measured(), before, list(categories), conservation or kept(), [], list(currencies))
    return [f"{item.cause.value}: {item.title}. {item.detail}".replace("\u202f", " ") for item in items]


def test_a_healthy_shop_needs_nobody() -> None:
    assert found(measured(), measured()) == []


def test_orders_that_wait_for_a_secret_key_are_named_with_their_amount_and_what_to_do() -> None:
    sums = replace(measured().sums, unconfirmed_orders=1, unconfirmed_revenue=Decimal("40"))
    (item,) = attention_items(replace(measured(), sums=sums), None, [], kept(), [], [], "USD")
    assert item.title == "Orders wait for confirmation"
    assert item.detail.startswith("$40.00 of 1 order that no secret key has confirmed")
    assert "confirm_public_orders" in item.detail


def test_more_than_half_a_percent_of_quarantined_records_is_the_pipelines() -> None:
    assert found(conservation=kept(1000, 5)) == []
    assert found(conservation=kept(1000, 6)) == [
        "pipeline: 0.6 % of all records are quarantined. "
        "6 of 1,000 records were refused and are not counted in any figure."
    ]


def test_refused_records_are_silent_on_an_empty_lake_and_under_a_row_filter() -> None:
    assert found(conservation=kept(0, 0)) == []
    assert kept(1000, 0, is_whole=False).quarantined_share is None
    assert found(conservation=kept(1000, 900, is_whole=False)) == []


def test_conversion_that_falls_by_more_than_a_tenth_is_the_businesss() -> None:
    before = measured(sessions_with_purchase=50)
    assert found(measured(sessions_with_purchase=45), before) == []
    assert found(measured(sessions_with_purchase=44), before) == [
        "business: Conversion fell to 4.40 %. It was 5.00 % before: fewer visits ended in an order."
    ]
    assert found(measured(sessions_with_purchase=60), before) == []


def test_conversion_that_is_unknown_in_either_period_is_not_compared() -> None:
    purchases_only = measured(sessions_with_purchase=1000, sessions_with_view=0)
    assert found(measured(), purchases_only) == []
    assert found(purchases_only, measured(sessions_with_purchase=50)) == []


def test_refunds_that_rise_by_more_than_one_percentage_point_are_the_businesss() -> None:
    before = measured(refunds=20)
    assert found(measured(refunds=30), before) == []
    assert found(measured(refunds=31), before) == [
        "business: Refunds rose to 3.1 % of gross revenue. They were 2.0 % before."
    ]


def test_a_category_that_weighed_and_lost_more_than_a_fifth_is_the_businesss() -> None:
    before = measured()
    lost = category("Shoes", "79", "100")
    steady, small, new = category("Hats", "80", "100"), category("Socks", "0", "20"), category("Bags", "5", None)
    assert found(measured(), before, [lost, steady, small, new]) == [
        "business: Shoes lost 21 % of its net revenue. It made 10 % of net revenue before."
    ]


@pytest.mark.parametrize("total", [0, -50])
def test_a_category_is_compared_even_where_refunds_ate_the_earlier_total(total: int) -> None:
    items = found(measured(), measured(net_revenue=total), [category("Shoes", "10", "100")])
    assert items == ["business: Shoes lost 90 % of its net revenue. It made 100.00 before."]


def test_a_cost_unknown_for_more_than_a_tenth_is_a_finding() -> None:
    assert found(measured(net_revenue_with_cost=900)) == []
    items = found(measured(net_revenue_with_cost=890))
    assert [item.partition(".")[0] for item in items] == ["data: Cost unknown for 11 % of net revenue"]
    assert found(measured(net_revenue=-100, net_revenue_with_cost=0)) == []


def test_sales_in_other_currencies_are_named_with_their_amounts() -> None:
    rows = [{"currency": "EUR", "net_revenue": Decimal("1234.5")}, {"currency": "CHF", "net_revenue": Decimal("-3")}]
    assert found(currencies=rows) == [
        "data: Sales in other currencies. €1,234.50, −CHF 3.00 are listed separately and not part of any total."
    ]


def test_the_pipelines_findings_come_first() -> None:
    rows = [{"currency": "EUR", "net_revenue": Decimal(1)}]
    items = found(measured(refunds=90), measured(), conservation=kept(100, 50), currencies=rows)
    assert [item.partition(":")[0] for item in items] == ["pipeline", "business", "data"]


MONDAY = datetime(2026, 3, 2)
BUSY = 2 * USUAL_EVENTS


def hours(
    days: int, quiet: Iterable[datetime] = (), *, closed: tuple[int, ...] = (), events: int = BUSY
) -> list[dict[str, Any]]:
    """Every hour of `days` days from Monday on with the same events; quiet and closed ones have no row."""
    left_out = set(quiet)
    every = [MONDAY + timedelta(hours=number) for number in range(days * 24)]
    return [{"hour": hour, "events": events} for hour in every if hour not in left_out and hour.weekday() not in closed]


def at(day: int, hour: int) -> datetime:
    return MONDAY + timedelta(days=day, hours=hour)


def spans(rows: list[dict[str, Any]]) -> list[str]:
    items = quiet_hours(rows)
    assert all(item.cause is Cause.PIPELINE for item in items)
    return [item.title for item in items]


def test_neighbouring_quiet_hours_are_one_finding_and_may_cross_midnight() -> None:
    assert spans(hours(28, [at(9, 10), at(9, 11), at(9, 12), at(20, 23), at(21, 0)])) == [
        "Hardly any events on 11 Mar 2026, 10:00–13:00 UTC",
        "Hardly any events on 22 Mar 2026, 23:00–01:00 UTC",
    ]


def test_an_hour_with_a_few_events_is_quiet_and_one_with_some_is_not() -> None:
    rows = hours(28, [at(9, 10), at(9, 15)])
    rows += [
        {"hour": at(9, 10), "events": int(QUIET_SHARE * BUSY) - 1},
        {"hour": at(9, 15), "events": int(QUIET_SHARE * BUSY)},
    ]
    assert spans(rows) == ["Hardly any events on 11 Mar 2026, 10:00–11:00 UTC"]


def test_hours_that_are_usually_almost_without_events_say_nothing() -> None:
    assert spans(hours(28, [at(9, 10)], events=USUAL_EVENTS)) != []
    assert spans(hours(28, [at(9, 10)], events=USUAL_EVENTS - 1)) == []


def test_a_shop_that_is_closed_on_weekends_is_not_down_on_weekends() -> None:
    assert spans(hours(28, closed=(5, 6))) == []
    assert spans(hours(28, [at(9, 10)], closed=(5, 6))) == ["Hardly any events on 11 Mar 2026, 10:00–11:00 UTC"]


def test_the_first_and_the_last_hour_may_be_cut_and_are_left_out() -> None:
    rows = hours(28)
    rows[0]["events"] = rows[-1]["events"] = 1
    assert spans(rows) == []


def test_less_than_three_days_of_hours_say_nothing() -> None:
    assert spans(hours(3, [at(1, 10)])) == []
    assert spans(hours(4, [at(1, 10)])) == ["Hardly any events on 3 Mar 2026, 10:00–11:00 UTC"]
    assert spans([]) == []
