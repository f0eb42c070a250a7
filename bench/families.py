"""Bills of one kind each, made up day by day: what a forecast does on growth, steps, jobs that run now and then."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from console.budgets.forecasting.backtest import Backtest, backtest, scored
from console.budgets.forecasting.forecast import booked, forecast
from console.budgets.forecasting.history import Charged, History, history

START = date(2025, 6, 10)  # up to 26 December: Black Friday and Christmas lie in it
DAYS = 200
SEEDS = (1, 2, 3)
NEW_DAYS = 10  # of an account that is new
NEW_ACCOUNTS = 60
Amounts = Callable[[random.Random, int, date], float]


def _week(day: date) -> float:
    return 0.75 if day.weekday() >= 5 else 1.0


def _steady(chance: random.Random, _: int, __: date) -> float:
    return 10 + chance.gauss(0, 1)


def _weekly(chance: random.Random, _: int, day: date) -> float:
    return (5 if day.weekday() >= 5 else 10) + chance.gauss(0, 0.5)


def _growth(chance: random.Random, place: int, day: date) -> float:
    return 10 * 1.005**place * _week(day) * (1 + chance.gauss(0, 0.05))


def _step(chance: random.Random, place: int, day: date) -> float:
    return (10 if place < 110 else 25) * _week(day) + chance.gauss(0, 0.5)


def _now_and_then(chance: random.Random, _: int, __: date) -> float:
    return 10 * chance.expovariate(1) if chance.random() < 0.1 else 0.0


def _holidays(chance: random.Random, _: int, day: date) -> float:
    busy = date(2025, 11, 24) <= day <= date(2025, 12, 1)
    advent = date(2025, 12, 10) <= day <= date(2025, 12, 24)
    return 10 * _week(day) * (2 if busy else 1.5 if advent else 1) + chance.gauss(0, 0.5)


def _plain(chance: random.Random, _: int, day: date) -> float:
    return 10 * _week(day) + chance.gauss(0, 0.5)


def _wandering() -> Amounts:
    level = math.log(10)

    def amount(chance: random.Random, _: int, day: date) -> float:
        nonlocal level
        level += chance.gauss(0, 0.07)
        return math.exp(level) * _week(day)

    return amount


def _bursts() -> Amounts:
    running = False

    def amount(chance: random.Random, _: int, __: date) -> float:
        nonlocal running
        if chance.random() < (0.15 if running else 0.05):
            running = not running
        return 5 * chance.uniform(0.6, 1.4) if running else 0.01

    return amount


FAMILIES: Mapping[str, Callable[[], Amounts]] = {
    "the same, with noise": lambda: _steady,
    "weekly season": lambda: _weekly,
    "growth of 0.5 % a day": lambda: _growth,
    "step to 2.5 times": lambda: _step,
    "wandering level": _wandering,
    "one day in ten": lambda: _now_and_then,
    "bursts of a week": _bursts,
    "holiday peaks, first year": lambda: _holidays,
    "fee on firsts": lambda: _plain,
}
FEE = Decimal(100)


def bill(family: str, seed: int, days: int = DAYS, start: date = START) -> History:
    """One bill of the family."""
    chance, amount = random.Random(seed), FAMILIES[family]()
    charges = []
    for place in range(days):
        day = start + timedelta(days=place)
        charges.append(Charged(day, "EC2", "Usage", Decimal(str(round(max(amount(chance, place, day), 0.0), 4)))))
        if family == "fee on firsts" and day.day == 1:
            charges.append(Charged(day, "Support", "Purchase", FEE))
    return history(charges)


def judged(family: str, seeds: tuple[int, ...] = SEEDS) -> Backtest:
    """The backtests of a family's bills as one."""
    origins = [origin for seed in seeds for origin in backtest(bill(family, seed)).origins]
    return Backtest(origins, scored(origins), 1.0)


def new_account(family: str) -> tuple[float, float, float]:
    """WAPE of a first month after ten days of it, by forecast and by run-rate, and how often the interval held.

    The account is opened on the fifth, and its run-rate knows that: it is the mean of the days so far.
    """
    away, rate_away, actual, held = 0.0, 0.0, 0.0, 0
    start = date(2026, 3, 5)
    for seed in range(NEW_ACCOUNTS):
        whole = bill(family, seed, 27, start)
        known = history(
            Charged(day, line.service, line.category, amounts[place])
            for line, amounts in whole.lines.items()
            for place, day in enumerate(whole.days[:NEW_DAYS])
        )
        found, so_far, came = forecast(known), float(booked(known).booked), float(sum(whole.totals))
        assert found.amount is not None
        assert found.high is not None
        away += abs(float(found.amount) - came)
        rate_away += abs(so_far / NEW_DAYS * len(whole.days) - came)
        held += abs(float(found.amount) - came) <= float(found.high - found.amount) + 1e-3
        actual += came
    return away / actual, rate_away / actual, held / NEW_ACCOUNTS
