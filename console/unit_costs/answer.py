"""What does an order cost us in the cloud, and what is left of the margin?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from statistics import median

from catalogue.errors import BindingError
from console.asking import formatting as text
from console.asking.background import BACKGROUND
from console.asking.engines import Result
from console.asking.figures import Better, Change, Figure, Unit
from console.asking.periods import Period
from console.asking.scope import Scope
from console.finops.decimals import ZERO, rounded, total
from console.sales.answer import Compared
from console.unit_costs.allocation import NO_RULE, Allocation
from console.unit_costs.days import COUNTED, ESTIMATE_ERROR, Counted, PeriodCosts, measured, questions
from console.unit_costs.unit_costs import Efficiency, Parts, efficiency, per_unit

AHEAD_DAYS = 14
NORMAL_80 = Decimal("1.2816")  # half-width of an 80 % interval in standard deviations
MARGIN = "Margin after cloud"
_WEEK = 7


@dataclass(frozen=True)
class UnitRecord:
    """One line of the table of unit costs."""

    unit: str
    count: int
    unit_cost: Decimal | None
    direct: Decimal | None
    shared: Decimal | None
    unallocated: Decimal | None
    before: Decimal | None


@dataclass(frozen=True)
class FunctionRecord:
    """One line of the table of functions: what it costs, and what one of its own units does."""

    title: str
    direct: Decimal
    shared: Decimal
    total: Decimal
    share: Decimal | None
    count: int | None
    unit: str
    unit_cost: Decimal | None


@dataclass(frozen=True)
class MarginForecast:
    """A day to come: the margin after cloud expected, and the interval that holds it four times in five."""

    day: date
    amount: Decimal
    low: Decimal
    high: Decimal


@dataclass(frozen=True)
class UnitCosts:
    """The answer of the Unit costs page.

    Attributes
    ----------
    currency : of the bill; the margin is only there where it is the reporting currency
    unallocated : reason → amount, largest first
    efficiency : of the unit asked for; None for too few days
    ahead : days to come, and the method that made them
    """

    now: PeriodCosts
    before: PeriodCosts | None
    currency: str
    reporting_currency: str
    allocation: Allocation
    counted: Counted
    figures: Sequence[Figure]
    units: Sequence[UnitRecord]
    functions: Sequence[FunctionRecord]
    unallocated: Sequence[tuple[str, Decimal]]
    efficiency: Efficiency | None
    ahead: Sequence[MarginForecast]
    method: str
    results: Sequence[Result]

    @property
    def chosen(self) -> UnitRecord:
        """The unit asked for."""
        return self.units[COUNTED.index(self.counted)]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was charged in the period."""
        return not self.now.costs

    @property
    def has_margin(self) -> bool:
        """Whether bill and revenue are in one currency: an amount is only taken from an amount of its own currency."""
        return self.currency == self.reporting_currency


def restricted(scope: Scope) -> str:
    """Why this viewer may not see unit costs; empty where they may.

    The cloud's bill is for the whole shop. Divided by the orders of some regions only it would give a wrong cost per
    order.
    """
    if scope.row_filter.regions is None:
        return ""
    seen = ", ".join(scope.row_filter.regions) or "no region"
    return f"You see {seen}; the cloud’s bill is of the whole shop and cannot be divided by a part of its orders"


def unit_costs(
    scope: Scope,
    period: Period,
    comparisons: Sequence[Compared],
    allocation: Allocation,
    *,
    currency: str,
    unit: Counted = COUNTED[0],
) -> UnitCosts:
    """Unit costs of a period against the first comparison, allocated by the rules, with the margin that is left.

    Parameters
    ----------
    currency : billing currency of the charges to count

    Raises
    ------
    BindingError
        The viewer sees some regions only.
    """
    refusal = restricted(scope)
    if refusal:
        raise BindingError(refusal, where="Unit costs", remedy="Ask somebody who sees all regions.")
    asked = [("This period", period), *comparisons[:1]]
    results = scope.ask_all(
        [question for _, asked_period in asked for question in questions(asked_period, allocation, currency)]
    )
    size = len(results) // len(asked)
    periods = [
        _kept(label, asked_period, results[place * size : (place + 1) * size], allocation, currency)
        for place, (label, asked_period) in enumerate(asked)
    ]
    now, before = periods[0], periods[1] if len(periods) > 1 and periods[1].costs else None
    has_margin = currency == scope.reporting_currency
    ahead, method = _ahead(now) if has_margin else ((), "")
    units = [_unit_record(counted, now, before) for counted in COUNTED]
    return UnitCosts(
        now=now,
        before=before,
        currency=currency,
        reporting_currency=scope.reporting_currency,
        allocation=allocation,
        counted=unit,
        figures=_figures(units, now, before, currency, scope.reporting_currency),
        units=units,
        functions=_functions(now, allocation),
        unallocated=_reasons(now),
        efficiency=_line(now, unit),
        ahead=ahead,
        method=method,
        results=results,
    )


def _kept(label: str, period: Period, results: Sequence[Result], allocation: Allocation, currency: str) -> PeriodCosts:
    """`measured`, once for the same answers and rules: a click on a unit changes neither."""
    answers = tuple(result.identity for result in results)
    key = ("unit costs", label, period, answers, repr(allocation), currency)
    return BACKGROUND.answer(key, lambda: measured(label, period, results, allocation, currency))


