"""The second row of the Spend page's filters: basis, currency, service, account, region, charge, and the drill.

A link reopens what was seen, and what was chosen is there again when the reader comes back from another page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape

import streamlit as st

from console.finops.charges import Basis
from console.finops.contents import Contents
from console.kit import prose
from console.kit.link import Link
from console.spend import part as parts
from console.spend import selection
from console.spend.breakdown import DimensionValue
from console.spend.part import DIMENSIONS
from console.spend.selection import SpendSelection

LINK = Link("tk-spend-", selection.PARAMETERS)
_MOST_LISTED = 200  # a list that is longer is not read; the table has all


def bar(contents: Contents) -> SpendSelection:
    """Draw the row and return what is chosen; call it once on a page."""
    query, is_new = LINK.read()
    state = selection.read(query, contents)
    if is_new:
        _fill(state)
    state = _as_held(state, contents)
    with st.container(key="tk-spend-filters", horizontal=True, vertical_alignment="center", gap="xsmall"):
        basis = st.segmented_control(
            "Basis",
            list(Basis),
            format_func=str.capitalize,
            required=True,
            key=LINK.widget("basis"),
            label_visibility="collapsed",
        )
        state = replace(state, basis=Basis(basis or state.basis))
        if len(contents.currencies) > 1:
            chosen = st.selectbox(
                "Currency", contents.currencies, key=LINK.widget("currency"), label_visibility="collapsed", width=90
            )
            state = replace(state, currency=chosen)
        for name in selection.OFFERED:
            values = st.multiselect(
                DIMENSIONS[name].title,
                LINK.options(contents.values[name], name),
                format_func=lambda value: contents.names.get(value, value),
                key=LINK.widget(name),
                placeholder=f"All {DIMENSIONS[name].plural}",
                label_visibility="collapsed",
                width=175,
            )
            state = state.with_values(name, values)
        if any(state.narrowed.values()) or state.tag:
            whole = replace(state.back(0), narrowed={}, tag=None)
            st.button("Whole bill", key="tk-spend-clear", type="tertiary", on_click=go_to, args=(whole,))
    LINK.write(state.as_query())
    return state


def drill(state: SpendSelection, contents: Contents, values: Sequence[DimensionValue]) -> None:
    """The grouping, the way to where the reader is, and the way on: a crumb goes back, a value is looked into.

    The list of values does what a click on a row of the table does, for a keyboard.
    """
    crumbs = state.crumbs(contents.names)
    with st.container(key="tk-spend-drill", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.selectbox(
            "Group by",
            selection.groupings(contents),
            format_func=lambda by: f"By {parts.title(by)[:1].lower()}{parts.title(by)[1:]}",
            key=LINK.widget("by"),
            width=230,
            label_visibility="collapsed",
        )
        for position, crumb in enumerate(("Whole bill", *crumbs) if crumbs else ()):
            if position == len(crumbs):
                st.html(f'<p class="tk-crumb">› <b>{escape(crumb)}</b></p>', width="content")
                break
            st.button(
                prose.escaped(crumb if position == 0 else f"› {crumb}"),
                key=f"tk-crumb-{position}",
                type="tertiary",
                on_click=go_to,
                args=(state.back(position),),
            )
        inside = {value.value: value.name for value in values if not value.is_apart}
        if state.can_look_into() and inside:
            key = f"tk-spend-into-{state.by}-{len(state.drilled)}"
            st.selectbox(
                "Look into",
                list(inside)[:_MOST_LISTED],
                index=None,
                format_func=lambda value: inside.get(value, value),
                key=key,
                placeholder="Look into …",
                label_visibility="collapsed",
                width=230,
                on_change=_look,
                args=(state, key),
            )


def tag_key(contents: Contents) -> None:
    """Which key's untagged usage is listed."""
    if len(contents.tag_keys) > 1:
        st.selectbox(
            "Tag key",
            contents.tag_keys,
            index=None,
            format_func=lambda key: f"Tag {key}",
            key=LINK.widget("untagged"),
            placeholder="Key that covers most",
            label_visibility="collapsed",
            width=230,
        )


def _look(state: SpendSelection, key: str) -> None:
    value = st.session_state.get(key)
    if value is not None:
        go_to(state.into(value))


def _as_held(state: SpendSelection, contents: Contents) -> SpendSelection:
    """The state, as the widgets further down the page hold it: the answer is needed before they are drawn."""
    by, untagged = st.session_state.get(LINK.widget("by")), st.session_state.get(LINK.widget("untagged"))
    return replace(
        state,
        by=by if by in selection.groupings(contents) else state.by,
        untagged=untagged if untagged in contents.tag_keys else None,
    )


def go_to(state: SpendSelection) -> None:
    """Show another state from the next run on; for a callback."""
    LINK.write(state.as_query())
    _fill(state)


def _fill(state: SpendSelection) -> None:
    st.session_state[LINK.widget("basis")] = state.basis
    st.session_state[LINK.widget("by")] = state.by
    if state.currency is not None:
        st.session_state[LINK.widget("currency")] = state.currency
    st.session_state[LINK.widget("untagged")] = state.untagged
    for name in selection.OFFERED:
        st.session_state[LINK.widget(name)] = list(state.narrowed.get(name, ()))
