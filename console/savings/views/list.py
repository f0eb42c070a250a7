"""The list of savings: one line each, opened for evidence, how to do it, how to undo it, and a decision."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from html import escape

import streamlit as st

from console.asking.figures import Unit
from console.decisions.admission import MOST_NOTE
from console.kit import formatting as text
from console.kit import tables
from console.savings.answer import DOLLARS, Savings, State, Tracked
from console.savings.tracking import Realised

Decide = Callable[[Tracked, State, str], None]

MOST_SHOWN = 50  # lines: each has buttons of its own, and nobody reads more at once
ALL = "All"
STATES = {"Open": (State.OPEN,), "Accepted": (State.ACCEPTED,), "Realised": (State.REALISED,),
          "Dismissed": (State.DISMISSED,), ALL: tuple(State)}  # fmt: skip
_BUTTONS = {  # what can be decided from where
    State.OPEN: (("Accept", State.ACCEPTED), ("Dismiss", State.DISMISSED)),
    State.ACCEPTED: (("Done", State.REALISED), ("Dismiss", State.DISMISSED), ("Undo", State.OPEN)),
    State.REALISED: (("Undo", State.OPEN),),
    State.DISMISSED: (("Undo", State.OPEN),),
}
COLUMNS = {
    "title": tables.Column("Saving"),
    "estimate": tables.Column("A month", Unit.MONEY, DOLLARS, "Empty where unknown"),
    "realised": tables.Column("Realised", Unit.MONEY, DOLLARS, "Measured on the bill, a month"),
    "effort": tables.Column("Effort"),
    "risk": tables.Column("Risk"),
    "state": tables.Column("State"),
    "resource": tables.Column("Resource"),
    "formula": tables.Column("Formula"),
    "note": tables.Column("Note"),
}


@dataclass(frozen=True)
class Chosen:
    """What the reader wants to see: states, checks and efforts; empty stands for all."""

    states: tuple[State, ...] = STATES["Open"]
    checks: Sequence[str] = field(default_factory=tuple)
    efforts: Sequence[str] = field(default_factory=tuple)

    def shows(self, tracked: Tracked) -> bool:
        """Whether a saving is wanted; one whose check finds nothing any more has neither check nor effort."""
        finding = tracked.finding
        if tracked.state not in self.states:
            return False
        if finding is None:
            return not self.checks and not self.efforts
        return (not self.checks or finding.check in self.checks) and (
            not self.efforts or finding.effort.value in self.efforts
        )


def filters(answer: Savings) -> Chosen:
    """Draw the bar: state, check, effort."""
    titles = {check.check: check.title for check in answer.checks if check.findings}
    efforts = sorted({each.finding.effort.value for each in answer.tracked if each.finding}, key=_EFFORTS.index)
    with st.container(key="tk-savings-filters", horizontal=True, vertical_alignment="center", gap="xsmall"):
        state = st.selectbox(
            "State", list(STATES), key="tk-savings-state", label_visibility="collapsed", width=150
        )  # fmt: skip
        checks = st.multiselect(
            "Check",
            list(titles),
            format_func=lambda name: titles.get(name, name),
            key="tk-savings-check",
            placeholder="All checks",
            label_visibility="collapsed",
            width=285,
        )
        chosen = st.multiselect(
            "Effort",
            efforts,
            format_func=str.capitalize,
            key="tk-savings-effort",
            placeholder="Any effort",
            label_visibility="collapsed",
            width=165,
        )
    return Chosen(STATES[state or ALL], tuple(checks), tuple(chosen))


_EFFORTS = ["low", "medium", "high"]


def draw(shown: Sequence[Tracked], decide: Decide) -> None:
    """The savings, each opened by a click."""
    with st.container(key="tk-savings", gap="xsmall"):
        for tracked in shown[:MOST_SHOWN]:
            with st.expander(_line(tracked)):
                st.html(_body(tracked))
                _buttons(tracked, decide)
    if len(shown) > MOST_SHOWN:
        st.html(f'<p class="tk-calm">and {len(shown) - MOST_SHOWN:,} more; narrow the list, or export the table</p>')


def _line(tracked: Tracked) -> str:
    """What a closed line says; Markdown's own signs are taken as they are."""
    amount = "unknown" if tracked.estimate is None else text.money(tracked.estimate, DOLLARS)
    remarks = []
    if tracked.finding is not None:
        remarks += [f"{tracked.finding.effort.value} effort", f"{tracked.finding.risk.value} risk"]
    if tracked.state is not State.OPEN:
        remarks.append(tracked.state.value)
    line = f"**{_plain(amount)}** · {_plain(tracked.title)}"
    return f"{line}  :gray[{' · '.join(remarks)}]" if remarks else line


def _plain(words: str) -> str:
    return "".join(f"\\{each}" if each in "\\`*_{}[]()#+-.!|$:~<>" else each for each in words)


def _body(tracked: Tracked) -> str:
    finding = tracked.finding
    parts = [_told(tracked)]
    if finding is None:
        parts.append("<p>Its check finds nothing any more.</p>")
        return f'<div class="tk-saving">{"".join(parts)}</div>'
    if finding.monthly is None:
        parts.append(f"<p>Unknown: {escape(finding.unknown_because)}.</p>")
    rows = [*finding.evidence, *finding.also]
    parts.append(_table("Judged by", [(each.name, each.value) for each in rows]))
    parts.append(_list("How to do it", finding.steps, ordered=True))
    parts.append(_list("How to undo it", finding.undo, ordered=False))
    sources = " · ".join(escape(source) for source in finding.sources)
    parts.append(
        f"<h4>Formula</h4><p>{escape(finding.formula)}</p><p><small>{escape(finding.resource)}<br>{sources}</small></p>"
    )
    return f'<div class="tk-saving">{"".join(parts)}</div>'


