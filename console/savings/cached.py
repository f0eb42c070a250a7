"""An inventory that is read once a day: reading an account takes many calls, and some of them cost money."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from catalogue.clock import utc_now
from console.savings.inventory import Inventory, InventorySource

LIFETIME = timedelta(hours=24)


class CachedInventory:
    """The inventory of `source`, kept for a day. Fills the `InventorySource` port; safe for several threads."""

    def __init__(self, source: InventorySource, *, now: Callable[[], datetime] = utc_now) -> None:
        self._source = source
        self._now = now
        self._lock = threading.Lock()
        self._cached: tuple[datetime, Inventory] | None = None

    def read_by(self, source: InventorySource) -> InventorySource:
        """This cached inventory for another reader of the same account; `source` reads it when it is too old."""
        return _ReadBy(self, source)

    def inventory(self, source: InventorySource | None = None) -> Inventory:
        """See `InventorySource.inventory`; read again once the cached one is a day old."""
        with self._lock:
            if self._cached is None or not timedelta(0) <= self._now() - self._cached[0] < LIFETIME:
                self._cached = (self._now(), (source or self._source).inventory())
            return self._cached[1]


@dataclass(frozen=True)
class _ReadBy:
    cached: CachedInventory
    source: InventorySource

    def inventory(self) -> Inventory:
        """See `InventorySource.inventory`."""
        return self.cached.inventory(self.source)
