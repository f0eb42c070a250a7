"""Revenue: what did we earn, where and from what?"""

import streamlit as st

from console import wiring
from console.kit import charts, page, tiles
from console.sales import answer, view

with page.opened("Revenue", __doc__, wiring.viewer) as reader:
    revenue = answer.revenue(reader.scope, reader.selection.period, reader.selection.comparisons, reader.slices)
    page.stop_if_empty(revenue.is_empty, next_step="Widen the dates, or clear a filter.", selection=reader.selection)

    currency = reader.scope.reporting_currency
    tiles.row(revenue.figures)
    charts.draw(view.by_day(revenue.now, revenue.comparisons, currency, reader.contents.incomplete_from))
    category, region, channel = st.columns(3, gap="medium")
    with category:
        charts.draw(view.by_slice("By category", revenue.by_category, revenue.comparisons, currency))
    with region:
        charts.draw(view.by_slice("By region", revenue.by_region, revenue.comparisons, currency))
    with channel:
        charts.draw(view.by_slice("By channel", revenue.by_channel, revenue.comparisons, currency))
    view.category_table(revenue, currency, reader.describe(revenue))
    reader.trust_line(revenue, notes=answer.apart(revenue, currency))
