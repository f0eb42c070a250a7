"""Where marks stand: round axis ends and ticks, days to label, and the steps of a split. Pure arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from console.asking import formatting as text
from console.asking.figures import Number

MOST_TICKS = 5  # wanted on a value axis
MOST_DAYS = 12  # named on an axis


@dataclass(frozen=True)
class Axis:
    """A value axis: its ends, and the ticks between them, the ends included where they are ticks."""

    low: float
    high: float
    ticks: tuple[Decimal, ...]


def linear(values: Sequence[Number]) -> Axis:
    """An axis that holds 0 and every value, ending on round ticks: 1, 2, 2.5 or 5 times a power of ten apart."""
    numbers = [text.decimal(value) for value in values]
    low, high = min([Decimal(0), *numbers]), max([Decimal(0), *numbers])
    if low == high:
        return Axis(0.0, 1.0, (Decimal(0),))
    step = _round_step((high - low) / MOST_TICKS)
    first, last = math.floor(low / step), math.ceil(high / step)
    ticks = tuple(step * index for index in range(first, last + 1))
    return Axis(float(ticks[0]), float(ticks[-1]), ticks)


def _round_step(rough: Decimal) -> Decimal:
    """The smallest round step that is not below `rough`."""
    power = Decimal(1).scaleb(rough.adjusted())
    return next(power * nice for nice in (1, 2, Decimal("2.5"), 5, 10) if power * nice >= rough)


def labelled_days(days: Sequence[date]) -> list[int]:
    """Positions of the days to name on an axis: all of a week, Mondays of a quarter, firsts of months beyond."""
    count = len(days)
    if count <= MOST_DAYS:
        return list(range(count))
    mondays = [index for index, day in enumerate(days) if day.weekday() == 0]
    if 0 < len(mondays) <= MOST_DAYS:
        return mondays
    firsts = [index for index, day in enumerate(days) if day.day == 1]
    every = -(-len(firsts) // MOST_DAYS) or 1
    if firsts:
        return [index for index in firsts if (days[index].month - 1) % every == 0] or firsts[::every]
    return list(range(0, count, -(-count // MOST_DAYS)))


STEP_KINDS = ("gap", "total", "more", "less")  # in the order they are stacked


def day_names(days: Sequence[date]) -> list[str]:
    """What an axis calls each day: ``2 Nov``; where only firsts of months are named, ``Nov``, or ``Jan 2026``."""
    labelled = labelled_days(days)
    names = [text.short_day(day) for day in days]
    if len(days) == 1 or any(days[place].day != 1 for place in labelled):
        return names
    return [
        f"{name.split()[1]} {day.year}" if day.month == 1 or place == labelled[0] else name.split()[1]
        for place, (name, day) in enumerate(zip(names, days, strict=True))
    ]


@dataclass(frozen=True)
class Step:
    """One bar of a split: it spans `low` to `high`."""

    name: str
    value: Number
    low: Decimal
    high: Decimal
    kind: str  # one of STEP_KINDS but "gap"

    @property
    def stacks(self) -> list[float]:
        """The bar as lengths stacked from zero, by STEP_KINDS: first those above zero, then those below."""
        zero = Decimal(0)
        above = max(self.low, zero), max(self.high, zero) - max(self.low, zero)
        below = min(self.high, zero), min(self.low, zero) - min(self.high, zero)
        return [
            float(gap if kind == "gap" else length if kind == self.kind else zero)
            for gap, length in (above, below)
            for kind in STEP_KINDS
        ]


def waterfall_steps(
    start: tuple[str, Number], parts: Sequence[tuple[str, Number]], end: tuple[str, Number]
) -> list[Step]:
    """The bars from `start` over each part to `end`; totals stand on zero, parts float."""
    steps = [_total(start)]
    level = text.decimal(start[1])
    for name, value in parts:
        after = level + text.decimal(value)
        steps.append(Step(name, value, min(level, after), max(level, after), "less" if after < level else "more"))
        level = after
    return [*steps, _total(end)]


def _total(total: tuple[str, Number]) -> Step:
    value = text.decimal(total[1])
    return Step(total[0], total[1], min(value, Decimal(0)), max(value, Decimal(0)), "total")


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions near the wanted ones, at least `gap` apart, kept from `low` to `high` where there is room."""
    order = sorted(range(len(wanted)), key=lambda index: wanted[index])
    placed = [0.0] * len(wanted)
    floor = low
    for index in order:
        placed[index] = max(wanted[index], floor)
        floor = placed[index] + gap
    ceiling = high
    for index in reversed(order):
        placed[index] = min(placed[index], ceiling)
        ceiling = placed[index] - gap
    return placed
