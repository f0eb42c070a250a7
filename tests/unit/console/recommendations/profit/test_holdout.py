"""What a hold-out says of a period's incremental margin, by literal customers, and why it says nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices
from console.recommendations.profit.holdout import Holdout, holdout
from console.recommendations.source import ExperimentRecord
from pipeline.recommend.experiments.experiment import Variant
from tests.unit.console.recommendations.experiments.lake import (
    FIRST_DAY,
    LAST_DAY,
    TENTH,
    Visit,
    customers_of,
    experiment,
    lake_of,
)

EVERYTHING = Slices()
MARCH = Period(date(2026, 3, 1), date(2026, 3, 31))
RECORD = experiment(*TENTH, name="nobody")
HALF = (Variant(name="holdout", share=0.5, is_holdout=True), Variant(name="shown", share=0.5))


def regulars(record: ExperimentRecord, holdout: int, shown: int, *, days: range, margin: str = "2") -> list[Visit]:
    """Customers who come each day of some and buy each time: for a margin of 1, and of `margin` where shown."""
    spent = {"holdout": Decimal(1), "shown": Decimal(margin)}
    return [
        Visit(customer, FIRST_DAY + timedelta(days=day), str(spent[name] + 3), "3")
        for name, count in (("holdout", holdout), ("shown", shown))
        for customer in customers_of(record, name, count)
        for day in days
    ]


def test_the_margin_of_the_common_days_is_whole_and_grows_with_the_days_and_not_with_the_age(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(28)))
    found = {}
    for weeks in (1, 2, 4):
        period = Period(LAST_DAY - timedelta(days=7 * weeks), LAST_DAY)
        measured = holdout(lake.scope(), [RECORD], EVERYTHING, period).measured
        assert measured is not None
        assert (measured.customers, measured.period) == (270, period)
        found[weeks] = measured.value
    assert found == {weeks: Decimal(270 * 7 * weeks) for weeks in (1, 2, 4)}  # one more a day, of each


def test_a_period_that_began_before_the_holdout_is_measured_on_the_days_in_common(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(-2, 29)))
    measured = holdout(lake.scope(), [RECORD], EVERYTHING, Period(date(2026, 2, 1), MARCH.end)).measured
    assert measured is not None
    assert measured.period == Period(FIRST_DAY, MARCH.end)
    assert measured.value == 270 * 29
    assert measured.over(58).value == 2 * measured.value


def test_less_than_a_week_in_common_says_nothing_and_names_the_days_that_there_are(tmp_path: Path) -> None:
    scope = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(28))).scope()
    assert holdout(scope, [RECORD], EVERYTHING, Period(MARCH.start, FIRST_DAY + timedelta(days=6))).problem == (
        "The hold-out nobody has fewer than 7 whole days in this period, too few for an answer"
        " (it has 2 – 30 Mar 2026)."
    )
    ended = replace(RECORD, ended_at=datetime(2026, 3, 5, tzinfo=UTC))
    assert "2 – 4 Mar 2026" in holdout(scope, [ended], EVERYTHING, MARCH).problem
    young = replace(RECORD, started_at=datetime(2026, 3, 30, 9, tzinfo=UTC))
    assert "it has not a whole day yet" in holdout(scope, [young], EVERYTHING, MARCH).problem


def test_a_young_holdout_hides_nothing_that_an_ended_one_has_measured(tmp_path: Path) -> None:
    ended = replace(RECORD, ended_at=datetime(2026, 3, 25, tzinfo=UTC))
    young = experiment(*HALF, name="young", started_at=datetime(2026, 3, 28, 9, tzinfo=UTC))
    scope = lake_of(tmp_path, regulars(ended, 30, 270, days=range(28))).scope()
    measured = holdout(scope, [young, ended], EVERYTHING, MARCH).measured
    assert measured is not None
    assert (measured.experiment, measured.period.end) == ("nobody", date(2026, 3, 25))


def test_a_holdout_of_one_surface_is_not_set_against_the_cost_of_all(tmp_path: Path) -> None:
    of_trending = replace(experiment(*HALF, name="trending-alone"), surfaces=("trending",))
    scope = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(28))).scope()
    alone = holdout(scope, [of_trending], EVERYTHING, MARCH)
    assert alone.measured is None
    assert "on trending alone, and the cost is of all surfaces" in alone.problem
    measured = holdout(scope, [of_trending, RECORD], EVERYTHING, MARCH).measured
    assert measured is not None
    assert measured.experiment == "nobody"


def test_margin_that_is_unknown_is_not_nothing(tmp_path: Path) -> None:
    visits = regulars(RECORD, 30, 270, days=range(28))
    scope = lake_of(tmp_path, [replace(visit, cost=None) for visit in visits]).scope()
    found = holdout(scope, [RECORD], EVERYTHING, MARCH)
    assert found.measured is None
    assert found.problem == "The hold-out nobody says nothing of margin: no line sold says what its product costs."


def test_the_share_of_net_revenue_without_a_known_margin_is_said(tmp_path: Path) -> None:
    visits = regulars(RECORD, 30, 270, days=range(28))
    half = [replace(visit, cost=None if place % 2 else visit.cost) for place, visit in enumerate(visits)]
    measured = holdout(lake_of(tmp_path, half).scope(), [RECORD], EVERYTHING, MARCH).measured
    assert measured is not None
    assert measured.unknown_margin_share == pytest.approx(Decimal("0.5"), abs=Decimal("0.01"))


def test_too_few_buyers_and_other_parts_than_promised_say_nothing(tmp_path: Path) -> None:
    few = holdout(
        lake_of(tmp_path / "few", regulars(RECORD, 5, 45, days=range(28))).scope(), [RECORD], EVERYTHING, MARCH
    )
    assert few.problem == "The hold-out nobody has too few buyers in this period."
    lake = lake_of(tmp_path / "other", regulars(RECORD, 300, 300, days=range(3)))
    assert "other customers than their shares promise" in holdout(lake.scope(), [RECORD], EVERYTHING, MARCH).problem


def test_a_holdout_is_of_the_whole_shop_and_without_one_nothing_is_asked(tmp_path: Path) -> None:
    nobody_asks = cast("Scope", None)
    assert holdout(nobody_asks, [experiment()], EVERYTHING, MARCH) == Holdout()
    assert "clear the filters" in holdout(nobody_asks, [RECORD], Slices(regions=("North",)), MARCH).problem
    assert (
        "You see North" in holdout(lake_of(tmp_path, []).scope(regions=("North",)), [RECORD], EVERYTHING, MARCH).problem
    )
