"""What a month will cost: literal bills with known answers, and what holds for every bill."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from catalogue.errors import SettingsError
from console.asking.periods import RetailEvent, black_friday, retail_event
from console.budgets.forecasting.forecast import booked, forecast
from console.budgets.forecasting.history import Charged, ChargeGroup, history
from console.budgets.forecasting.retail_days import RetailDay, retail_days
from console.finops.smoothing import (
    AND_SO_FAR,
    CONSTANT,
    MEAN,
    MODEL,
    RECENT,
    smooth,
    spreads,
    trend,
    weekday_medians,
    weights,
)
from tests.support.bills import bill, close, days, firsts, mapped, taxed, usage, weekly


def test_a_bill_that_is_the_same_every_day_goes_on_so_and_is_certain() -> None:
    found = forecast(bill(usage(["2.50"] * 75)))  # 1 January to 16 March
    assert (found.month, found.as_of, found.method) == (date(2026, 3, 1), date(2026, 3, 16), CONSTANT)
    assert found.booked == Decimal("40.00")
    assert found.amount == found.low == found.high == Decimal("77.50")
    assert [day.day for day in found.days] == days(15, date(2026, 3, 17))


def test_a_month_that_is_over_gives_way_to_the_next_one() -> None:
    found = forecast(bill(usage(["1"] * 59)))  # up to 28 February
    assert (found.month, found.booked, found.amount) == (date(2026, 3, 1), 0, Decimal(31))


def test_what_comes_on_firsts_of_months_is_expected_on_the_next_first_alone() -> None:
    found = forecast(bill(usage(["1"] * 90), firsts("29", 90)))  # January to March, fees on three firsts
    assert (found.month, found.amount) == (date(2026, 4, 1), Decimal(30 + 29))
    assert [day.amount for day in found.days[:2]] == [30, 1]
    midway = forecast(bill(usage(["1"] * 75), firsts("29", 75)))
    assert midway.amount == Decimal(31 + 29), "the fee of this month is booked already, and is not a daily charge"


def test_tax_follows_the_other_charges_at_the_rate_of_the_months_before() -> None:
    whole = usage(["1"] * 59)
    march = usage(["1"] * 10, date(2026, 3, 1))
    found = forecast(bill(whole, taxed(whole, "0.25"), march))
    assert (found.booked, found.tax_to_come, found.amount) == (10, Decimal("7.75"), Decimal("38.75"))
    accrued = forecast(
        bill(whole, taxed(whole, "0.25"), march, [Charged(date(2026, 3, 1), "Tax", "Tax", Decimal("2.5"))])
    )
    assert (accrued.booked, accrued.tax_to_come, accrued.amount) == (Decimal("12.5"), Decimal("5.25"), Decimal("38.75"))
    upfront = forecast(bill(whole, taxed(whole, "0.25"), march, [Charged(date(2026, 3, 1), "Tax", "Tax", Decimal(9))]))
    assert (upfront.tax_to_come, upfront.amount) == (0, 40), "tax that is booked is never taken back"


def test_cost_explorer_names_tax_a_service() -> None:
    assert ChargeGroup("Tax", "Usage").is_tax
    assert not ChargeGroup("Taxi", "Usage").is_tax


def test_credits_and_corrections_are_booked_and_not_expected_again() -> None:
    credit = [Charged(date(2026, 3, 5), "AWS Activate", "Credit", Decimal(-25))]
    found = forecast(bill(usage(["1"] * 75), credit))
    assert (found.booked, found.amount) == (16 - 25, 31 - 25)


def test_the_last_two_estimated_days_count_as_days_to_come() -> None:
    charges = [
        charge._replace(estimated=charge.day >= date(2026, 3, 12)) for charge in usage(["3"] * 73 + ["0.10", "0.02"])
    ]
    found = forecast(history(charges))
    assert (found.as_of, list(found.left_out)) == (date(2026, 3, 14), [date(2026, 3, 15), date(2026, 3, 16)])
    assert (found.booked, found.amount) == (42, 93)


def test_the_tax_of_an_open_month_does_not_make_its_first_day_an_estimated_one() -> None:
    tax = Charged(date(2026, 1, 1), "Tax", "Tax", Decimal(1), estimated=True)
    assert history([*usage(["1"] * 3), tax]).estimated == frozenset()


@pytest.mark.parametrize(
    ("count", "method", "needs"),
    [
        (28, MODEL, ""),
        (27, RECENT, "needs 28 days of charges; there are 27"),
        (6, MEAN, "there are 6"),
        (1, CONSTANT, "there is 1"),
    ],
)
@pytest.mark.slow
def test_a_short_history_is_told_with_what_it_needs_and_what_was_used_instead(
    count: int, method: str, needs: str
) -> None:
    found = forecast(bill(weekly(count)))
    assert found.method in (method, method + AND_SO_FAR)
    assert needs in found.note
    assert found.amount is not None


def test_a_week_of_days_gives_their_mean() -> None:
    found = forecast(bill(usage(["1", "2", "3", "4", "5", "6"])))
    assert {day.amount for day in found.days} == {Decimal("3.5")}


def test_without_charges_there_is_no_forecast() -> None:
    found = forecast(bill([]))
    assert (found.amount, found.booked, found.as_of, list(found.days)) == (None, 0, None, [])


def test_a_bill_of_nothing_stays_nothing() -> None:
    assert forecast(bill(usage(["0"] * 50))).amount == 0


def test_a_missing_day_is_neither_booked_nor_learned_as_a_day_without_cost() -> None:
    whole = weekly(75)
    found = forecast(bill([item for item in whole if item.day != date(2026, 2, 20)]))
    assert close(found.to_come, forecast(bill(whole)).to_come, 0.02)
    assert history([*whole[:3], *whole[4:]]).missing == {whole[3].day}


def test_negative_days_are_allowed_and_the_interval_is_not_cut_at_nothing() -> None:
    found = forecast(bill(mapped(weekly(75), lambda amount: amount - 12)))
    assert found.amount is not None
    assert found.amount < 0
    assert found.low is not None
    assert found.low < found.amount


def test_a_bill_that_never_was_negative_is_not_expected_to_be() -> None:
    found = forecast(bill(usage(["10"] * 60 + ["0.01"] * 15)))
    assert all(day.low >= 0 for day in found.days)
    assert found.low is not None
    assert found.low >= found.booked


def test_a_spike_of_four_days_that_is_three_days_over_is_not_expected_again() -> None:
    calm = weekly(75)
    spiked = [
        anomaly._replace(amount=anomaly.amount * 8) if 68 <= place < 72 else anomaly
        for place, anomaly in enumerate(calm)
    ]
    assert close(forecast(bill(spiked)).to_come, forecast(bill(calm)).to_come, 0.05)
    longer = [
        anomaly._replace(amount=anomaly.amount * 8) if 68 <= place < 73 else anomaly
        for place, anomaly in enumerate(calm)
    ]
    assert not close(forecast(bill(longer)).to_come, forecast(bill(calm)).to_come, 0.05), "that may be a new level"


def test_a_step_up_is_followed_after_a_week() -> None:
    before, after = weekly(66, 10.0), weekly(9, 30.0, start=date(2026, 3, 8))
    found = forecast(bill(before, after))
    assert sum(day.amount for day in found.days) / len(found.days) > 18


def test_a_bill_that_grows_is_followed_without_lagging_and_not_carried_on() -> None:
    grown = usage([str(10 + Decimal(place) / 10) for place in range(75)])  # ten cents more every day, up to 17.40
    found = forecast(bill(grown))
    assert all(Decimal("17.2") < day.amount < Decimal("17.6") for day in found.days)


def test_one_dear_day_counts_the_less_the_more_of_a_quiet_month_is_over() -> None:
    values = np.array([0.01, 0.02] * 36 + [5.0])
    alone, of_a_month = smooth(values, 10), smooth(values, 10, so_far=25)
    assert of_a_month.amounts.sum() < alone.amounts.sum() / 2
    assert of_a_month.amounts.mean() > values[-25:].mean() / 2, "it is a day of the month nevertheless"
    assert of_a_month.method == alone.method + AND_SO_FAR


def test_a_trend_is_what_chance_seldom_makes() -> None:
    assert trend(np.arange(60.0)) == pytest.approx(1.0)
    assert trend(np.array([1.0, 9.0] * 30)) == 0
    assert trend(np.arange(55.0)) == 0, "eight weeks are needed"


def test_retail_days_cost_as_many_times_the_usual_as_the_last_time() -> None:
    charges = weekly(405, noise=0.1, start=date(2025, 10, 15))
    friday = black_friday(2025)
    busy = [charge._replace(amount=charge.amount * 2) if charge.day == friday else charge for charge in charges]
    found = forecast(bill(busy))
    assert found.as_of == date(2026, 11, 23)
    by_day = {day.day: day for day in found.days}
    assert 18 < by_day[date(2026, 11, 27)].amount < 22
    assert 9 < by_day[date(2026, 11, 24)].amount < 11, "a day of that week which cost the usual is expected to again"
    assert {occasion.name for occasion in found.occasions} == {"Black Friday"}


def test_a_retail_day_that_the_bill_has_not_seen_is_told() -> None:
    found = forecast(bill(weekly(60, start=date(2026, 9, 25))))  # up to 23 November
    assert {occasion.times for occasion in found.occasions} == {None}


def test_the_forecast_and_the_comparisons_mean_the_same_black_friday() -> None:
    for year in range(2020, 2032):
        found = retail_days(date(year, 1, 1), date(year, 12, 31))
        around = [day for day, retail_day in found.items() if retail_day.name == "Black Friday"]
        week = retail_event(RetailEvent.CYBER_WEEK, year)
        assert (around[0], around[-1], len(around)) == (week.start, week.last_day, week.days)
        assert found[black_friday(year)] == RetailDay("Black Friday", 0)
        assert black_friday(year) == retail_event(RetailEvent.BLACK_FRIDAY, year).start + timedelta(days=1)


def test_the_retail_calendar_knows_black_friday_christmas_and_public_holidays() -> None:
    found = retail_days(date(2026, 11, 1), date(2026, 12, 31), "GB")
    assert found[date(2026, 11, 27)] == RetailDay("Black Friday", 0)
    assert found[date(2026, 11, 30)] == RetailDay("Black Friday", 3)
    assert found[date(2026, 12, 24)] == RetailDay("Christmas", -1)
    assert date(2026, 7, 4) in retail_days(date(2026, 7, 1), date(2026, 7, 31), "US")
    with pytest.raises(SettingsError, match="XX"):
        retail_days(date(2026, 7, 1), date(2026, 7, 31), "XX")


def test_booked_charges_are_exact_to_the_last_digit() -> None:
    tiny, large = "0.000000000001", "12345678901234567890.123456789012"
    found = booked(bill(usage([large] * 2 + [tiny] * 3)))
    assert found.booked == Decimal("24691357802469135780.246913578027")
    assert found.amount is None


def test_the_same_bill_gives_the_same_forecast() -> None:
    assert forecast(bill(weekly(120))) == forecast(bill(list(reversed(weekly(120)))))


@settings(max_examples=15, deadline=None)
@given(seed=some.integers(0, 10_000), count=some.integers(28, 90), power=some.integers(-3, 6))
def test_a_bill_in_another_unit_has_the_same_forecast_in_that_unit(seed: int, count: int, power: int) -> None:
    charges = weekly(count, level=500.0, noise=20.0, seed=seed)
    factor = Decimal(10) ** power
    one, other = forecast(bill(charges)), forecast(bill(mapped(charges, lambda amount: amount * factor)))
    for name in ("amount", "low", "high"):
        assert float(getattr(other, name)) == pytest.approx(float(getattr(one, name) * factor), rel=2e-3)


@settings(max_examples=15, deadline=None)
@given(seed=some.integers(0, 10_000), more=some.integers(1, 40))
def test_adding_a_constant_to_every_day_adds_it_to_every_day_to_come(seed: int, more: int) -> None:
    charges = weekly(80, level=50.0, noise=2.0, seed=seed, start=date(2026, 3, 5))  # no retail day ahead
    one, other = forecast(bill(charges)), forecast(bill(mapped(charges, lambda amount: amount + more)))
    assert float(other.to_come) == pytest.approx(float(one.to_come + more * len(one.days)), rel=5e-3)


@settings(max_examples=25, deadline=None)
@given(some.lists(some.decimals(0, 1000, places=2), min_size=1, max_size=70))
def test_the_parts_always_add_up_and_the_interval_holds_the_forecast(amounts: list[Decimal]) -> None:
    found = forecast(bill(usage(amounts)))
    assert found.amount is not None
    assert found.amount == found.booked + sum(day.amount for day in found.days) + found.tax_to_come
    assert found.low is not None
    assert found.high is not None
    assert found.low <= found.amount <= found.high
    assert found.days[0].day == found.as_of + timedelta(days=1)


def test_weekday_medians_are_those_that_a_plain_loop_finds() -> None:
    values = np.random.default_rng(3).normal(10, 3, 61)
    plain = [sorted(values[-7 * week + place] for week in range(1, 7)) for place in range(7)]
    expected = [(six[2] + six[3]) / 2 for six in plain]
    assert weekday_medians(values, 10) == pytest.approx([*expected, *expected[:3]])


def test_the_spread_of_a_sum_is_that_of_simulated_paths() -> None:
    carried = weights(0.3, 0.1, 14)
    day, total = spreads(carried, 2.0)
    errors = np.random.default_rng(5).normal(0, 2.0, (40_000, 14))
    paths = np.zeros_like(errors)
    for place in range(14):  # every error carries over into the days after it
        for before in range(place + 1):
            paths[:, place] += errors[:, before] * carried[place - before]
    assert day == pytest.approx(paths.std(axis=0), rel=0.02)
    assert total == pytest.approx(paths.cumsum(axis=1).std(axis=0), rel=0.02)


def test_the_weights_are_those_of_the_model_in_statsmodels() -> None:
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    values = np.array([float(charge.amount) for charge in weekly(84)])
    model = ETSModel(values, error="add", seasonal="add", seasonal_periods=7, initialization_method="heuristic")
    with model.fix_params({"smoothing_level": 0.3, "smoothing_seasonal": 0.1}):
        fitted = model.fit(disp=False)
    carried = weights(0.3, 0.1, 15)
    shocked = values.copy()
    shocked[-1] += 1.0
    with model.fix_params({"smoothing_level": 0.3, "smoothing_seasonal": 0.1}):
        again = ETSModel(
            shocked, error="add", seasonal="add", seasonal_periods=7, initialization_method="heuristic"
        ).smooth(fitted.params)
    assert np.asarray(again.forecast(14)) - np.asarray(fitted.forecast(14)) == pytest.approx(carried[1:], abs=1e-9)


def test_a_longer_history_of_the_same_kind_narrows_nothing_below_its_noise() -> None:
    values = np.array([float(charge.amount) for charge in weekly(300)])
    path = smooth(values, 10)
    assert path.method == MODEL
    assert 0.2 < path.spreads[0] < 0.45, "the noise of these bills is 0.3"


def test_a_day_without_a_charge_costs_nothing_where_the_bill_covers_it() -> None:
    every = days(75)  # 1 January to 16 March
    jobs = [Charged(day, "Athena", "Usage", Decimal(10)) for day in every if day.weekday() < 2]  # no rows on other days
    whole = bill(usage(["1"] * 75), jobs)
    part = history(jobs, whole=whole)
    assert (part.days[0], part.days[-1], part.missing) == (date(2026, 1, 5), date(2026, 3, 16), frozenset())
    found = forecast(part)
    assert found.amount is not None
    assert found.booked == 50  # of ten Mondays and Tuesdays in March, five
    assert close(found.amount, Decimal(100), 0.02)


def test_a_service_that_stopped_is_not_expected_again() -> None:
    stopped = usage(["10"] * 40, service="Athena")  # up to 9 February
    found = forecast(history(stopped, whole=bill(usage(["1"] * 75), stopped)))
    assert (found.month, found.as_of, found.booked) == (date(2026, 3, 1), date(2026, 3, 16), 0)
    assert found.amount is not None
    assert found.amount < 3


def test_days_that_are_missing_or_estimated_in_the_bill_are_so_in_each_of_its_parts() -> None:
    jobs = usage(["10"] * 20, service="Athena")
    others = [charge._replace(estimated=charge.day.day > 29) for charge in usage(["1"] * 31) if charge.day.day != 25]
    part = history(jobs, whole=bill(others, jobs))
    assert part.missing == {date(2026, 1, 25)}
    assert part.estimated == {date(2026, 1, 30), date(2026, 1, 31)}
    assert forecast(part).as_of == date(2026, 1, 29)


def test_of_what_was_never_charged_nothing_is_expected_and_its_name_is_asked_for() -> None:
    found = forecast(history([], whole=bill(usage(["1"] * 75))))
    assert (found.month, found.as_of, found.booked, found.amount) == (date(2026, 3, 1), date(2026, 3, 16), 0, None)
    assert "name" in found.note


@pytest.mark.parametrize("share", [0.1, 0.25])
def test_an_occasional_job_is_neither_smoothed_away_nor_expected_every_day(share: float) -> None:
    fractions = []
    for seed in range(8):
        chance = random.Random(seed)
        charges = bill(usage(["10" if chance.random() < share else "0" for _ in range(227)]))  # up to 15 August
        found = forecast(charges)
        fractions.append(float(found.to_come) / (10 * share * 16))
    assert 0.7 < sum(fractions) / len(fractions) < 1.3
