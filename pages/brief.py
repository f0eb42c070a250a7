"""Brief: what happened, why, and what needs me?"""

import streamlit as st

from console import wiring
from console.brief import answer, view, words
from console.budgets.answer import overview
from console.kit import charts, page, tiles
from console.sales import view as sales


def is_cloud_known() -> bool:
    """Whether the forecast of the cloud's bill and its anomalies are worked out."""
    known = overview(reader.scope, wiring.profile().budgets, wiring.profile().decisions, patience=0)
    return known is None or not known.is_pending


with page.opened("Brief", __doc__, wiring.viewer) as reader:
    brief = answer.brief(
        reader.scope,
        reader.selection.period,
        reader.selection.comparisons,
        reader.slices,
        wiring.profile().budgets,
        wiring.profile().decisions,
    )
    page.stop_if_empty(brief.is_empty, next_step="Widen the dates, or clear a filter.", selection=reader.selection)

    currency = reader.scope.reporting_currency
    view.headline(words.headline(brief, currency), words.paragraphs(brief, currency))
    if brief.cloud and brief.cloud.overview and brief.cloud.overview.is_pending:
        page.waiting("Working out what the cloud’s bill will come to", is_cloud_known)
    tiles.row(brief.figures[:4])
    attention, movers = st.columns([3, 2], gap="medium")
    with attention:
        view.attention(brief.attention)
        view.why(brief, currency)
    with movers:
        view.movers(brief.rising, brief.falling, currency)
    charts.draw(sales.by_day(brief.now, brief.comparisons, currency, reader.contents.incomplete_from))
    reader.trust_line(brief)
