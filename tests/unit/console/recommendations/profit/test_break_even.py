"""Does it pay: shares, clicks and verdicts, by hand and to the cent."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from console.asking.periods import Period
from console.recommendations.experiments.incremental import IncrementalMargin
from console.recommendations.profit.break_even import Balance, Verdict

TEN_DAYS = Period(date(2026, 3, 1), date(2026, 3, 11))


def holdout(value: str, low: str, high: str) -> IncrementalMargin:
    return IncrementalMargin("none-shown", TEN_DAYS, 900, Decimal(value), Decimal(low), Decimal(high), None)


def balance(
    margin: str | None = "400.00", cost: str | None = "12.00", measured: IncrementalMargin | None = None
) -> Balance:
    return Balance(
        days=10,
        clicks=800,
        margin=None if margin is None else Decimal(margin),
        cost=None if cost is None else Decimal(cost),
        measured=measured,
    )


def test_three_percent_of_the_margin_pays_the_cost_and_24_clicks_a_day_do() -> None:
    found = balance()
    assert found.left == Decimal("388.00")
    assert found.break_even_share == Decimal("0.03")
    assert found.margin_per_click == Decimal("0.50")
    assert found.break_even_clicks == Decimal("2.4")  # 1.20 a day ÷ 0.50 a click
    assert found.clicks_a_day == 80


def test_a_cost_above_the_margin_asks_for_more_than_all_of_it() -> None:
    found = balance(margin="8.00")
    assert found.break_even_share == Decimal("1.5")
    assert found.left == Decimal("-4.00")


@pytest.mark.parametrize(
    ("given", "verdict"),
    [
        (balance(), Verdict.UNMEASURED),
        (balance(cost=None), Verdict.UNKNOWN),
        (balance(cost=None, measured=holdout("50", "20", "80")), Verdict.UNKNOWN),
        (balance(measured=holdout("50", "12.01", "88")), Verdict.PAYS),
        (balance(measured=holdout("50", "12.00", "88")), Verdict.OPEN),
        (balance(measured=holdout("5", "-40", "12")), Verdict.OPEN),
        (balance(measured=holdout("5", "-40", "11.99")), Verdict.LOSES),
    ],
)
def test_it_pays_only_where_the_whole_interval_is_above_the_cost(given: Balance, verdict: Verdict) -> None:
    assert given.verdict is verdict


@pytest.mark.parametrize(("unknown", "verdict"), [("0.05", Verdict.LOSES), ("0.06", Verdict.MARGIN_UNKNOWN)])
def test_no_loss_is_called_one_where_the_margin_of_much_of_what_is_sold_is_unknown(
    unknown: str, verdict: Verdict
) -> None:
    measured = replace(holdout("5", "-40", "11.99"), unknown_margin_share=Decimal(unknown))
    assert balance(measured=measured).verdict is verdict
    assert replace(balance(measured=measured), cost=Decimal(-50)).verdict is Verdict.PAYS


def test_what_a_holdout_says_is_moved_by_the_cost_with_its_interval() -> None:
    found = balance(measured=holdout("50.00", "20.00", "80.00"))
    assert found.incremental_left == Decimal("38.00")
    assert found.incremental_left_interval == (Decimal("8.00"), Decimal("68.00"))
    assert balance().incremental_left is None
    assert balance().incremental_left_interval is None


def test_a_margin_of_ten_days_is_taken_for_the_same_on_each_of_28() -> None:
    found = holdout("50.00", "-20.00", "80.00").over(28)
    assert (found.value, found.low, found.high) == (Decimal("140.0000"), Decimal("-56.0000"), Decimal("224.0000"))
    assert found.customers == 2_520


@pytest.mark.parametrize("margin", [None, "0", "-3"])
def test_without_margin_there_is_no_share_of_it_and_no_number_of_clicks(margin: str | None) -> None:
    found = balance(margin=margin)
    assert found.break_even_share is None
    assert found.break_even_clicks is None


def test_without_clicks_or_cost_nothing_is_divided() -> None:
    idle = Balance(days=10, clicks=0, margin=Decimal(0), cost=Decimal(3))
    assert idle.margin_per_click is None
    assert idle.break_even_clicks is None
    assert balance(cost=None).left is None
    assert balance(cost=None).break_even_share is None
