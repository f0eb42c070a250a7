"""The second row of the Spend page's filters: basis, currency, service, account, region, charge, and the drill.

The state lives in the URL and in the session, as that of the common bar (see `filters`): a link reopens what was seen,
and what was chosen is there again when the reader comes back from another page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html import escape
from urllib.parse import urlsplit

import streamlit as st

from console.finops.charges import Basis
from console.finops.contents import Contents
from console.spend import part as parts
from console.spend import selection
from console.spend.breakdown import Value
from console.spend.part import DIMENSIONS
from console.spend.selection import State

_STORE = "tk-spend"  # the query last written, kept through pages that have no such bar
_PAGE = "tk-spend-page"
_STATE = "tk-spend-state"  # what the widgets of this run mean


def bar(contents: Contents) -> State:
    """Draw the row and return what is chosen; call it once on a page."""
    state = _as_held(_restore(contents), contents)
    with st.container(key="tk-spend-filters", horizontal=True, vertical_alignment="center", gap="xsmall"):
        basis = st.segmented_control(
            "Basis",
            list(Basis),
            format_func=str.capitalize,
            required=True,
            key=_key("basis"),
            label_visibility="collapsed",
        )
        state = replace(state, basis=Basis(basis or state.basis))
        if len(contents.currencies) > 1:
            chosen = st.selectbox(
                "Currency", contents.currencies, key=_key("currency"), label_visibility="collapsed", width=90
            )
            state = replace(state, currency=chosen)
        for name in selection.OFFERED:
            values = st.multiselect(
                DIMENSIONS[name].title,
                _with_chosen(contents.values[name], _key(name)),
                format_func=lambda value: contents.names.get(value, value),
                key=_key(name),
                placeholder=f"All {DIMENSIONS[name].plural}",
                label_visibility="collapsed",
                width=175,
            )
            state = state.with_values(name, values)
        if any(state.narrowed.values()) or state.tag:
            st.button("Whole bill", key="tk-spend-clear", type="tertiary", on_click=_go, args=(_whole(state),))
    _keep(state)
    return state


def drill(state: State, contents: Contents, values: Sequence[Value]) -> None:
    """The grouping, the way to where the reader is, and the way on: a crumb goes back, a value is looked into.

    The list of values does what a click on a row of the table does, for a keyboard.
    """
    crumbs = state.crumbs(contents.names)
    with st.container(key="tk-spend-drill", horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.selectbox(
            "Group by",
            selection.groupings(contents),
            format_func=lambda by: f"By {parts.title(by)[:1].lower()}{parts.title(by)[1:]}",
            key=_key("by"),
            width=230,
            label_visibility="collapsed",
        )
        for position, crumb in enumerate(("Whole bill", *crumbs) if crumbs else ()):
            if position == len(crumbs):
                st.html(f'<p class="tk-crumb">› <b>{escape(crumb)}</b></p>', width="content")
                break
            st.button(
                _plain(crumb if position == 0 else f"› {crumb}"),
                key=f"tk-crumb-{position}",
                type="tertiary",
                on_click=_go,
                args=(state.back(position),),
            )
        inside = {each.value: each.name for each in values if not each.is_apart}
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


_MOST_LISTED = 200  # a list that is longer is not read; the table has all


def go_into(state: State, value: str) -> None:
    """Look into one value; for a callback."""
    _go(state.into(value))


def tag_key(contents: Contents) -> None:
    """Which key's untagged usage is listed."""
    if len(contents.tag_keys) > 1:
        st.selectbox(
            "Tag key",
            contents.tag_keys,
            index=None,
            format_func=lambda key: f"Tag {key}",
            key=_key("untagged"),
            placeholder="Key that covers most",
            label_visibility="collapsed",
            width=230,
        )


def _look(state: State, key: str) -> None:
    value = st.session_state.get(key)
    if value is not None:
        _go(state.into(value))


def _as_held(state: State, contents: Contents) -> State:
    """The state, as the widgets further down the page hold it: the answer is needed before they are drawn."""
    by, untagged = st.session_state.get(_key("by")), st.session_state.get(_key("untagged"))
    return replace(
        state,
        by=by if by in selection.groupings(contents) else state.by,
        untagged=untagged if untagged in contents.tag_keys else None,
    )


def _whole(state: State) -> State:
    return replace(state.back(0), narrowed={}, tag=None)


def _go(state: State) -> None:
    """Show another state from the next run on."""
    st.session_state[_STORE] = state.as_query()
    _fill(state)
    _write_url(state.as_query())


def _restore(contents: Contents) -> State:
    """The state to show, put into the widgets where the URL or another page says something new."""
    asked = {name: st.query_params.get_all(name) for name in selection.KEYS if name in st.query_params}
    written: selection.Query | None = st.session_state.get(_STORE)
    followed = asked != written if asked or written is None else False
    state = selection.read(asked if followed or written is None else written, contents)
    page = urlsplit(st.context.url or "").path
    moved = st.session_state.get(_PAGE) != page
    st.session_state[_PAGE] = page
    if followed or moved or _key("basis") not in st.session_state:
        _fill(state)
    return state


def _fill(state: State) -> None:
    st.session_state[_key("basis")] = state.basis
    st.session_state[_key("by")] = state.by
    if state.currency is not None:
        st.session_state[_key("currency")] = state.currency
    st.session_state[_key("untagged")] = state.untagged
    for name in selection.OFFERED:
        st.session_state[_key(name)] = list(state.narrowed.get(name, ()))


def _keep(state: State) -> None:
    query = state.as_query()
    st.session_state[_STORE] = query
    _write_url(query)


def _write_url(query: selection.Query) -> None:
    current = {name: st.query_params.get_all(name) for name in st.query_params}
    wanted = {name: values for name, values in current.items() if name not in selection.KEYS} | query
    if current != wanted:
        st.query_params.from_dict(wanted)


def _with_chosen(values: tuple[str, ...], key: str) -> list[str]:
    chosen = st.session_state.get(key) or []
    return [*values, *(value for value in chosen if value not in values)]


def _plain(label: str) -> str:
    """Text that a button shows as it is: its label is Markdown."""
    return "".join(f"\\{character}" if character in r"\`*_{}[]()#+-.!:$~<>|" else character for character in label)


def _key(name: str) -> str:
    return f"tk-spend-{name}"
