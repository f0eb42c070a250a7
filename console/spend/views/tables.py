"""Tables of the Spend page: by value, what moved, and usage without a tag."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from types import SimpleNamespace

from console.asking.figures import Unit
from console.finops.charges import Basis
from console.kit import tables
from console.kit.tables import Column
from console.spend.breakdown import Breakdown
from console.spend.effects import Effect, Moved, PricedLine
from console.spend.tags import Tags

About = Sequence[tuple[str, str]]
DIGITS = 12  # of a charge, after the point
KINDS = {Effect.NEW: "new", Effect.GONE: "gone", Effect.UNKNOWN: "cost unknown"}


def by_value(breakdown: Breakdown, basis: Basis, currency: str, about: About, on_row: Callable[[str], None]) -> None:
    """Every value with its cost, its share and its change; a click on a row looks into it."""
    values = breakdown.values
    columns = {"name": Column(breakdown.title)}
    if any(value.name != value.value for value in values if not value.is_apart):
        columns["identifier"] = Column("Identifier")
    columns["cost"] = Column(basis.capitalize(), Unit.MONEY, currency)
    columns["share"] = Column("Share", Unit.PERCENT, help="Of usage and purchases")
    if any(value.before is not None for value in values):
        columns["before"] = Column("Compared with", Unit.MONEY, currency)
        columns["change"] = Column("Change", Unit.MONEY, currency)

    def look(position: int) -> None:
        if not values[position].is_apart:
            on_row(values[position].value)

    tables.show(
        values,
        columns,
        export_as=f"spend-by-{breakdown.by.replace(':', '-')}",
        title=f"By {breakdown.title.lower()}",
        about=about,
        digits=DIGITS,
        on_row=look,
    )


def movers(moved: Sequence[Moved], currency: str, about: About) -> None:
    """Lines whose cost changed: by how much, and how much of it is quantity and price."""
    tables.show(
        [_row(line, effects) for line, effects in moved],
        {
            "service": Column("Service"),
            "usage_type": Column("Usage type"),
            "region": Column("Region"),
            "account": Column("Account"),
            "kind": Column("Charge"),
            "what": Column("New or gone"),
            "cost_before": Column("Before", Unit.MONEY, currency),
            "cost": Column("Now", Unit.MONEY, currency),
            "change": Column("Change", Unit.MONEY, currency),
            "quantity_effect": Column(
                "Quantity effect", Unit.MONEY, currency, help="More or less used, at the mean unit price"
            ),
            "price_effect": Column(
                "Price effect", Unit.MONEY, currency, help="Another unit price, at the mean quantity"
            ),
            "pricing_unit": Column("Unit"),
        },
        export_as="spend-movers",
        title="What moved",
        about=about,
        digits=DIGITS,
    )


def _row(line: PricedLine, effects: Mapping[Effect, Decimal]) -> SimpleNamespace:
    return SimpleNamespace(
        **vars(line),
        change=line.change,
        what=next((KINDS[effect] for effect in effects if effect in KINDS), ""),
        quantity_effect=effects.get(Effect.QUANTITY),
        price_effect=effects.get(Effect.PRICE),
    )


def untagged(tags: Tags, basis: Basis, currency: str, about: About) -> None:
    """Services by usage without the chosen key."""
    tables.show(
        tags.untagged,
        {
            "service": Column("Service"),
            "untagged": Column(f"Untagged, {basis}", Unit.MONEY, currency),
            "share": Column("Of its usage", Unit.PERCENT),
        },
        export_as="spend-untagged",
        title=f"Usage without tag {tags.chosen.key}" if tags.chosen else "Usage without tags",
        about=about,
        digits=DIGITS,
    )
