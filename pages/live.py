"""Live: what is happening right now?"""

from datetime import datetime

import streamlit as st

from catalogue.errors import TakingsError
from console import wiring
from console.kit import charts, page, tiles
from console.kit import viewer as reader
from console.live import answer as insight
from console.live.views import board as live_board
from console.live.views import charts as live_charts

EVERY = 1.0  # seconds: what is drawn is at most that much older than what live has
HISTORY = "tk-live-history"

try:
    scope, source = reader.scope(wiring.viewer, "Live"), wiring.live_source()
except TakingsError as error:
    page.begin("Live", __doc__)
    with page.answer():
        raise error
    st.stop()
page.begin("Live", __doc__, is_sample=scope.is_sample)
currency = scope.reporting_currency


def history(since: datetime | None) -> insight.History:
    """What the lake knows of this hour: asked when the page opens, and then once a minute."""
    minute = insight.minute_of(scope.now())
    kept: insight.History | None = st.session_state.get(HISTORY)
    if kept is None or (kept.minute, kept.since) != (minute, since):
        kept = st.session_state[HISTORY] = insight.history(scope, minute, since)
    return kept


def draw(answer: insight.Live) -> None:
    """The data state."""
    snapshot = answer.snapshot
    tiles.row(answer.figures)
    charts.draw(live_charts.revenue_so_far(answer, currency), key="tk-live-hour")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        live_board.products(snapshot.products, currency)
        live_board.channels(snapshot.channels, currency)
    with right:
        live_board.funnel(answer.steps, is_estimate=snapshot.is_estimate)
        live_board.orders(snapshot.orders)
    live_board.flow(snapshot)


@st.fragment(run_every=EVERY)
def board() -> None:
    """Everything that moves."""
    try:
        snapshot = source.snapshot(scope.row_filter.regions)
        answer = insight.live(snapshot, history(snapshot.since), currency)
    except TakingsError as failure:
        live_board.failed(failure)
        return
    if answer.is_empty:
        live_board.waiting(st.context.url or "http://localhost:8501")
    draw(answer)


board()
past: insight.History | None = st.session_state.get(HISTORY)
if past is not None and past.since is not None:
    page.trust_line(
        past.statistics,
        sql=[(scope.catalogue[each.query].title, each.sql) for each in past.results],
        notes=("Now is counted by live as events arrive; the hour last week is the lake's.",),
        now=scope.now(),
    )
