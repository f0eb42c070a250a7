"""Unit costs: what does an order cost us in the cloud, and what is left of the margin?"""

from console import wiring
from console.finops import view as bill
from console.finops.charges import Basis
from console.kit import charts, page, tiles
from console.unit_costs import answer, view, words
from console.unit_costs.days import counted

with bill.opened("Unit costs", __doc__, wiring.viewer) as reader:
    refusal = answer.restricted(reader.scope)
    page.stop_if_empty(
        bool(refusal),
        title="Unit costs are of the whole shop",
        next_step=f"{refusal}. Ask somebody who sees all regions.",
    )
    costs = answer.unit_costs(
        reader.scope,
        reader.selection.period,
        reader.selection.comparisons,
        wiring.profile().allocation(),
        currency=reader.contents.currency(None, reader.scope.reporting_currency),
        unit=counted(view.UNIT.value),
    )
    title, next_step = words.nothing(costs)
    page.stop_if_empty(costs.is_empty, title=title, next_step=next_step)
    tiles.row(costs.figures)
    if costs.has_margin:
        charts.draw(view.margin_after_cloud(costs))
    view.one_unit(costs)
    about = reader.describe(costs, basis=Basis.EFFECTIVE, currency=costs.currency)
    view.units_table(costs, about)
    view.functions_table(costs, about)
    reader.trust_line(costs, notes=words.notes(costs, is_sample=reader.scope.is_sample))