def _told(tracked: Tracked) -> str:
    """Who decided what, and what the bill says since."""
    decision = tracked.decision
    if decision is None or tracked.state is State.OPEN:
        return ""
    note = f": “{escape(decision.note)}”" if decision.note else ""
    verdict = "done" if tracked.state is State.REALISED else tracked.state.value
    who, day = escape(decision.decided_by), text.day(decision.decided_at.date())
    told = f"<p><b>{verdict.capitalize()}</b> by {who} on {day}{note}</p>"
    return told + (_measured(tracked.realised, tracked) if tracked.realised else "")


def _measured(realised: Realised, tracked: Tracked) -> str:
    if realised.monthly is None or realised.before is None or realised.after is None:
        return f"<p>Realised saving not measured: {escape(realised.because)}.</p>"
    estimate = "unknown" if tracked.estimate is None else text.money(tracked.estimate, DOLLARS)
    rows = [
        ("Realised", f"{text.money(realised.monthly, DOLLARS)} a month"),
        ("Estimated", f"{estimate} a month" if tracked.estimate is not None else estimate),
        (f"A day, {realised.before.label()}", text.money(realised.a_day_before, DOLLARS)),
        (f"A day, {realised.after.label()}", text.money(realised.a_day_after, DOLLARS)),
    ]
    if realised.shared_with:
        others = f"{realised.shared_with} other saving{'' if realised.shared_with == 1 else 's'}"
        rows.append(("Shared", f"with {others} on the same charges, by estimate"))
    return _table("Measured on the bill", rows)


def _table(title: str, rows: Sequence[tuple[str, str]]) -> str:
    cells = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in rows)
    return f"<h4>{escape(title)}</h4><table>{cells}</table>"


def _list(title: str, lines: Sequence[str], *, ordered: bool) -> str:
    tag = "ol" if ordered and len(lines) > 1 else "ul"
    items = "".join(f"<li>{_step(line)}</li>" for line in lines)
    return f"<h4>{escape(title)}</h4><{tag}>{items}</{tag}>"


def _step(line: str) -> str:
    """A command stands out from a sentence."""
    if line.startswith("aws "):
        return f"<code>{escape(line)}</code>"
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(line))


def _buttons(tracked: Tracked, decide: Decide) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall"):
        note = st.text_input(
            "Note",
            key=f"tk-saving-note-{tracked.key}",
            placeholder="Why, or what was done",
            label_visibility="collapsed",
            max_chars=MOST_NOTE,
            width=360,
        )
        for label, state in _BUTTONS[tracked.state]:
            if tracked.finding is None and state is State.DISMISSED:
                continue
            if st.button(label, key=f"tk-saving-{label.lower()}-{tracked.key}"):
                decide(tracked, state, note or "")


def judged(answer: Savings) -> None:
    """What was checked, when, on how many resources; and what could not be."""
    inventory = answer.inventory
    rows = "".join(
        f"<tr><td>{escape(check.title)}</td><td>{check.looked_at:,}</td><td>{len(check.findings):,}</td>"
        f"<td>{'judged' if not check.missing else 'judged in part' if check.is_judged else 'not judged'}</td></tr>"
        for check in answer.checks
    )
    st.html(
        f'<h3 class="tk-chart-title">What was checked <small>{escape(inventory.origin)}, read '
        f"{text.instant(inventory.taken_at)}, use of {inventory.period.label()}</small></h3>"
        '<table class="tk-live"><tr><th>Check</th><th>Looked at</th><th>Found</th><th>State</th></tr>'
        f"{rows}</table>"
    )
    together: dict[tuple[str, str], list[str]] = {}  # one line for all that one reason keeps from us
    for _, each in answer.not_judged:
        names = together.setdefault((each.reason, each.remedy), [])
        if each.what not in names:
            names.append(each.what)
    if together:
        items = "".join(
            f"<li><b>{escape(', '.join(names))}</b>: {escape(reason)}. {escape(remedy)}</li>"
            for (reason, remedy), names in together.items()
        )
        st.html(f'<h3 class="tk-chart-title">Not judged</h3><ul class="tk-lines">{items}</ul>')


def nothing(answer: Savings) -> None:
    """The empty state: nothing to save, as far as was looked."""
    looked = sum(check.looked_at for check in answer.checks)
    unjudged = sum(1 for check in answer.checks if not check.is_judged)
    judged_checks = len(answer.checks) - unjudged
    rest = f" {_checks(unjudged)} could not be judged; the list below says why." if unjudged else ""
    st.html(
        f'<section class="tk-empty"><h2>Nothing to save{" in what could be judged" if unjudged else ""}</h2>'
        f"<p>{_checks(judged_checks)} looked at {looked:,} resources and queries of "
        f"{escape(answer.inventory.origin)} on {text.day(answer.inventory.taken_at.date())}.{rest}</p></section>"
    )


def _checks(number: int) -> str:
    return f"{number} check{'' if number == 1 else 's'}"
