"""Where the time of a curation on Spark goes: seconds, Spark's jobs and Iceberg's commits of every table."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

from pipeline.curate.spark import raw
from pipeline.curate.spark.iceberg import IcebergTables
from pipeline.curate.spark.store import SparkStore

_STEPS = ("name_units", "load_known", "scope", "make", "merge", "replace_days")


class Parts:
    """Seconds of each call by what it makes. Tables are made side by side: they add up to more than the whole."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self.commits = 0
        self._adding = threading.Lock()

    def most(self, count: int = 15) -> dict[str, float]:
        """What took longest, longest first."""
        ranked = sorted(self.seconds.items(), key=lambda part: -part[1])
        return {name: round(seconds, 1) for name, seconds in ranked[:count]}

    @contextmanager
    def measured(self) -> Iterator[None]:
        """Measure what a curation does meanwhile."""
        self.seconds.clear()
        self.commits = 0
        committed = IcebergTables._committed

        def counted(tables: IcebergTables, table: str) -> None:
            committed(tables, table)
            with self._adding:
                self.commits += 1

        with ExitStack() as stack:
            for step in _STEPS:
                stack.enter_context(patch.object(SparkStore, step, self._timed(step, getattr(SparkStore, step))))
            stack.enter_context(patch.object(raw, "read", self._timed("read raw files", raw.read)))
            stack.enter_context(patch.object(IcebergTables, "_committed", counted))
            yield

    def _timed(self, step: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*given: Any, **named: Any) -> Any:
            started = time.perf_counter()
            try:
                return work(*given, **named)
            finally:
                name = f"{step} {given[1]}" if step in _STEPS else step
                with self._adding:
                    self.seconds[name] += time.perf_counter() - started

        return timed
