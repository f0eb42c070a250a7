"""The list of savings: a line for each, which opens to the evidence, how to do it, how to undo it, and a decision."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Unit
from console.decisions.validation import MOST_NOTE
from console.kit import prose, tables
from console.savings.answer import DOLLARS, DecisionState, SavingRow, Savings, TrackedSaving
from console.savings.inventory import Inventory
from console.savings.tracking import RealisedSaving

Decide = Callable[[TrackedSaving, DecisionState, str], None]

MOST_SHOWN = 50  # lines: each has its own buttons, and nobody reads more at once
_BUTTONS = {  # what can be decided from where
    DecisionState.OPEN: (("Accept", DecisionState.ACCEPTED), ("Dismiss", DecisionState.DISMISSED)),
    DecisionState.ACCEPTED: (
        ("Done", DecisionState.REALISED),
        ("Dismiss", DecisionState.DISMISSED),
        ("Undo", DecisionState.OPEN),
    ),
    DecisionState.REALISED: (("Undo", DecisionState.OPEN),),
    DecisionState.DISMISSED: (("Undo", DecisionState.OPEN),),
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


def table(shown: Sequence[TrackedSaving], inventory: Inventory) -> None:
    """The savings listed, one row each, to export."""
    tables.show(
        [SavingRow.of(saving) for saving in shown],
        COLUMNS,
        export_as="savings",
        title="As a table",
        about=[
            ("Read from", inventory.origin),
            ("Read at", text.instant(inventory.taken_at)),
            ("Use measured over", inventory.period.label()),
            *([("Data", "sample resources, made up from the sample's bill")] if inventory.is_sample else []),
        ],
    )


def draw(shown: Sequence[TrackedSaving], decide: Decide) -> None:
    """The savings; a click opens one."""
    with st.container(key="tk-savings", gap="xsmall"):
        for tracked in shown[:MOST_SHOWN]:
            with st.expander(_line(tracked)):
                st.html(_body(tracked))
                _buttons(tracked, decide)
    if len(shown) > MOST_SHOWN:
        more = text.count(len(shown) - MOST_SHOWN)
        st.html(f'<p class="tk-calm">and {more} more; narrow the list, or export the table</p>')


def _line(tracked: TrackedSaving) -> str:
    """The text of a closed line, with Markdown's signs escaped."""
    amount = "unknown" if tracked.estimate is None else text.money(tracked.estimate, DOLLARS)
    remarks = []
    if tracked.finding is not None:
        remarks += [f"{tracked.finding.effort.value} effort", f"{tracked.finding.risk.value} risk"]
    if tracked.state is not DecisionState.OPEN:
        remarks.append(tracked.state.value)
    line = f"**{prose.escaped(amount)}** · {prose.escaped(tracked.title)}"
    return f"{line}  :gray[{' · '.join(remarks)}]" if remarks else line


def _body(tracked: TrackedSaving) -> str:
    finding = tracked.finding
    parts = [_decision(tracked)]
    if finding is None:
        parts.append("<p>Its check no longer finds it.</p>")
        return f'<div class="tk-saving">{"".join(parts)}</div>'
    if finding.monthly is None:
        parts.append(f"<p>Unknown: {escape(finding.unknown_because)}.</p>")
    parts.append(_table("Evidence", [*finding.evidence, *finding.also]))
    parts.append(_list("How to do it", finding.steps, ordered=True))
    parts.append(_list("How to undo it", finding.undo, ordered=False))
    sources = " · ".join(escape(source) for source in finding.sources)
    parts.append(
        f"<h4>Formula</h4><p>{escape(finding.formula)}</p><p><small>{escape(finding.resource)}<br>{sources}</small></p>"
    )
    return f'<div class="tk-saving">{"".join(parts)}</div>'


def _decision(tracked: TrackedSaving) -> str:
    """Who decided what, and what the bill shows since."""
    decision = tracked.decision
    if decision is None or tracked.state is DecisionState.OPEN:
        return ""
    note = f": “{escape(decision.note)}”" if decision.note else ""
    verdict = "done" if tracked.state is DecisionState.REALISED else tracked.state.value
    who, day = escape(decision.decided_by), text.day(decision.decided_at.date())
    decided = f"<p><b>{verdict.capitalize()}</b> by {who} on {day}{note}</p>"
    return decided + (_measured(tracked.realised, tracked) if tracked.realised else "")


def _measured(realised: RealisedSaving, tracked: TrackedSaving) -> str:
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
        others = text.counted(realised.shared_with, "other saving")
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
    """A step as HTML: commands in a fixed-width font."""
    if line.startswith("aws "):
        return f"<code>{escape(line)}</code>"
    return prose.with_commands(line)


def _buttons(tracked: TrackedSaving, decide: Decide) -> None:
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
            if tracked.finding is None and state is DecisionState.DISMISSED:
                continue
            if st.button(label, key=f"tk-saving-{label.lower()}-{tracked.key}"):
                decide(tracked, state, note or "")


def judged(answer: Savings) -> None:
    """The checks with the number of resources each looked at, and what could not be judged."""
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
    together: dict[tuple[str, str], list[str]] = {}  # one line for everything with the same reason
    for _, unread in answer.not_judged:
        names = together.setdefault((unread.reason, unread.remedy), [])
        if unread.what not in names:
            names.append(unread.what)
    if together:
        items = "".join(
            f"<li><b>{escape(', '.join(names))}</b>: {escape(reason)}. {escape(remedy)}</li>"
            for (reason, remedy), names in together.items()
        )
        st.html(f'<h3 class="tk-chart-title">Not judged</h3><ul class="tk-lines">{items}</ul>')


def nothing(answer: Savings) -> None:
    """The empty state: nothing to save in what could be judged."""
    looked = sum(check.looked_at for check in answer.checks)
    unjudged = sum(1 for check in answer.checks if not check.is_judged)
    judged_checks = len(answer.checks) - unjudged
    rest = f" {text.counted(unjudged, 'check')} could not be judged; the list below says why." if unjudged else ""
    st.html(
        f'<section class="tk-empty"><h2>Nothing to save{" in what could be judged" if unjudged else ""}</h2>'
        f"<p>{text.counted(judged_checks, 'check')} looked at {looked:,} resources and queries of "
        f"{escape(answer.inventory.origin)} on {text.day(answer.inventory.taken_at.date())}.{rest}</p></section>"
    )
