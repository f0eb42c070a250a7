"""Spend: what does the cloud cost, for what, and what changed?"""

from console import wiring
from console.finops import view as bill
from console.kit import charts, page, tiles
from console.spend import answer, words
from console.spend.views import charts as drawn
from console.spend.views import details, filters, tables, treemap

with bill.opened("Spend", __doc__, wiring.viewer) as reader:
    contents = reader.contents
    chosen = filters.bar(contents)
    currency = contents.currency(chosen.currency, reader.scope.reporting_currency)
    spend = answer.spend(
        reader.scope,
        contents,
        reader.selection.period,
        reader.selection.comparisons,
        chosen.part(currency),
        basis=chosen.basis,
        by=chosen.by,
        tag_key=chosen.untagged,
    )
    page.stop_if_empty(spend.is_empty, next_step="Widen the dates, choose another currency, or look at the whole bill.")
    page.stop_if_empty(
        spend.is_unknown,
        title=f"The {spend.basis} cost of these charges is unknown",
        next_step=words.another_basis(spend.now.known),
    )
    narrowed = words.narrowed(spend.part, contents.names)
    about = reader.describe(spend, basis=spend.basis, currency=currency, narrowed=narrowed)

    tiles.row(spend.figures)
    filters.drill(chosen, contents, spend.breakdown.values)
    charts.draw(drawn.by_day(spend.breakdown, spend.now.days, spend.basis, currency, spend.incomplete_from))
    tables.by_value(spend.breakdown, spend.basis, currency, about, lambda value: filters.go_to(chosen.into(value)))
    treemap.draw(spend, chosen, contents.names, about)
    if spend.changed is not None:
        charts.draw(drawn.why(spend.changed, spend.basis, currency))
        tables.movers(spend.changed.movers, currency, about)
    details.draw(spend, contents, about)
    reader.trust_line(spend, notes=words.notes(spend, contents))
