"""A bill: the charges that are imported, replaced and counted together. Pure.

A bill is all charges that one source knows of one provider, billing account and billing period. Where several sources
know the same provider and period, the best one counts and the others wait: FOCUS before CUR before Cost Explorer
before the sample. They are kept in the raw lake, so that a better one that is taken away uncovers them again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

_PROVIDERS = {  # how exports of different versions write the same provider
    "amazonwebservices": "aws",
    "amazonwebservicesinc": "aws",
    "azure": "microsoft",
    "microsoftazure": "microsoft",
    "gcp": "google",
    "googlecloud": "google",
    "googlecloudplatform": "google",
    "oraclecloudinfrastructure": "oracle",
    "oci": "oracle",
}
_LONGEST_NAME = 40


class SourceRank(IntEnum):
    """The sources, best first; any other name ranks as FOCUS, whose columns it has."""

    focus = 0
    cur = 1
    cost_explorer = 2
    sample = 3

    @classmethod
    def of(cls, source: str) -> SourceRank:
        """The rank of a source's name."""
        return cls.__members__.get(source, cls.focus)


@dataclass(frozen=True, order=True)
class Bill:
    """One source's charges of one provider, billing account and billing period.

    Attributes
    ----------
    source : ``focus``, ``cur``, ``cost_explorer`` or ``sample``
    provider : key of the provider, the same however an export writes it
    account : billing account; empty where the source does not say it
    period : first day of the billing period, as ISO 8601; empty where the source does not say it
    """

    source: str
    provider: str
    account: str
    period: str

    @property
    def folder(self) -> str:
        """The folder of its raw file, below ``raw/spend``."""
        parts = (self.source, self.provider, self.account, self.period)
        return "/".join(_file_name(part) for part in parts)

    def __str__(self) -> str:
        account = f", account {self.account}" if self.account else ""
        return f"{self.provider} {self.period or 'without a period'}{account} ({self.source})"


def provider_key(name: str | None) -> str:
    """The key of a provider, such as ``aws``."""
    plain = re.sub(r"[^a-z0-9]", "", (name or "").lower())
    return _PROVIDERS.get(plain, plain or "unknown")


def counting(bills: Iterable[Bill]) -> frozenset[Bill]:
    """The bills that count: of several bills with the same charges, the one from the best source.

    FOCUS and CUR say whose bill they are, so they give way to a better source of the same account only. Cost Explorer
    and the sample give way to any better source of the provider and period.
    """
    kept: set[Bill] = set()
    for bill in sorted(set(bills), key=lambda bill: (SourceRank.of(bill.source), bill)):
        rank = SourceRank.of(bill.source)
        rivals = (
            other
            for other in kept
            if (other.provider, other.period) == (bill.provider, bill.period) and SourceRank.of(other.source) < rank
        )
        anonymous = rank >= SourceRank.cost_explorer
        if not any(anonymous or other.account == bill.account for other in rivals):
            kept.add(bill)
    return frozenset(kept)


def _file_name(text: str) -> str:
    """A text as a folder's name: readable, and different for different texts."""
    plain = re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-")[-_LONGEST_NAME:] or "none"
    if plain == text:
        return plain
    return f"{plain}-{hashlib.sha256(text.encode()).hexdigest()[:8]}" if text else plain
