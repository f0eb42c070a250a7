"""One thread that does one thing again and again, waits longer after each failure, and keeps the last error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

FIRST_PAUSE = 1.0  # seconds after the first failure; doubled with each further one
LONGEST_PAUSE = 60.0


@dataclass(frozen=True, slots=True)
class Trouble:
    """The last failure of a loop.

    Attributes
    ----------
    persists : whether nothing has succeeded since
    """

    loop: str
    what: str
    at: datetime
    persists: bool


class Loop:
    """A thread that calls `step` until it is stopped.

    Parameters
    ----------
    step : does a piece of work and returns the seconds to wait before the next one
    expected : failures after which the step is tried again; any other ends the thread, and is kept in `trouble` too
    """

    def __init__(
        self,
        name: str,
        step: Callable[[], float],
        *,
        expected: tuple[type[Exception], ...],
        first_pause: float = FIRST_PAUSE,
    ) -> None:
        self.name = name
        self._step = step
        self._expected = expected
        self._first_pause = first_pause
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._trouble: Trouble | None = None
        self._failures = 0

    def start(self) -> None:
        """Begin; once."""
        self._thread.start()

    def stop(self) -> None:
        """End after the step under way."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def trouble(self) -> Trouble | None:
        """The last failure; None where there was none."""
        return self._trouble and replace(self._trouble, persists=self._failures > 0)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                pause = self._step()
                self._failures = 0
            except self._expected as error:
                self._note(error)
                pause = min(self._first_pause * 2.0 ** (self._failures - 1), LONGEST_PAUSE)
            except BaseException as error:
                self._note(error)
                raise
            if pause > 0:
                self._stopping.wait(pause)

    def _note(self, error: BaseException) -> None:
        self._failures += 1
        self._trouble = Trouble(self.name, f"{type(error).__name__}: {error}", datetime.now(UTC), persists=True)
