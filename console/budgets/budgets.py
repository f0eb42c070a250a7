"""Budgets: how much a month may cost, compared with what is booked and what is expected.

A budget is an amount of money per month for a *scope*: everything, a service, an account, or a cost allocation tag. It
alerts when the charges booked, or the month's forecast, reach a threshold in percent of the amount. Pure: budgets come
from a `BudgetSource` (a file in the lake folder, AWS Budgets), charges from the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from catalogue.errors import SettingsError
from console.budgets.forecasting.forecast import Forecast
from console.budgets.forecasting.history import History, days_of_month
from console.finops.charges import Basis
from console.finops.decimals import DIGITS, ZERO, total

THRESHOLDS = (80, 100, 120)
MOST_THRESHOLD = 1000
MOST_AMOUNT = Decimal(10) ** 15  # beyond it no chart and no ratio says anything
MOST_NAME = 100


class Kind(StrEnum):
    """What a budget is for."""

    ALL = "all"
    SERVICE = "service"
    ACCOUNT = "account"
    TAG = "tag"


@dataclass(frozen=True)
class BudgetScope:
    """What a budget is for: `value` names the service or the account, or is ``key=value`` of a tag; empty for all."""

    kind: Kind = Kind.ALL
    value: str = ""

    @property
    def tag(self) -> tuple[str, str]:
        """Key and value of a tag."""
        key, _, value = self.value.partition("=")
        return key, value

    def __str__(self) -> str:
        """As it reads beside an amount."""
        return "everything" if self.kind is Kind.ALL else f"{self.kind.value} {self.value}"


@dataclass(frozen=True)
class Budget:
    """How much a month may cost.

    Attributes
    ----------
    name : unique among all budgets
    amount, currency : per month; `months` has other amounts for single months, by their first day
    basis : which of the four costs counts
    thresholds : percent of the amount at which it alerts, ascending
    source : where it is kept: ``file`` or ``AWS Budgets``

    Raises
    ------
    SettingsError
        A value is wrong; names which and the remedy.
    """

    name: str
    amount: Decimal
    currency: str
    scope: BudgetScope = BudgetScope()
    basis: Basis = Basis.BILLED
    thresholds: tuple[int, ...] = THRESHOLDS
    months: Mapping[date, Decimal] = field(default_factory=dict)
    source: str = "file"

    def __post_init__(self) -> None:
        if not self.name.strip() or len(self.name) > MOST_NAME:
            raise SettingsError(
                "A budget needs a name", where="name", remedy=f"Give one of at most {MOST_NAME} characters."
            )

        def refuse(is_wrong: bool, what: str, remedy: str) -> None:
            if is_wrong:
                raise SettingsError(what, where=f"budget {self.name!r}", remedy=remedy)

        for amount in (self.amount, *self.months.values()):
            is_positive = amount.is_finite() and amount > 0
            refuse(not is_positive, f"An amount of {amount} is no budget", "Give more than 0.")
            refuse(amount > MOST_AMOUNT, "An amount is too large", f"Give {MOST_AMOUNT:,f} at most.")
        is_currency = re.fullmatch("[A-Z]{3}", self.currency) is not None
        refuse(not is_currency, f"{self.currency!r} is no currency", "Give three capital letters such as USD.")
        kind, value = self.scope.kind, self.scope.value
        refuse(
            (kind is Kind.ALL) == bool(value),
            f"A budget for {kind.value!r} and {value!r} covers nothing",
            "Name one service, account or tag, or none of them for everything.",
        )
        has_no_value = kind is Kind.TAG and not all(self.scope.tag)
        refuse(has_no_value, f"The tag {value!r} has no value", "Write it as key=value.")
        is_ordered = bool(self.thresholds) and list(self.thresholds) == sorted(set(self.thresholds))
        refuse(not is_ordered, "Thresholds are in no order", "Give them ascending: 80, 100, 120.")
        is_beyond = self.thresholds[0] < 1 or self.thresholds[-1] > MOST_THRESHOLD
        refuse(is_beyond, "A threshold is out of range", f"Give percent from 1 to {MOST_THRESHOLD}.")

    def amount_in(self, month: date) -> Decimal:
        """The amount for one month, given by its first day."""
        return self.months.get(month, self.amount)


@dataclass(frozen=True)
class BudgetLeftOut:
    """A budget that its source knows and that is not shown, and why."""

    name: str
    why: str


class BudgetSource(Protocol):
    """Where budgets are kept."""

    @property
    def left_out(self) -> Sequence[BudgetLeftOut]:
        """What the last answer of `budgets` left out."""
        ...

    def budgets(self) -> Sequence[Budget]:
        """Every budget.

        Raises
        ------
        SettingsError
            One of them is wrong; names it, its place in the source, and the remedy.
        SourceError
            The source did not answer.
        """
        ...


class BudgetState(StrEnum):
    """The state of a budget, worst last."""

    UNKNOWN = "unknown"
    ON_TRACK = "on track"
    AT_RISK = "at risk"  # the forecast is over the amount
    OVER = "over"  # the charges booked are


@dataclass(frozen=True)
class Alert:
    """A threshold that is reached: by the charges booked (``actual``) or by the month's forecast (``forecast``)."""

    threshold: int
    by: str
    amount: Decimal
    share: Decimal


