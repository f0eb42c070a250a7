"""Savings: what can go, what was decided, and what did it bring?"""

from datetime import UTC, datetime

import streamlit as st

from catalogue.errors import TakingsError
from console import wiring
from console.finops.pricing import price_book
from console.kit import charts as drawn
from console.kit import formatting as text
from console.kit import page, records, tables, tiles
from console.kit import viewer as reader
from console.savings import answer as insight
from console.savings import tracking
from console.savings.views import charts as savings_charts
from console.savings.views import list as savings_list

try:
    scope = reader.scope(wiring.viewer, "Savings")
except TakingsError as error:
    page.begin("Savings", __doc__)
    with page.answer():
        raise error
    st.stop()
page.begin("Savings", __doc__, is_sample=scope.is_sample)


def decide(tracked: insight.TrackedSaving, state: insight.DecisionState, note: str) -> None:
    """Remember what was clicked, and show the page as it now is."""
    tracking.decide(wiring.decisions(), tracked, state, note, reader.name(), datetime.now(UTC))
    st.rerun()


with page.answer():
    answer = insight.savings(scope, wiring.inventory(scope), price_book.load(), wiring.decisions())
    tiles.row(answer.figures)
    if answer.tracked:
        left, right = st.columns([3, 2], gap="medium")
        with left:
            drawn.draw(savings_charts.by_check(answer))
        with right:
            drawn.draw(savings_charts.by_effort(answer))
        chosen = savings_list.filters(answer)
        shown = [each for each in answer.tracked if chosen.shows(each)]
        if not shown:
            st.html('<p class="tk-calm">No saving in this selection.</p>')
        savings_list.draw(shown, decide)
        tables.show(
            records.table_of([insight.SavingRow.of(saving) for saving in shown], list(savings_list.COLUMNS)),
            savings_list.COLUMNS,
            export_as="savings",
            title="As a table",
            scope=[
                ("Read from", answer.inventory.origin),
                ("Read at", text.instant(answer.inventory.taken_at)),
                ("Use measured over", answer.inventory.period.label()),
                *([("Data", "sample resources, made up from the sample's bill")] if answer.inventory.is_sample else []),
            ],
        )
    else:
        savings_list.nothing(answer)
    savings_list.judged(answer)
    notes = ("The resources are made up: they follow from the sample's bill.",) if answer.inventory.is_sample else ()
    page.trust_line(
        answer.statistics,
        sql=[(scope.catalogue[each.query].title, each.sql) for each in answer.results],
        notes=notes,
        now=scope.now(),
    )
