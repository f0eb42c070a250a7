"""Budgets and forecast: will the cloud's bill stay in budget, and what is unusual in it?"""

from datetime import UTC, datetime
from functools import partial

import streamlit as st

from console import wiring
from console.budgets import answer, figures
from console.budgets.bill import bill
from console.budgets.forecasting.anomalies import KIND, Anomaly
from console.budgets.views import board, form
from console.decisions import Decision
from console.finops.view import stop_without_bill
from console.kit import page, tiles, viewer


def decide(anomaly: Anomaly, verdict: str, note: str) -> None:
    """Keep what was clicked, and draw the page anew."""
    wiring.profile().decisions.decide(Decision(KIND, anomaly.key, verdict, note, viewer.name(), datetime.now(UTC)))
    st.rerun()


with page.unfiltered("Budgets and forecast", __doc__, wiring.viewer) as reader:
    scope, profile = reader.scope, wiring.profile()
    stop_without_bill(bill(scope).is_empty)
    name, basis = form.bar(profile.budgets, profile.budget_file, bill(scope).currency, answer.services(scope))
    ask = partial(answer.budgets, scope, profile.budgets, profile.decisions, name=name, basis=basis)
    aws = partial(profile.aws_anomalies, scope.asker) if profile.has_aws_anomalies else None
    ask_aws = partial(answer.by_aws, aws, scope.today)

    budgets = ask()
    board.ended(budgets)
    tiles.row(figures.figures(budgets))
    by_aws = ask_aws()
    if budgets.is_pending or by_aws == answer.PENDING:
        what = budgets.pending or "Asking AWS for its own anomalies"
        page.waiting(what, lambda: not ask(patience=0).is_pending and ask_aws(patience=0) != answer.PENDING)
    board.draw(budgets, None if aws is None else by_aws, decide)
    board.backtest(budgets, reader.sample_lines)
    reader.trust_line(budgets, notes=figures.notes(budgets))
