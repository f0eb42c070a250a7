"""The charges and the events of the last days, to compare with the cost of a tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.finops.decimals import ZERO
from console.tiers.estimate import CENT
from console.tiers.sizing import DAYS

LAST_DAYS = 30
DOLLARS = "USD"
_BILL, _TRAFFIC = "tiers/bill", "tiers/traffic"


@dataclass(frozen=True)
class BilledDays:
    """What was spent lately.

    Attributes
    ----------
    first_day, last_day : of the days asked for, both included
    by_service : effective cost of usage and purchases, US dollars
    apart : tax, credits and corrections, which no estimate knows
    other_currencies : effective cost in other currencies, which is not compared with dollars
    """

    first_day: date
    last_day: date
    by_service: Mapping[str, Decimal]
    apart: Decimal
    other_currencies: Mapping[str, Decimal]

    @property
    def days(self) -> int:
        """How many days it is of."""
        return (self.last_day - self.first_day).days + 1

    @property
    def amount(self) -> Decimal | None:
        """Effective cost of usage and purchases over the days; None where nothing was charged in dollars."""
        return sum(self.by_service.values(), ZERO) if self.by_service else None


@dataclass(frozen=True)
class MeasuredUsage:
    """What the lake knows: the bill and the events of the last days. None where there is none."""

    bill: BilledDays | None
    events_per_day: Decimal | None
    results: Sequence[Result] = ()


def measured(scope: Scope) -> MeasuredUsage:
    """The effective cost and the events of the last `LAST_DAYS` days that have charges, or events.

    A younger bill, or lake, has fewer days. The days of the bill end with its last day, those of the events with the
    lake's last complete one. A viewer of some regions gets no traffic, because they see only a part of it.
    """
    charged, known = scope.ask_all([Question("spend/days"), Question("lake/days")])
    bill_days, event_days = charged.rows()[0], known.rows()[0]
    yesterday = scope.today - timedelta(days=1)
    periods: dict[str, Period] = {}
    if bill_days["last_day"] is not None:
        last = min(bill_days["last_used_day"] or bill_days["last_day"], yesterday)
        periods[_BILL] = _last_days(min(bill_days["first_day"], last), last)
    if event_days["last_day"] is not None and scope.row_filter.regions is None:  # a part of the traffic is no traffic
        last = max(min(event_days["last_day"], yesterday), event_days["first_day"])
        periods[_TRAFFIC] = _last_days(event_days["first_day"], last)
    questions = [
        Question(name, {"start_date": period.start, "end_date": period.end}) for name, period in periods.items()
    ]
    answers = dict(zip(periods, scope.ask_all(questions), strict=True))
    bill = _bill(answers[_BILL], periods[_BILL]) if _BILL in answers else None
    per_day = None
    if _TRAFFIC in answers:
        per_day = Decimal(answers[_TRAFFIC].rows()[0]["events"]) / periods[_TRAFFIC].days
    return MeasuredUsage(bill, per_day, [charged, known, *answers.values()])


def _last_days(first: date, last: date) -> Period:
    """The last `LAST_DAYS` days up to `last`, or those since `first` where they are fewer."""
    return Period(max(last - timedelta(days=LAST_DAYS - 1), first), last + timedelta(days=1))


def _bill(answer: Result, period: Period) -> BilledDays:
    own: dict[str, Decimal] = {}
    others: dict[str, Decimal] = {}
    apart = ZERO
    for row in answer.rows():
        if row["billing_currency"] == DOLLARS:
            apart += row["apart"]
            if row["effective_cost"]:
                own[row["service_name"]] = row["effective_cost"]
        else:
            found = others.get(row["billing_currency"], ZERO)
            others[row["billing_currency"]] = found + row["effective_cost"] + row["apart"]
    return BilledDays(period.start, period.last_day, own, apart, others)


def monthly(bill: BilledDays | None) -> Decimal | None:
    """The bill's days as a month of 730 hours, to compare it with an estimate; None where unknown."""
    if bill is None or bill.amount is None:
        return None
    return (bill.amount * DAYS / bill.days).quantize(CENT)
