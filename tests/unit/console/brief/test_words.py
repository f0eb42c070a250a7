"""The Brief in words, read as a reader does."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from console.asking.periods import Period
from console.asking.slices import Slices
from console.brief import words as sentences
from console.brief.answer import Brief, brief
from console.brief.words import WORD_JOINER
from console.budgets.budget_file import BudgetFile
from console.decisions.embedded import EmbeddedDecisionStore
from console.sales.answer import Slice
from console.sales.decomposition import CONVERSION, ORDER_VALUE, ORDERS, TRAFFIC, Contribution
from tests.support.lake_rows import Rows

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))
DAY = Period(date(2026, 3, 5), date(2026, 3, 6))


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    return Rows(tmp_path / "lake")


def sold(day: str, net: str, **more: Any) -> dict[str, Any]:
    amount = Decimal(net)
    return {"order_date": date.fromisoformat(day), "net_revenue": amount, "gross_revenue": amount} | more


def brief_of(
    lake: Rows, period: Period = MARCH, label: str = "Previous period", against: Period | None = FEBRUARY
) -> Brief:
    decisions = EmbeddedDecisionStore(lake.lake.root / "decisions" / "decisions.sqlite")
    budgets = BudgetFile(lake.lake.root)
    return brief(lake.scope(), period, [(label, against)] if against else [], Slices(), budgets, decisions)


def plain(text: str) -> str:
    """Without the marks that keep a number on one line."""
    return text.replace(WORD_JOINER, "").replace("\u202f", " ")


def test_more_than_the_period_before(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-05", "1240311.05"), sold("2026-02-05", "1000000")])
    assert plain(sentences.headline(brief_of(lake), "USD")) == (
        "We took $1.24M net in 31 days: $240k (24.0 %) more than the period before."
    )


def test_less_than_a_year_ago(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-05", "750"), sold("2026-02-05", "1000")])
    assert plain(sentences.headline(brief_of(lake, label="A year ago"), "EUR")) == (
        "We took €750.00 net in 31 days: €250.00 (25.0 %) less than a year ago."
    )


def test_against_a_retail_event_by_its_name(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-05", "900"), sold("2026-02-05", "1000")])
    said = plain(sentences.headline(brief_of(lake, label="Black Friday 2025"), "USD"))
    assert said == "We took $900.00 net in 31 days: $100.00 (10.0 %) less than Black Friday 2025."


def test_about_as_much(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-05", "1000"), sold("2026-02-05", "996")])
    assert (
        sentences.headline(brief_of(lake), "USD")
        == "We took $1,000 net in 31 days, about as much as the period before."
    )


def test_one_day_without_anything_to_compare(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-05", "12.5")])
    assert sentences.headline(brief_of(lake, DAY, against=None), "USD") == "We took $12.50 net in 1 day."
    assert sentences.headline(brief_of(lake, DAY), "USD") == "We took $12.50 net in 1 day."  # February holds nothing


def test_a_base_of_nothing_makes_no_percentage(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-05", "12.5"), sold("2026-02-05", "0", gross_revenue=5, refunds=5)])
    assert sentences.headline(brief_of(lake), "USD") == (
        "We took $12.50 net in 31 days; there is nothing to compare it with."
    )


def test_why_names_the_strongest_factor_first_with_its_direction() -> None:
    parts = [
        Contribution(TRAFFIC, Decimal("2000")),
        Contribution(CONVERSION, Decimal("-500")),
        Contribution(ORDER_VALUE, Decimal("12000")),
    ]
    said = plain(sentences.why(parts, "USD"))
    assert said == "Larger orders +$12.0k, more visits +$2,000 and weaker conversion −$500.00."
    assert plain(sentences.why([Contribution(ORDERS, Decimal("-3"))], "USD")) == "Fewer orders −$3.00."
    assert sentences.why([Contribution(TRAFFIC, Decimal(0))], "USD") == ""
    assert sentences.why([], "USD") == ""


def test_a_minus_sign_never_ends_a_line() -> None:
    assert "−" + WORD_JOINER + "$3.00" in sentences.why([Contribution(ORDERS, Decimal("-3"))], "USD")


def changed(name: str, now: str, before: str | None) -> Slice:
    return Slice(name, Decimal(now), None if before is None else Decimal(before), None, Decimal(0), 0, None)


def test_where_names_the_largest_gain_and_the_largest_loss() -> None:
    slices = [changed("Home", "300", "100"), changed("Toys", "150", "100"), changed("Shoes", "10", "60")]
    assert plain(sentences.where(slices, "USD")) == "Home gained most (+$200.00), Shoes lost most (−$50.00)."
    assert plain(sentences.where(slices[:1], "USD")) == "Home gained most (+$200.00)."
    assert sentences.where([changed("Home", "1", "1"), changed("Toys", "1", None)], "USD") == ""


def test_a_product_that_moved_says_by_how_much_and_to_what(lake: Rows) -> None:
    def line(day: str, amount: str) -> dict[str, Any]:
        on = date.fromisoformat(day)
        at = {"order_date": on, "ordered_on": on, "order_id": day, "product_id": "p1"}
        return {"event_id": day, "amount": Decimal(amount), "quantity": 1, **at}

    lake.table("daily_sales", [sold("2026-03-05", "20"), sold("2026-02-05", "50")])
    lake.table("order_lines", [line("2026-03-05", "20"), line("2026-02-05", "50")])
    lake.derived("daily_product_sales", "monthly_product_sales")
    lake.table("products", [{"product_id": "p1", "product_name": "Lamp"}])
    answer = brief_of(lake)
    assert [plain(sentences.mover(mover, "USD")) for mover in answer.falling] == ["Lamp: −$30.00 to $20.00"]
    assert answer.rising == []


def test_the_parts_of_the_brief_add_up_to_the_headlines_difference(lake: Rows) -> None:
    lake.table("daily_sales", [sold("2026-03-05", "960"), sold("2026-02-05", "500")])
    lake.table(
        "daily_orders",
        [{"order_date": date(2026, 3, 5), "orders": 24}, {"order_date": date(2026, 2, 5), "orders": 10}],
    )
    lake.table(
        "daily_traffic",
        [
            {"session_date": date(2026, 3, 5), "sessions": 120, "sessions_with_view": 120},
            {"session_date": date(2026, 2, 5), "sessions": 100, "sessions_with_view": 100},
        ],
    )
    answer = brief_of(lake)
    assert plain(sentences.why(answer.parts, "USD")) == (
        "Better conversion +$493.34, smaller orders −$166.67 and more visits +$133.33."
    )
    assert sum(part.amount for part in answer.parts) == 460
