"""Brief: what happened, why, and what needs me?"""

import streamlit as st

from console import wiring
from console.insights.brief import brief
from console.insights.figures import Unit
from console.ui import charts, page, prose, reading, sales_charts, sentences, tiles

view = reading.begin("Brief", __doc__, wiring.viewer)
currency = view.scope.reporting_currency

with page.answer():
    answer = brief(
        view.scope,
        view.selection.period,
        view.selection.comparisons,
        view.slices,
        wiring.budgets(),
        wiring.decisions(),
    )
    page.stop_if_empty(answer.is_empty, next_step="Widen the dates, or clear a filter.", selection=view.selection)

    words = [sentences.why(answer.parts, currency)]
    if answer.before:
        words += [sentences.where(answer.by_category, currency), sentences.where(answer.by_region, currency)]
    words += [sentences.bill(answer.cloud, answer.before.label if answer.before else "")]
    prose.brief(sentences.headline(answer, currency), words)

    tiles.row(answer.figures[:4])
    attention, movers = st.columns([3, 2], gap="medium")
    with attention:
        prose.findings(answer.findings)
        if answer.before:
            charts.draw(
                charts.waterfall(
                    [(part.name, part.amount) for part in answer.parts],
                    start=(answer.before.label, answer.before.sums.totals.net_revenue),
                    end=("This period", answer.now.sums.totals.net_revenue),
                    unit=Unit.MONEY,
                    currency=currency,
                    title="Why net revenue changed",
                )
            )
    with movers:
        prose.lines("Rising", [sentences.mover(each, currency) for each in answer.rising])
        prose.lines("Falling", [sentences.mover(each, currency) for each in answer.falling])
    charts.draw(sales_charts.by_day(answer.now, answer.comparisons, currency, view.contents.incomplete_from))
    view.trust_line(answer.statistics, list(answer.results))
