"""A choice of one, kept in the link: the bars write the whole link, which a widget bound to it would not allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st


@dataclass(frozen=True)
class LinkedChoice:
    """One of some options.

    Attributes
    ----------
    key : of the link; a link without it means the default
    options : what stands in the link → what the reader sees
    default : one of the options
    """

    key: str
    options: Mapping[str, str]
    default: str

    @property
    def value(self) -> str:
        """The option chosen, known before the control is drawn: a new link comes before what was clicked."""
        linked = st.query_params.get(self.key)
        is_gone = st.session_state.get(self._widget) not in self.options  # a budget that somebody has deleted
        if is_gone or st.session_state.get(self._seen) != linked:
            st.session_state[self._widget] = linked if linked in self.options else self.default
            st.session_state[self._seen] = linked
        return str(st.session_state[self._widget])

    def draw(self, label: str, *, shown: bool = True) -> str:
        """Draw the control, put the choice into the link, and return it."""
        chosen = self.value
        st.segmented_control(
            label, list(self.options), format_func=self.options.__getitem__, key=self._widget, required=True,
            label_visibility="visible" if shown else "collapsed",
        )  # fmt: skip
        return self._keep(chosen)

    def draw_list(self, label: str, *, width: int) -> str:
        """The same as a list to choose from, without its label: for names that people give, however many."""
        chosen = self.value
        st.selectbox(
            label, list(self.options), format_func=self.options.__getitem__, key=self._widget, width=width,
            label_visibility="collapsed",
        )  # fmt: skip
        return self._keep(chosen)

    def _keep(self, chosen: str) -> str:
        wanted = None if chosen == self.default else chosen
        if st.query_params.get(self.key) != wanted:
            if wanted is None:
                del st.query_params[self.key]
            else:
                st.query_params[self.key] = wanted
        st.session_state[self._seen] = wanted
        return chosen

    @property
    def _widget(self) -> str:
        return f"tk-{self.key}"

    @property
    def _seen(self) -> str:
        return f"tk-{self.key}-linked"
