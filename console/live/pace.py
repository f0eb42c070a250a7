"""How fast what waits is counted, from what waited and what was counted in the last seconds."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from datetime import datetime, timedelta

from console.live.source import Waiting

WINDOW = timedelta(seconds=15)  # long enough for several pieces of work, short enough to follow a change
SHORTEST = timedelta(seconds=2)  # between the first and the last look


class Pace:
    """Remembers the last looks at what waits and at how much was counted."""

    def __init__(self) -> None:
        self._looks: deque[tuple[datetime, int, int]] = deque()

    def of(self, waiting: Waiting, counted: int, now: datetime) -> Waiting:
        """What waits, with the pace at which it is counted; `counted` are the records counted ever."""
        self._looks.append((now, waiting.records, counted))
        while now - self._looks[0][0] > WINDOW:
            self._looks.popleft()
        first, records, before = self._looks[0]
        if now - first < SHORTEST or not waiting.records:
            return waiting
        seconds = (now - first).total_seconds()
        fewer = (records - waiting.records) / seconds
        left = waiting.records / fewer if fewer > 0 else None
        return replace(waiting, per_second=(counted - before) / seconds, seconds_left=left)
