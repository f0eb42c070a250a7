"""The filter bar: from the URL to a selection and back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from console.asking.periods import Comparison, Period, Preset
from console.kit.selection import PARAMETERS, FilterOptions, FilterState, read, select
from tests.support.paths import SUPPORT

TODAY = date(2026, 12, 1)
OPTIONS = FilterOptions(
    first_day=date(2025, 9, 1),
    last_day=date(2026, 11, 29),
    channels=["app", "store", "web"],
    categories=["Home", "Toys"],
    regions=["North", "South"],
)
ONE_DAY = FilterOptions(TODAY, TODAY)
GALLERY = str(SUPPORT / "gallery.py")


def test_an_empty_url_is_the_last_28_days_against_the_28_before():
    selection = select(read({}, OPTIONS), OPTIONS)
    assert selection.period == Period(date(2026, 11, 2), date(2026, 11, 30))
    assert selection.comparisons == (("Previous period", Period(date(2026, 10, 5), date(2026, 11, 2))),)
    assert not selection.is_filtered


def test_a_url_with_everything_is_read_whole():
    state = read(
        {
            "period": ["custom"],
            "from": ["2026-11-01"],
            "to": ["2026-11-20"],
            "compare": ["year", "previous"],
            "channel": ["web", "app"],
            "category": ["Toys"],
            "region": ["North"],
        },
        OPTIONS,
    )
    selection = select(state, OPTIONS)
    assert selection.period == Period(date(2026, 11, 1), date(2026, 11, 21))
    assert [name for name, _ in selection.comparisons] == ["A year ago", "Previous period"]
    assert selection.describe() == [
        ("Period", "1 – 20 Nov 2026 (20 days)"),
        ("Compared with", "A year ago: 2 – 21 Nov 2025"),
        ("Compared with", "Previous period: 12 – 31 Oct 2026"),
        ("Channel", "web, app"),
        ("Category", "Toys"),
        ("Region", "North"),
    ]


@pytest.mark.parametrize(
    "query",
    [
        {"period": ["bogus"]},
        {"period": ["custom"]},
        {"period": ["custom"], "from": ["2026-11-20"], "to": ["2026-11-01"]},
        {"period": ["custom"], "from": ["1999-01-01"], "to": ["1999-02-01"]},
        {"period": ["custom"], "from": ["x"], "to": ["2026-11-01"]},
        {"period": []},
        {"compare": ["never"]},
        {"channel": ["nowhere", "<script>"]},
    ],
)
def test_what_cannot_be_used_falls_back_to_the_defaults(query: dict[str, list[str]]):
    assert read(query, OPTIONS).as_query() == {}


def test_custom_dates_partly_outside_the_data_are_moved_into_it():
    state = read({"period": ["custom"], "from": ["2020-01-01"], "to": ["2030-01-01"]}, OPTIONS)
    assert state.dates == (date(2025, 9, 1), date(2026, 11, 29))


def test_at_most_two_comparisons_are_kept_and_none_is_a_choice():
    assert read({"compare": ["event", "year", "previous"]}, OPTIONS).comparisons == (Comparison.EVENT, Comparison.YEAR)
    assert read({"compare": ["none"]}, OPTIONS).comparisons == ()


def test_a_comparison_before_the_first_day_is_left_out_with_a_reason():
    selection = select(FilterState(Preset.LAST_12_MONTHS, comparisons=(Comparison.YEAR,)), OPTIONS)
    assert selection.comparisons == ()
    assert selection.hints == ("A year ago (1 Dec 2024 – 30 Nov 2025) is not compared: the data starts on 1 Sep 2025.",)
    early = FilterState(Preset.CUSTOM, (date(2025, 9, 1), date(2025, 9, 7)), (Comparison.PREVIOUS,))
    selection = select(early, OPTIONS)
    assert selection.comparisons == ()
    assert selection.hints == ("Previous period (25 – 31 Aug 2025) is not compared: the data starts on 1 Sep 2025.",)


def test_a_retail_event_is_named_with_its_year_and_its_absence_is_said():
    found = select(FilterState(comparisons=(Comparison.EVENT,)), OPTIONS)
    assert [name for name, _ in found.comparisons] == ["Cyber Week 2025"]
    quiet = FilterState(Preset.CUSTOM, (date(2026, 7, 1), date(2026, 7, 31)), (Comparison.EVENT,))
    assert select(quiet, OPTIONS).hints == ("No retail event lies in this period.",)


def test_days_before_the_only_day_of_data_fall_back_to_a_period_that_ends_with_it():
    selection = select(read({"period": ["custom"], "from": ["2026-01-01"], "to": ["2026-02-01"]}, ONE_DAY), ONE_DAY)
    assert selection.period == Period(date(2026, 11, 4), date(2026, 12, 2))
    assert selection.comparisons == ()


words = st.text(max_size=12)
queries = st.dictionaries(
    st.sampled_from(PARAMETERS),
    st.lists(
        st.one_of(
            words,
            st.sampled_from([*Preset, *Comparison, "none", "web", "Toys", "North"]).map(str),
            st.dates(date(2025, 1, 1), date(2027, 1, 1)).map(date.isoformat),
        ),
        max_size=4,
    ),
)


@given(queries)
def test_any_url_is_read_without_an_error_and_its_state_reopens_itself(query: dict[str, list[str]]):
    state = read(query, OPTIONS)
    assert read(state.as_query(), OPTIONS) == state
    selection = select(state, OPTIONS)
    assert len(selection.comparisons) + len(selection.hints) >= len(selection.comparisons)
    assert selection.period.days >= 1


@pytest.fixture
def app() -> AppTest:
    return AppTest.from_file(GALLERY, default_timeout=30)


def url_of(app: AppTest) -> dict[str, list[str]]:
    return {name: [value] if isinstance(value, str) else list(value) for name, value in app.query_params.items()}


def test_choosing_writes_the_url_and_clearing_empties_it(app: AppTest):
    app.run()
    app.multiselect(key="tk-filter-channel").set_value(["web"]).run()
    app.selectbox(key="tk-filter-period").set_value(Preset.LAST_7_DAYS).run()
    assert not app.exception
    assert url_of(app) == {"period": ["7d"], "channel": ["web"]}
    app.button(key="tk-clear").click().run()
    assert url_of(app) == {"period": ["7d"]}


def test_a_link_fills_the_widgets_and_other_keys_of_the_url_stay(app: AppTest):
    app.query_params.update({"period": "90d", "region": ["North", "West"], "compare": "none", "step": "3"})
    app.run()
    assert not app.exception
    assert app.selectbox(key="tk-filter-period").value is Preset.LAST_90_DAYS
    assert app.multiselect(key="tk-filter-region").value == ["North", "West"]
    assert app.multiselect(key="tk-filter-compare").value == []
    assert url_of(app)["step"] == ["3"]


def test_two_comparisons_reach_every_tile(app: AppTest):
    app.query_params["compare"] = ["previous", "year"]
    app.run()
    tiles = next(block.proto.body for block in app.get("html") if "tk-tiles" in block.proto.body)
    assert tiles.count('class="tk-tile"') == 6
    assert tiles.count("A year ago</span>") == 6
