"""People's decisions about findings of the console: an anomaly that was expected, a saving that was dismissed.

A decision is kept by the kind of finding and its key, with who took it, when and why. The latest one counts; earlier
ones stay readable, so that it can be undone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class Decision:
    """One decision.

    Attributes
    ----------
    kind : what was found: ``anomaly`` or ``saving``
    key : of the finding; it stays the same from day to day
    verdict : ``expected`` for an anomaly; ``accepted``, ``dismissed`` or ``realised`` for a saving; ``open`` undoes
    note : why, in the words of who decided
    decided_by, decided_at : who and when, with offset
    """

    kind: str
    key: str
    verdict: str
    note: str
    decided_by: str
    decided_at: datetime


class DecisionStore(Protocol):
    """Remembers decisions. Safe to call from several threads and processes."""

    def current(self, kind: str) -> Mapping[str, Decision]:
        """The latest decision by key, of a kind; one that was undone is left out.

        Raises
        ------
        SourceError
            The store did not answer.
        """

    def history(self, kind: str, key: str) -> Sequence[Decision]:
        """Every decision on one finding, oldest first; raises as `current`."""

    def decide(self, decision: Decision) -> None:
        """Remember a decision for good before returning; raises as `current`."""
