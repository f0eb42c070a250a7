"""Counts that only grow, reported as metrics once in a while: each line of metrics is charged as a line of logs."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping


class CountReports:
    """What was counted since the last report.

    What an environment counted after its last report is not reported when it ends: with 60 seconds that is less than
    a minute's traffic of each environment, once in its life of hours.

    Parameters
    ----------
    seconds : the least time between two reports; 0 reports each time
    """

    def __init__(self, seconds: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds, self._clock = seconds, clock
        self._reported: Mapping[str, int] = {}
        self._at = -math.inf

    def due(self, counts: Mapping[str, int]) -> dict[str, int]:
        """By how much each count has grown since the last report; empty where the next report is not due."""
        now = self._clock()
        if now - self._at < self._seconds:
            return {}
        grown = {name: count - self._reported.get(name, 0) for name, count in counts.items()}
        self._reported, self._at = dict(counts), now
        return grown
