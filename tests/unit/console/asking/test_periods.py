"""Periods, their comparisons, and the retail calendar."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.asking.periods import (
    Comparison,
    Period,
    Preset,
    RetailEvent,
    compared,
    easter,
    event_in,
    preset_period,
    retail_event,
    thanksgiving,
)

FIRST, LAST = date(2025, 9, 1), date(2026, 11, 29)
periods = st.builds(
    lambda start, days: Period(start, start + timedelta(days=days)),
    st.dates(date(2000, 1, 1), date(2099, 1, 1)),
    st.integers(1, 800),
)


def test_a_period_leaves_its_end_date_out():
    november = Period(date(2026, 11, 1), date(2026, 12, 1))
    assert (november.days, november.last_day) == (30, date(2026, 11, 30))
    assert (november.dates[0], november.dates[-1], len(november.dates)) == (date(2026, 11, 1), date(2026, 11, 30), 30)


@pytest.mark.parametrize("end", [date(2026, 11, 1), date(2026, 10, 1)])
def test_a_period_that_does_not_end_after_it_starts_is_refused(end: date):
    with pytest.raises(ValueError, match="must end after it starts"):
        Period(date(2026, 11, 1), end)


@pytest.mark.parametrize(
    ("start", "end", "label"),
    [
        (date(2026, 11, 1), date(2026, 11, 2), "1 Nov 2026"),
        (date(2026, 11, 1), date(2026, 12, 1), "1 – 30 Nov 2026"),
        (date(2026, 10, 20), date(2026, 11, 3), "20 Oct – 2 Nov 2026"),
        (date(2025, 12, 20), date(2026, 1, 3), "20 Dec 2025 – 2 Jan 2026"),
    ],
)
def test_a_label_says_no_month_or_year_twice(start: date, end: date, label: str):
    assert Period(start, end).label() == label


@pytest.mark.parametrize(
    ("preset", "start", "last_day"),
    [
        (Preset.LAST_7_DAYS, date(2026, 11, 23), LAST),
        (Preset.LAST_28_DAYS, date(2026, 11, 2), LAST),
        (Preset.THIS_MONTH, date(2026, 11, 1), LAST),
        (Preset.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
        (Preset.YEAR_TO_DATE, date(2026, 1, 1), LAST),
        (Preset.LAST_12_MONTHS, date(2025, 11, 30), LAST),
        (Preset.ALL, FIRST, LAST),
    ],
)
def test_a_preset_ends_with_the_last_day_of_data(preset: Preset, start: date, last_day: date):
    period = preset_period(preset, FIRST, LAST)
    assert (period.start, period.last_day) == (start, last_day)


def test_custom_dates_are_no_preset():
    with pytest.raises(ValueError, match="no dates of its own"):
        preset_period(Preset.CUSTOM, FIRST, LAST)


# Published calendars: US Thanksgiving; Western Easter by the tables of the US Naval Observatory.
@pytest.mark.parametrize(("year", "day"), [(2019, 28), (2024, 28), (2025, 27), (2026, 26), (2029, 22)])
def test_thanksgiving_is_the_fourth_thursday_of_november(year: int, day: int):
    assert thanksgiving(year) == date(year, 11, day)


@pytest.mark.parametrize(
    "day",
    [date(1961, 4, 2), date(2000, 4, 23), date(2008, 3, 23), date(2011, 4, 24), date(2024, 3, 31), date(2026, 4, 5)],
)
def test_easter_is_where_the_tables_put_it(day: date):
    assert easter(day.year) == day


@given(st.integers(1900, 2200))
def test_easter_is_a_sunday_from_22_march_to_25_april(year: int):
    day = easter(year)
    assert day.weekday() == 6
    assert date(year, 3, 22) <= day <= date(year, 4, 25)


def test_black_friday_meets_black_friday_whatever_its_date():
    week = Period(date(2026, 11, 26), date(2026, 11, 30))
    assert event_in(week) == (RetailEvent.BLACK_FRIDAY, 2026)
    assert compared(week, Comparison.EVENT) == Period(date(2025, 11, 27), date(2025, 12, 1))


def test_a_period_without_a_retail_event_has_nothing_to_meet():
    assert compared(Period(date(2026, 7, 1), date(2026, 8, 1)), Comparison.EVENT) is None


@given(periods)
def test_the_previous_period_ends_where_this_one_starts_and_is_as_long(period: Period):
    before = compared(period, Comparison.PREVIOUS)
    assert before is not None
    assert (before.end, before.days) == (period.start, period.days)


@given(periods)
def test_a_year_ago_falls_on_the_same_weekdays(period: Period):
    before = compared(period, Comparison.YEAR)
    assert before is not None
    assert before.start.weekday() == period.start.weekday()
    assert 363 < (period.start - before.start).days < 366
    assert before.days == period.days


@given(periods)
def test_an_event_found_lies_in_the_period_and_last_years_lies_at_the_same_place(period: Period):
    found = event_in(period)
    before = compared(period, Comparison.EVENT)
    assert (found is None) == (before is None)
    if found and before:
        event, year = found
        now, then = retail_event(event, year), retail_event(event, year - 1)
        assert now.start < period.end
        assert period.start < now.end
        assert now.start - period.start == then.start - before.start
