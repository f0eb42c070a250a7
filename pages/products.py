"""Products: what sells, and with what?"""

import streamlit as st

from console import wiring
from console.brief import view as brief
from console.kit import charts, page, tiles
from console.products import answer, view

with page.opened("Products", __doc__, wiring.viewer) as reader:
    comparisons = reader.selection.comparisons
    found = answer.products(reader.scope, reader.selection.period, comparisons, reader.slices)
    page.stop_if_empty(found.is_empty, next_step="Widen the dates, or clear a filter.", selection=reader.selection)

    currency = reader.scope.reporting_currency
    tiles.row(found.figures)
    best, movers = st.columns([3, 2], gap="medium")
    with best:
        charts.draw(view.best_sellers(found.products, comparisons, currency))
    with movers:
        brief.movers(answer.rising(found.products)[:5], answer.falling(found.products)[:5], currency)
    about = reader.describe(found)
    chosen = view.choose(found.products, currency, about)
    view.table(chosen, currency, about, is_compared=bool(comparisons), of=len(found.products))
    view.pairs(found.pairs, about)
    reader.trust_line(found)
