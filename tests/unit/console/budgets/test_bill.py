"""What is worked out from the bill follows the charges, not the version of the data that stands meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from console.asking.background import BACKGROUND
from console.asking.engines import Result, Statistics
from console.budgets import bill as insight
from console.budgets.bill import BillSummary
from console.budgets.budgets import BudgetScope
from console.finops.charges import Basis

FIRST = date(2026, 5, 1)
DAYS = 40


def answer(amount: str, query_id: str) -> Result:
    """Forty days of one service at so much a day, as one run of the engine answered."""
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    table = pa.table(
        {
            "charge_date": days,
            "service_name": ["Athena"] * DAYS,
            "kind": ["Usage"] * DAYS,
            "billed_cost": pa.array([Decimal(amount)] * DAYS, pa.decimal128(38, 12)),
            "estimated": [False] * DAYS,
        }
    )
    return Result(table, Statistics("Athena", 1.0, query_id=query_id), "budgets/by_day", "select 1")


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    BACKGROUND.forget()
    yield
    BACKGROUND.forget()


def expected(given: Result) -> Decimal:
    """The month's forecast from this answer, while one and the same version of the data stands."""
    scope: Any = SimpleNamespace(
        today=FIRST + timedelta(days=DAYS), data_version="v2", ask_all=lambda questions: [given] * len(questions)
    )
    found = BillSummary("USD", FIRST + timedelta(days=DAYS - 1), {}, given)
    ((its, asked),) = insight.charges(scope, found, [(BudgetScope(), Basis.BILLED)])
    amount = insight.expected(asked, its, Basis.BILLED, "US").result(60).amount
    assert amount is not None
    return amount


def test_a_forecast_from_a_stale_answer_is_made_again_from_the_renewed_one() -> None:
    before, renewed = answer("1.00", "run 1"), answer("2.00", "run 2")
    stale = replace(before, statistics=before.statistics.as_stale(""))
    assert expected(stale) == pytest.approx(Decimal(30), abs=Decimal("0.01"))
    assert expected(renewed) == pytest.approx(Decimal(60), abs=Decimal("0.01"))


def test_charges_that_a_curation_did_not_change_are_worked_out_once() -> None:
    first, asked_again = answer("1.00", "run 1"), answer("1.00", "run 2")
    assert first.identity == asked_again.identity
    expected(first)
    kept = dict(BACKGROUND._works)
    expected(asked_again)
    assert dict(BACKGROUND._works) == kept
