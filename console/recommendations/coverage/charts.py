"""The chart of *Coverage and what is shown*: how evenly impressions are spread over the products shown."""

from __future__ import annotations

from console.asking.figures import Unit
from console.kit import charts
from console.kit.charts import Chart
from console.recommendations.coverage.answer import TENTHS, Coverage


def tenths(found: Coverage) -> Chart:
    """The share of impressions of each tenth of the shown products, the most shown first."""
    step = 100 // TENTHS
    return (
        charts.bars(
            [f"Top {step} %", *(f"{place * step} to {(place + 1) * step} %" for place in range(1, TENTHS))],
            found.tenths,
            unit=Unit.PERCENT,
            title="Share of impressions by tenth of the products shown",
            name="Share of impressions",
        )
        if found.tenths
        else charts.bars([], [], unit=Unit.PERCENT, title="Fewer than ten products were shown")
    )
