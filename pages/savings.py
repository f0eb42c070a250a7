"""Savings: what could cost less, what was decided, and how much was saved?"""

from datetime import UTC, datetime

import streamlit as st

from console import wiring
from console.finops.pricing import price_book
from console.kit import charts, page, tiles, viewer
from console.savings import answer, tracking
from console.savings.views import charts as drawn
from console.savings.views import filters
from console.savings.views import list as listed


def decide(saving: tracking.TrackedSaving, state: tracking.DecisionState, note: str) -> None:
    """Store the decision, and draw the page again."""
    tracking.decide(wiring.profile().decisions, saving, state, note, viewer.name(), datetime.now(UTC))
    st.rerun()


with page.unfiltered("Savings", __doc__, wiring.viewer) as reader:
    profile = wiring.profile()
    savings = answer.savings(reader.scope, profile.inventory(reader.scope), price_book.load(), profile.decisions)
    tiles.row(savings.figures)
    if savings.tracked:
        checks, efforts = st.columns([3, 2], gap="medium")
        with checks:
            charts.draw(drawn.by_check(savings))
        with efforts:
            charts.draw(drawn.by_effort(savings))
        shown = filters.choose(savings)
        listed.draw(shown, decide)
        listed.table(shown, savings.inventory)
    else:
        listed.nothing(savings)
    listed.judged(savings)
    made_up = "The resources are made up: they follow from the sample's bill."
    reader.trust_line(savings, notes=[made_up] if savings.inventory.is_sample else [])
