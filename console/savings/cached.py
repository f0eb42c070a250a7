"""An inventory that is read once a day: reading an account takes many calls, and some of them cost money."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec

from catalogue.clock import utc_now
from catalogue.files import atomic_write
from console.savings.inventory import Inventory, InventorySource

A_DAY = timedelta(hours=24)


class CachedInventory:
    """The inventory of `source`, kept for `lifetime`. Fills the `InventorySource` port; safe for several threads.

    Parameters
    ----------
    path : a file that survives a restart; None caches in memory alone. A file that cannot be read or written is
        ignored: the account is read again.
    """

    def __init__(
        self,
        source: InventorySource,
        *,
        lifetime: timedelta = A_DAY,
        path: Path | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._source = source
        self._lifetime = lifetime
        self._path = path
        self._now = now
        self._lock = threading.Lock()
        self._cached: tuple[datetime, Inventory] | None = None

    def read_by(self, source: InventorySource) -> InventorySource:
        """This cached inventory for another reader of the same account; `source` reads it when it is too old."""
        return _ReadBy(self, source)

    def inventory(self, source: InventorySource | None = None) -> Inventory:
        """See `InventorySource.inventory`; read again once the cached one is older than its lifetime."""
        with self._lock:
            if self._cached is None:
                self._cached = self._stored()
            if self._cached is None or not timedelta(0) <= self._now() - self._cached[0] < self._lifetime:
                self._cached = (self._now(), (source or self._source).inventory())
                self._store(*self._cached)
            return self._cached[1]

    def forget(self) -> None:
        """Let the next call read the account again."""
        with self._lock:
            self._cached = None
            if self._path is not None:
                with suppress(OSError):
                    self._path.unlink(missing_ok=True)

    def _stored(self) -> tuple[datetime, Inventory] | None:
        if self._path is None:
            return None
        try:
            return msgspec.json.decode(self._path.read_bytes(), type=tuple[datetime, Inventory])
        except (OSError, msgspec.MsgspecError):
            return None

    def _store(self, at: datetime, inventory: Inventory) -> None:
        if self._path is None:
            return
        with suppress(OSError):
            self._path.parent.mkdir(exist_ok=True)
            atomic_write(self._path, msgspec.json.encode((at, inventory)), durable=False)


@dataclass(frozen=True)
class _ReadBy:
    cached: CachedInventory
    source: InventorySource

    def inventory(self) -> Inventory:
        """See `InventorySource.inventory`."""
        return self.cached.inventory(self.source)
