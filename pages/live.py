"""Live: what is happening right now?"""

import streamlit as st

from catalogue.errors import TakingsError
from console import wiring
from console.kit import page
from console.live import answer
from console.live.views import board

EVERY = 1.0  # seconds: what is drawn is at most that much older than what live has


@st.fragment(run_every=EVERY)
def moving() -> None:
    """Everything that moves."""
    scope = reader.scope
    try:
        snapshot = source.snapshot(scope.row_filter.regions)
        live = answer.live(snapshot, board.history(scope, snapshot.since), scope.reporting_currency)
    except TakingsError as error:
        board.failed(error)
        return
    if live.is_empty:
        board.waiting(st.context.url or "http://localhost:8501")
    board.draw(live, scope.reporting_currency)


with page.unfiltered("Live", __doc__, wiring.viewer) as reader:
    source = wiring.profile().live
    moving()
    past = board.kept_history()
    if past is not None and past.since is not None:
        reader.trust_line(past, notes=("The last hour is counted as events arrive; last week's comes from the lake.",))
