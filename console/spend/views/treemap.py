"""The treemap of the cloud bill: service → usage type → resource; a click drills as a row of the table does."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Unit
from console.finops.decimals import ZERO, difference, total
from console.kit import echarts, plots
from console.kit.plots import Plot, Point
from console.spend.answer import Spend
from console.spend.breakdown import LARGEST
from console.spend.effects import PricedLine
from console.spend.selection import SpendSelection
from console.spend.summary import APART
from console.spend.views import filters

KEY = "spend-treemap"
HEIGHT = 420
MOST_TILES, MOST_INSIDE = 24, 8  # what is smaller has no room for its name
SMALLEST = Decimal("0.004")  # of the picture
UP, INTO = "up:", "into:"  # what the id of a tile begins with where a click leads somewhere
_LONGEST_NAME = 24  # characters; the hover text has all
TITLE = "Where the spend is"


@dataclass(frozen=True)
class Tile:
    """A part of the spend to draw.

    Attributes
    ----------
    path : the values to look into, one after the other; empty where a click leads nowhere
    before : None without a comparison, or where a cost is unknown
    is_folded : whether it is the small ones together
    """

    name: str
    path: tuple[str, ...]
    cost: Decimal
    before: Decimal | None
    inside: Sequence[Tile] = field(default=())
    is_folded: bool = False

    @property
    def area(self) -> Decimal:
        """What is drawn: its parts above zero, where it has any; else its cost."""
        return total(tile.area for tile in self.inside) if self.inside else self.cost


def draw(spend: Spend, chosen: SpendSelection, names: Mapping[str, str], about: Sequence[tuple[str, str]]) -> None:
    """Put the treemap on the page, with what it leaves out said below it."""

    def drill(points: Sequence[Point]) -> None:
        state = state_after(chosen, str(points[0].get("id"))) if points else None
        if state is not None:
            filters.go_to(state)

    plots.draw(treemap(spend, chosen, ["Whole bill", *chosen.crumbs(names)]), KEY, about=about, on_select=drill)
    if sentence := left_out(spend):
        st.html(f'<p class="tk-calm">{plots.plain(sentence)}</p>')


def treemap(spend: Spend, chosen: SpendSelection, crumbs: Sequence[str]) -> Plot:
    """The spend by the grouping chosen, inside of what was drilled into; usage types inside of services."""
    currency, by = spend.part.currency, spend.breakdown.title.lower()
    note = f"by {by}, {spend.basis}, {currency}" + ("; click to look into" if chosen.can_look_into() else "")
    found = tiles(spend, chosen)
    whole = total(tile.area for tile in found)
    if not found:
        return Plot(TITLE, f"{TITLE}: no spend above zero", plots.EMPTY_HEIGHT, None, note)
    largest = ", ".join(
        f"{tile.name} {text.money(tile.cost, currency)} ({text.percent(tile.cost / whole)})" for tile in found[:3]
    )
    alt = f"{TITLE}, by {by}: {text.counted(len(found), 'tile')}, the largest {largest}. The table has all values."
    marks: list[tuple[str, str, str, float, str, str]] = []  # id, parent, label, value, hover text, colour
    for step, crumb in enumerate(crumbs):
        place, parent = f"{UP}{step}", f"{UP}{step - 1}" if step else ""
        hint = [("Click to go back here", "")] if step < len(crumbs) - 1 else []
        marks.append((place, parent, crumb, 0, plots.hover(crumb, hint), plots.PAPER))
    root = marks[-1][0]
    for position, tile in enumerate(found):
        # the colours of the chart by day, which also begins with the largest
        is_named = position < LARGEST and not tile.is_folded
        colour = plots.CATEGORIES[position] if is_named else echarts.GREY
        marks.append(mark := _mark(tile, root, colour, whole, currency))
        marks += [_mark(part, mark[0], colour, whole, currency, tile.name) for part in tile.inside]
    ids, parents, labels, values, hovers, fills = (list(column) for column in zip(*marks, strict=True))
    figure = {
        "data": [
            {
                "type": "treemap",
                "ids": ids,
                "parents": parents,
                "labels": [
                    plots.plain(label if len(label) <= _LONGEST_NAME else f"{label[: _LONGEST_NAME - 1]}…")
                    for label in labels
                ],
                "values": values,
                "branchvalues": "remainder",
                "hovertext": hovers,
                "hoverinfo": "text",
                "text": [text.percent(Decimal(str(value)) / whole) if value else "" for value in values],
                "textinfo": "label+text",
                "sort": False,
                "pathbar": {"visible": False},
                "tiling": {"pad": 2},
                "marker": {
                    "colors": fills,
                    "line": {"width": 1, "color": plots.PAPER},
                    "pad": {"t": 22, "l": 2, "r": 2, "b": 2},
                },
            }
        ],
        "layout": plots.layout(
            margin={"l": 0, "r": 0, "t": 0, "b": 0},
            uniformtext={"minsize": 11, "mode": "hide"},  # a name that does not fit is in the hover text
        ),
    }
    return Plot(TITLE, alt, HEIGHT, figure, note)


def tiles(spend: Spend, chosen: SpendSelection) -> list[Tile]:
    """What is drawn, the largest first: values above zero, the small ones folded into one."""
    known = [value for value in spend.breakdown.values if not value.is_apart and (value.cost or ZERO) > ZERO]
    has_inside = chosen.can_look_into()
    found = [
        Tile(value.name, (value.value,) if has_inside else (), value.cost or ZERO, value.before) for value in known
    ]
    # the page asks what changed by service and usage type anyway: the second level costs no question
    if spend.changed is not None and chosen.by == "service" and has_inside and chosen.into("").by == "usage_type":
        found = [replace(tile, inside=_usage_types(tile, spend.changed.lines)) for tile in found]
    return _folded(found, MOST_TILES)


def state_after(chosen: SpendSelection, place: str) -> SpendSelection | None:
    """The state that a click on the tile with this id leads to; None where it leads nowhere."""
    if place.startswith(UP):
        steps = int(place.removeprefix(UP))
        return chosen.back(steps) if steps < len(chosen.drilled) else None
    if not place.startswith(INTO):
        return None
    state = chosen
    for value in json.loads(place.removeprefix(INTO)):
        state = state.into(value)
    return state


def left_out(spend: Spend) -> str:
    """What the treemap cannot show: amounts apart from usage, below zero, and unknown ones; empty without any."""
    currency, values = spend.part.currency, spend.breakdown.values
    parts = [f"{value.name} {text.money(value.cost, currency)}" for value in values if value.is_apart and value.cost]
    below = [value.cost for value in values if not value.is_apart and value.cost is not None and value.cost < ZERO]
    unknown = sum(value.cost is None for value in values)
    if below:
        parts.append(f"{text.counted(len(below), 'value')} below zero {text.money(total(below), currency)}")
    if unknown:
        parts.append(f"{text.counted(unknown, 'value')} of unknown cost")
    return f"Not in the picture: {', '.join(parts)}." if parts else ""


def _usage_types(tile: Tile, lines: Sequence[PricedLine]) -> list[Tile]:
    """The usage types of a service, the small ones folded; none where there is only one."""
    costs: dict[str, list[PricedLine]] = {}
    for line in lines:
        if (line.service,) == tile.path and line.kind not in APART:
            costs.setdefault(line.usage_type, []).append(line)
    found = [
        Tile(
            name, (*tile.path, name), total(line.cost for line in members), total(line.cost_before for line in members)
        )
        for name, members in costs.items()
    ]
    above = sorted((part for part in found if part.cost > ZERO), key=lambda part: (-part.cost, part.name))
    return _folded(above, MOST_INSIDE) if len(above) > 1 else []


def _folded(found: Sequence[Tile], most: int) -> list[Tile]:
    """The tiles with the small ones combined into one that cannot be clicked; a single small one is kept."""
    whole = total(tile.cost for tile in found)
    kept = [tile for tile in found[:most] if tile.cost >= SMALLEST * whole]
    rest = found[len(kept) :]
    if len(rest) < 2:
        return list(found)
    before = [tile.before for tile in rest if tile.before is not None]
    other = Tile(
        name=f"Other ({len(rest):,})",
        path=(),
        cost=total(tile.cost for tile in rest),
        before=total(before) if len(before) == len(rest) else None,
        is_folded=True,
    )
    return [*kept, other]


def _mark(
    tile: Tile, parent: str, colour: str, whole: Decimal, currency: str, inside_of: str = ""
) -> tuple[str, str, str, float, str, str]:
    rows = [("Cost", text.money(tile.cost, currency)), ("Share of the picture", text.percent(tile.area / whole))]
    if tile.before is not None:
        relative = text.change(tile.cost, tile.before, Unit.MONEY)
        by = text.money(difference(tile.cost, tile.before), currency)
        rows.append(("Change", by if relative == text.UNKNOWN else f"{by} ({relative})"))
    heading = f"{inside_of} · {tile.name}" if inside_of else tile.name
    place = f"{INTO}{json.dumps(tile.path)}" if tile.path else f"other:{tile.name} of {parent}"
    return place, parent, tile.name, 0 if tile.inside else float(tile.cost), plots.hover(heading, rows), colour
