"""Charts of the Savings page."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from console.asking.figures import Unit
from console.kit import charts
from console.savings.answer import DOLLARS, Savings


def by_check(answer: Savings) -> charts.Chart:
    """Open dollars a month by check."""
    return _bars("Open savings by check", answer.by_check)


def by_effort(answer: Savings) -> charts.Chart:
    """Open dollars a month by effort, least effort first."""
    return _bars("Open savings by effort", answer.by_effort)


def _bars(title: str, amounts: Sequence[tuple[str, Decimal]]) -> charts.Chart:
    return charts.bars(
        [name for name, _ in amounts],
        [amount for _, amount in amounts],
        unit=Unit.MONEY,
        currency=DOLLARS,
        name="A month",
        title=title,
    )
