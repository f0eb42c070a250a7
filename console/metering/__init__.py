"""What this console's own questions cost: every call that is paid for is given to a meter as it happens.

A `Meter` never raises and never waits::

    a call  →  journal, a line written at once      journal     (in a lake folder)
            →  a batch in memory                    buffered
            →  every few seconds: a file of `console_calls`, one a batch, replaced while the batch grows    calls
    a day that is over is closed                    compaction
            →  `closed_calls`: its single calls in one sorted file, kept for some weeks
            →  `daily_page_calls`, `daily_question_calls`: daily totals, kept for good

The files are kept by a `Files`: `folder` in the lake folder, `bucket` in the lake's bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol


@dataclass(frozen=True)
class Call:
    """One call that this console made, or that its cache answered.

    Attributes
    ----------
    called_at : when, with offset
    viewer, page : who asked on which page; empty outside a browser
    kind : ``query``, ``cost_explorer``, ``cloudwatch``, ``inventory`` or ``recommendation``
    name : the query's or the operation's name
    engine : who answered
    bytes_scanned, dollars : what it cost; None where unknown, dollars are 0 where it is known to be free
    dollars_saved : what a cached answer cost when it was asked; 0 for one that was not cached
    """

    called_at: datetime
    viewer: str
    page: str
    kind: str
    name: str
    engine: str
    query_id: str = ""
    elapsed_seconds: float = 0.0
    rows: int = 0
    cached: bool = False
    bytes_scanned: int | None = None
    dollars: Decimal | None = None
    dollars_saved: Decimal | None = Decimal(0)


@dataclass(frozen=True)
class Asker:
    """Who asks, and on which page; both empty outside a browser."""

    viewer: str = ""
    page: str = ""


class Meter(Protocol):
    """Keeps calls. Never raises and never waits: a page does not fail because its meter does."""

    def record(self, call: Call) -> None:
        """Keep one call."""


class NoMeter:
    """Keeps nothing: tests, and commands that ask nothing that is paid for."""

    def record(self, call: Call) -> None:
        """Forget the call."""
