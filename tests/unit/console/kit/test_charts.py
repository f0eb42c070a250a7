"""Charts and tiles: where marks stand, and the text that goes with them."""

from __future__ import annotations

import math
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from console.asking.figures import Better, Change, Figure, Unit
from console.asking.formatting import NARROW_SPACE
from console.asking.periods import Period
from console.kit import charts, scales, tiles

DAYS = [date(2026, 11, 23) + timedelta(days=index) for index in range(7)]
VALUES = [Decimal(value) for value in ("10.10", "20.20", "30.30", "40.40", "50.50", "60.60", "70.70")]


def spec_of(chart: charts.Chart) -> dict[str, Any]:
    assert chart.spec is not None
    return chart.spec.get("baseOption", chart.spec)


def column(chart: charts.Chart, name: str) -> list[Any]:
    dataset = spec_of(chart)["dataset"]
    position = dataset["dimensions"].index(name)
    return [row[position] for row in dataset["source"]]


def test_a_line_by_day_starts_at_zero_and_says_exact_amounts():
    chart = charts.by_day(DAYS, VALUES, unit=Unit.MONEY, currency="USD", title="Net revenue")
    axis = spec_of(chart)["yAxis"]
    assert (axis["min"], axis["max"]) == (0.0, 80.0)
    assert column(chart, "text0")[0] == "$10.10"
    assert chart.alt == (
        "Net revenue, 23 Nov 2026 to 29 Nov 2026: highest $70.70 on 29 Nov 2026, lowest $10.10 on 23 Nov 2026"
    )


def test_incomplete_days_are_dashed_labelled_and_joined_to_the_last_complete_one():
    chart = charts.by_day(DAYS, VALUES, unit=Unit.COUNT, incomplete_from=date(2026, 11, 28))
    assert column(chart, "main") == [10.1, 20.2, 30.3, 40.4, 50.5, None, None]
    assert column(chart, "dashed") == [None, None, None, None, 50.5, 60.6, 70.7]
    assert column(chart, "day_name")[-1] == "Sun 29 Nov 2026, incomplete"
    areas = spec_of(chart)["series"][0]["markArea"]["data"]
    assert [(start["name"], start["xAxis"], end["xAxis"]) for start, end in areas] == [("incomplete", 5, 6)]


def test_comparisons_are_aligned_by_position_and_keep_their_own_dates():
    a_year_ago = [day - timedelta(days=364) for day in DAYS]
    chart = charts.by_day(
        DAYS, VALUES, unit=Unit.COUNT, compare=[("A year ago", [1, 2, None])], compare_days=[a_year_ago]
    )
    assert column(chart, "value1") == [1.0, 2.0, None, None, None, None, None]
    assert column(chart, "text1")[:3] == ["1", "2", "–"]
    assert column(chart, "date1")[0] == "Mon 24 Nov 2025"


def test_the_same_day_of_two_years_stands_at_two_places():
    days = [date(2025, 9, 1) + timedelta(days=index) for index in range(455)]
    chart = charts.by_day(days, [1] * 455, unit=Unit.COUNT)
    assert column(chart, "day") == list(range(455))
    axis = spec_of(chart)["xAxis"]
    named = [axis["data"][index] for index in axis["axisLabel"]["customValues"]]
    assert named == ["Sep 2025", "Nov", "Jan 2026", "Mar", "May", "Jul", "Sep", "Nov"]


def test_an_event_outside_the_days_is_not_drawn():
    outside = Period(date(2026, 12, 1), date(2026, 12, 5))
    overlapping = Period(date(2026, 11, 26), date(2026, 12, 3))
    chart = charts.by_day(DAYS, VALUES, unit=Unit.COUNT, events=[("Late", outside), ("Cyber Week", overlapping)])
    areas = spec_of(chart)["series"][0]["markArea"]["data"]
    assert [(start["name"], start["xAxis"], end["xAxis"]) for start, end in areas] == [("Cyber Week", 3, 6)]


