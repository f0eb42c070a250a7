"""How the part *Profit and loss* is drawn."""

from __future__ import annotations

from console.kit import page
from console.recommendations.source import RecommendationSource


def draw(reader: page.Reader, source: RecommendationSource) -> None:  # noqa: ARG001 - nothing is asked yet
    """Draw the part, with its trust line."""
    page.stop_if_empty(
        True, title="There is nothing to count yet", next_step="Send impressions and clicks of recommendations."
    )
