"""The charges and the events of the last days, to compare with the cost of a tier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from console.asking.engines import Result
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
    other_currencies : effective cost in other currencies, which cannot be held against dollars
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
    days, held = charged.rows()[0], known.rows()[0]
    spans: dict[str, tuple[date, date]] = {}
    if days["last_day"] is not None:
        end = min(days["last_used_day"] or days["last_day"], scope.today - timedelta(days=1)) + timedelta(days=1)
        start = max(end - timedelta(days=LAST_DAYS), min(days["first_day"], end - timedelta(days=1)))
        spans[_BILL] = start, end
    if held["last_day"] is not None and scope.row_filter.regions is None:  # a part of the traffic is no traffic
        end = max(min(held["last_day"], scope.today - timedelta(days=1)), held["first_day"]) + timedelta(days=1)
        spans[_TRAFFIC] = max(end - timedelta(days=LAST_DAYS), held["first_day"]), end
    questions = [Question(name, {"start_date": start, "end_date": end}) for name, (start, end) in spans.items()]
    answers = dict(zip(spans, scope.ask_all(questions), strict=True))
    bill = _bill(answers[_BILL], *spans[_BILL]) if _BILL in answers else None
    per_day = None
    if _TRAFFIC in answers:
        start, end = spans[_TRAFFIC]
        per_day = Decimal(answers[_TRAFFIC].rows()[0]["events"]) / (end - start).days
    return MeasuredUsage(bill, per_day, [charged, known, *answers.values()])


def _bill(answer: Result, start: date, end: date) -> BilledDays:
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
    return BilledDays(start, end - timedelta(days=1), own, apart, others)


def monthly(bill: BilledDays | None) -> Decimal | None:
    """The bill's days as a month of 730 hours, so that it can be held against an estimate; None where unknown."""
    if bill is None or bill.amount is None:
        return None
    return (bill.amount * DAYS / bill.days).quantize(CENT)
