"""What the Budgets page says in words: budgets with their bars, alerts, how good the forecast is, and anomalies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from html import escape

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Unit
from console.budgets import figures
from console.budgets.answer import Answer, JudgedAnomaly
from console.budgets.budgets import BudgetState, Status
from console.budgets.forecasting.anomalies import Anomaly
from console.budgets.forecasting.aws_anomalies import DELAY, DELAY_SOURCE, AwsAnomaly
from console.budgets.views import burn_down, days
from console.decisions.validation import MOST_NOTE
from console.kit import charts, prose, tables, tiles

Decide = Callable[[Anomaly, str, str], None]  # anomaly, verdict, note

EXPECTED, OPEN = "expected", "open"
MOST_SHOWN = 20  # anomalies with buttons of their own
MOST_BLAMED = 3
LEAST_LIFT = 0.1  # of the usual: retail days that differ less are not mentioned
_TONES = {
    BudgetState.OVER: "bad",
    BudgetState.AT_RISK: "bad",
    BudgetState.ON_TRACK: "good",
    BudgetState.UNKNOWN: "same",
}
BACKTEST_COLUMNS = {
    "horizon": tables.Column("Days left of the month"),
    "origins": tables.Column("Forecasts", Unit.COUNT),
    "mape": tables.Column("MAPE", Unit.PERCENT, help="Mean absolute percentage error of the month's total"),
    "run_rate_mape": tables.Column("Run-rate", Unit.PERCENT, help="MAPE of booked ÷ days so far × days of the month"),
    "last_month_mape": tables.Column("Last month", Unit.PERCENT, help="MAPE of saying: as much as last month"),
    "wape": tables.Column("WAPE", Unit.PERCENT, help="Σ |error| ÷ Σ actual: large months weigh more"),
    "run_rate_wape": tables.Column("Run-rate WAPE", Unit.PERCENT),
    "last_month_wape": tables.Column("Last month WAPE", Unit.PERCENT),
    "covered": tables.Column("Interval held", Unit.PERCENT, help="Share of forecasts whose interval held the total"),
}


def ended(answer: Answer) -> None:
    """That the bill ends before today, where it does."""
    if answer.ended is not None:
        st.html(prose.calm(figures.ended(answer.ended)))


def draw(answer: Answer, by_aws: tuple[Sequence[AwsAnomaly] | None, str] | None, decide: Decide) -> None:
    """The month and its days, the budgets, how the forecast is made, and the anomalies; `by_aws` is None off AWS."""
    if not answer.statuses and not answer.elsewhere:
        st.html(prose.calm("No budget yet: type one under “Edit budgets”, and its month is drawn against it."))
    left, right = st.columns([3, 2], gap="medium")
    with left:
        charts.draw(burn_down.chart(answer), key="tk-month")
        charts.draw(days.chart(answer), key="tk-days")
    with right:
        statuses(answer.statuses, answer.chosen)
        method(answer)
    columns = [st.container()] if by_aws is None else st.columns([3, 2], gap="medium")
    with columns[0]:
        if answer.anomalies is not None:
            anomalies(answer.anomalies, answer.bill.currency, decide)
    if by_aws is not None:
        with columns[1]:
            aws(*by_aws, [found.anomaly for found in answer.anomalies or ()])


def backtest(answer: Answer, more: Sequence[tuple[str, str]]) -> None:
    """How good such forecasts have been, as a table, or why that is not known; `more` is printed in the export."""
    tested = answer.backtest
    if tested is None:
        return
    if not tested.rows:
        st.html(prose.calm(tested.needs))
        return
    tables.show(
        tested.rows,
        BACKTEST_COLUMNS,
        export_as="forecast-backtest",
        title="How good such forecasts have been",
        about=[
            ("Basis", f"{answer.basis.value} cost"),
            ("For", str(answer.scope)),
            ("Currency", answer.bill.currency),
            ("Known up to", text.day(answer.forecast.as_of)),
            *more,
        ],
    )


def statuses(entries: Sequence[Status], chosen: Status | None) -> None:
    """One line per budget: a bar of what is booked and expected, its state, and the highest alert."""
    if not entries:
        return
    rows = "".join(_status(entry, is_chosen=entry == chosen) for entry in entries)
    heading = prose.heading("Budgets", text.month(entries[0].forecast.month))
    st.html(f'{heading}<div class="tk-budgets">{rows}</div>')


def _status(entry: Status, *, is_chosen: bool) -> str:
    currency = entry.budget.currency
    full = max(1.2, float(entry.used), float(entry.expected or 0))
    shares = {"booked": float(entry.used) / full, "expected": float(entry.expected or 0) / full, "budget": 1 / full}
    style = ";".join(f"--tk-{name}:{max(share, 0):.4f}" for name, share in shares.items())
    alerts = ", ".join(f"{alert.threshold}{text.NARROW_SPACE}% {_BY[alert.by]}" for alert in entry.alerts)
    name = f"<b>{escape(entry.budget.name)}</b>" if is_chosen else escape(entry.budget.name)
    expected = text.percent(entry.expected, 0) if entry.expected is not None else text.UNKNOWN
    return (
        f'<div class="tk-budget"><p>{name}<small>{escape(str(entry.budget.scope))}, {entry.budget.basis.value}, '
        f"{escape(entry.budget.source)}</small></p>"
        f'<i style="{style}" role="img" aria-label="{text.percent(entry.used, 0)} booked, {expected} expected"></i>'
        f"<p>{text.money(entry.forecast.booked, currency)} of {text.money(entry.amount, currency)}"
        f"<small>{text.percent(entry.used, 0)} booked, {expected} expected</small></p>"
        f'<p class="tk-change tk-{_TONES[entry.state]}"><b>{entry.state.value}</b>'
        f"<small>{escape(alerts) or 'no alert'}</small></p></div>"
    )


_BY = {"actual": "reached", "forecast": "expected"}


def method(answer: Answer) -> None:
    """What made the forecast, what it left out, and which retail days are ahead."""
    expected = answer.forecast
    lines = []
    if expected.amount is not None:
        made = f"{expected.method[:1].lower()}{expected.method[1:]}"
        lines.append(f"Made by the {made}." if not expected.note else f"Made by the {made}. {expected.note}")
        rest = "Credits that are not booked yet are not expected"
        tax = text.money(expected.tax_to_come, answer.bill.currency)
        lines.append(f"{rest}. Tax still to come: {tax}." if expected.tax_to_come else f"{rest}.")
    if expected.left_out:
        unsettled = ", ".join(text.short_day(day) for day in expected.left_out)
        lines.append(f"Not settled yet, so counted as days to come: {unsettled}.")
    ahead: dict[str, list[str]] = {}
    for occasion in expected.occasions:
        if occasion.times is None:
            ahead.setdefault(occasion.name, [])
        elif abs(occasion.times - 1) >= LEAST_LIFT:
            ahead.setdefault(occasion.name, []).append(f"{text.short_day(occasion.day)} ×{text.ratio(occasion.times)}")
    for name, lifts in ahead.items():
        seen = f"expected to cost as the last time: {', '.join(lifts)}"
        lines.append(f"{name} is ahead, {seen if lifts else 'not in the forecast: this bill has seen none'}.")
    if answer.unknown_days:
        lines.append(f"On {answer.unknown_days} days something has no {answer.basis.value} cost, which counts as 0.")
    prose.lines("How it is made", lines)


def anomalies(found: Sequence[JudgedAnomaly], currency: str, decide: Decide) -> None:
    """Episodes by money at stake: the open ones with a button, those decided or explained below."""
    opened = [judged for judged in found if judged.is_open]
    rest = [judged for judged in found if not judged.is_open]
    st.html(prose.heading("Anomalies", f"{len(opened)} open, by money at stake"))
    if not opened:
        st.html(prose.calm("No open anomaly."))
    for judged in opened[:MOST_SHOWN]:
        _anomaly(judged, currency, decide)
    if len(opened) > MOST_SHOWN:
        st.html(prose.calm(f"and {text.count(len(opened) - MOST_SHOWN)} smaller ones"))
    if rest:
        with st.expander(f"{len(rest)} expected"):
            for judged in rest[:MOST_SHOWN]:
                _anomaly(judged, currency, decide)


def _anomaly(judged: JudgedAnomaly, currency: str, decide: Decide) -> None:
    one = judged.anomaly
    with st.container(key=f"tk-anomaly-{one.key}", horizontal=True, vertical_alignment="center", gap="small"):
        st.html(_episode(judged, currency), width="stretch")
        if judged.verdict is not None:
            if st.button("Undo", key=f"tk-anomaly-undo-{one.key}"):
                decide(one, OPEN, "")
        elif not one.occasion:
            with st.popover("Expected", key=f"tk-anomaly-expected-{one.key}"):
                note = st.text_input(
                    "Why it was expected",
                    key=f"tk-anomaly-note-{one.key}",
                    max_chars=MOST_NOTE,
                    placeholder="A load test",
                )
                if st.button("Mark as expected", key=f"tk-anomaly-mark-{one.key}", type="primary"):
                    decide(one, EXPECTED, note or "")


def _episode(judged: JudgedAnomaly, currency: str) -> str:
    one = judged.anomaly
    times = f"×{text.ratio(one.times, 1)} the usual" if one.times is not None else "never charged before"
    blame = ", ".join(
        f"{escape(part.usage_type)} {text.money(part.money, currency)}" for part in one.blame[:MOST_BLAMED]
    )
    more = f" and {len(one.blame) - MOST_BLAMED} more" if len(one.blame) > MOST_BLAMED else ""
    parts = [f"{text.days(one.start, one.end)}{', still going on' if one.ongoing else ''}", times]
    if one.occasion:
        parts.append(f"explained by {one.occasion}")
    decision = ""
    if judged.verdict is not None:
        note = f": “{escape(judged.verdict.note)}”" if judged.verdict.note else ""
        day = text.day(judged.verdict.decided_at.date())
        decision = f"<p>Expected, said {escape(judged.verdict.decided_by)} on {day}{note}</p>"
    return (
        f'<div class="tk-anomaly"><p><b>{text.money(one.money, currency)}</b> {escape(one.service)}</p>'
        f"{tiles.sparkline(one.around)}<p>{escape(', '.join(parts))}</p><p>{blame}{more}</p>{decision}</div>"
    )


def aws(found: Sequence[AwsAnomaly] | None, failure: str, ours: Sequence[Anomaly]) -> None:
    """What AWS found itself, with its delay and its source; `found` is None while it is asked, or where it failed."""
    st.html(prose.heading("Anomalies found by AWS", DELAY))
    if found:
        items = "".join(_by_aws(anomaly, ours) for anomaly in found[:MOST_SHOWN])
        st.html(f'<ul class="tk-lines">{items}</ul>')
    else:
        nothing = "Asking AWS …" if found is None else "AWS found nothing in the last 90 days."
        st.html(prose.calm(failure or nothing))
    st.html(f'<p class="tk-note">Source: {escape(DELAY_SOURCE)}</p>')


def _by_aws(anomaly: AwsAnomaly, ours: Sequence[Anomaly]) -> str:
    end = anomaly.end or anomaly.start
    also = any(
        one.service == anomaly.service
        and one.start <= end + timedelta(days=1)
        and anomaly.start <= one.end + timedelta(days=1)
        for one in ours
    )
    usage = f", {escape(anomaly.usage_type)}" if anomaly.usage_type else ""
    detail = f"{text.days(anomaly.start, end)}{'; ours too' if also else '; not among ours'}"
    return f"<li><b>{text.money(anomaly.money, 'USD')}</b> {escape(anomaly.service)}{usage}: {detail}</li>"
