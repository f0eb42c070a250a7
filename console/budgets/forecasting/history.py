"""What a bill says day by day, split by how charges come: every day, on the first of a month, as tax, or once.

Amounts are decimals here; `History.values` is the one place where they become floats, for the models.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from console.finops.decimals import DIGITS, ZERO, total

if TYPE_CHECKING:
    from console.budgets.forecasting.baseline import Flags, Floats

SETTLING_DAYS = 2  # AWS refreshes a day's charges for up to 48 hours; later corrections are small
FEWEST_FIRSTS = 2  # first days of a month on which a charge came before it counts as monthly


class Charged(NamedTuple):
    """What was charged for one service and charge category on one day."""

    day: date
    service: str
    category: str
    amount: Decimal
    estimated: bool = False


class ChargeGroup(NamedTuple):
    """A service with its FOCUS charge category: Usage, Purchase, Tax, Credit or Adjustment."""

    service: str
    category: str

    @property
    def is_tax(self) -> bool:
        """Whether it follows the other charges. Cost Explorer knows no category: there tax is a service."""
        return self.category == "Tax" or self.service == "Tax"

    @property
    def is_once(self) -> bool:
        """Whether it says nothing about another day: credits, refunds and corrections."""
        return self.category in ("Credit", "Adjustment")


@dataclass(frozen=True)
class History:
    """Charges of consecutive days.

    Attributes
    ----------
    days : every day from the first to the last, without a gap
    lines : what was charged on each of `days`, by line; 0 where nothing was
    estimated : days that the provider may still change. The tax of a month that is not over, booked on its first day,
        always changes and does not make that day one of them
    missing : days without any charge row, such as a file that was not imported
    """

    days: tuple[date, ...]
    lines: Mapping[ChargeGroup, tuple[Decimal, ...]]
    estimated: frozenset[date] = frozenset()
    missing: frozenset[date] = frozenset()

    @cached_property
    def totals(self) -> tuple[Decimal, ...]:
        """Everything charged by day, exactly."""
        if not self.lines:
            return (ZERO,) * len(self.days)
        return tuple(total(column) for column in zip(*self.lines.values(), strict=True))

    @cached_property
    def values(self) -> Floats:
        """The amounts as floats, lines × days."""
        import numpy as np

        shape = (len(self.lines), len(self.days))
        return np.array([[float(amount) for amount in line] for line in self.lines.values()]).reshape(shape)

    @cached_property
    def firsts(self) -> Flags:
        """Which days are the first of a month."""
        import numpy as np

        return np.array([day.day == 1 for day in self.days], dtype=bool)

    @property
    def settled(self) -> int:
        """How many days count as known: all but the last `SETTLING_DAYS`, as far as those are estimated."""
        known = len(self.days)
        while known and self.days[known - 1] in self.estimated and len(self.days) - known < SETTLING_DAYS:
            known -= 1
        return known

    def split(self, known: int) -> Split:
        """The first `known` days, by how the charges come, judged from those days alone."""
        values = self.values[:, :known]
        return Split(*(values[places].sum(axis=0) for places in self._ways(known)))

    def everyday(self) -> tuple[Decimal, ...]:
        """What is charged day by day, exactly: without tax, credits, corrections and charges of first days."""
        lines = list(self.lines.values())
        chosen = [lines[place] for place in self._ways(len(self.days))[0]]
        return tuple(total(column) for column in zip(*chosen, strict=True)) if chosen else (ZERO,) * len(self.days)

    def _ways(self, known: int) -> tuple[list[int], list[int], list[int]]:
        """Places of the lines that come every day, on firsts of months, and as tax; not of those that come once."""
        values, firsts = self.values[:, :known], self.firsts[:known]
        names = list(self.lines)
        on_firsts = (values[:, firsts] != 0).sum(axis=1) >= FEWEST_FIRSTS
        on_others = (values[:, ~firsts] != 0).any(axis=1)
        tax = [place for place, name in enumerate(names) if name.is_tax]
        rest = [place for place, name in enumerate(names) if not name.is_tax and not name.is_once]
        monthly = [place for place in rest if on_firsts[place] and not on_others[place]]
        return [place for place in rest if place not in monthly], monthly, tax

    def between(self, start: date, end: date) -> Decimal:
        """Everything charged from `start` to `end`, not included, exactly."""
        first = max((start - self.days[0]).days, 0) if self.days else 0
        last = max((end - self.days[0]).days, 0) if self.days else 0
        return total(self.totals[first:last])


@dataclass(frozen=True)
class Split:
    """Known days by how their charges come, each an array of one value a day."""

    daily: Floats
    monthly: Floats
    tax: Floats


def history(charges: Iterable[Charged], *, whole: History | None = None) -> History:
    """Charges in any order as a history; several of one day and line are added.

    Parameters
    ----------
    whole : the whole bill, where `charges` are a part of it, such as one service. It says which days are known, missing
        and estimated: a day without a row of this part cost nothing, and the part is known for as long as the bill is
    """
    kept = list(charges)
    if whole is not None:
        return _part(kept, whole)
    if not kept:
        return History((), {})
    charged = {charge.day for charge in kept}
    estimated = [charge for charge in kept if charge.estimated]
    days = tuple(days_from(min(charged), (max(charged) - min(charged)).days + 1))
    return History(
        days,
        _lines(kept, days),
        frozenset(charge.day for charge in estimated if not ChargeGroup(charge.service, charge.category).is_tax),
        frozenset(days) - charged,
    )


def _part(charges: Sequence[Charged], whole: History) -> History:
    """The history of a part of the bill, from its own first day on; all days where nothing was ever charged for it."""
    known = [charge for charge in charges if whole.days and whole.days[0] <= charge.day <= whole.days[-1]]
    first = min((charge.day for charge in known), default=None)
    days = whole.days if first is None else tuple(day for day in whole.days if day >= first)
    return History(days, _lines(known, days), whole.estimated & set(days), whole.missing & set(days))


def _lines(charges: Iterable[Charged], days: Sequence[date]) -> dict[ChargeGroup, tuple[Decimal, ...]]:
    """What was charged on each of `days`, by line; every charge lies on one of them."""
    lines: dict[ChargeGroup, list[Decimal]] = {}
    for charge in charges:
        line = lines.setdefault(ChargeGroup(charge.service, charge.category), [ZERO] * len(days))
        place = (charge.day - days[0]).days
        line[place] = DIGITS.add(line[place], charge.amount)
    return {name: tuple(lines[name]) for name in sorted(lines)}


def month_of(day: date) -> date:
    """The first of its month."""
    return day.replace(day=1)


def next_month(day: date) -> date:
    """The first of the month after."""
    return (day.replace(day=1) + timedelta(days=31)).replace(day=1)


def days_of_month(month: date) -> Sequence[date]:
    """All days of the month that begins on `month`."""
    return days_from(month, (next_month(month) - month).days)


def days_from(start: date, count: int) -> Sequence[date]:
    """`count` days from `start` on."""
    return [start + timedelta(days=number) for number in range(count)]
