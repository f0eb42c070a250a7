"""The one filter bar: period, comparison, channel, category and region.

The state lives in the URL under short, stable keys and travels from page to page, so that a link reopens what was seen:
``?period=28d&compare=year&channel=web&region=North``; custom dates add ``from`` and ``to``, the last day included.
Widgets could be bound to the URL by Streamlit itself, but that writes their labels into it ("Last 28 days") and drops
them on a page that has no bar; a link must outlive a label.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from urllib.parse import urlsplit

import streamlit as st

from console.periods import (
    PRESET_LABELS,
    RETAIL_EVENT_LABELS,
    Comparison,
    Period,
    Preset,
    compared,
    event_in,
    preset_period,
)
from console.ui import formatting as text

DEFAULT_PRESET = Preset.LAST_28_DAYS
MOST_COMPARISONS = 2
SLICES = ("channel", "category", "region")
KEYS = ("period", "from", "to", "compare", *SLICES)

_PLURALS = {"channel": "channels", "category": "categories", "region": "regions"}
_COMPARISON_NAMES = {  # short enough for a chip; the dates stand below the bar
    Comparison.PREVIOUS: "Previous period",
    Comparison.YEAR: "A year ago",
    Comparison.EVENT: "Retail event",
}
_STORE = "tk-filters"  # the query last written, kept through pages that have no bar
_PAGE = "tk-filters-page"  # the page whose widgets hold the state

Query = dict[str, list[str]]
_Choice = TypeVar("_Choice", Preset, Comparison)


@dataclass(frozen=True)
class FilterOptions:
    """What can be chosen: the days the lake has events for (both included), and the values of each slice."""

    first_day: date | None
    last_day: date | None
    channels: Sequence[str] = ()
    categories: Sequence[str] = ()
    regions: Sequence[str] = ()

    def values(self, name: str) -> Sequence[str]:
        """The values of one slice by its URL key."""
        return {"channel": self.channels, "category": self.categories, "region": self.regions}[name]


@dataclass(frozen=True)
class Selection:
    """What the reader chose.

    Attributes
    ----------
    period : the days asked for
    comparisons : (name, period) of at most two, only those that meet at least one day of data
    channels, categories, regions : empty for all
    preset : the period's name
    hints : why a comparison chosen is missing or partly covered, one sentence each
    """

    period: Period
    comparisons: tuple[tuple[str, Period], ...] = ()
    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()
    preset: Preset = DEFAULT_PRESET
    hints: tuple[str, ...] = ()

    @property
    def is_filtered(self) -> bool:
        """Whether a slice leaves rows out."""
        return bool(self.channels or self.categories or self.regions)

    def describe(self) -> list[tuple[str, str]]:
        """(name, text) lines that say what was asked, for exports."""
        lines = [("Period", f"{self.period.label()} ({self.period.days} days)")]
        lines += [("Compared with", f"{name}: {period.label()}") for name, period in self.comparisons]
        lines.append(("Channel", text.names(self.channels, "all")))
        lines.append(("Category", text.names(self.categories, "all")))
        lines.append(("Region", text.names(self.regions, "all")))
        return lines


@dataclass(frozen=True)
class State:
    """What the widgets hold: a valid reading of the URL."""

    preset: Preset = DEFAULT_PRESET
    dates: tuple[date, date] | None = None  # custom dates, both included
    comparisons: tuple[Comparison, ...] = (Comparison.PREVIOUS,)
    slices: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_query(self) -> Query:
        """The URL that reopens this state; defaults are left out."""
        query: Query = {}
        if self.preset is not DEFAULT_PRESET:
            query["period"] = [self.preset.value]
        if self.preset is Preset.CUSTOM and self.dates is not None:
            query["from"], query["to"] = [self.dates[0].isoformat()], [self.dates[1].isoformat()]
        if self.comparisons != State.comparisons:
            query["compare"] = [comparison.value for comparison in self.comparisons] or ["none"]
        for name in SLICES:
            if self.slices.get(name):
                query[name] = list(self.slices[name])
        return query


def read(query: Mapping[str, Sequence[str]], options: FilterOptions) -> State:
    """The state a URL asks for. Whatever cannot be used falls back to its default; nothing raises."""
    preset = _member(Preset, _first(query, "period")) or DEFAULT_PRESET
    dates = None
    if preset is Preset.CUSTOM:
        dates = _custom_dates(_date(_first(query, "from")), _date(_first(query, "to")), options)
        preset = Preset.CUSTOM if dates else DEFAULT_PRESET
    comparisons = State.comparisons
    if query.get("compare"):
        asked = [_member(Comparison, value) for value in query["compare"]]
        known = tuple(dict.fromkeys(comparison for comparison in asked if comparison is not None))
        if known or "none" in query["compare"]:
            comparisons = known[:MOST_COMPARISONS]
    slices = {}
    for name in SLICES:
        allowed = set(options.values(name))
        slices[name] = tuple(dict.fromkeys(value for value in query.get(name, ()) if value in allowed))
    return State(preset, dates, comparisons, slices)


def select(state: State, options: FilterOptions, today: date) -> Selection:
    """The periods and slices that a state means for the data there is; `today` ends the periods of an empty lake."""
    last_day = options.last_day or today
    first_day = options.first_day or last_day
    if state.preset is Preset.CUSTOM and state.dates is not None:
        period = Period(state.dates[0], state.dates[1] + timedelta(days=1))
    else:
        period = preset_period(state.preset, first_day, last_day)
    found: list[tuple[str, Period]] = []
    hints: list[str] = []
    for comparison in state.comparisons:
        name, other = _comparison_name(comparison, period), compared(period, comparison)
        if other is None:
            hints.append("No retail event lies in this period.")
        elif other.end <= first_day:
            hints.append(f"{name} ({other.label()}): no data before {text.day(first_day)}.")
        else:
            if other.start < first_day:
                hints.append(f"{name} ({other.label()}) is covered from {text.day(first_day)} on only.")
            found.append((name, other))
    return Selection(
        period=period,
        comparisons=tuple(found),
        channels=tuple(state.slices.get("channel", ())),
        categories=tuple(state.slices.get("category", ())),
        regions=tuple(state.slices.get("region", ())),
        preset=state.preset,
        hints=tuple(hints),
    )


def bar(options: FilterOptions) -> Selection:
    """Draw the bar and return what is chosen; call it once on a page."""
    state = _draw(options, _restore(options))
    query = state.as_query()
    st.session_state[_STORE] = query
    _write_url(query)
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


def _draw(options: FilterOptions, state: State) -> State:
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
            format_func=lambda comparison: _COMPARISON_NAMES[comparison],
            key=_key("compare"),
            max_selections=MOST_COMPARISONS,
            placeholder="No comparison",
            label_visibility="collapsed",
            width=285,
        )
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


def _comparison_name(comparison: Comparison, period: Period) -> str:
    if comparison is Comparison.EVENT:
        event = event_in(period)
        return f"{RETAIL_EVENT_LABELS[event[0]]} {event[1] - 1}" if event else _COMPARISON_NAMES[comparison]
    return _COMPARISON_NAMES[comparison]


def _custom_dates(start: date | None, last: date | None, options: FilterOptions) -> tuple[date, date] | None:
    """Both dates moved into the data; None where they cannot be used (missing, reversed, wholly outside)."""
    if start is None or last is None or last < start or options.first_day is None or options.last_day is None:
        return None
    start, last = max(start, options.first_day), min(last, options.last_day)
    return (start, last) if start <= last else None


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


def _first(query: Mapping[str, Sequence[str]], name: str) -> str:
    values = query.get(name) or [""]
    return values[0]


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


def _member(kind: type[_Choice], value: str) -> _Choice | None:
    try:
        return kind(value)
    except ValueError:
        return None
