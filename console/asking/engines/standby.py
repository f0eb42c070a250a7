"""A warehouse with a usage limit, and the engine that answers in its place while the limit is reached.

The two speak different dialects, and a statement is bound for one of them. So the pair has the dialect of the one that
answers at the moment; a statement bound for the warehouse just before fails with `UsageLimitReached`, and the scope
binds it anew (`console.asking.scope`).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from catalogue.errors import UsageLimitReached
from console.asking.engines import Result, SqlEngine

if TYPE_CHECKING:
    from catalogue.binding import Statement

REST_SECONDS = 600.0  # a limit that was raised works at once; a question that meets one still there loses a second


class WithStandby:
    """Fills the `SqlEngine` port with two engines over the same tables. Safe to use from several threads.

    Parameters
    ----------
    warehouse : answers, until it raises `UsageLimitReached`
    standby : answers for `rest_seconds` from then on; of another dialect
    """

    def __init__(
        self,
        warehouse: SqlEngine,
        standby: SqlEngine,
        *,
        rest_seconds: float = REST_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._warehouse = warehouse
        self._standby = standby
        self._rest_seconds = rest_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._reached: tuple[float, str, str] | None = None  # when, what was said, the remedy

    @property
    def dialect(self) -> str:
        """The dialect of the engine that answers now."""
        return self._answering.dialect

    @property
    def data_version(self) -> str:
        """The version that the engine that answers now has."""
        return self._answering.data_version

    @property
    def data_as_of(self) -> datetime | None:
        """The largest ``received_at`` that the engine that answers now can see."""
        return self._answering.data_as_of

    def version_of(self, statement: Statement) -> str:
        """See `SqlEngine.version_of`; of the engine that the statement is bound for."""
        return self._of(statement).version_of(statement)

    def run(self, statement: Statement) -> Result:
        """Answer one statement; see `SqlEngine.run`.

        Raises UsageLimitReached for one bound for the warehouse while that rests: it must be bound anew.
        """
        if self._of(statement) is self._standby:
            return self._stand_in(statement)
        reached = self._limit()
        if reached is not None:
            what, remedy = reached
            raise UsageLimitReached(what, where=statement.query, remedy=remedy)
        try:
            return self._warehouse.run(statement)
        except UsageLimitReached as error:
            with self._lock:
                self._reached = (self._clock(), error.what, error.remedy)
            raise

    def _stand_in(self, statement: Statement) -> Result:
        """The answer of the standby, which says why it is not the warehouse's."""
        reached = self._limit()
        result = self._standby.run(statement)
        if reached is None:  # the rest ended since the statement was bound
            return result
        reason = f"{reached[0]}; {result.statistics.engine} answered"
        return replace(result, statistics=replace(result.statistics, stand_in=reason))

    def _limit(self) -> tuple[str, str] | None:
        """What the warehouse said of its limit, and the remedy, while it rests."""
        with self._lock:
            if self._reached is not None and self._clock() - self._reached[0] < self._rest_seconds:
                return self._reached[1:]
            return None

    @property
    def _answering(self) -> SqlEngine:
        return self._warehouse if self._limit() is None else self._standby

    def _of(self, statement: Statement) -> SqlEngine:
        return self._standby if statement.dialect == self._standby.dialect else self._warehouse
