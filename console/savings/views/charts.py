"""Charts of the Savings page."""

from __future__ import annotations

from console.asking.figures import Unit
from console.kit import charts
from console.savings.answer import DOLLARS, Savings


def by_check(answer: Savings) -> charts.Chart:
    """Open dollars a month by check."""
    found = answer.by_check
    return charts.bars(
        [name for name, _ in found],
        [amount for _, amount in found],
        unit=Unit.MONEY,
        currency=DOLLARS,
        name="A month",
        title="Open savings by check",
    )


def by_effort(answer: Savings) -> charts.Chart:
    """Open dollars a month by effort, least effort first."""
    found = answer.by_effort
    return charts.bars(
        [name for name, _ in found],
        [amount for _, amount in found],
        unit=Unit.MONEY,
        currency=DOLLARS,
        name="A month",
        title="Open savings by effort",
    )