@pytest.mark.parametrize(
    "chart",
    [
        charts.by_day([], [], unit=Unit.COUNT, title="Orders"),
        charts.by_day(DAYS, [None] * 7, unit=Unit.COUNT, title="Orders"),
        charts.bars([], [], unit=Unit.COUNT, title="Orders"),
        charts.bars(["a"], [None], unit=Unit.COUNT, title="Orders"),
    ],
)
def test_a_chart_without_values_draws_nothing_and_still_has_a_description(chart: charts.Chart):
    assert chart.spec is None
    assert chart.alt.startswith("Orders")


def test_one_day_alone_can_be_drawn():
    chart = charts.by_day(DAYS[:1], VALUES[:1], unit=Unit.COUNT, incomplete_from=DAYS[0])
    assert column(chart, "dashed") == [10.1]


def test_bars_keep_their_order_start_at_zero_and_carry_exact_text():
    chart = charts.bars(
        ["Toys", "Home"],
        [Decimal("12403.50"), Decimal("-20")],
        unit=Unit.MONEY,
        currency="USD",
        comparison=("Previous period", [Decimal("15000"), None]),
    )
    assert column(chart, "label") == ["Toys", "Home"]
    assert column(chart, "short") == ["$12.4k", "−$20.00"]
    assert column(chart, "exact") == ["$12,403.50", "−$20.00"]
    assert column(chart, "text_at") == [15000.0, 0.0]
    assert column(chart, "change")[0].replace(NARROW_SPACE, " ") == "−17.3 %"
    assert (spec_of(chart)["xAxis"]["min"], spec_of(chart)["xAxis"]["max"]) == (-20.0, 15000.0)
    assert chart.note == "grey mark: previous period"


def test_two_bars_of_the_same_name_are_two_bars():
    chart = charts.bars(["Lamp", "Lamp"], [3, 2], unit=Unit.COUNT)
    assert column(chart, "position") == [0, 1]
    assert spec_of(chart)["yAxis"]["data"] == ["Lamp", "Lamp"]


def test_too_many_bars_are_cut_and_the_title_says_so():
    chart = charts.bars([f"p{n}" for n in range(100)], list(range(100, 0, -1)), unit=Unit.COUNT)
    assert len(column(chart, "label")) == charts.MOST_BARS
    assert chart.note == "first 30 of 100"


def test_a_split_floats_from_start_to_end():
    chart = charts.waterfall(
        [("Refunds", Decimal(-30)), ("Fees", Decimal(5))],
        start=("Gross", Decimal(100)),
        end=("Net", Decimal(75)),
        unit=Unit.MONEY,
        currency="USD",
    )
    assert column(chart, "gap_above") == [0.0, 70.0, 70.0, 0.0]
    assert column(chart, "total_above") == [100.0, 0.0, 0.0, 75.0]
    assert column(chart, "less_above") == [0.0, 30.0, 0.0, 0.0]
    assert column(chart, "more_above") == [0.0, 0.0, 5.0, 0.0]
    assert column(chart, "short") == ["$100.00", "−$30.00", "+$5.00", "$75.00"]


def test_a_split_that_does_not_add_up_is_refused():
    with pytest.raises(ValueError, match="lead to 70, not to 75"):
        charts.waterfall([("Refunds", -30)], start=("Gross", 100), end=("Net", 75), unit=Unit.MONEY)


amounts = st.decimals(min_value=-(10**9), max_value=10**9, places=2)


@given(st.lists(st.tuples(st.just("part"), amounts), max_size=6), amounts)
def test_stacked_pieces_of_a_step_span_exactly_its_low_and_high(parts: list[tuple[str, Decimal]], start: Decimal):
    end = start + sum((value for _, value in parts), Decimal(0))
    for step in scales.waterfall_steps(("start", start), parts, ("end", end)):
        above, below = step.stacks[:4], step.stacks[4:]
        assert sum(above[1:]) - sum(below[1:]) == pytest.approx(float(step.high - step.low))
        assert sum(above) == pytest.approx(max(float(step.high), 0))
        assert sum(below) == pytest.approx(min(float(step.low), 0))


