"""Products: what sells, and with what?"""

import streamlit as st

from console import wiring
from console.asking.figures import Unit
from console.brief import words as sentences
from console.kit import charts, page, prose, reading, records, tables, tiles
from console.products import answer as insight
from console.products import view as products_view

TOP = 12

view = reading.begin("Products", __doc__, wiring.viewer)
currency = view.scope.reporting_currency

with page.answer():
    answer = insight.products(view.scope, view.selection.period, view.selection.comparisons, view.slices)
    page.stop_if_empty(answer.is_empty, next_step="Widen the dates, or clear a filter.", selection=view.selection)

    tiles.row(answer.figures)
    best, movers = st.columns([3, 2], gap="medium")
    with best:
        charts.draw(products_view.best_sellers(answer.products[:TOP], view.selection.comparisons, currency))
    with movers:
        prose.lines("Rising", [sentences.mover(each, currency) for each in insight.rising(answer.products)[:5]])
        prose.lines("Falling", [sentences.mover(each, currency) for each in insight.falling(answer.products)[:5]])
    compared = ["change"] if view.selection.comparisons else []
    tables.show(
        records.table_of(
            answer.products,
            [
                "name",
                "category",
                "net_revenue",
                *compared,
                "units",
                "orders",
                "refund_rate",
                "gross_margin_rate",
                "views",
                "cart_rate",
            ],
            rates=["refund_rate", "gross_margin_rate", "cart_rate"],
        ),
        {
            "name": tables.Column("Product"),
            "category": tables.Column("Category"),
            "net_revenue": tables.Column("Net revenue", Unit.MONEY, currency),
            **{name: tables.Column("Change", Unit.MONEY, currency) for name in compared},
            "units": tables.Column("Units", Unit.COUNT),
            "orders": tables.Column("Orders", Unit.COUNT),
            "refund_rate": tables.Column("Refund rate", Unit.PERCENT),
            "gross_margin_rate": tables.Column("Margin", Unit.PERCENT, help="Empty where the unit cost is unknown"),
            "views": tables.Column("Views", Unit.COUNT),
            "cart_rate": tables.Column("Cart rate", Unit.PERCENT, help="Cart adds ÷ views"),
        },
        export_as="products",
        title="All products",
        scope=view.describe(answer.statistics),
    )
    tables.show(
        records.table_of(answer.pairs, ["first", "second", "orders", "confidence", "lift"]),
        {
            "first": tables.Column("Product"),
            "second": tables.Column("Bought together with"),
            "orders": tables.Column("Orders with both", Unit.COUNT),
            "confidence": tables.Column("Confidence", Unit.PERCENT, help="Orders with both ÷ orders with the first"),
            "lift": tables.Column("Lift", Unit.RATIO, help="1 is chance; 3 means three times as often"),
        },
        export_as="bought-together",
        title="Bought together, over the last 12 months",
        scope=view.describe(answer.statistics),
    )
    view.trust_line(answer.statistics, list(answer.results))
