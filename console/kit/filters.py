"""The one filter bar: period, comparison, channel, category and region.

What is chosen travels from page to page, and a link reopens what was seen:
``?period=28d&compare=year&channel=web&region=North``; custom dates add ``from`` and ``to``, the last day included.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import streamlit as st

from console.asking.contents import SLICES
from console.asking.periods import Comparison, Preset
from console.kit.link import Link
from console.kit.selection import (
    MOST_COMPARISONS,
    PARAMETERS,
    FilterOptions,
    FilterState,
    Selection,
    read,
    select,
)

__all__ = ["FilterOptions", "Selection", "bar", "clear"]

LINK = Link("tk-filter-", PARAMETERS)

_PLURALS = {"channel": "channels", "category": "categories", "region": "regions"}


def bar(options: FilterOptions, *, sliced: bool = True) -> Selection:
    """Draw the bar and return what is chosen; call it once on a page.

    Parameters
    ----------
    sliced : False on a page whose figures have no channel, category or region: only days are offered, and what was
        chosen elsewhere travels on without an effect here
    """
    state = _draw(options, _restore(options), sliced)
    LINK.write(state.as_query())
    if not sliced:
        state = replace(state, slices=dict.fromkeys(SLICES, ()))
    selection = select(state, options)
    _draw_dates(selection)
    return selection


def clear() -> None:
    """Choose every channel, category and region again; for `on_click`."""
    for name in SLICES:
        st.session_state[LINK.widget(name)] = []


def _restore(options: FilterOptions) -> FilterState:
    """The state to show, put into the widgets where the link or another page says something new."""
    query, is_new = LINK.read()
    state = read(query, options)
    if is_new:
        st.session_state[LINK.widget("period")] = state.preset
        st.session_state[LINK.widget("compare")] = list(state.comparisons)
        for name in SLICES:
            st.session_state[LINK.widget(name)] = list(state.slices[name])
        if state.dates is not None:
            st.session_state[LINK.widget("dates")] = state.dates
    return state


def _draw(options: FilterOptions, state: FilterState, sliced: bool) -> FilterState:
    """The widgets, in one row on a wide screen; on a phone the slices hide behind a button (see style.css)."""
    with st.container(key="tk-filters", horizontal=True, vertical_alignment="center", gap="xsmall"):
        preset = st.selectbox(
            "Period",
            [*Preset],
            format_func=lambda preset: preset.label,
            key=LINK.widget("period"),
            label_visibility="collapsed",
            width=150,
        )
        dates = _draw_custom_dates(options, state) if preset is Preset.CUSTOM else None
        comparisons = st.multiselect(
            "Compare with",
            list(Comparison),
            format_func=lambda comparison: comparison.label,
            key=LINK.widget("compare"),
            max_selections=MOST_COMPARISONS,
            placeholder="No comparison",
            label_visibility="collapsed",
            width=285,
        )
        if not sliced:
            return FilterState(preset, dates, tuple(comparisons), state.slices)
        chosen = sum(bool(st.session_state.get(LINK.widget(name))) for name in SLICES)
        st.checkbox(f"Filters · {chosen}" if chosen else "Filters", key=LINK.widget("open"))
        slices: dict[str, tuple[str, ...]] = {}
        with st.container(key="tk-slices", horizontal=True, vertical_alignment="center", gap="xsmall", width="stretch"):
            for name in SLICES:
                slices[name] = tuple(
                    st.multiselect(
                        name.capitalize(),
                        LINK.options(options.values(name), name),
                        key=LINK.widget(name),
                        placeholder=f"All {_PLURALS[name]}",
                        label_visibility="collapsed",
                        width=165,
                    )
                )
            if chosen:
                st.button("Clear filters", key="tk-clear", type="tertiary", on_click=clear)
    return FilterState(preset, dates, tuple(comparisons), slices)


def _draw_custom_dates(options: FilterOptions, state: FilterState) -> tuple[date, date]:
    """The date range widget; while only its first day is picked, the range chosen before is kept."""
    kept = state.dates or (max(options.first_day, options.last_day - timedelta(days=27)), options.last_day)
    if LINK.widget("dates") not in st.session_state:
        st.session_state[LINK.widget("dates")] = kept
    picked = st.date_input(
        "Dates",
        min_value=options.first_day,
        max_value=options.last_day,
        format="YYYY-MM-DD",
        key=LINK.widget("dates"),
        label_visibility="collapsed",
        width=215,
    )
    if isinstance(picked, tuple) and len(picked) == 2:
        return picked[0], picked[1]
    return kept


def _draw_dates(selection: Selection) -> None:
    """The dates in words: the names of a period and of a comparison do not say them."""
    compared = " <i>and</i> ".join(f"{name} {period.label()}" for name, period in selection.comparisons)
    against = f" <i>against</i> {compared}" if compared else ""
    hints = "".join(f'<span class="tk-hint">{hint}</span>' for hint in selection.hints)
    st.html(f'<p class="tk-dates"><b>{selection.period.label()}</b>{against}{hints}</p>')
