"""The filters of the Savings page: state, check and effort, kept in the link."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from console.kit.link import Link, Query, first
from console.savings.answer import DecisionState, Savings, TrackedSaving

OPEN = "open"
STATES = {  # in the link → what is listed
    OPEN: (DecisionState.OPEN,),
    "accepted": (DecisionState.ACCEPTED,),
    "realised": (DecisionState.REALISED,),
    "dismissed": (DecisionState.DISMISSED,),
    "all": tuple(DecisionState),
}
_EFFORTS = ("low", "medium", "high")
LINK = Link("tk-savings-", ("state", "check", "effort"))


@dataclass(frozen=True)
class SavingsFilter:
    """Which savings are listed; no check and no effort mean all of them.

    Attributes
    ----------
    show : a key of `STATES`
    checks : names of checks
    efforts : values of `Effort`, the least first
    """

    show: str = OPEN
    checks: tuple[str, ...] = ()
    efforts: tuple[str, ...] = ()

    def as_query(self) -> Query:
        """The parameters of the link that reopen it; defaults are left out."""
        query: Query = {} if self.show == OPEN else {"state": [self.show]}
        if self.checks:
            query["check"] = list(self.checks)
        if self.efforts:
            query["effort"] = list(self.efforts)
        return query

    def shows(self, tracked: TrackedSaving) -> bool:
        """Whether a saving is listed; one whose check finds nothing any more has neither check nor effort."""
        finding = tracked.finding
        if tracked.state not in STATES[self.show]:
            return False
        if finding is None:
            return not self.checks and not self.efforts
        return (not self.checks or finding.check in self.checks) and (
            not self.efforts or finding.effort.value in self.efforts
        )


def read(query: Mapping[str, Sequence[str]], checks: Collection[str], efforts: Collection[str]) -> SavingsFilter:
    """The filter that a link asks for. What cannot be used falls back to its default; nothing raises.

    Parameters
    ----------
    checks, efforts : what can be chosen
    """
    show = first(query, "state")
    return SavingsFilter(
        show if show in STATES else OPEN,
        tuple(dict.fromkeys(check for check in query.get("check", ()) if check in checks)),
        tuple(dict.fromkeys(effort for effort in query.get("effort", ()) if effort in efforts)),
    )


def choose(answer: Savings) -> list[TrackedSaving]:
    """The savings that the reader chooses in the bar of state, check and effort, which the link keeps."""
    titles = {check.check: check.title for check in answer.checks if check.findings}
    found = {saving.finding.effort.value for saving in answer.tracked if saving.finding}
    efforts = [effort for effort in _EFFORTS if effort in found]
    query, is_new = LINK.read()
    if is_new:
        asked = read(query, titles, efforts)
        st.session_state[LINK.widget("state")] = asked.show
        st.session_state[LINK.widget("check")] = list(asked.checks)
        st.session_state[LINK.widget("effort")] = list(asked.efforts)
    with st.container(key="tk-savings-filters", horizontal=True, vertical_alignment="center", gap="xsmall"):
        show = st.selectbox(
            "State",
            list(STATES),
            format_func=str.capitalize,
            key=LINK.widget("state"),
            label_visibility="collapsed",
            width=150,
        )
        checks = st.multiselect(
            "Check",
            LINK.options(list(titles), "check"),
            format_func=lambda name: titles.get(name, name),
            key=LINK.widget("check"),
            placeholder="All checks",
            label_visibility="collapsed",
            width=285,
        )
        chosen = st.multiselect(
            "Effort",
            LINK.options(efforts, "effort"),
            format_func=str.capitalize,
            key=LINK.widget("effort"),
            placeholder="Any effort",
            label_visibility="collapsed",
            width=165,
        )
    wanted = SavingsFilter(show, tuple(checks), tuple(chosen))
    LINK.write(wanted.as_query())
    shown = [saving for saving in answer.tracked if wanted.shows(saving)]
    if not shown:
        st.html('<p class="tk-calm">No saving in this selection.</p>')
    return shown
