"""The part of the shop a reader looks at."""

from __future__ import annotations

from dataclasses import dataclass

from console.catalogue import Query


@dataclass(frozen=True)
class Slices:
    """Channels, categories and regions; an empty tuple stands for all."""

    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    regions: tuple[str, ...] = ()

    def values(self, query: Query) -> dict[str, tuple[str, ...]]:
        """The slices that a query takes, by parameter name."""
        own = {"channels": self.channels, "categories": self.categories, "regions": self.regions}
        return {name: value for name, value in own.items() if name in query.parameters}
