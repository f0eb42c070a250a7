"""The one filter bar: period, comparison, channel, category and region.

The state lives in the URL under short, stable keys and travels from page to page, so that a link reopens what was seen:
``?period=28d&compare=year&channel=web&region=North``; custom dates add ``from`` and ``to``, the last day included.
Widgets could be bound to the URL by Streamlit itself, but that writes their labels into it ("Last 28 days") and drops
them on a page that has no bar; a link must outlive a label.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlsplit

import streamlit as st

from console.asking.periods import COMPARISON_LABELS, PRESET_LABELS, Comparison, Preset
from console.kit.selection import KEYS, MOST_COMPARISONS, SLICES, FilterOptions, Query, Selection, State, read, select

__all__ = ["FilterOptions", "Selection", "bar", "clear"]

_PLURALS = {"channel": "channels", "category": "categories", "region": "regions"}
_STORE = "tk-filters"  # the query last written, kept through pages that have no bar
_PAGE = "tk-filters-page"  # the page whose widgets hold the state


def bar(options: FilterOptions, *, sliced: bool = True) -> Selection:
    """Draw the bar and return what is chosen; call it once on a page.

    Parameters
    ----------
    sliced : False on a page whose figures have no channel, category or region: only days are offered, and what was
        chosen elsewhere travels on without an effect here
    """
    state = _draw(options, _restore(options), sliced)
    query = state.as_query()
    st.session_state[_STORE] = query
    _write_url(query)
    if not sliced:
        state = replace(state, slices=dict.fromkeys(SLICES, ()))
    selection = select(state, options, datetime.now(UTC).date())
    _draw_dates(selection)
    return selection


def clear() -> None:
    """Choose every channel, category and region again; for `on_click`."""
    for name in SLICES:
        st.session_state[_key(name)] = []


def _restore(options: FilterOptions) -> State:
    """The state to show, put into the widgets where the URL or another page says something new."""
    asked = {name: st.query_params.get_all(name) for name in KEYS if name in st.query_params}
    written: Query | None = st.session_state.get(_STORE)
    followed = asked != written if asked or written is None else False  # a link was followed in this session
    state = read(asked if followed or written is None else written, options)
    page = urlsplit(st.context.url or "").path
    moved = st.session_state.get(_PAGE) != page  # a widget of the same key on another page starts anew
    st.session_state[_PAGE] = page
    if followed or moved or _key("period") not in st.session_state:
        st.session_state[_key("period")] = state.preset
        st.session_state[_key("compare")] = list(state.comparisons)
        for name in SLICES:
            st.session_state[_key(name)] = list(state.slices[name])
        if state.dates is not None:
            st.session_state[_key("dates")] = state.dates
    return state


def _draw(options: FilterOptions, state: State, sliced: bool) -> State:
    """The widgets, in one row on a wide screen; on a phone the slices hide behind a button (see style.css)."""
    with st.container(key="tk-filters", horizontal=True, vertical_alignment="center", gap="xsmall"):
        preset = st.selectbox(
            "Period",
            [preset for preset in Preset if preset is not Preset.CUSTOM or options.last_day is not None],
            format_func=lambda preset: PRESET_LABELS[preset],
            key=_key("period"),
            label_visibility="collapsed",
            width=150,
        )
        dates = state.dates
        if preset is Preset.CUSTOM:
            dates = _draw_custom_dates(options, state)
        comparisons = st.multiselect(
            "Compare with",
            list(Comparison),
            format_func=lambda comparison: COMPARISON_LABELS[comparison],
            key=_key("compare"),
            max_selections=MOST_COMPARISONS,
            placeholder="No comparison",
            label_visibility="collapsed",
            width=285,
        )
        if not sliced:
            return State(preset, dates if preset is Preset.CUSTOM else None, tuple(comparisons), state.slices)
        chosen = sum(bool(st.session_state.get(_key(name))) for name in SLICES)
        st.checkbox(f"Filters · {chosen}" if chosen else "Filters", key=_key("open"))
        slices: dict[str, tuple[str, ...]] = {}
        with st.container(key="tk-slices", horizontal=True, vertical_alignment="center", gap="xsmall", width="stretch"):
            for name in SLICES:
                slices[name] = tuple(
                    st.multiselect(
                        name.capitalize(),
                        _with_chosen(options.values(name), _key(name)),
                        key=_key(name),
                        placeholder=f"All {_PLURALS[name]}",
                        label_visibility="collapsed",
                        width=165,
                    )
                )
            if chosen:
                st.button("Clear filters", key="tk-clear", type="tertiary", on_click=clear)
    return State(preset, dates if preset is Preset.CUSTOM else None, tuple(comparisons), slices)


def _draw_custom_dates(options: FilterOptions, state: State) -> tuple[date, date]:
    """The date range widget; while only its first day is picked, the range chosen before stands."""
    first_day, last_day = _days(options)
    kept = state.dates or (max(first_day, last_day - timedelta(days=27)), last_day)
    if _key("dates") not in st.session_state:
        st.session_state[_key("dates")] = kept
    picked = st.date_input(
        "Dates",
        min_value=first_day,
        max_value=last_day,
        format="YYYY-MM-DD",
        key=_key("dates"),
        label_visibility="collapsed",
        width=215,
    )
    if isinstance(picked, tuple) and len(picked) == 2:
        return picked[0], picked[1]
    return kept


def _draw_dates(selection: Selection) -> None:
    """The dates in words, because a preset's name and a comparison's name leave them open."""
    against = " <i>and</i> ".join(f"{name} {period.label()}" for name, period in selection.comparisons)
    if against:
        against = f" <i>against</i> {against}"
    hints = "".join(f'<span class="tk-hint">{hint}</span>' for hint in selection.hints)
    st.html(f'<p class="tk-dates"><b>{selection.period.label()}</b>{against}{hints}</p>')


def _write_url(query: Query) -> None:
    """Put the state into the URL, leaving keys of other owners alone; one message to the browser, or none."""
    current = {name: st.query_params.get_all(name) for name in st.query_params}
    wanted = {name: values for name, values in current.items() if name not in KEYS} | query
    if current != wanted:
        st.query_params.from_dict(wanted)


def _days(options: FilterOptions) -> tuple[date, date]:
    if options.first_day is None or options.last_day is None:
        raise ValueError("Custom dates need a lake with data")
    return options.first_day, options.last_day


def _with_chosen(values: Sequence[str], key: str) -> list[str]:
    """The options, and whatever is still chosen though the data no longer has it: a widget refuses unknown values."""
    chosen = st.session_state.get(key) or []
    return [*values, *(value for value in chosen if value not in values)]


def _key(name: str) -> str:
    return f"tk-filter-{name}"
