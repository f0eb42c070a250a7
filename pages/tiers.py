"""Tiers: which size fits, what would it cost, and how does today’s bill compare?"""

import streamlit as st

from console import wiring
from console.kit import charts, page, prose, tiles, trust_line
from console.tiers import answer, words
from console.tiers.measured import MeasuredUsage, measured
from console.tiers.views import charts as drawn
from console.tiers.views import lines, what_if

with page.lake_optional("Tiers", __doc__, wiring.viewer) as scope:  # an estimate needs no lake
    known = measured(scope) if scope else MeasuredUsage(None, None)
    tried = what_if.bar(events_measured=known.events_per_day)
    tiers = answer.compare(tried, known)

    tiles.row(tiers.figures)
    named = drawn.named_services(tiers.estimates)
    for place, estimate in zip(st.columns(len(tiers.estimates), gap="medium"), tiers.estimates, strict=True):
        with place:
            charts.draw(drawn.by_service(estimate, named))
    prose.key([*named, drawn.OTHERS])
    curve, points = st.columns([3, 2], gap="medium")
    with curve:
        charts.draw(drawn.over_traffic(tiers))
    with points:
        prose.lines("Where bills meet", [f"{crossover.answer}." for crossover in tiers.crossovers])
    prose.lines("What does not fit", tiers.remarks)
    lines.draw(tiers, what_if.describe(tried))
    trust_line.of(scope, known.results, notes=words.notes(tiers, scope))
