"""Brief: what happened, why, and what needs me?"""

import streamlit as st

from console import wiring
from console.asking.figures import Unit
from console.brief import view as brief_view
from console.brief import words as sentences
from console.brief.answer import brief
from console.budgets.answer import standing
from console.kit import charts, page, prose, reading, tiles
from console.sales import view as sales_charts

view = reading.begin("Brief", __doc__, wiring.viewer)
currency = view.scope.reporting_currency


def bill_stands() -> bool:
    """Whether the forecast and the anomalies are there."""
    now = standing(view.scope, wiring.budgets(), wiring.decisions(), patience=0)
    return now is None or not now.is_pending


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
    brief_view.headline(sentences.headline(answer, currency), words)
    if answer.cloud and answer.cloud.standing and answer.cloud.standing.is_pending:
        page.waiting("Working out what the cloud’s bill will come to", bill_stands)

    tiles.row(answer.figures[:4])
    attention, movers = st.columns([3, 2], gap="medium")
    with attention:
        brief_view.findings(answer.findings)
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
