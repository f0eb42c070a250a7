"""Own cost: what does this console itself cost, and who asks what?"""

from console import wiring
from console.kit import charts, page, tiles
from console.own_cost import answer, view

with page.opened("Own cost", __doc__, wiring.viewer, sliced=False, through_today=True, needs_events=False) as reader:
    costs = answer.own_cost(reader.scope, reader.selection.period, reader.selection.comparisons)
    page.stop_if_empty(
        costs.is_empty,
        title="No calls in this period",
        next_step="Open any other page: its questions show here after some seconds.",
        selection=reader.selection,
    )
    tiles.row(costs.figures)
    charts.draw(view.by_day(costs, reader.scope.today))
    if len(costs.by_kind) > 1:
        charts.draw(view.by_kind(costs))
    about = reader.describe(costs)
    view.table("By page", "Page", costs.by_page, "own-cost-by-page", about)
    view.table("By person", "Person", costs.by_viewer, "own-cost-by-person", about)
    view.table("By question", "Question", costs.by_question, "own-cost-by-question", about)
    reader.trust_line(costs, notes=view.notes(costs))
