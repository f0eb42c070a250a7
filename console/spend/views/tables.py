"""Tables of the Spend page: by value, what moved, and usage without a tag."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from console.asking.figures import Unit
from console.finops.charges import Basis
from console.kit import tables
from console.kit.tables import Column
from console.spend.breakdown import Breakdown, Value
from console.spend.effects import Effect, Moved
from console.spend.tags import Tags

if TYPE_CHECKING:
    import pyarrow as pa

About = Sequence[tuple[str, str]]
KINDS = {Effect.NEW: "new", Effect.GONE: "gone", Effect.UNKNOWN: "cost unknown"}


def by_value(breakdown: Breakdown, basis: Basis, currency: str, about: About, on_row: Callable[[Value], None]) -> None:
    """Every value with its cost, its share and its change; a click on a row looks into it."""
    import pyarrow as pa

    values = breakdown.values
    compared = any(each.before is not None for each in values)
    columns: dict[str, tuple[Column, pa.Array]] = {
        "name": (Column(breakdown.title), pa.array([each.name for each in values], pa.string()))
    }
    if any(each.name != each.value for each in values if not each.is_apart):
        shown = ["" if each.is_apart else each.value for each in values]
        columns["value"] = (Column("Identifier"), pa.array(shown, pa.string()))
    columns["cost"] = (Column(basis.capitalize(), Unit.MONEY, currency), _costs([each.cost for each in values]))
    columns["share"] = (Column("Share", Unit.PERCENT, help="Of usage and purchases"), _rates([e.share for e in values]))
    if compared:
        columns["before"] = (Column("Compared with", Unit.MONEY, currency), _costs([each.before for each in values]))
        columns["change"] = (Column("Change", Unit.MONEY, currency), _costs([each.change for each in values]))

    def look(position: int) -> None:
        if not values[position].is_apart:
            on_row(values[position])

    _show(columns, f"spend-by-{breakdown.by.replace(':', '-')}", f"By {breakdown.title.lower()}", about, look)


def movers(moved: Sequence[Moved], currency: str, about: About) -> None:
    """Lines whose cost changed: by how much, and how much of it is quantity and price."""
    import pyarrow as pa

    lines, effects = [line for line, _ in moved], [each for _, each in moved]
    new_or_gone = [next((KINDS[one] for one in each if one in KINDS), "") for each in effects]
    texts = {
        "service": "Service",
        "usage_type": "Usage type",
        "region": "Region",
        "account": "Account",
        "kind": "Charge",
    }
    columns: dict[str, tuple[Column, pa.Array]] = {
        name: (Column(label), pa.array([getattr(line, name) for line in lines], pa.string()))
        for name, label in texts.items()
    }
    columns |= {
        "what": (Column("New or gone"), pa.array(new_or_gone, pa.string())),
        "before": (Column("Before", Unit.MONEY, currency), _costs([line.cost_before for line in lines])),
        "now": (Column("Now", Unit.MONEY, currency), _costs([line.cost for line in lines])),
        "change": (Column("Change", Unit.MONEY, currency), _costs([line.change for line in lines])),
        "quantity": (
            Column("Quantity effect", Unit.MONEY, currency, help="More or less used, at the mean unit price"),
            _costs([each.get(Effect.QUANTITY) for each in effects]),
        ),
        "price": (
            Column("Price effect", Unit.MONEY, currency, help="Another unit price, at the mean quantity"),
            _costs([each.get(Effect.PRICE) for each in effects]),
        ),
        "unit": (Column("Unit"), pa.array([line.pricing_unit for line in lines], pa.string())),
    }
    _show(columns, "spend-movers", "What moved", about)


def untagged(tags: Tags, basis: Basis, currency: str, about: About) -> None:
    """Services by usage without the chosen key."""
    import pyarrow as pa

    found = tags.untagged
    key = tags.chosen.key if tags.chosen else ""
    columns: dict[str, tuple[Column, pa.Array]] = {
        "service": (Column("Service"), pa.array([each.service for each in found], pa.string())),
        "untagged": (Column(f"Untagged, {basis}", Unit.MONEY, currency), _costs([each.untagged for each in found])),
        "share": (Column("Of its usage", Unit.PERCENT), _rates([each.share for each in found])),
    }
    title = f"Usage without tag {key}" if key else "Usage without tags"
    _show(columns, "spend-untagged", title, about)


def _show(
    columns: dict[str, tuple[Column, pa.Array]],
    export_as: str,
    title: str,
    about: About,
    on_row: Callable[[int], None] | None = None,
) -> None:
    import pyarrow as pa

    table = pa.table({name: array for name, (_, array) in columns.items()})
    shown = {name: column for name, (column, _) in columns.items()}
    tables.show(table, shown, export_as=export_as, title=title, about=about, on_row=on_row)


def _costs(values: Sequence[Decimal | None]) -> pa.Array:
    """Costs with all their digits."""
    import pyarrow as pa

    return pa.array(values, pa.decimal128(38, 12))


def _rates(values: Sequence[Decimal | None]) -> pa.Array:
    """Quotients: doubles, since they have no exact decimal."""
    import pyarrow as pa

    return pa.array([None if value is None else float(value) for value in values], pa.float64())