@example([Decimal("0.15")])  # a little more than its nearest float
@given(st.lists(amounts, min_size=1, max_size=20))
def test_an_axis_holds_zero_and_every_value_on_at_most_seven_ticks(values: list[Decimal]):
    axis = scales.linear(values)
    drawn = [float(value) for value in values]  # as the edges of the axis are
    assert axis.low <= min(0, *drawn) <= max(0, *drawn) <= max(axis.high, 0) or not any(values)
    assert len(axis.ticks) <= 7
    assert axis.low <= 0 <= axis.high


@pytest.mark.parametrize(
    ("high", "ticks"),
    [("80", [0, 20, 40, 60, 80]), ("0.03", [0, 0.01, 0.02, 0.03]), ("125000", [0, 25e3, 50e3, 75e3, 1e5, 125e3])],
)
def test_ticks_are_round(high: str, ticks: list[float]):
    assert [float(tick) for tick in scales.linear([Decimal(high)]).ticks] == ticks


@given(st.lists(st.floats(0, 250), min_size=1, max_size=3))
def test_names_at_line_ends_never_touch(ends: list[float]):
    placed = sorted(scales.spread(ends, gap=15, low=0, high=250))
    assert all(after - before >= 15 - 1e-9 for before, after in pairwise(placed))
    assert all(-1e-9 <= place <= 250 + 1e-9 for place in placed)


@pytest.mark.parametrize(("days", "most"), [(1, 1), (7, 7), (28, 4), (84, 12), (365, 12), (800, 14)])
def test_few_days_are_named_on_the_axis(days: int, most: int):
    span = [date(2026, 1, 1) + timedelta(days=index) for index in range(days)]
    assert 1 <= len(scales.labelled_days(span)) <= most


def test_a_tile_speaks_its_name_value_change_and_note():
    figure = Figure(
        "Refund rate",
        0.021,
        Unit.PERCENT,
        changes=[Change("Previous period", 0.018), Change("A year ago", None)],
        better=Better.LOWER,
        note="returns of 14 days",
    )
    html = tiles.tile(figure).replace(NARROW_SPACE, " ")
    assert (
        'aria-label="Refund rate 2.1 %, +0.3 pp against Previous period, '
        'change against A year ago unknown, returns of 14 days"'
    ) in html
    assert "tk-bad" in html
    assert "▲" in html


@pytest.mark.parametrize(
    ("value", "base", "better", "tone"),
    [
        (2, 1, Better.HIGHER, "tk-good"),
        (1, 2, Better.HIGHER, "tk-bad"),
        (1, 2, Better.LOWER, "tk-good"),
        (2, 1, Better.NEITHER, "tk-same"),
        (1, 1, Better.HIGHER, "tk-same"),
    ],
)
def test_the_colour_of_a_change_follows_what_is_better(value: int, base: int, better: Better, tone: str):
    figure = Figure("Orders", value, Unit.COUNT, changes=[Change("before", base)], better=better)
    assert tone in tiles.tile(figure)


def test_an_unknown_value_is_a_dash_and_spoken_as_unknown():
    html = tiles.tile(Figure("Gross margin", None, Unit.MONEY, "USD"))
    assert ">–</p>" in html
    assert 'aria-label="Gross margin unknown"' in html


def test_markup_in_a_name_is_text():
    assert "<script>" not in tiles.tile(Figure("<script>", 1, Unit.COUNT, note="<b>"))


def test_a_sparkline_leaves_gaps_and_needs_two_values():
    assert tiles.sparkline([1, None]) == ""
    assert tiles.sparkline([]) == ""
    assert tiles.sparkline([1, 2, None, 3, 4]).count("h.01") == 3  # two strokes and the mark of the last value


@given(st.lists(st.one_of(st.none(), amounts), max_size=1000))
def test_a_sparkline_never_grows_with_its_series(series: list[Decimal | None]):
    assert len(tiles.sparkline(series)) < 9_000
    assert not any(math.isnan(value) for value in tiles._thinned(series) if value is not None)
