"""Spend by one dimension: every value over the period, and the largest ones by day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.finops.charges import Basis
from console.finops.decimals import DIGITS, ZERO, difference, total
from console.spend import part as parts
from console.spend.part import BillPart
from console.spend.summary import APART, APART_LABELS

LARGEST = 6  # colours that a reader can distinguish; the rest is drawn as others
MOST_RESOURCES = 10_000  # resources listed; a bill may have millions
OTHERS = "Others"
APART_NAME = "Tax, credits, refunds"


@dataclass(frozen=True)
class DimensionValue:
    """One value of the dimension.

    Attributes
    ----------
    value, name : as in the data, and as printed
    is_apart : tax, credits or corrections: it belongs to no value of the dimension and cannot be looked into
    cost, before : in the basis; None where no charge has one; `before` also without a comparison
    share : of usage and purchases; None for what is apart
    """

    value: str
    name: str
    is_apart: bool
    cost: Decimal | None
    before: Decimal | None
    share: Decimal | None

    @property
    def identifier(self) -> str:
        """The value as in the data; empty for what is apart."""
        return "" if self.is_apart else self.value

    @property
    def change(self) -> Decimal | None:
        """Cost − before; None where one of them is unknown."""
        return None if self.cost is None or self.before is None else difference(self.cost, self.before)


@dataclass(frozen=True)
class Series:
    """One value by day, aligned with the days of the period.

    Attributes
    ----------
    value : None for others and for what is apart
    estimated : positions of days on which some of it is estimated
    """

    name: str
    value: str | None
    costs: Sequence[Decimal]
    estimated: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Breakdown:
    """Spend by a dimension. `values` and `series` each add up to the spend of the part, unless `cut_off` is above 0.

    `cut_off` is the spend of values beyond the `MOST_RESOURCES` listed.
    """

    by: str
    values: Sequence[DimensionValue]
    series: Sequence[Series]
    cut_off: Decimal = ZERO

    @property
    def title(self) -> str:
        """The dimension as printed."""
        return parts.title(self.by)


def questions(
    scope: Scope, by: str, periods: Sequence[Period], part: BillPart, basis: Basis
) -> tuple[list[Question], Question]:
    """What to ask: the values in each period, and the days of the first one."""
    query, query_by_day, values = parts.grouped(by, part)
    known = scope.catalogue[query].parameters
    listed: dict[str, Any] = {"basis": basis.value, "most": MOST_RESOURCES}
    more = {name: value for name, value in listed.items() if name in known}
    return (
        [parts.question(scope, query, period, part, **values, **more) for period in periods],
        parts.question(scope, query_by_day, periods[0], part, **values, basis=basis.value, most=LARGEST),
    )


def breakdown(
    by: str,
    found: Sequence[Result],
    by_day: Result,
    days: Sequence[date],
    estimated_days: frozenset[date],
    spend: Decimal,
    basis: Basis,
    names: Mapping[str, str],
) -> Breakdown:
    """Put answers together: `found` holds the values now, and before where that was asked.

    Parameters
    ----------
    estimated_days : days on which some spend is estimated
    """
    now = _costs(found[0], basis, names)
    before = _costs(found[1], basis, names) if len(found) > 1 else None
    usage = total(cost for (is_apart, _), (_, cost) in now.items() if not is_apart)
    nothing = ("", ZERO)  # not charged at all: a cost of 0, which is known
    values = [
        DimensionValue(
            value,
            (now.get(key) or (before or {})[key])[0],
            is_apart,
            cost := now.get(key, nothing)[1],
            None if before is None else before.get(key, nothing)[1],
            None if is_apart or usage <= 0 or cost is None else cost / usage,
        )
        for key in {**now, **(before or {})}
        for is_apart, value in [key]
    ]
    values.sort(key=lambda value: (value.is_apart, value.cost is None, -(value.cost or ZERO), value.name, value.value))
    return Breakdown(
        by,
        values,
        _series(by_day, days, estimated_days, names),
        difference(spend, total(value.cost for value in values)),
    )


def _costs(
    result: Result, basis: Basis, names: Mapping[str, str]
) -> dict[tuple[bool, str], tuple[str, Decimal | None]]:
    """(is apart, value) → name and cost; the cost is None where no charge has one."""
    costs: dict[tuple[bool, str], tuple[str, Decimal | None]] = {}
    columns = result.table.select([name for name in _READ if name in result.table.column_names] + [basis.column])
    for row in columns.to_pylist():
        kind = row.get("kind")
        is_apart = kind in APART
        value = kind if is_apart else row["value"]
        name = APART_LABELS[kind] if is_apart else _name(value, row.get("label"), names)
        called, known = costs.get((is_apart, value), (name, None))
        cost = row[basis.column]
        costs[(is_apart, value)] = (called, known if cost is None else DIGITS.add(known or ZERO, cost))
    return costs


_READ = ("kind", "value", "label")


def _series(
    result: Result, days: Sequence[date], estimated_days: frozenset[date], names: Mapping[str, str]
) -> list[Series]:
    places = {day: position for position, day in enumerate(days)}
    costs: dict[int, list[Decimal]] = {}
    estimated: dict[int, set[int]] = {}
    called: dict[int, tuple[str, str | None]] = {0: (OTHERS, None), -1: (APART_NAME, None)}
    for row in result.rows():
        place = row["place"]
        position = places[row["charge_date"]]
        costs.setdefault(place, [ZERO] * len(days))[position] = row["cost"] or ZERO
        # where the table does not say which part of a day is estimated, all of it may be
        if row["charge_date"] in estimated_days if row["estimated"] is None else row["estimated"]:
            estimated.setdefault(place, set()).add(position)
        if place > 0:
            called[place] = (_name(row["value"], row["label"], names), row["value"])
    ranked = sorted(place for place in costs if place > 0) + [place for place in (0, -1) if place in costs]
    return [
        Series(*called[place], costs[place], frozenset(estimated.get(place, ())))
        for place in ranked
        if any(costs[place])
    ]


def _name(value: str, label: str | None, names: Mapping[str, str]) -> str:
    """The name to print: the label or known name, else the value itself."""
    return label or names.get(value) or value
