"""Days on which something cost far more than usual: literal bills, planted incidents, and what holds for every bill."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from bench.planted import precision_and_recall, sample_bill, with_incidents
from console.budgets.forecasting.anomalies import UsageCost, find
from console.budgets.forecasting.baseline import baseline
from console.budgets.forecasting.retail_days import retail_days
from tests.support.bills import START, days


def used(
    amounts: list[str], service: str = "Athena", usage_type: str = "Scanned", start: date = START
) -> list[UsageCost]:
    return [
        UsageCost(start + timedelta(days=number), service, usage_type, Decimal(amount))
        for number, amount in enumerate(amounts)
    ]


def spiked(count: int, at: int, amount: str, length: int = 1, usual: str = "10") -> list[str]:
    return [amount if at <= number < at + length else usual for number in range(count)]


def test_consecutive_days_above_the_usual_are_one_episode_with_its_impact() -> None:
    (found,) = find(used(spiked(60, 40, "35.50", length=3)))
    assert (found.key, found.start, found.end) == ("Athena|2026-02-10", date(2026, 2, 10), date(2026, 2, 12))
    assert (found.actual, found.expected, found.money) == (Decimal("106.50"), 30, Decimal("76.50"))
    assert (found.days, found.times, found.ongoing) == (3, Decimal("3.55"), False)


def test_usage_types_to_blame_are_in_order_of_cost_without_the_calm_ones() -> None:
    found = find(
        used(spiked(60, 40, "40"), usage_type="Reads")
        + used(spiked(60, 40, "90", length=2), usage_type="Writes")
        + used(spiked(60, 40, "10"), usage_type="Storage")
    )
    assert [(item.service, item.money) for item in found] == [("Athena", 190)]
    assert [tuple(anomaly) for anomaly in found[0].blame] == [("Writes", 160), ("Reads", 30)]


def test_episodes_of_different_services_stand_by_money() -> None:
    found = find(used(spiked(60, 40, "40"), "S3") + used(spiked(60, 50, "90"), "EC2"))
    assert [item.service for item in found] == ["EC2", "S3"]


def test_a_weekday_pattern_is_no_anomaly() -> None:
    amounts = ["100" if day.weekday() == 0 else "10" for day in days(90)]
    assert find(used(amounts)) == []


def test_a_fee_on_every_first_of_a_month_is_an_anomaly_the_first_time_alone() -> None:
    amounts = ["290" if day.day == 1 and day.month > 1 else "0" for day in days(130)]
    assert [anomaly.start for anomaly in find(used(amounts, "Support") + used(["10"] * 130))] == [date(2026, 2, 1)]


def test_a_service_that_was_never_charged_before_has_no_expected_cost() -> None:
    (found,) = find(used(["10"] * 60, "EC2") + used(["0"] * 50 + ["5"] * 10, "EKS"))
    assert (found.service, found.expected, found.times, found.ongoing) == ("EKS", 0, None, True)


def test_what_hardly_matters_to_the_bill_is_left_out() -> None:
    large = used(["1000"] * 60, "EC2")
    assert find(large + used(spiked(60, 40, "15", usual="1"), "KMS")) == []
    assert find(used(spiked(60, 40, "0.80", usual="0.01"))) == [], "below one unit of money nobody looks"


def test_the_first_three_weeks_have_no_usual_and_so_no_anomaly() -> None:
    assert find(used(spiked(60, 20, "500"))) == []
    assert len(find(used(spiked(60, 21, "500")))) == 1


def test_a_new_level_is_one_episode_until_it_has_become_the_usual() -> None:
    (found,) = find(used(["10"] * 50 + ["30"] * 60))
    assert (found.start, found.ongoing) == (date(2026, 2, 20), False)
    assert 14 <= found.days <= 28


def test_black_friday_explains_what_lies_on_its_days_alone() -> None:
    start = date(2026, 9, 1)
    calendar = retail_days(start, date(2026, 12, 31))
    friday = (date(2026, 11, 27) - start).days
    (on_the_day,) = find(used(spiked(110, friday, "50", length=2), start=start), retail=calendar)
    assert on_the_day.occasion == "Black Friday"
    (beyond,) = find(used(spiked(110, friday, "50", length=6), start=start), retail=calendar)
    assert beyond.occasion == ""


def test_days_that_are_not_settled_are_not_judged() -> None:
    amounts = used(spiked(60, 58, "90", length=2))
    assert find(amounts, end=date(2026, 2, 28)) == []
    assert len(find(amounts)) == 1


def test_no_usage_has_no_anomaly() -> None:
    assert find([]) == []


@settings(max_examples=20, deadline=None)
@given(seed=some.integers(0, 1000), cut=some.integers(45, 89))
def test_an_episode_has_the_same_key_and_start_whenever_it_is_looked_for(seed: int, cut: int) -> None:
    chance = np.random.default_rng(seed)
    amounts = [f"{max(value, 0):.2f}" for value in chance.normal(10, 1, 90)]
    for place in chance.integers(30, 89, 4):
        amounts[place] = "60.00"
    whole, part = find(used(amounts)), find(used(amounts[:cut]))
    last = START + timedelta(days=cut - 1)
    assert {(item.key, item.start) for item in part} == {(item.key, item.start) for item in whole if item.start <= last}


@settings(max_examples=20, deadline=None)
@given(seed=some.integers(0, 1000), power=some.integers(0, 5))
def test_a_bill_in_a_smaller_unit_has_the_same_episodes(seed: int, power: int) -> None:
    chance = np.random.default_rng(seed)
    amounts = [Decimal(f"{max(value, 0):.2f}") for value in chance.normal(100, 8, 70)]
    amounts[50] = Decimal(700)
    one = find(used([str(amount) for amount in amounts]))
    other = find(used([str(amount * 10**power) for amount in amounts]))
    assert [(item.key, item.end) for item in one] == [(item.key, item.end) for item in other]
    assert date(2026, 2, 20) in {item.start for item in one}


def test_the_baseline_is_that_of_a_plain_loop_over_earlier_days() -> None:
    values = np.random.default_rng(4).gamma(2.0, 5.0, (3, 80))
    expected, spread = baseline(values)
    for line in range(3):
        usual: list[float | None] = []
        for day in range(80):
            before = [values[line, day - 7 * week] for week in range(1, 7) if day >= 7 * week]
            usual.append(float(np.median(before)) if len(before) >= 3 else None)
            away = [
                abs(values[line, place] - found)
                for place in range(max(day - 28, 0), day)
                if (found := usual[place]) is not None
            ]
            if usual[day] is None:
                assert np.isnan(expected[line, day])
            else:
                assert expected[line, day] == pytest.approx(usual[day])
                assert spread[line, day] == pytest.approx(1.4826 * np.median(away) if away else 0.0)


@pytest.mark.slow
def test_planted_incidents_are_found_on_their_first_day_and_nothing_else_is() -> None:
    found_in_all, hits, incidents, seen = 0, 0.0, 0, 0.0
    for seed in (1, 2, 3):
        bill = with_incidents(sample_bill(seed), 6, seed)
        calendar = retail_days(bill.charges.days[0], bill.charges.days[-1])
        found = [charge for charge in find(bill.usage, retail=calendar) if not charge.occasion]
        precision, recall = precision_and_recall(found, bill.incidents)
        found_in_all, hits = found_in_all + len(found), hits + precision * len(found)
        incidents, seen = incidents + len(bill.incidents), seen + recall * len(bill.incidents)
        assert bill.incidents[0].service in {item.service for item in found}, "the runaway query of every sample year"
    assert hits / found_in_all >= 0.9
    assert seen / incidents >= 0.85


def test_an_occasional_job_is_an_anomaly_three_times_then_only_at_twice_its_cost() -> None:
    runs = {30: "50", 37: "55", 41: "50", 46: "50", 50: "55", 59: "60", 64: "130"}
    job = used([runs.get(number, "0") for number in range(75)], usage_type="Job")
    found = find(job + used(["100"] * 75, usage_type="Storage"))
    assert sorted(item.start for item in found) == [START + timedelta(days=number) for number in (30, 37, 41, 64)]


def test_days_that_are_missing_are_not_what_is_usual() -> None:
    gap = {START + timedelta(days=number) for number in range(40, 90)}
    rows = [item for item in used(["10"] * 150) if item.day not in gap]
    assert find(rows, missing=gap) == []
    assert find(rows) != [], "without that, every day after the gap is far above nothing"
