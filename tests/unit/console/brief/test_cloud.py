"""What the Brief says of the bill: its cost beside the takings, what is unusual in it, and what is off budget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import SettingsError
from console.asking.periods import Period
from console.asking.slices import Slices
from console.brief import words as sentences
from console.brief.answer import Brief, brief
from console.brief.attention import Cause
from console.budgets.budgets import Budget, BudgetLeftOut
from console.decisions.embedded import EmbeddedDecisionStore
from console.finops.charges import Basis
from tests.support.lake_rows import Rows

pytestmark = pytest.mark.slow

MARCH = Period(date(2026, 3, 1), date(2026, 4, 1))
FEBRUARY = Period(date(2026, 2, 1), date(2026, 3, 1))


class Kept:
    """Budgets that a test names, or the reason why there are none."""

    left_out: Sequence[BudgetLeftOut] = ()

    def __init__(self, *budgets: Budget, failing: SettingsError | None = None) -> None:
        self._budgets, self._failing = budgets, failing

    def budgets(self) -> Sequence[Budget]:
        if self._failing:
            raise self._failing
        return self._budgets


@pytest.fixture
def lake(tmp_path: Path) -> Rows:
    days = [
        {"order_date": day, "net_revenue": net, "gross_revenue": net}
        for day, net in ((date(2026, 2, 5), 800), (date(2026, 3, 5), 1000))
    ]
    return Rows(tmp_path / "lake").table("daily_sales", days)


def charged(day: date, effective: str, **more: Any) -> dict[str, Any]:
    cost = Decimal(effective)
    return {
        "charge_date": day,
        "billing_currency": "USD",
        "service_name": "Amazon Athena",
        "usage_type": "DataScannedInTB",
        "charge_category": "Usage",
        "estimated": False,
        "billed_cost": cost,
        "effective_cost": cost,
        "charges": 1,
    } | more


def brief_of(
    lake: Rows, tmp_path: Path, budgets: Kept | None = None, slices: Slices | None = None, **seen: Any
) -> tuple[Brief, str]:
    """The Brief of March against February, once the forecast and the anomalies are worked out; and its line."""
    decisions = EmbeddedDecisionStore(tmp_path / "decisions.sqlite")
    comparisons = [("Previous period", FEBRUARY)]
    scope = lake.scope(**seen)
    answer = brief(scope, MARCH, comparisons, slices or Slices(), budgets or Kept(), decisions, patience=None)
    return answer, sentences.bill(answer.cloud, "Previous period").replace("\u202f", " ")


def test_without_a_bill_nothing_is_said(lake: Rows, tmp_path: Path) -> None:
    answer, line = brief_of(lake, tmp_path)
    assert (answer.cloud, line) == (None, "")


def test_the_cost_stands_beside_the_takings_in_both_periods(lake: Rows, tmp_path: Path) -> None:
    lake.table("daily_spend", [charged(date(2026, 3, 2), "25"), charged(date(2026, 2, 2), "16")])
    _, line = brief_of(lake, tmp_path)
    assert line.startswith(
        "The cloud cost $25.00 (effective), 2.5 % of net revenue, compared with 2.0 % in the period before"
    )


@pytest.mark.parametrize(
    ("slices", "regions"), [(Slices(channels=("web",)), None), (Slices(), ("North",))], ids=["filtered", "restricted"]
)
def test_who_sees_a_part_of_the_takings_is_told_no_share_of_them(
    lake: Rows, tmp_path: Path, slices: Slices, regions: tuple[str, ...] | None
) -> None:
    lake.table("daily_spend", [charged(date(2026, 3, 2), "25"), charged(date(2026, 2, 2), "16")])
    _, line = brief_of(lake, tmp_path, slices=slices, regions=regions)
    assert "net revenue" not in line
    assert line.startswith("The cloud cost $25.00 (effective)")


def test_a_bill_in_another_currency_is_no_share_of_the_takings(lake: Rows, tmp_path: Path) -> None:
    lake.table("daily_spend", [charged(date(2026, 3, 2), "25", billing_currency="EUR")])
    _, line = brief_of(lake, tmp_path)
    assert line.startswith("The cloud cost €25.00 (effective)")
    assert "net revenue" not in line


def test_a_service_that_leapt_is_named_with_the_money_at_stake(lake: Rows, tmp_path: Path) -> None:
    days = [date(2026, 3, 31) - timedelta(days=number) for number in range(120)]
    lake.table("daily_spend", [charged(day, "90" if day == date(2026, 3, 12) else "3") for day in days])
    answer, line = brief_of(lake, tmp_path)
    (found,) = [notice for notice in answer.attention if notice.cause is Cause.CLOUD]
    assert found.title == "Amazon Athena cost $87.00 more than usual"
    assert found.detail == "12 Mar 2026, mostly DataScannedInTB: $90.00 instead of $3.00."
    assert "$87.00 of the last four weeks' bill is unusual" in line


def test_a_budget_that_is_overdrawn_is_named(lake: Rows, tmp_path: Path) -> None:
    lake.table("daily_spend", [charged(date(2026, 3, 1) - timedelta(days=30 - number), "3") for number in range(60)])
    budget = Budget("Whole bill", Decimal(50), basis=Basis.BILLED, currency="USD")
    answer, line = brief_of(lake, tmp_path, Kept(budget))
    (found,) = [notice for notice in answer.attention if notice.cause is Cause.CLOUD]
    assert found.title == "Whole bill is over budget"
    assert "50.00 are booked" in found.detail
    assert "1 budget is off track" in line


def test_budgets_that_cannot_be_read_are_told_and_the_rest_of_the_brief_stands(lake: Rows, tmp_path: Path) -> None:
    lake.table("daily_spend", [charged(date(2026, 3, 2), "25")])
    wrong = SettingsError("Budget 2 has no amount", where="budgets.toml", remedy="Write amount = 100.")
    answer, line = brief_of(lake, tmp_path, Kept(failing=wrong))
    assert line.startswith("The cloud cost $25.00 (effective), 2.5 % of net revenue")
    (found,) = [notice for notice in answer.attention if notice.cause is Cause.CLOUD]
    assert found.title == "Budgets cannot be read"
    assert found.detail == "Budget 2 has no amount (budgets.toml). Write amount = 100."


def test_what_was_unusual_months_ago_is_no_news(lake: Rows, tmp_path: Path) -> None:
    days = [date(2026, 3, 31) - timedelta(days=number) for number in range(200)]
    lake.table("daily_spend", [charged(day, "90" if day == date(2026, 1, 12) else "3") for day in days])
    answer, line = brief_of(lake, tmp_path)
    assert [notice for notice in answer.attention if notice.cause is Cause.CLOUD] == []
    assert "nothing in it is unusual" in line


def test_the_largest_anomalies_are_named_and_the_others_added_up(lake: Rows, tmp_path: Path) -> None:
    days = [date(2026, 3, 31) - timedelta(days=number) for number in range(120)]
    leaps = {f"Service {number}": Decimal(10 * number) for number in range(1, 7)}
    rows = [
        charged(day, str(3 + (more if day == date(2026, 3, 12) else 0)), service_name=name)
        for day in days
        for name, more in leaps.items()
    ]
    answer, _ = brief_of(lake.table("daily_spend", rows), tmp_path)
    found = [(notice.title, notice.detail) for notice in answer.attention if notice.cause is Cause.CLOUD]
    assert [title for title, _ in found[:3]] == [f"Service {n} cost ${10 * n}.00 more than usual" for n in (6, 5, 4)]
    assert found[3:] == [("3 smaller anomalies in the bill", "Together $60.00 more than usual.")]


def test_a_bill_that_ended_months_ago_is_told_as_that_and_no_budget_of_then_is_news(lake: Rows, tmp_path: Path) -> None:
    lake.table("daily_spend", [charged(date(2025, 12, 1) + timedelta(days=number), "3") for number in range(80)])
    answer, _ = brief_of(lake, tmp_path, Kept(Budget("Whole bill", Decimal(10), "USD")))
    (found,) = [notice for notice in answer.attention if notice.cause is Cause.CLOUD]
    assert found.title == "The cloud's bill has ended"
    assert found.detail.startswith("The bill ends on 18 Feb 2026")
