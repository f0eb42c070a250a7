"""Revenue: what did we earn, where and from what?"""

import streamlit as st

from console import wiring
from console.asking.figures import Unit
from console.kit import charts, page, reading, records, tables, tiles
from console.sales import answer as sales
from console.sales import view as sales_charts

COMPARED = {"before": "Compared with", "change": "Change"}

view = reading.begin("Revenue", __doc__, wiring.viewer)
currency = view.scope.reporting_currency

with page.answer():
    revenue = sales.revenue(view.scope, view.selection.period, view.selection.comparisons, view.slices)
    page.stop_if_empty(revenue.is_empty, next_step="Widen the dates, or clear a filter.", selection=view.selection)

    tiles.row(revenue.figures)
    charts.draw(sales_charts.by_day(revenue.now, revenue.comparisons, currency, view.contents.incomplete_from))
    for place, (title, slices) in zip(
        st.columns(3, gap="medium"),
        (("By category", revenue.by_category), ("By region", revenue.by_region), ("By channel", revenue.by_channel)),
        strict=True,
    ):
        with place:
            charts.draw(sales_charts.by_slice(title, slices, revenue.comparisons, currency))
    compared = ["before", "change"] if revenue.comparisons else []
    tables.show(
        records.table_of(
            revenue.by_category,
            ["name", "net_revenue", *compared, "share", "gross_margin_rate", "refunds", "units"],
            rates=["share", "gross_margin_rate"],
        ),
        {
            "name": tables.Column("Category"),
            "net_revenue": tables.Column("Net revenue", Unit.MONEY, currency),
            **{name: tables.Column(COMPARED[name], Unit.MONEY, currency) for name in compared},
            "share": tables.Column("Share", Unit.PERCENT),
            "gross_margin_rate": tables.Column("Margin", Unit.PERCENT, help="Of the lines whose cost is known"),
            "refunds": tables.Column("Refunds", Unit.MONEY, currency),
            "units": tables.Column("Units", Unit.COUNT),
        },
        export_as="revenue-by-category",
        title="Net revenue by category",
        scope=view.describe(revenue.statistics),
    )
    view.trust_line(revenue.statistics, list(revenue.results), notes=sales.apart(revenue.other_currencies))
