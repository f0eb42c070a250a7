"""Parts of a step that are done at once, and their progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

from pipeline.curate.step import Progress


def run_at_once(parts: Sequence[Callable[[], None]], most: int) -> None:
    """Do parts at once, at most `most` at a time; after an error no further part begins.

    Raises
    ------
    Exception
        What a part raised, once no part runs any more.
    """
    with ThreadPoolExecutor(most) as pool:
        running = [pool.submit(part) for part in parts]
        _, waiting = wait(running, return_when=FIRST_EXCEPTION)
        for future in waiting:
            future.cancel()
    for future in running:
        if not future.cancelled():
            future.result()


class InTurn:
    """Progress of parts that are done at once: reported one at a time, by fractions that never fall."""

    def __init__(self, report: Progress) -> None:
        self._report = report
        self._reached = 0.0
        self._reporting = threading.Lock()

    def __call__(self, step: str, fraction: float) -> None:
        """Report a step, and the fraction that is done."""
        with self._reporting:
            self._reached = max(self._reached, fraction)
            self._report(step, self._reached)
