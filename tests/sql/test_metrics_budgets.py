"""What budgets, forecasts and anomalies ask of the bill, and the answer made of it, each on literal rows."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from catalogue.errors import SettingsError, SourceError
from console.asking.background import BACKGROUND
from console.asking.scope import Scope
from console.budgets import answer as insight
from console.budgets import figures as budget_figures
from console.budgets.bill import bill
from console.budgets.budgets import Budget, BudgetLeftOut, BudgetScope, BudgetState, Kind
from console.budgets.forecasting.anomalies import KIND
from console.decisions import Decision
from console.decisions.embedded import EmbeddedDecisionStore
from console.finops.charges import Basis
from tests.support.lake_rows import Rows


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Rows]:
    BACKGROUND.forget()
    yield Rows(tmp_path / "lake")
    BACKGROUND.forget()


@pytest.fixture
def decisions(tmp_path: Path) -> EmbeddedDecisionStore:
    return EmbeddedDecisionStore(tmp_path / "decisions.sqlite")


def charge(day: date, service: str, cost: str, **more: Any) -> dict[str, Any]:
    amounts = dict.fromkeys(("billed_cost", "effective_cost", "list_cost", "contracted_cost"), Decimal(cost))
    return {
        "charge_date": day,
        "service_name": service,
        "usage_type": "Use",
        "charge_category": "Usage",
        "billing_currency": "USD",
        "sub_account_id": "1",
        "estimated": False,
        "charges": 1,
        **amounts,
        **more,
    }


class Kept:
    """Budgets in memory."""

    left_out: tuple[BudgetLeftOut, ...] = ()

    def __init__(self, *budgets: Budget) -> None:
        self._budgets = budgets

    def budgets(self) -> tuple[Budget, ...]:
        return self._budgets


def test_charges_are_added_by_day_service_and_kind_and_corrections_stand_apart(lake: Rows) -> None:
    first = date(2026, 3, 1)
    lake.table(
        "daily_spend",
        [
            charge(first, "S3", "1.25", estimated=True, usage_type="Puts"),
            charge(first, "S3", "2.50", sub_account_id="2"),
            charge(first, "S3", "-0.75", charge_class="Correction"),
            charge(first, None, "9", charge_category=None),
            charge(first, "S3", "40", billing_currency="EUR"),
            charge(date(2026, 4, 1), "S3", "99"),
        ],
    )
    rows = lake.ask("budgets/by_day", currency="USD", services=[], accounts=[])
    assert [(row["service_name"], row["kind"], row["estimated"], row["billed_cost"]) for row in rows] == [
        ("(none)", "(none)", 0, 9),
        ("S3", "Adjustment", 0, Decimal("-0.75")),
        ("S3", "Usage", 1, Decimal("3.75")),
    ]
    assert [row["billed_cost"] for row in lake.ask("budgets/by_day", currency="EUR", services=[], accounts=[])] == [40]
    one = lake.ask("budgets/by_day", currency="USD", services=["S3"], accounts=["2"])
    assert [row["effective_cost"] for row in one] == [Decimal("2.50")]


def test_the_charges_of_a_tag_are_those_of_its_key_and_value(lake: Rows) -> None:
    rows = [
        {"charge_date": date(2026, 3, 2), "tag_key": key, "tag_value": value, "service_name": "S3",
         "charge_category": "Usage", "billing_currency": "USD", "billed_cost": Decimal(cost)}
        for key, value, cost in (
            ("team", "web", "1"), ("team", "app", "2"), ("stage", "web", "4"), ("team", "web", "8")
        )
    ]  # fmt: skip
    found = lake.table("daily_spend_tags", rows).ask(
        "budgets/by_day_of_tag", currency="USD", tag_key="team", tag_value="web"
    )
    assert [(row["service_name"], row["kind"], row["billed_cost"]) for row in found] == [("S3", "Usage", 9)]


def test_corrections_of_a_tag_are_told_from_its_usage(lake: Rows) -> None:
    day = date(2026, 3, 2)
    corrected = {"charge_class": "Correction", "tags": '{"team": "web"}'}
    spent = [charge(day, "S3", "5", tags='{"team": "web"}'), charge(day, "S3", "50", **corrected)]
    charges = [{name: value for name, value in row.items() if name != "charges"} for row in spent]
    lake.table("spend", charges).derived("daily_spend_tags")
    found = lake.ask("budgets/by_day_of_tag", currency="USD", tag_key="team", tag_value="web")
    assert [(row["kind"], row["billed_cost"]) for row in found] == [("Adjustment", 50), ("Usage", 5)]


def test_usage_is_that_of_usage_types_without_corrections_tax_and_purchases(lake: Rows) -> None:
    day = date(2026, 3, 1)
    lake.table(
        "daily_spend",
        [
            charge(day, "S3", "1", usage_type="Puts"),
            charge(day, "S3", "2", usage_type="Gets", region_id="a"),
            charge(day, "S3", "3", usage_type="Gets", region_id="b"),
            charge(day, "S3", "50", charge_class="Correction"),
            charge(day, "Plan", "50", charge_category="Purchase"),
            charge(day, "Tax", "50"),
        ],
    )
    rows = lake.ask("budgets/usage_by_day", currency="USD")
    assert [(row["usage_type"], row["billed_cost"]) for row in rows] == [("Gets", 5), ("Puts", 1)]


def test_the_currency_with_the_most_charges_comes_first(lake: Rows) -> None:
    day = date(2026, 3, 1)
    lake.table("daily_spend", [charge(day, "S3", "5"), charge(day, "S3", "7", billing_currency="EUR")])
    found = bill(lake.scope())
    assert (found.currency, dict(found.others), found.last_day) == ("EUR", {"USD": 5}, day)


def ten_a_day(lake: Rows, *more: dict[str, Any], until: date = date(2026, 3, 17)) -> Scope:
    """$10 a day from December to a day in March, $6 of it Athena's and $4 EC2's; the clock stands on 31 March."""
    days = [date(2025, 12, 1) + timedelta(days=number) for number in range((until - date(2025, 12, 1)).days)]
    usual = [charge(day, service, cost) for day in days for service, cost in (("Athena", "6"), ("EC2", "4"))]
    return lake.table("daily_spend", [*usual, *more]).scope()


def test_every_budget_stands_against_the_charges_of_its_own_scope(lake: Rows, decisions: Any) -> None:
    scope = ten_a_day(lake)
    source = Kept(
        Budget("All", Decimal(400), "USD"),
        Budget("Athena", Decimal(90), "USD", BudgetScope(Kind.SERVICE, "Athena")),
        Budget("Berlin", Decimal(90), "EUR"),
    )
    answer = insight.budgets(scope, source, decisions, patience=None)
    assert [
        (statuse.budget.name, statuse.state, statuse.forecast.booked, statuse.forecast.amount)
        for statuse in answer.statuses
    ] == [
        ("Athena", BudgetState.OVER, 96, 186),
        ("All", BudgetState.ON_TRACK, 160, 310),
    ]
    assert answer.chosen is not None
    assert answer.chosen.budget.name == "All"
    assert (answer.run_rate, answer.last_month) == (310, 160)
    assert answer.backtest is not None
    assert answer.backtest.overall is not None
    assert answer.backtest.overall.mape == 0
    assert [item.name for item in answer.elsewhere] == ["Berlin"]
    assert "Berlin (EUR)" in " ".join(budget_figures.notes(answer))
    other = insight.budgets(scope, source, decisions, name="Athena", patience=None)
    assert (other.forecast.amount, str(other.scope)) == (186, "service Athena")


def test_every_budget_is_known_up_to_the_same_day_whatever_was_charged_for_it(lake: Rows, decisions: Any) -> None:
    estimated = [charge(date(2026, 3, day), "EC2", "1", estimated=True) for day in (15, 16)]
    first = [charge(date(2026, 1, 5), "Old", "3"), charge(date(2026, 3, 2), "Rare", "5")]
    days = [date(2026, 3, 1) + timedelta(days=number) for number in range(16)]
    tags = [
        charge(day, "EC2", "2", tag_key="team", tag_value="web") | {"usage_type": None, "charges": None} for day in days
    ]
    columns = ("charge_date", "tag_key", "tag_value", "service_name", "sub_account_id", "charge_category")
    kept = (*columns, "billing_currency", "billed_cost", "effective_cost", "list_cost", "contracted_cost")
    lake.table("daily_spend_tags", [{name: row[name] for name in kept} for row in tags])
    source = Kept(
        Budget("Web", Decimal(90), "USD", BudgetScope(Kind.TAG, "team=web")),
        *(Budget(name, Decimal(20), "USD", BudgetScope(Kind.SERVICE, name)) for name in ("Old", "Rare", "Misspelt")),
    )
    answer = insight.budgets(ten_a_day(lake, *estimated, *first), source, decisions, patience=None)
    known = {statuse.budget.name: (statuse.forecast.month, statuse.forecast.as_of) for statuse in answer.statuses}
    assert known == dict.fromkeys(("Web", "Old", "Rare", "Misspelt"), (date(2026, 3, 1), date(2026, 3, 14)))
    standing = {statuse.budget.name: (statuse.state, statuse.forecast.booked) for statuse in answer.statuses}
    assert standing == {
        "Web": (BudgetState.ON_TRACK, 28),
        "Old": (BudgetState.ON_TRACK, 0),
        "Rare": (BudgetState.ON_TRACK, 5),
        "Misspelt": (BudgetState.UNKNOWN, 0),
    }


def test_without_a_budget_the_whole_bill_is_forecast_in_the_basis_asked_for(lake: Rows, decisions: Any) -> None:
    scope = ten_a_day(
        lake, charge(date(2026, 3, 2), "Plan", "0", effective_cost=Decimal(5), charge_category="Purchase")
    )
    answer = insight.budgets(scope, Kept(), decisions, basis=Basis.EFFECTIVE, patience=None)
    assert (answer.chosen, list(answer.statuses), answer.basis) == (None, [], Basis.EFFECTIVE)
    assert answer.forecast.booked == 165


def test_today_which_is_not_over_is_not_known(lake: Rows, decisions: Any) -> None:
    scope = ten_a_day(lake, until=date(2026, 4, 1))
    assert insight.budgets(scope, Kept(), decisions, patience=None).forecast.as_of == date(2026, 3, 30)


def test_a_page_does_not_wait_for_what_is_being_worked_out(lake: Rows, decisions: Any) -> None:
    scope, source, gate = ten_a_day(lake), Kept(Budget("All", Decimal(400), "USD")), threading.Event()
    BACKGROUND.ask("gate", gate.wait)  # everything else waits behind it
    try:
        first = insight.budgets(scope, source, decisions, patience=0)
    finally:
        gate.set()
    assert (first.is_pending, first.forecast.booked, first.forecast.amount) == (True, 160, None)
    assert [statuse.state for statuse in first.statuses] == [BudgetState.UNKNOWN]
    assert "being worked out" in [figure.note for figure in budget_figures.figures(first)]
    again = insight.budgets(scope, source, decisions, patience=None)
    assert (again.is_pending, again.forecast.amount) == (False, 310)


def spike(lake: Rows) -> Scope:
    return ten_a_day(lake, *(charge(date(2026, 3, day), "Athena", "42", usage_type="Scan") for day in (10, 11)))


def test_an_anomaly_that_was_expected_is_remembered_until_that_is_undone(lake: Rows, decisions: Any) -> None:
    scope = spike(lake)

    def opened() -> list[str]:
        return [anomaly.key for anomaly in insight.budgets(scope, Kept(), decisions, patience=None).open_anomalies]

    def decide(verdict: str, second: int) -> None:
        at = datetime(2026, 3, 12, 9, 0, second, tzinfo=UTC)
        decisions.decide(Decision(KIND, "Athena|2026-03-10", verdict, "a load test", "ann", at))

    assert opened() == ["Athena|2026-03-10"]
    decide("expected", 1)
    assert opened() == []
    found = insight.budgets(scope, Kept(), decisions, patience=None).anomalies
    assert found is not None
    assert found[0].verdict is not None
    assert found[0].verdict.note == "a load test"
    decide("open", 2)
    assert opened() == ["Athena|2026-03-10"]


def test_the_brief_is_told_what_is_off_budget_and_how_much_is_at_stake(lake: Rows, decisions: Any) -> None:
    source = Kept(
        Budget("All", Decimal(300), "USD"), Budget("EC2", Decimal(400), "USD", BudgetScope(Kind.SERVICE, "EC2"))
    )
    found = insight.overview(spike(lake), source, decisions, patience=None)
    assert found is not None
    assert [item.budget.name for item in found.off_budget] == ["All"]
    assert (found.money_at_stake, found.bill.currency, found.is_pending) == (84, "USD", False)


def test_without_a_bill_the_brief_is_told_nothing(lake: Rows, decisions: Any) -> None:
    assert insight.overview(lake.scope(), Kept(), decisions) is None


def test_a_cost_that_is_unknown_in_a_basis_is_said_to_count_as_nothing(lake: Rows, decisions: Any) -> None:
    scope = ten_a_day(lake)
    assert insight.budgets(scope, Kept(), decisions, patience=None).unknown_days == 0


def test_a_country_without_known_holidays_is_named(lake: Rows, decisions: Any) -> None:
    with pytest.raises(SettingsError, match="XX"):
        insight.budgets(ten_a_day(lake), Kept(), decisions, country="XX", patience=None)


def test_what_aws_found_is_asked_once_a_day_and_a_failure_is_told(lake: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    def ask() -> list[Any]:
        asked.append(1)
        if len(asked) == 1:
            raise SourceError("Cost Explorer denied access", remedy="Allow ce:GetAnomalies.")
        return []

    day = date(2026, 3, 31)
    denied = (None, "Cost Explorer denied access. Allow ce:GetAnomalies.")
    assert insight.by_aws(ask, day, patience=None) == denied
    assert insight.by_aws(ask, day, patience=None) == denied
    assert len(asked) == 1, "who looks again at once does not ask again"
    monkeypatch.setattr(BACKGROUND, "_clock", lambda: time.monotonic() + insight.AGAIN)
    assert insight.by_aws(ask, day, patience=None) == ([], "")
    assert insight.by_aws(ask, day, patience=None) == ([], "")
    assert len(asked) == 2
    insight.by_aws(ask, day + timedelta(days=1), patience=None)
    assert len(asked) == 3


def test_the_regions_of_the_shop_that_a_viewer_may_see_do_not_hide_the_bill(lake: Rows, decisions: Any) -> None:
    scope = ten_a_day(lake)
    narrow = replace(scope, row_filter=lake.scope(regions=("South",)).row_filter)
    assert insight.budgets(narrow, Kept(), decisions, patience=None).forecast.amount == 310


def test_a_bill_that_ended_says_so_and_names_what_its_source_left_out(lake: Rows, decisions: Any) -> None:
    source = Kept()
    source.left_out = (BudgetLeftOut("Quarter", "it is quarterly, not monthly"),)
    answer = insight.budgets(ten_a_day(lake, until=date(2026, 2, 12)), source, decisions, patience=None)
    assert answer.ended == date(2026, 2, 11)
    assert budget_figures.figures(answer)[0].name == "Booked in February 2026"
    reported = " ".join(budget_figures.notes(answer))
    assert "The bill ends on 11 Feb 2026" in reported
    assert "Quarter is not shown: it is quarterly" in reported


def test_a_month_that_is_not_over_has_no_end_however_old_its_last_day_is(lake: Rows, decisions: Any) -> None:
    assert insight.budgets(ten_a_day(lake), Kept(), decisions, patience=None).ended is None


def test_the_holidays_are_those_of_the_consoles_country(lake: Rows, decisions: Any) -> None:
    scope = replace(ten_a_day(lake), country="DE")
    answer = insight.budgets(scope, Kept(), decisions, patience=None)
    assert answer.forecast.amount == 310
    with pytest.raises(SettingsError, match="'XX'"):
        insight.budgets(replace(scope, country="XX"), Kept(), decisions, patience=None)
