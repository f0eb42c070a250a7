"""A finding: the saving, the evidence for it, how to do it and how to undo it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from console.savings.inventory import Unread


class Effort(StrEnum):
    """The work a saving takes: a command, a change with a test, or a project."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Risk(StrEnum):
    """What can go wrong: nothing that a user notices, slower answers, or lost data and refused requests."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True)
class Charges:
    """The charges of the bill that a saving lowers.

    Attributes
    ----------
    usage_types : parts of the usage types' names, such as ``ShardHour``
    services : parts of the services' names, for usage types that several services share; empty for any service
    """

    usage_types: tuple[str, ...]
    services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A saving.

    Attributes
    ----------
    key : stays the same from day to day for the same resource and check
    check : the check's name
    monthly : US dollars a month; None if unknown, never 0
    unknown_because : what is missing if `monthly` is None
    evidence : name and value of each figure that it is based on
    steps, undo : commands or sentences, in order
    formula : how `monthly` was computed, with its figures
    sources : pages that state the prices and the rule
    charges : the charges that the realised saving is measured on
    origin : who found it: ``takings`` or an AWS service
    also : AWS services that recommend it too
    """

    key: str
    check: str
    title: str
    resource: str
    monthly: Decimal | None
    effort: Effort
    risk: Risk
    evidence: tuple[tuple[str, str], ...]
    steps: tuple[str, ...]
    undo: tuple[str, ...]
    formula: str
    sources: tuple[str, ...]
    charges: Charges
    unknown_because: str = ""
    origin: str = "takings"
    also: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Checked:
    """The result of one check: how many resources it looked at, what it found, and what it could not read."""

    check: str
    title: str
    looked_at: int
    findings: tuple[Finding, ...]
    missing: tuple[Unread, ...] = ()

    @property
    def is_judged(self) -> bool:
        """Whether there was anything to judge by: an empty answer counts, a refused one does not."""
        return bool(self.looked_at) or not self.missing
