"""What the Tiers page says: what was tried, where today's bill stands, and what a typed legacy bill makes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.finops.pricing import price_book
from console.kit.charts import Chart
from console.tiers import tiers
from console.tiers.answer import WhatIf, band_position, compare, legacy_for, saving
from console.tiers.measured import BilledDays, MeasuredUsage, monthly
from console.tiers.views import charts as tier_charts
from console.tiers.views import what_if

SIZES = tiers.load()
NOTHING = MeasuredUsage(None, None)


def known(amount: str, **more: Decimal) -> MeasuredUsage:
    bill = BilledDays(date(2026, 10, 1), date(2026, 10, 30), {"Amazon S3": Decimal(amount)}, Decimal(0), {})
    return MeasuredUsage(bill, more.get("events"))


@pytest.mark.parametrize(
    ("amount", "place"),
    [
        ("1", "below the Dev band"),
        ("25", "in the Dev band"),
        ("50", "in the Dev band"),
        ("50.01", "between the Dev and Startup bands"),
        ("287.57", "in the Startup band"),
        ("700", "between the Startup and Scale bands"),
        ("1500.01", "above the Scale band"),
    ],
)
def test_a_bill_stands_in_a_band_or_beside_it(amount: str, place: str) -> None:
    assert band_position(Decimal(amount), SIZES) == place


def test_a_saving_is_told_only_against_a_bill_somebody_typed() -> None:
    today = known("300")
    untyped = compare(WhatIf(), today).figures[-1]
    assert (untyped.value, untyped.note) == (None, "Type the old bill; 60 % would take $760")
    typed = compare(WhatIf(legacy_monthly_usd=Decimal(1_000)), today).figures[-1]
    assert (typed.value, typed.note) == (Decimal("0.69583"), "Against the bill you typed")  # 1 − 304.17 ÷ 1,000
    assert compare(WhatIf(), NOTHING).figures[-1].note == "Type the old bill; needs a bill of today"


def test_sixty_percent_less_is_the_case_studys_saving() -> None:
    assert legacy_for(Decimal(400)) == Decimal("1000.00")
    assert saving(Decimal(400), Decimal(1000)) == Decimal("0.6")
    assert saving(None, Decimal(1000)) is None
    assert saving(Decimal(400), None) is None
    assert saving(Decimal(400), Decimal(0)) is None


def test_thirty_days_are_held_against_a_month_of_730_hours() -> None:
    assert monthly(known("300").bill) == Decimal("304.17")
    assert monthly(None) is None
    assert monthly(BilledDays(date(2026, 10, 1), date(2026, 10, 30), {}, Decimal(5), {})) is None


def test_todays_bill_is_a_figure_with_its_place() -> None:
    figures = {figure.name: figure for figure in compare(WhatIf(), known("283.63")).figures}
    assert figures["Today’s bill, a month"].value == Decimal("287.57")
    assert figures["Today’s bill, a month"].note == "Effective, in the Startup band"
    assert figures["Startup"].note == "Inside its band of $200 to $400"
    assert compare(WhatIf(), NOTHING).figures[3].value is None


def test_what_was_typed_replaces_each_tiers_own_and_recommendations_follow_events() -> None:
    startup = SIZES[1]
    usage = WhatIf(events_per_day=4_000_000, events_per_request=50, retention_days=30).usage(startup)
    assert (usage.events_per_day, usage.events_per_request, usage.retention_days) == (4_000_000, 50, 30)
    assert usage.recommendations_per_day == 200_000
    assert WhatIf(events_per_day=4_000_000, recommendations_per_day=7).usage(startup).recommendations_per_day == 7
    assert WhatIf().usage(startup).page_views_per_day == startup.usage.page_views_per_day


def test_measured_traffic_replaces_the_tier_s_own_and_typed_traffic_wins() -> None:
    startup = SIZES[1]
    measured = WhatIf(measured=True).usage(startup, Decimal("328.4"))
    assert (measured.events_per_day, measured.recommendations_per_day) == (328, Decimal("16.4"))  # 1 in 20, as typical
    assert WhatIf(measured=True, events_per_day=1_000).usage(startup, Decimal(328)).events_per_day == 1_000
    assert WhatIf(measured=True).usage(startup, None).events_per_day == startup.events_per_day
    assert WhatIf().usage(startup, Decimal(328)).events_per_day == startup.events_per_day
    answer = compare(WhatIf(measured=True), known("300", events=Decimal(40_000)))
    assert {estimate.usage.events_per_day for estimate in answer.estimates} == {40_000}


def test_a_bill_outside_its_band_and_what_does_not_fit_are_said() -> None:
    answer = compare(WhatIf(events_per_day=100_000_000), NOTHING)
    assert answer.figures[0].note == "Above its band of $25 to $50"
    assert "Dev: the busiest minutes need 3 shards, the tier may have 1" in answer.remarks


def test_unknown_prices_are_listed_once_and_named_in_the_figure() -> None:
    book = price_book.load()
    unknown = replace(book.price("kinesis.shard_hour"), amount=None)
    answer = compare(WhatIf(), NOTHING, book=replace(book, prices={**book.prices, "kinesis.shard_hour": unknown}))
    assert [price.key for price in answer.unknown] == ["kinesis.shard_hour"]
    assert answer.figures[0].note == "Short of 1 unknown price; band $25 to $50"
    shards = next(line for line in answer.lines("dev") if line.what == "Shards")
    assert (shards.price, shards.monthly_usd) == (None, None)


def test_lines_stand_dearest_first_and_add_up_to_the_tier() -> None:
    answer = compare(WhatIf(), NOTHING)
    lines = answer.lines("startup")
    costs = [line.monthly_usd or Decimal(0) for line in lines]
    assert costs == sorted(costs, reverse=True)
    assert sum(costs) == answer.estimates[1].monthly_usd
    assert all(line.source and line.as_of and line.formula for line in lines)


@given(
    events=st.sampled_from((None, *what_if.SLIDERS[0].choices)), batch=st.sampled_from((None, 1, 500)),
    measured=st.booleans(), free=st.booleans(), legacy=st.none() | st.decimals("0.01", "1e8", places=2),
)  # fmt: skip
def test_a_link_reopens_what_was_tried(
    events: int | None, batch: int | None, measured: bool, free: bool, legacy: Decimal | None
) -> None:
    tried = WhatIf(
        events_per_day=events, events_per_request=batch, measured=measured, free_tier=free, legacy_monthly_usd=legacy
    )
    assert what_if.read(what_if.as_query(tried)) == tried


@pytest.mark.parametrize(
    "query",
    [
        {"events": ["3"]}, {"events": ["many"]}, {"events": ["²"]}, {"legacy": ["-5"]}, {"legacy": ["NaN"]},
        {"legacy": ["1e99"]}, {"free": ["perhaps"]}, {"events": []}, {"events": ["1" * 5_000]},
    ],
)  # fmt: skip
def test_a_link_that_cannot_be_used_leaves_each_tier_its_own(query: dict[str, list[str]]) -> None:
    assert what_if.read(query) == WhatIf()


def test_each_tiers_chart_stacks_its_services_to_the_bill_over_its_band() -> None:
    answer = compare(WhatIf(), NOTHING)
    named = tier_charts.named_services(answer.estimates)
    assert len(named) == 6
    for estimate in answer.estimates:
        chart: Chart = tier_charts.by_service(estimate, named)
        assert chart.spec is not None
        row = chart.spec["dataset"]["source"][0]
        assert sum(row[1::2]) == pytest.approx(float(estimate.monthly_usd))
        band = [mark["xAxis"] for mark in chart.spec["series"][0]["markLine"]["data"]]
        assert band == [float(estimate.tier.monthly_usd.low), float(estimate.tier.monthly_usd.high)]
        assert f"{estimate.monthly_usd:,.2f} a month" in chart.alt


@pytest.mark.slow
def test_the_ends_of_a_narrow_band_are_written_once() -> None:
    answer = compare(WhatIf(events_per_day=20_000_000), NOTHING)
    chart = tier_charts.by_service(answer.estimates[0], tier_charts.named_services(answer.estimates))
    assert chart.spec is not None
    marks = chart.spec["series"][0]["markLine"]["data"]
    assert [mark["label"]["formatter"] for mark in marks] == ["", "$25 to $50"]


def test_a_band_far_below_the_bill_is_written_to_the_right_of_its_lines() -> None:
    answer = compare(WhatIf(events_per_day=100_000_000), NOTHING)
    chart = tier_charts.by_service(answer.estimates[0], tier_charts.named_services(answer.estimates))
    assert chart.spec is not None
    assert chart.spec["series"][0]["markLine"]["data"][1]["label"] == {"formatter": "$25 to $50", "align": "left"}


@pytest.mark.slow
def test_curves_and_crossovers_are_of_the_same_prices_as_the_months() -> None:
    """With the free quantities off, a month lies on its curve only if they are off there too."""
    tried = WhatIf(events_per_day=1_000, recommendations_per_day=1_000, free_tier=True)
    answer = compare(tried, NOTHING)
    assert [line[0].monthly_usd for line in answer.curves] == [estimate.monthly_usd for estimate in answer.estimates]
    charged = compare(replace(tried, free_tier=False), NOTHING)
    assert answer.crossovers[0].at is not None
    assert charged.crossovers[0].at is not None
    assert answer.crossovers[0].at > charged.crossovers[0].at


def test_a_bill_of_few_days_is_a_month_of_those_days_and_says_so() -> None:
    young = BilledDays(date(2026, 10, 1), date(2026, 10, 3), {"Amazon S3": Decimal(30)}, Decimal(0), {})
    assert monthly(young) == Decimal("304.17")
    figures = {figure.name: figure for figure in compare(WhatIf(), MeasuredUsage(young, None)).figures}
    assert figures["Today’s bill, a month"].note == "Effective, in the Startup band, from 3 days alone"


def test_the_curve_marks_todays_bill_where_both_bill_and_traffic_are_known() -> None:
    with_today = tier_charts.over_traffic(compare(WhatIf(), known("300", events=Decimal(40_000))))
    without = tier_charts.over_traffic(compare(WhatIf(), known("300")))
    assert with_today.spec is not None
    assert without.spec is not None
    series = {one_series.get("name"): one_series for one_series in with_today.spec["baseOption"]["series"]}
    assert series["Today"]["data"] == [[40000.0, 304.17]]
    assert "Today" not in {one_series.get("name") for one_series in without.spec["baseOption"]["series"]}
    assert "square: today" in with_today.note
