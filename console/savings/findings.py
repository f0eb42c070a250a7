"""What a check found: the saving, what it was judged by, how to take it and how to give it back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from console.savings.inventory import Unread


class Effort(StrEnum):
    """What a saving asks of somebody: a command, a change with a test, or a project."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Risk(StrEnum):
    """What can go wrong: nothing a reader would notice, slower answers, or lost data and refused requests."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Evidence:
    """One figure that a finding was judged by."""

    name: str
    value: str


@dataclass(frozen=True)
class Charges:
    """The lines of the bill that a saving lowers.

    Attributes
    ----------
    usage_types : parts of their names, such as ``ShardHour``
    services : parts of their services' names, for usage types that several services share; empty for any
    """

    usage_types: tuple[str, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A saving.

    Attributes
    ----------
    key : the same on another day for the same resource and check
    check : the check's name
    monthly : US dollars a month; None where it is unknown, never 0
    unknown_because : what is missing where `monthly` is None
    steps, undo : commands or sentences, in order
    formula : how `monthly` was computed, with its figures
    sources : pages that state the prices and the rule
    charges : what to measure the realised saving on
    origin : who found it: ``takings`` or an AWS service
    also : who else recommends it
    """

    key: str
    check: str
    title: str
    resource: str
    monthly: Decimal | None
    effort: Effort
    risk: Risk
    evidence: tuple[Evidence, ...]
    steps: tuple[str, ...]
    undo: tuple[str, ...]
    formula: str
    sources: tuple[str, ...]
    charges: Charges
    unknown_because: str = ""
    origin: str = "takings"
    also: tuple[Evidence, ...] = ()


@dataclass(frozen=True)
class Checked:
    """What one check did: how many resources it looked at, what it found, and what it could not judge."""

    check: str
    title: str
    looked_at: int
    findings: tuple[Finding, ...]
    missing: tuple[Unread, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether it had anything to judge by: nothing there counts, a refused answer does not."""
        return bool(self.looked_at) or not self.missing
