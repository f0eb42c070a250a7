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
from console.recommendations.experiments import lift
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
from tests.unit.console.recommendations.experiments.samples import returning

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


def test_the_interval_holds_looked_at_every_day_though_margin_grows_as_customers_come_again() -> None:
    wrong = 0
    for days in returning(60, seed=11):
        found = [estimate for pair in days if (estimate := lift.difference(*pair)) is not None]
        assert len(found) > 40
        wrong += any(not estimate.holds_zero for estimate in found)
    assert wrong < 0.05 * 60


def test_a_period_that_began_before_the_holdout_is_measured_on_the_days_in_common(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(-2, 29)))
    measured = holdout(lake.scope(), [RECORD], EVERYTHING, Period(date(2026, 2, 1), MARCH.end)).measured
    assert measured is not None
    assert measured.period == Period(FIRST_DAY, MARCH.end)
    assert measured.value == 270 * 29
    assert measured.over(58).value == 2 * measured.value


@pytest.mark.parametrize("days", [1, 3])
def test_a_few_days_that_a_holdout_covers_wholly_are_measured(tmp_path: Path, days: int) -> None:
    scope = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(28))).scope()
    period = Period(date(2026, 3, 10), date(2026, 3, 10) + timedelta(days=days))
    measured = holdout(scope, [RECORD], EVERYTHING, period).measured
    assert measured is not None
    assert (measured.period, measured.value) == (period, Decimal(270 * days))


def test_less_than_a_week_of_a_longer_period_says_nothing_and_names_the_days_that_there_are(tmp_path: Path) -> None:
    scope = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(28))).scope()
    assert holdout(scope, [RECORD], EVERYTHING, Period(MARCH.start, FIRST_DAY + timedelta(days=6))).problem == (
        "No hold-out ran on enough days of this period. Those that there are: nobody (2 – 30 Mar 2026)."
    )
    ended = replace(RECORD, ended_at=datetime(2026, 3, 5, tzinfo=UTC))
    young = experiment(*TENTH, name="young", started_at=datetime(2026, 3, 30, 9, tzinfo=UTC))
    assert holdout(scope, [ended, young], EVERYTHING, MARCH).problem.endswith(
        "Those that there are: young (without a whole day yet); nobody (2 – 4 Mar 2026)."
    )


def test_a_young_holdout_hides_nothing_that_an_ended_one_has_measured(tmp_path: Path) -> None:
    ended = replace(RECORD, ended_at=datetime(2026, 3, 25, tzinfo=UTC))
    young = experiment(*HALF, name="young", started_at=datetime(2026, 3, 28, 9, tzinfo=UTC))
    scope = lake_of(tmp_path, regulars(ended, 30, 270, days=range(28))).scope()
    found = holdout(scope, [young, ended], EVERYTHING, MARCH)
    assert found.measured is not None
    assert (found.measured.experiment, found.measured.period.end) == ("nobody", date(2026, 3, 25))
    assert found.note == "The newer hold-out young (29 – 30 Mar 2026) has too few days in this period."


def test_however_many_holdouts_came_later_the_one_that_ran_in_the_period_says_something(tmp_path: Path) -> None:
    ended = replace(RECORD, ended_at=datetime(2026, 3, 20, tzinfo=UTC))
    later = [
        experiment(
            *TENTH,
            name=f"later-{day}",
            started_at=datetime(2026, 3, day, 9, tzinfo=UTC),
            ended_at=datetime(2026, 3, day + 1, 9, tzinfo=UTC),
        )
        for day in range(21, 26)
    ]
    scope = lake_of(tmp_path, regulars(ended, 30, 270, days=range(28))).scope()
    measured = holdout(scope, [*later, ended], EVERYTHING, Period(FIRST_DAY, date(2026, 3, 20))).measured
    assert measured is not None
    assert measured.experiment == "nobody"


def test_a_holdout_of_one_surface_is_not_set_against_the_cost_of_all(tmp_path: Path) -> None:
    of_trending = replace(experiment(*HALF, name="trending-alone"), surfaces=("trending",))
    scope = lake_of(tmp_path, regulars(RECORD, 30, 270, days=range(28))).scope()
    alone = holdout(scope, [of_trending], EVERYTHING, MARCH)
    assert alone.measured is None
    assert "on trending alone, and the cost is of all surfaces, so it cannot answer this." in alone.problem
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
