"""Literal bills for the tests of forecasts and budgets."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from console.budgets.forecasting.history import Charged, History, history

START = date(2026, 1, 1)  # a Thursday


def days(count: int, start: date = START) -> list[date]:
    return [start + timedelta(days=number) for number in range(count)]


def usage(amounts: Iterable[str | Decimal], start: date = START, service: str = "EC2") -> list[Charged]:
    """One usage charge a day."""
    return [
        Charged(start + timedelta(days=number), service, "Usage", Decimal(amount))
        for number, amount in enumerate(amounts)
    ]


def bill(*parts: Sequence[Charged]) -> History:
    return history(charge for part in parts for charge in part)


def weekly(count: int, level: float = 10.0, noise: float = 0.3, seed: int = 1, start: date = START) -> list[Charged]:
    """Weekdays at the level, weekends a quarter below it, with normal noise; rounded to cents."""
    chance = random.Random(seed)

    def amount(day: date) -> Decimal:
        usual = level * (0.75 if day.weekday() >= 5 else 1.0)
        return Decimal(str(round(usual + chance.gauss(0, noise), 2)))

    return usage([amount(day) for day in days(count, start)], start)


def firsts(amount: str, count: int, service: str = "Support", start: date = START) -> list[Charged]:
    """A fee on every first of a month."""
    return [Charged(day, service, "Purchase", Decimal(amount)) for day in days(count, start) if day.day == 1]


def taxed(charges: Sequence[Charged], rate: str) -> list[Charged]:
    """The tax of every month, on its first day, as a part of what else it is charged."""
    months: dict[date, Decimal] = {}
    for charge in charges:
        month = charge.day.replace(day=1)
        months[month] = months.get(month, Decimal(0)) + charge.amount
    return [
        Charged(month, "Tax", "Tax", (total * Decimal(rate)).quantize(Decimal("0.01")))
        for month, total in months.items()
    ]


def mapped(charges: Sequence[Charged], change: Callable[[Decimal], Decimal]) -> list[Charged]:
    return [charge._replace(amount=change(charge.amount)) for charge in charges]


def close(first: Decimal, second: Decimal, part: float = 1e-3) -> bool:
    return math.isclose(float(first), float(second), rel_tol=part, abs_tol=1e-3)
