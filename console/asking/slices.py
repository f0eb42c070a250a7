"""The part of the shop that a reader chose: channels, categories and regions."""

from __future__ import annotations

from dataclasses import dataclass

from catalogue.binding import Value
from console.asking.periods import Period
from console.asking.scope import Question, Scope


@dataclass(frozen=True)
class Slices:
    """Channels, categories and regions; an empty tuple means all of them."""

    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()


def question(scope: Scope, query: str, period: Period, slices: Slices, **more: Value) -> Question:
    """A question about a period and a part of the shop; slices that the query does not take are left out."""
    own = {"channels": slices.channels, "categories": slices.categories, "regions": slices.regions}
    taken = {name: value for name, value in own.items() if name in scope.catalogue[query].parameters}
    return Question(query, {"start_date": period.start, "end_date": period.end, **taken, **more})