@dataclass(frozen=True)
class Status:
    """A budget in one month.

    Attributes
    ----------
    amount : the budget's, for this month
    alerts : thresholds reached, the highest of each kind; what is booked first
    crossing : the day on which the charges are expected to go beyond the amount, or did; None where they do not
    """

    budget: Budget
    forecast: Forecast
    amount: Decimal
    state: BudgetState
    alerts: Sequence[Alert]
    crossing: date | None

    @property
    def used(self) -> Decimal:
        """Booked ÷ amount."""
        return self.forecast.booked / self.amount

    @property
    def expected(self) -> Decimal | None:
        """Forecast ÷ amount."""
        return None if self.forecast.amount is None else self.forecast.amount / self.amount

    @property
    def left(self) -> Decimal:
        """What may still be charged; negative where it is overdrawn."""
        return self.amount - self.forecast.booked


def status(budget: Budget, charges: History, expected: Forecast) -> Status:
    """The budget's state in the month of the forecast."""
    amount = budget.amount_in(expected.month)
    alerts = [
        alert
        for by, value in (("actual", expected.booked), ("forecast", expected.amount))
        if value is not None and (alert := _alert(budget.thresholds, amount, by, value))
    ]
    if expected.amount is None:
        state = BudgetState.UNKNOWN
    elif expected.booked > amount:
        state = BudgetState.OVER
    elif expected.amount > amount:
        state = BudgetState.AT_RISK
    else:
        state = BudgetState.ON_TRACK
    crossing = next((point.day for point in burn_up(charges, expected) if point.middle > amount), None)
    return Status(budget, expected, amount, state, alerts, crossing)


def _alert(thresholds: Sequence[int], amount: Decimal, by: str, value: Decimal) -> Alert | None:
    share = value / amount
    reached = [threshold for threshold in thresholds if share * 100 >= threshold]
    return Alert(reached[-1], by, value, share) if reached else None


@dataclass(frozen=True)
class BurnPoint:
    """Charges of the month up to the end of `day`, or what is then left of a budget.

    `actual` is None on days to come; `middle` is the actual amount so far, then the expected one.
    """

    day: date
    actual: Decimal | None
    middle: Decimal
    low: Decimal
    high: Decimal


def burn_up(charges: History, expected: Forecast) -> list[BurnPoint]:
    """The month's charges added up day by day: what is booked, then the forecast with its interval and its tax.

    The last point is the forecast's own amount, low and high.
    """
    points = []
    booked = ZERO
    for day in days_of_month(expected.month):
        if expected.as_of is None or day > expected.as_of:
            break
        if charges.days and day >= charges.days[0]:
            booked = DIGITS.add(booked, charges.totals[(day - charges.days[0]).days])
        points.append(BurnPoint(day, booked, booked, booked, booked))
    if expected.amount is None or expected.low is None or expected.high is None or not expected.days:
        return points
    to_come = total(day_forecast.amount for day_forecast in expected.days)
    so_far = ZERO
    for place, day_forecast in enumerate(expected.days, start=1):
        so_far += day_forecast.amount
        share = so_far / to_come if to_come > 0 else Decimal(place) / len(expected.days)
        middle = booked + so_far + expected.tax_to_come * share
        # the interval of a sum grows about with the root of its length; its end is the forecast's
        wide = (Decimal(place) / len(expected.days)).sqrt()
        low, high = middle - (expected.amount - expected.low) * wide, middle + (expected.high - expected.amount) * wide
        points.append(BurnPoint(day_forecast.day, None, middle, low, high))
    last = points[-1]
    points[-1] = BurnPoint(last.day, None, expected.amount, expected.low, expected.high)
    return points


def burn_down(charged: Sequence[BurnPoint], amount: Decimal) -> list[BurnPoint]:
    """What is left of `amount` after each day of `burn_up`; below 0 where it is overdrawn."""
    return [
        BurnPoint(
            point.day,
            None if point.actual is None else amount - point.actual,
            amount - point.middle,
            amount - point.high,
            amount - point.low,
        )
        for point in charged
    ]


def even_pace(amount: Decimal, days: int) -> list[Decimal]:
    """What is left of `amount` after each day when every day costs the same: nothing after the last."""
    return [amount * (days - day) / days for day in range(1, days + 1)]
