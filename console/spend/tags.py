"""How much of the usage carries which tag, and which services leave it out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.finops.charges import Basis
from console.finops.decimals import DIGITS, ZERO, difference, total
from console.spend import part as parts
from console.spend.part import BillPart

ALL = "(all)"  # the key of all usage


@dataclass(frozen=True)
class KeyCoverage:
    """Usage that carries a key."""

    key: str
    tagged: Decimal
    untagged: Decimal

    @property
    def coverage(self) -> Decimal | None:
        """Tagged ÷ all usage; None without usage."""
        usage = DIGITS.add(self.tagged, self.untagged)
        return self.tagged / usage if usage > 0 else None

    @property
    def unallocated(self) -> Decimal | None:
        """1 − coverage; None without usage."""
        return None if self.coverage is None else 1 - self.coverage


@dataclass(frozen=True)
class Untagged:
    """One service's usage without the key."""

    service: str
    untagged: Decimal
    usage: Decimal

    @property
    def share(self) -> Decimal | None:
        """Untagged ÷ usage of the service."""
        return self.untagged / self.usage if self.usage > 0 else None


@dataclass(frozen=True)
class Tags:
    """Coverage of every key, the best covered first; `untagged` speaks about the key chosen."""

    keys: Sequence[KeyCoverage]
    chosen: KeyCoverage | None
    untagged: Sequence[Untagged]


def question(scope: Scope, period: Period, part: BillPart) -> Question:
    """What to ask; only the filters on service and account apply."""
    return parts.question(scope, "spend/tag_coverage", period, part)


def tags(result: Result, currency: str, basis: Basis, wanted: str | None) -> Tags:
    """Put the answer together for the key `wanted`, by default the one that covers most."""
    names = ("billing_currency", "service_name", "tag_key", basis.column)
    usage: dict[str, Decimal] = {}
    carried: dict[str, dict[str, Decimal]] = {}
    for money, service, key, cost in zip(*(result.table[name].to_pylist() for name in names), strict=True):
        if money != currency:
            continue
        if key == ALL:
            usage[service] = cost or ZERO
        else:
            carried.setdefault(key, {})[service] = cost or ZERO
    whole = total(usage.values())
    keys = [
        KeyCoverage(key, tagged := total(by_service.values()), difference(whole, tagged))
        for key, by_service in carried.items()
    ]
    keys.sort(key=lambda tag: (-tag.tagged, tag.key))
    chosen = next((tag for tag in keys if tag.key == wanted), keys[0] if keys else None)
    by_service = carried[chosen.key] if chosen else {}
    found = [Untagged(name, difference(cost, by_service.get(name, ZERO)), cost) for name, cost in usage.items()]
    untagged = sorted((row for row in found if row.untagged), key=lambda row: (-row.untagged, row.service))
    return Tags(keys, chosen, untagged)
