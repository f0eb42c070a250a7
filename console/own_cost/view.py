"""How the console's own cost is drawn: in dollars, or in calls where nothing has a price."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from console.asking import formatting as text
from console.asking.figures import Number, Unit
from console.kit import charts, tables
from console.own_cost.answer import DOLLARS, Cost, OwnCost

DIGITS = 5  # a query of 10 MB costs $0.00005
COSTS = {
    "calls": tables.Column("Calls", Unit.COUNT),
    "cached_share": tables.Column("Cached", Unit.PERCENT),
    "bytes_scanned": tables.Column("Bytes scanned", Unit.COUNT),
    "dollars": tables.Column("Cost", Unit.MONEY, DOLLARS, "Calls of unknown price left out", DIGITS),
    "saved": tables.Column("Saved by cache", Unit.MONEY, DOLLARS, digits=DIGITS),
    "seconds": tables.Column("Seconds", Unit.RATIO, help="Waited for answers, all together"),
}


def by_day(costs: OwnCost, today: date) -> charts.Chart:
    """Each day's cost, or its calls; today is not over."""
    return charts.by_day(
        costs.days,
        _amounts(costs, costs.by_day),
        unit=Unit.COUNT if costs.is_free else Unit.MONEY,
        currency="" if costs.is_free else DOLLARS,
        title="Calls by day" if costs.is_free else "Own cost by day",
        incomplete_from=today,
    )


def by_kind(costs: OwnCost) -> charts.Chart:
    """The cost of each kind of call, or how many there were."""
    return charts.bars(
        [cost.name.replace("_", " ").capitalize() for cost in costs.by_kind],
        _amounts(costs, costs.by_kind),
        unit=Unit.COUNT if costs.is_free else Unit.MONEY,
        currency="" if costs.is_free else DOLLARS,
        title="By kind of call",
    )


def table(title: str, label: str, costs: Sequence[Cost], export_as: str, about: Sequence[tuple[str, str]]) -> None:
    """One row per page, person or question; `label` heads the first column."""
    columns = {"name": tables.Column(label), **COSTS}
    tables.show(costs, columns, export_as=export_as, title=title, about=about, digits=DIGITS)


def notes(costs: OwnCost) -> list[str]:
    """What the questions would cost on Athena, where they are free."""
    if not costs.is_free:
        return []
    return [
        "Questions are free here. On Athena those that were not cached would cost at least "
        f"{text.price(costs.least_on_athena)}: 10 MB is billed for each."
    ]


def _amounts(costs: OwnCost, parts: Sequence[Cost]) -> list[Number | None]:
    return [part.calls if costs.is_free else part.dollars for part in parts]
