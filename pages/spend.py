"""Spend: what does the cloud cost, for what, and what changed?"""

import streamlit as st

from console import wiring
from console.finops import view as spend_reading
from console.kit import charts, page, prose, tiles
from console.spend import answer as insight
from console.spend import words
from console.spend.views import charts as spend_charts
from console.spend.views import filters as spend_filters
from console.spend.views import tables as spend_tables

view = spend_reading.begin("Spend", __doc__, wiring.viewer)
state = spend_filters.bar(view.contents)
currency = view.contents.currency(state.currency, view.scope.reporting_currency)

with page.answer():
    answer = insight.spend(
        view.scope,
        view.contents,
        view.selection.period,
        view.selection.comparisons,
        state.part(currency),
        basis=state.basis,
        by=state.by,
        tag_key=state.untagged,
    )
    page.stop_if_empty(
        answer.is_empty, next_step="Widen the dates, choose another currency, or look at the whole bill."
    )
    page.stop_if_empty(
        answer.is_unknown,
        title=f"The {answer.basis} cost of these charges is unknown",
        next_step=words.another_basis(answer.now.known),
    )
    narrowed = words.narrowed(answer.part, view.contents.names)
    about = view.describe(answer.statistics, basis=answer.basis, currency=currency, narrowed=narrowed)

    tiles.row(answer.figures)
    spend_filters.drill(state, view.contents, answer.breakdown.values)
    charts.draw(spend_charts.by_day(answer.breakdown, answer.now.days, answer.basis, currency, answer.incomplete_from))
    spend_tables.by_value(
        answer.breakdown, answer.basis, currency, about, lambda each: spend_filters.go_into(state, each.value)
    )
    if answer.changed is not None:
        charts.draw(spend_charts.why(answer.changed, answer.basis, currency))
        spend_tables.movers(answer.changed.movers, currency, about)

    apart, tagged = st.columns(2, gap="medium")
    with apart:
        prose.lines("Apart from usage", words.apart(answer.now, answer.basis, currency))
        prose.lines("Commitments", words.commitments(answer.commitments, answer.commitments_before, currency))
    with tagged:
        charts.draw(spend_charts.coverage(answer.tags.keys))
        if answer.tags.chosen is not None:
            spend_filters.tag_key(view.contents)
            prose.lines("Unallocated", words.unallocated(answer.tags, answer.basis, currency))
            spend_tables.untagged(answer.tags, answer.basis, currency, about)
    view.trust_line(answer.statistics, answer.results, notes=words.notes(answer, view.contents))