def _unit_record(unit: Counted, now: PeriodCosts, before: PeriodCosts | None) -> UnitRecord:
    cost = now.unit_cost(unit)
    earlier = before.unit_cost(unit) if before else None
    return UnitRecord(
        _unit_label(unit.one, unit.name, now, before),
        now.count(unit.name),
        None if cost is None else cost.total,
        None if cost is None else cost.direct,
        None if cost is None else cost.shared,
        None if cost is None else cost.unallocated,
        None if earlier is None else earlier.total,
    )


def _unit_label(words: str, name: str, *measured: PeriodCosts | None) -> str:
    """The words for a unit, with the error of its count where that is an estimate in one of the periods."""
    is_estimated = name == "customers" and any(costs is not None and costs.is_estimated for costs in measured)
    return f"{words}, {ESTIMATE_ERROR}" if is_estimated else words


def _functions(now: PeriodCosts, allocation: Allocation) -> list[FunctionRecord]:
    whole = now.parts.total if now.parts else ZERO
    records = []
    for function in allocation.functions.values():
        direct = total(day.direct.get(function.name) for day in now.costs.values())
        shared = total(day.shared.get(function.name) for day in now.costs.values())
        count = now.count(function.unit)
        unit = per_unit(Parts(direct, shared), count)
        words = next((unit.one for unit in COUNTED if unit.name == function.unit), function.unit.replace("_", " "))
        if function.unit == "events":
            words = "event"
        cost = total((direct, shared))
        records.append(
            FunctionRecord(
                function.title, direct, shared, cost, cost / whole if whole > 0 else None, count,
                _unit_label(words, function.unit, now),
                None if unit is None else unit.total,
            )
        )  # fmt: skip
    left = now.parts.unallocated if now.parts else ZERO
    if left:
        records.append(
            FunctionRecord("Unallocated", ZERO, ZERO, left, left / whole if whole > 0 else None, None, "", None)
        )
    return sorted(records, key=lambda record: (record.title == "Unallocated", -record.total, record.title))


def _reasons(now: PeriodCosts) -> list[tuple[str, Decimal]]:
    sums: dict[str, Decimal] = {}
    for day in now.costs.values():
        for reason, amount in day.unallocated.items():
            sums[reason] = total((sums.get(reason), amount))
    left = [(reason, amount) for reason, amount in sums.items() if amount]
    return sorted(left, key=lambda item: (-item[1], item[0] != NO_RULE, item[0]))


def _line(now: PeriodCosts, unit: Counted) -> Efficiency | None:
    days = [day for day in now.days if day in now.costs]
    return efficiency(
        [now.counts.get(day, {}).get(unit.name, 0) for day in days], [now.costs[day].total for day in days]
    )


def _ahead(now: PeriodCosts) -> tuple[tuple[MarginForecast, ...], str]:
    """The margin after cloud of the days after the last known one, by the model that forecasts spend."""
    values = now.margin_after_cloud
    known = [place for place, value in enumerate(values) if value is not None]
    if not known:
        return (), ""
    days = _without_gaps(values[known[0] : known[-1] + 1])
    return _expected(days, now.days[known[-1]] + timedelta(days=1))


def _without_gaps(values: Sequence[Decimal | None]) -> tuple[Decimal, ...]:
    """Each unknown day as the median of its known weekdays (else of all): a season keeps its days."""
    known = [value for value in values if value is not None]

    def usual(place: int) -> Decimal:
        return median([value for value in values[place % _WEEK :: _WEEK] if value is not None] or known)

    return tuple(usual(place) if value is None else value for place, value in enumerate(values))


@lru_cache(maxsize=64)
def _expected(values: tuple[Decimal, ...], start: date) -> tuple[tuple[MarginForecast, ...], str]:
    """The days from `start` on; the model takes a tenth of a second, and what it is given changes once a day."""
    import numpy as np

    from console.finops.smoothing import smooth

    path = smooth(np.array([float(value) for value in values]), AHEAD_DAYS)
    ahead = []
    for number, (amount, spread) in enumerate(zip(path.amounts, path.spreads, strict=True)):
        expected, width = rounded(float(amount)), rounded(float(spread) * float(NORMAL_80))
        ahead.append(MarginForecast(start + timedelta(days=number), expected, expected - width, expected + width))
    return tuple(ahead), path.method


def _figures(
    units: Sequence[UnitRecord], now: PeriodCosts, before: PeriodCosts | None, currency: str, reporting: str
) -> list[Figure]:
    figures = []
    for unit, record in zip(COUNTED, units, strict=True):
        note = _unit_label("", unit.name, now).removeprefix(", ")
        figures.append(
            Figure(
                f"Cost of {unit.quantity}",
                record.unit_cost,
                Unit.MONEY,
                currency,
                [Change(before.label, record.before)] if before else (),
                now.daily(unit),
                Better.LOWER,
                f"No {unit.many} on days with charges" if record.unit_cost is None else note,
            )
        )
    if currency != reporting:
        note = f"The bill is in {currency}, revenue in {reporting}"
        return [*figures, Figure(MARGIN, None, Unit.MONEY, reporting, note=note)]
    share = now.unknown_share
    note = f"Margin unknown for {text.percent(share)} of net revenue" if share else ""
    changes = [Change(before.label, before.whole_margin)] if before and before.whole_margin is not None else ()
    margin = Figure(MARGIN, now.whole_margin, Unit.MONEY, currency, changes, now.margin_after_cloud, note=note)
    return [*figures, margin]
