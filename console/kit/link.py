"""The link: the URL's parameters that say what a page shows, so that a saved or sent link reopens the same view.

Every group of widgets owns some parameters. What a link says comes before what the widgets hold, what cannot be used
falls back to its default, and a default is left out of the link, unless it can be another one tomorrow.

Streamlit can bind a widget to the URL itself (``bind="query-params"``). It then writes labels ("Last 28 days"), which a
link has to outlive, and it drops the parameters on a page without the widget. Only a free text, such as the search on
Definitions, is bound that way.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import streamlit as st

Query = dict[str, list[str]]  # parameter → its values


def first(query: Mapping[str, Sequence[str]], parameter: str) -> str:
    """The first value of a parameter; empty where it has none."""
    return (query.get(parameter) or [""])[0]


@dataclass(frozen=True)
class Link:
    """The part of the link that one group of widgets reads and writes.

    Attributes
    ----------
    prefix : of the widgets' keys in the session
    parameters : the names in the URL; the first one has a widget on every page that draws the group
    is_remembered : whether what was chosen is there again when the reader comes back from another page
    """

    prefix: str
    parameters: tuple[str, ...]
    is_remembered: bool = True

    def widget(self, name: str) -> str:
        """The key of a widget in the session."""
        return f"{self.prefix}{name}"

    def read(self) -> tuple[Query, bool]:
        """The parameters to show, and whether the widgets have to be filled with them.

        They have to where a link was followed, on another page, and where they were not drawn the last time.
        """
        query = {name: st.query_params.get_all(name) for name in self.parameters if name in st.query_params}
        written: Query | None = st.session_state.get(self._written)
        if self.is_remembered and not query and written is not None:
            query = written  # Streamlit empties the URL on the way to another page
        page = urlsplit(st.context.url or "").path
        is_new = (query, page) != (written, st.session_state.get(self._page))
        st.session_state[self._page] = page
        return query, is_new or self.widget(self.parameters[0]) not in st.session_state

    def write(self, query: Query) -> None:
        """Put the parameters into the URL and leave all others alone: one message to the browser, or none."""
        st.session_state[self._written] = query
        current = {name: st.query_params.get_all(name) for name in st.query_params}
        wanted = {name: values for name, values in current.items() if name not in self.parameters} | query
        if current != wanted:
            st.query_params.from_dict(wanted)

    def options(self, values: Sequence[str], name: str) -> list[str]:
        """The values to offer in a multiselect: it refuses to hold one that is not offered, such as one now gone."""
        chosen = st.session_state.get(self.widget(name)) or []
        return [*values, *(value for value in chosen if value not in values)]

    @property
    def _written(self) -> str:
        return f"{self.prefix}{self.parameters[0]}-link"

    @property
    def _page(self) -> str:
        return f"{self.prefix}{self.parameters[0]}-page"


@dataclass(frozen=True)
class Choice:
    """One of several options, as one parameter of the link.

    Attributes
    ----------
    parameter : its name in the URL; a link without it means the default
    options : value in the URL → what the reader sees
    default : one of the options
    is_always_written : whether the default is in the link too: where the default can change, such as the newest of a
        list, a link without it would show something else later
    """

    parameter: str
    options: Mapping[str, str]
    default: str
    is_always_written: bool = False

    @property
    def value(self) -> str:
        """The option chosen, which is known before the widget is drawn."""
        query, is_new = self._link.read()
        if is_new or st.session_state[self._widget] not in self.options:  # such as a budget that was removed
            chosen = first(query, self.parameter)
            st.session_state[self._widget] = chosen if chosen in self.options else self.default
        return str(st.session_state[self._widget])

    def draw(self, label: str, *, is_label_shown: bool = True) -> str:
        """Draw all options side by side, put the choice into the link, and return it."""
        chosen = self.value
        st.segmented_control(
            label, list(self.options), format_func=self.options.__getitem__, key=self._widget, required=True,
            label_visibility="visible" if is_label_shown else "collapsed",
        )  # fmt: skip
        return self._keep(chosen)

    def draw_list(self, label: str, *, width: int) -> str:
        """The same as a list to choose from, its label hidden: for names that people give, however many."""
        chosen = self.value
        st.selectbox(
            label, list(self.options), format_func=self.options.__getitem__, key=self._widget, width=width,
            label_visibility="collapsed",
        )  # fmt: skip
        return self._keep(chosen)

    def _keep(self, chosen: str) -> str:
        is_written = self.is_always_written or chosen != self.default
        self._link.write({self.parameter: [chosen]} if is_written else {})
        return chosen

    @property
    def _link(self) -> Link:
        return Link("tk-", (self.parameter,), is_remembered=False)

    @property
    def _widget(self) -> str:
        return self._link.widget(self.parameter)
