"""How the part *models* is drawn."""

from __future__ import annotations

from console.kit import page
from console.recommendations.source import RecommendationSource


def draw(reader: page.Reader, source: RecommendationSource) -> None:  # noqa: ARG001 - nothing is asked yet
    """Draw the part, with its trust line."""
    page.stop_if_empty(not source.models(), title="There is no model yet", next_step="The first training makes one.")
