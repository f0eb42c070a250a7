"""Recommendations: what do we recommend to whom, why, and does it pay?"""

from console import wiring
from console.kit import page
from console.recommendations.experiments import view as experiments
from console.recommendations.profit import view as profit
from console.recommendations.views import customer, models, parts

TITLE = "Recommendations"

with page.unfiltered(TITLE, __doc__, wiring.viewer) as reader:
    page.contents_of(reader.scope, TITLE)  # an empty lake has nothing to recommend
    profile = wiring.profile()
    source = profile.recommendations
    # each part draws all that is below the control, its trust line too; no other part is asked anything
    match parts.choose():
        case parts.MODELS:
            models.draw(reader, source)
        case parts.EXPERIMENTS:
            experiments.draw(reader, source)
        case parts.PROFIT:
            profit.draw(reader, source, profile.allocation())
        case _:
            customer.draw(reader, source)
