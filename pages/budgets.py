"""Budgets and forecast: will the cloud's bill stay in budget, and what is unusual in it?"""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from catalogue.errors import TakingsError
from console import wiring
from console.budgets import answer as insight
from console.budgets import figures as budget_figures
from console.budgets.bill import bill
from console.budgets.forecasting.anomalies import KIND, Anomaly
from console.budgets.forecasting.aws_anomalies import AwsAnomaly
from console.budgets.views import board as budget_board
from console.budgets.views import burn_down
from console.budgets.views import days as budget_days
from console.budgets.views import form as budget_form
from console.decisions import Decision
from console.finops import view as spend_reading
from console.finops.charges import Basis
from console.kit import charts, link, page, records, tables, tiles
from console.kit import formatting as text
from console.kit import viewer as reader

TITLE = "Budgets and forecast"
PENDING = (None, "")  # what AWS found, while it is asked

try:
    scope = reader.scope(wiring.viewer, TITLE)
except TakingsError as error:
    page.begin(TITLE, __doc__)
    with page.answer():
        raise error
    st.stop()
page.begin(TITLE, __doc__, is_sample=scope.is_sample)


def decide(anomaly: Anomaly, verdict: str, note: str) -> None:
    """Remember what was clicked, and show the page as it now is."""
    wiring.decisions().decide(Decision(KIND, anomaly.key, verdict, note, reader.name(), datetime.now(UTC)))
    st.rerun()


def is_worked_out(name: str, basis: Basis) -> bool:
    """Whether the forecast, the backtest, the anomalies and what AWS found are there."""
    now = insight.budgets(scope, wiring.budgets(), wiring.decisions(), name=name, basis=basis, patience=0)
    return not now.is_pending and by_aws(patience=0) != PENDING


def by_aws(patience: float = insight.PATIENCE) -> tuple[Sequence[AwsAnomaly] | None, str]:
    """What AWS found itself; nothing where it is not asked."""
    if not wiring.has_aws_anomalies():
        return (), ""
    return insight.by_aws(partial(wiring.aws_anomalies, scope.asker), scope.today, patience=patience)


with page.answer():
    source, file = wiring.budgets(), wiring.budget_file()
    page.stop_if_empty(
        bill(scope).is_empty,
        title="There is no cloud bill yet",
        next_step=spend_reading.NEXT_STEP,
        commands=spend_reading.IMPORT_COMMANDS,
    )
    names = [each.name for each in source.budgets()]
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="tk-budget-bar"):
        name, basis = "", Basis.BILLED
        if names:
            name = link.Choice("budget", {each: each for each in names}, names[0]).draw_list("Budget", width=285)
        else:
            bases = {each.value: each.value for each in Basis}
            basis = Basis(link.Choice("basis", bases, basis.value).draw_list("Basis", width=165))
        services = insight.services(scope)
        if file is not None:
            budget_form.edit(file, bill(scope).currency, services)
    answer = insight.budgets(scope, source, wiring.decisions(), name=name, basis=basis)
    currency = answer.bill.currency
    if answer.ended is not None:
        st.html(f'<p class="tk-calm">{budget_figures.ended(answer.ended)}</p>')
    tiles.row(budget_figures.figures(answer))
    theirs = by_aws()
    if answer.is_pending or theirs == PENDING:
        what = answer.pending or "Asking AWS for its own anomalies"
        page.waiting(what, lambda: is_worked_out(name, basis))
    if not names:
        st.html(
            '<p class="tk-calm">No budget yet: type one under “Edit budgets”, and its month is drawn against it.</p>'
        )
    left, right = st.columns([3, 2], gap="medium")
    with left:
        charts.draw(burn_down.chart(answer), key="tk-month")
        charts.draw(budget_days.chart(answer), key="tk-days")
    with right:
        budget_board.statuses(answer.statuses, answer.chosen)
        budget_board.method(answer)
    found, beside = st.columns([3, 2], gap="medium") if wiring.has_aws_anomalies() else (st.container(), None)
    with found:
        if answer.anomalies is not None:
            budget_board.anomalies(answer.anomalies, currency, decide)
    if beside is not None:
        with beside:
            budget_board.aws(*theirs, [each.anomaly for each in answer.anomalies or ()])
    printed = [
        ("Basis", f"{answer.basis.value} cost"),
        ("For", str(answer.scope)),
        ("Currency", currency),
        ("Known up to", text.day(answer.forecast.as_of)),
        *([("Data", "sample data, made up")] if scope.is_sample else []),
    ]
    if answer.backtest is not None and answer.backtest.rows:
        tables.show(
            records.table_of(
                budget_figures.backtest_lines(answer.backtest),
                list(budget_board.BACKTEST_COLUMNS),
                rates=[name for name, column in budget_board.BACKTEST_COLUMNS.items() if column.unit == "percent"],
            ),
            budget_board.BACKTEST_COLUMNS,
            export_as="forecast-backtest",
            title="How good such forecasts have been",
            scope=printed,
        )
    elif answer.backtest is not None:
        st.html(f'<p class="tk-calm">{answer.backtest.needs}</p>')
    page.trust_line(
        answer.statistics,
        sql=list({each.sql: (scope.catalogue[each.query].title, each.sql) for each in answer.results}.values()),
        notes=budget_figures.notes(answer),
        now=scope.now(),
    )
