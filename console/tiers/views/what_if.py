"""The what-if sliders of the Tiers page. A link reopens what was tried.

``?events=2000000&batch=10&views=400&asked=100000&kept=365&measured=yes&free=yes&legacy=2500``: a parameter that is left
out leaves each tier at what it is made for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import streamlit as st

from console.asking import formatting as text
from console.kit.link import Link, Query, first
from console.tiers.answer import WhatIf

OWN = 0  # the choice that leaves each tier its own


@dataclass(frozen=True)
class Slider:
    """One figure that can be tried: its parameter in the URL, its name in `WhatIf`, and its choices."""

    key: str
    field: str
    label: str
    choices: tuple[int, ...]


def _scale(first: int, last: int) -> tuple[int, ...]:
    """1, 2, 5, 10, 20 … from `first` to `last`."""
    powers = [10**power * step for power in range(10) for step in (1, 2, 5)]
    return tuple(value for value in powers if first <= value <= last)


SLIDERS = (
    Slider("events", "events_per_day", "Events a day", _scale(1_000, 100_000_000)),
    Slider("batch", "events_per_request", "Events a request", (1, 2, 5, 10, 20, 50, 100, 200, 500)),
    Slider("views", "page_views_per_day", "Page views a day", _scale(10, 100_000)),
    Slider("asked", "recommendations_per_day", "Recommendations a day", _scale(1_000, 50_000_000)),
    Slider("kept", "retention_days", "Days events are kept", (30, 60, 90, 180, 365, 730, 1_095, 1_825)),
)
MEASURED, FREE, LEGACY = "measured", "free", "legacy"
LINK = Link("tk-what-if-", (*(slider.key for slider in SLIDERS), MEASURED, FREE, LEGACY), is_remembered=False)
MOST_LEGACY = Decimal(100_000_000)


def read(query: Mapping[str, Sequence[str]]) -> WhatIf:
    """What a URL asks for. Whatever cannot be used is left out; nothing raises."""
    values: dict[str, int] = {}
    for slider in SLIDERS:
        written = first(query, slider.key)
        if written in map(str, slider.choices):  # compared as texts: a number of thousands of digits is none of ours
            values[slider.field] = int(written)
    return WhatIf(
        **values,
        measured=first(query, MEASURED) == "yes",
        free_tier=first(query, FREE) == "yes",
        legacy_monthly_usd=_amount(first(query, LEGACY)),
    )


def as_query(what_if: WhatIf) -> Query:
    """The URL that reopens it; what is left at each tier's own is left out."""
    query = {slider.key: [str(getattr(what_if, slider.field))] for slider in SLIDERS if getattr(what_if, slider.field)}
    if what_if.measured:
        query[MEASURED] = ["yes"]
    if what_if.free_tier:
        query[FREE] = ["yes"]
    if what_if.legacy_monthly_usd:
        query[LEGACY] = [f"{what_if.legacy_monthly_usd.normalize():f}"]
    return query


def bar(*, events_measured: Decimal | None) -> WhatIf:
    """Draw the sliders and return what is tried; call it once on a page.

    Parameters
    ----------
    events_measured : events a day that the lake measured; None where it has none
    """
    query, is_new = LINK.read()
    if is_new:
        asked = read(query)
        for slider in SLIDERS:
            st.session_state[LINK.widget(slider.key)] = getattr(asked, slider.field) or OWN
        st.session_state[LINK.widget(MEASURED)] = asked.measured
        st.session_state[LINK.widget(FREE)] = asked.free_tier
        legacy = asked.legacy_monthly_usd
        st.session_state[LINK.widget(LEGACY)] = None if legacy is None else float(legacy)
    with st.container(key="tk-what-if", horizontal=True, gap="small", vertical_alignment="top"):
        for slider in SLIDERS:
            st.select_slider(
                slider.label,
                (OWN, *slider.choices),
                format_func=lambda value: "each tier’s own" if value == OWN else text.count(value),
                key=LINK.widget(slider.key),
                width=155,
            )
        st.number_input(
            "Legacy bill, $ a month",
            min_value=0.0,
            max_value=float(MOST_LEGACY),
            step=100.0,
            key=LINK.widget(LEGACY),
            placeholder="type it",
            help="What the platform before cost; nothing is assumed. Savings are only worked out once you type it.",
            width=155,
        )
        st.toggle(
            "Measured traffic",
            key=LINK.widget(MEASURED),
            disabled=events_measured is None,
            help="Events a day of this lake in place of what each tier is made for; the slider of events comes first"
            + (f": {text.count(events_measured)}" if events_measured is not None else ". Nothing is measured yet"),
        )
        st.toggle(
            "Free tier",
            key=LINK.widget(FREE),
            help="Take the always-free quantities off, as in an account that uses them for nothing else",
        )
    tried = WhatIf(
        **{slider.field: st.session_state[LINK.widget(slider.key)] or None for slider in SLIDERS},
        measured=st.session_state[LINK.widget(MEASURED)],
        free_tier=st.session_state[LINK.widget(FREE)],
        legacy_monthly_usd=_amount(str(st.session_state[LINK.widget(LEGACY)] or "")),
    )
    LINK.write(as_query(tried))
    return tried


def describe(what_if: WhatIf) -> list[tuple[str, str]]:
    """(name, text) lines that say what was tried, for exports."""
    lines = []
    for slider in SLIDERS:
        value = getattr(what_if, slider.field)
        own = "as measured" if what_if.measured and slider.field == "events_per_day" else "as each tier is made for"
        lines.append((slider.label, text.count(value) if value else own))
    lines.append(("Free quantities", "taken off" if what_if.free_tier else "not taken off"))
    if what_if.legacy_monthly_usd:
        lines.append(("Legacy bill a month, typed", text.money(what_if.legacy_monthly_usd, "USD")))
    return lines


def _amount(written: str) -> Decimal | None:
    try:
        amount = Decimal(written)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 < amount <= MOST_LEGACY else None
