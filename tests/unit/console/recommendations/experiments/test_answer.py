"""What an experiment shows, by literal customers of a lake."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from catalogue.errors import BindingError
from console.recommendations.experiments import answer, words
from console.recommendations.experiments.answer import findings, running_first
from console.recommendations.experiments.lift import LEAST_ACTIVE, Estimate
from console.recommendations.experiments.outcomes import Outcome
from pipeline.recommend.experiments.experiment import Variant
from tests.unit.console.recommendations.experiments.lake import (
    FIRST_DAY,
    LAST_DAY,
    TENTH,
    Visit,
    busy,
    customers_of,
    experiment,
    lake_of,
)


def test_a_customer_counts_in_the_own_variant_from_the_first_visit_for_seven_days(tmp_path: Path) -> None:
    record = experiment()
    (buyer,), (other,) = customers_of(record, "a", 1), customers_of(record, "b", 1)
    day = FIRST_DAY + timedelta(days=3)
    lake = lake_of(
        tmp_path,
        [
            Visit(buyer, FIRST_DAY - timedelta(days=1), "100"),  # not yet a whole day of the experiment
            Visit(buyer, day, "10", cost="4"),
            Visit(buyer, day + timedelta(days=6), "2.50"),  # its cost is unknown
            Visit(buyer, day + timedelta(days=7), "40"),  # too late
            Visit(other, day),
        ],
    )
    found = findings(lake.scope(), record)
    a, b = found.variants
    assert (a.customers, a.buyers, a.orders, a.net_revenue, a.gross_margin) == (1, 1, 2, Decimal("12.5"), Decimal(6))
    assert a.net_revenue_without_cost == Decimal("2.5")
    assert (b.customers, b.buyers, b.orders, b.net_revenue) == (1, 0, 0, Decimal(0))
    assert found.days == [FIRST_DAY + timedelta(days=number) for number in range(23)]
    assert found.days[-1] + timedelta(days=6) == LAST_DAY
    sample = a.days[Outcome.NET_REVENUE][found.days.index(day)]
    assert (sample.customers, sample.total, sample.squares, sample.active) == (1, 12.5, 156.25, 1)
    assert a.whole(Outcome.ORDERS).squares == 4
    assert a.whole(Outcome.BUYERS).total == 1


@pytest.mark.parametrize(
    ("started", "first"),
    [(datetime(2026, 3, 1, 9, tzinfo=UTC), date(2026, 3, 2)), (datetime(2026, 3, 1, tzinfo=UTC), date(2026, 3, 1))],
)
def test_an_experiment_begins_with_its_first_whole_day(tmp_path: Path, started: datetime, first: date) -> None:
    found = findings(lake_of(tmp_path, []).scope(), experiment(started_at=started))
    assert found.days[0] == first


def test_the_last_windows_are_over_before_the_experiment_is(tmp_path: Path) -> None:
    record = experiment(ended_at=datetime(2026, 3, 20, 15, tzinfo=UTC))
    found = findings(lake_of(tmp_path, []).scope(), record)
    assert found.days[-1] == date(2026, 3, 13)  # 7 days to the 19th, the last whole one


def test_an_experiment_of_less_than_a_week_is_too_young_and_says_from_when_on_it_is_not(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, [])
    young = findings(lake.scope(), experiment(started_at=datetime(2026, 3, 25, 9, tzinfo=UTC)))
    assert young.is_too_young
    assert young.first_complete == date(2026, 4, 2)
    assert "the first ones on 2 Apr 2026" in words.too_young(young)
    short = experiment(ended_at=datetime(2026, 3, 6, tzinfo=UTC))
    assert "ended before any customer" in words.too_young(findings(lake.scope(), short))


def test_a_lake_without_events_makes_every_experiment_too_young(tmp_path: Path) -> None:
    lake = lake_of(tmp_path, [])
    lake.table("daily_events", [])
    assert findings(lake.scope(), experiment()).is_too_young


def test_a_variant_without_customers_is_compared_with_nothing(tmp_path: Path) -> None:
    record = experiment(*TENTH)
    lake = lake_of(tmp_path, busy(record, {"shown": 30}, {"shown": "5"}))
    found = findings(lake.scope(), record)
    (comparison,) = found.comparisons[Outcome.NET_REVENUE]
    assert comparison.difference is None
    assert words.verdict(found, comparison) == (
        f"Not known yet: an interval needs {LEAST_ACTIVE} buyers in each variant, and one has none."
    )


def test_who_sees_some_regions_only_sees_no_experiment(tmp_path: Path) -> None:
    scope = lake_of(tmp_path, []).scope(regions=("North",))
    assert "You see North" in answer.restricted(scope)
    with pytest.raises(BindingError, match="all the shop’s customers"):
        findings(scope, experiment())


def test_a_lift_that_is_known_is_said_in_one_sentence(tmp_path: Path) -> None:
    record = experiment()
    lake = lake_of(tmp_path, busy(record, {"a": 400, "b": 400}, {"a": "10", "b": "25"}))
    found = findings(lake.scope(), record)
    (comparison,) = found.comparisons[Outcome.NET_REVENUE]
    assert comparison.relative is not None
    assert comparison.relative.value == pytest.approx(1.5)
    assert words.verdict(found, comparison).startswith("b has more net revenue per customer than a: between +")
    assert comparison.by_day()[-1] == comparison.relative
    (back,) = findings(lake.scope(), experiment()).comparisons[Outcome.BUYERS]
    assert words.verdict(found, back).startswith("Not known yet: between −")


def test_what_is_not_known_yet_comes_with_the_customers_and_days_that_it_takes(tmp_path: Path) -> None:
    record = experiment(*TENTH)
    lake = lake_of(tmp_path, busy(record, {"holdout": 100, "shown": 900}, {"holdout": "10", "shown": "10"}))
    found = findings(lake.scope(), record)
    (comparison,) = found.comparisons[Outcome.NET_REVENUE]
    said = words.verdict(found, comparison)
    assert said.startswith("Not known yet: between −")
    assert comparison.needed is not None
    assert comparison.days_left is not None
    assert comparison.needed / comparison.days_left == pytest.approx(1000 / 23, rel=0.1)  # the pace of the lake
    assert 90 <= comparison.days_left < 3 * 365
    assert said.endswith(f"more customers, {round(comparison.days_left / 30)} months, until ±\u202f5\u202f%.")


def test_variants_with_other_customers_than_promised_are_not_to_be_trusted(tmp_path: Path) -> None:
    record = experiment()
    lake = lake_of(tmp_path, busy(record, {"a": 400, "b": 250}, {"a": "10", "b": "25"}))
    found = findings(lake.scope(), record)
    assert found.has_mismatch
    assert words.verdict(found, found.comparisons[Outcome.ORDERS][0]).startswith("Not to be trusted")
    assert "a 61.54\u202f% instead of 50.00\u202f%" in words.mismatch(found)[0]


def test_three_variants_share_the_error_that_two_have_alone(tmp_path: Path) -> None:
    record = experiment(*(Variant(name=name, share=share) for name, share in (("a", 0.4), ("b", 0.3), ("c", 0.3))))
    lake = lake_of(tmp_path, busy(record, {"a": 200, "b": 150, "c": 150}, dict.fromkeys("abc", "10")))
    comparisons = findings(lake.scope(), record).comparisons[Outcome.NET_REVENUE]
    assert [comparison.variant.variant.name for comparison in comparisons] == ["b", "c"]
    assert {comparison.alpha for comparison in comparisons} == {0.025}


def test_incremental_margin_is_the_lift_times_the_customers_who_may_be_shown_recommendations(tmp_path: Path) -> None:
    record = experiment(*TENTH)
    lake = lake_of(tmp_path, busy(record, {"holdout": 100, "shown": 900}, {"holdout": "11", "shown": "31"}))
    found = findings(lake.scope(), record).incremental
    assert found is not None
    assert found.customers == 900
    assert found.value == 900 * (Decimal(15) - Decimal(5))  # each second one, after a cost of 1
    assert found.low < found.value < found.high
    assert found.unknown_margin_share == 0
    assert found.period.days == 29  # 23 of entry, and six until the last window is over
    assert found.over(58).value == 2 * found.value
    assert found.over(29) == found
    some = found.of_a_thousand()
    assert (some.customers, some.value) == (1_000, Decimal(10_000))


def test_margin_without_any_known_cost_is_unknown_and_not_nothing(tmp_path: Path) -> None:
    record = experiment(*TENTH)
    visits = busy(record, {"holdout": 100, "shown": 900}, {"holdout": "11", "shown": "31"})
    found = findings(lake_of(tmp_path, [replace(visit, cost=None) for visit in visits]).scope(), record)
    assert found.incremental is None
    (margin,) = found.comparisons[Outcome.GROSS_MARGIN]
    assert (margin.difference, margin.relative, margin.needed) == (None, None, None)
    assert words.verdict(found, margin).startswith("Not known: no line sold says what its product costs")
    assert words.precision(margin) == "no cost of goods is known"
    (revenue,) = found.comparisons[Outcome.NET_REVENUE]
    assert revenue.difference is not None


def test_without_a_holdout_nothing_is_incremental(tmp_path: Path) -> None:
    record = experiment()
    lake = lake_of(tmp_path, busy(record, {"a": 400, "b": 400}, {"a": "10", "b": "25"}))
    assert findings(lake.scope(), record).incremental is None


def test_those_that_run_come_first_and_the_newest_of_them() -> None:
    ended_at = datetime(2026, 3, 20, tzinfo=UTC)
    old = experiment(*TENTH, name="old", started_at=datetime(2026, 1, 1, tzinfo=UTC))
    ended = experiment(*TENTH, name="ended", ended_at=ended_at)
    halves = experiment(name="halves", started_at=datetime(2026, 3, 5, tzinfo=UTC))
    assert [one.name for one in running_first([ended, old, halves])] == ["halves", "old", "ended"]


def test_what_is_known_well_enough_is_small_only_where_both_ends_are(tmp_path: Path) -> None:
    record = experiment()
    found = findings(lake_of(tmp_path, busy(record, {"a": 40, "b": 40}, dict.fromkeys("ab", "10"))).scope(), record)
    (given,) = found.comparisons[Outcome.BUYERS]
    difference = Estimate(0.001, -0.001, 0.004)
    wide = replace(given, difference=difference, relative=Estimate(0.04, -0.002, 0.089), needed=0)
    assert words.verdict(found, wide).endswith("; known to ±\u202f5\u202f%, and it may be none.")
    narrow = replace(given, difference=difference, relative=Estimate(0.01, -0.02, 0.049), needed=0)
    assert words.verdict(found, narrow).endswith("; a difference of more than ±\u202f5\u202f% is not likely.")


def test_customers_that_no_shop_will_ever_have_are_not_counted_up(tmp_path: Path) -> None:
    record = experiment()
    found = findings(lake_of(tmp_path, busy(record, {"a": 40, "b": 40}, dict.fromkeys("ab", "10"))).scope(), record)
    (given,) = found.comparisons[Outcome.BUYERS]
    endless = replace(given, difference=Estimate(0, -1, 1), needed=71_434_685_897_519_753_264, days_left=10**15)
    assert words.precision(endless) == "until ±\u202f5\u202f%: not within years"
    assert words.verdict(found, endless).endswith("would take more than 1,000,000,000 customers.")
    assert words.precision(replace(endless, needed=None)).endswith("; the control earns nothing")
    assert words.precision(replace(endless, needed=None, difference=None)).endswith("; too few buyers yet")


def test_an_experiment_is_of_days_of_the_shops_own_zone_and_shares_have_their_digits() -> None:
    shares = (Variant(name="holdout", share=0.005, is_holdout=True), Variant(name="shown", share=0.995))
    record = experiment(*shares, started_at=datetime(2026, 11, 1, 16, tzinfo=UTC))
    assert words.state(record, "Asia/Tokyo") == "runs since 2 Nov 2026"
    assert words.state(record, "UTC") == "runs since 1 Nov 2026"
    assert words.about(record).replace("\u202f", " ") == "holdout (shown nothing) 0.5 %, shown 99.5 %; on all surfaces"


@pytest.mark.parametrize(
    ("days", "said"), [(1, "1 day"), (89, "89 days"), (90, "3 months"), (1094, "36 months"), (21_535, "59 years")]
)
def test_a_long_time_is_said_in_months_and_years(days: int, said: str) -> None:
    assert words.planned(days) == said
