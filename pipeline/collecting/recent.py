"""The event ids received lately, from which the collector knows a duplicate.

This is a verdict only. A duplicate goes into the stream like any other event, and the curated lake keeps the first
copy of an id whenever it came; nothing depends on this memory being long.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable

CAPACITY = 250_000  # ids of one generation; two of them are about 60 MB at their fullest


def identities(namespace: str, ids: list[str]) -> list[str]:
    """The ids with their namespace: equal only for equal ids of one namespace. Neither holds a NUL."""
    return [f"{namespace}\0{name}" for name in ids] if namespace else ids


class RecentIds:
    """Remembers at least the last `capacity` ids, at most twice as many. Safe to use from several threads.

    Two generations of ids: when the younger one is full, it becomes the older one, whose ids are forgotten together.
    That costs a fraction of moving each id in a list of the most recently used.
    """

    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._younger: set[str] = set()
        self._older: set[str] = set()
        self._lock = threading.Lock()

    def claim(self, ids: list[str]) -> set[int]:
        """Remember ids; returns the places of those that were known already, or that are in the list twice.

        Of two requests that bring the same id at the same time, one claims it and the other brings the duplicate.
        """
        with self._lock:
            known: set[int] = set()
            size = len(self._younger)
            is_new = self._younger.isdisjoint(ids) and self._older.isdisjoint(ids)
            if is_new:
                self._younger.update(ids)
            if not is_new or len(self._younger) - size < len(ids):
                seen: set[str] = set()
                for place, name in enumerate(ids):
                    if name in seen or (not is_new and (name in self._younger or name in self._older)):
                        known.add(place)
                    seen.add(name)
                self._younger |= seen
            if len(self._younger) >= self._capacity:
                self._older, self._younger = self._younger, set()
            return known

    def release(self, ids: Collection[str]) -> None:
        """Forget ids that were claimed but not stored: sent again, they are not duplicates."""
        with self._lock:
            self._younger.difference_update(ids)
            self._older.difference_update(ids)

    def recall(self, ids: Iterable[str]) -> None:
        """Remember the ids of what a stream holds already, oldest first, as after a restart."""
        for event_id in ids:
            self.claim([event_id])
