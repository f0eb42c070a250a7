"""The cloud's bill as budgets, forecasts and anomalies read it: one billing currency, fourteen months, day by day."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from catalogue.binding import Value
from console.asking.background import BACKGROUND
from console.asking.engines import Result
from console.asking.scope import Question, Scope
from console.budgets.budgets import BudgetScope, Kind
from console.budgets.forecasting.anomalies import Anomaly, UsageCost, find
from console.budgets.forecasting.backtest import Backtest, backtest
from console.budgets.forecasting.forecast import Forecast, forecast
from console.budgets.forecasting.history import Charged, History, history, month_of
from console.budgets.forecasting.retail_days import retail_days
from console.finops.charges import Basis
from console.finops.decimals import ZERO

LOOK_BACK = timedelta(days=427)  # fourteen months: a year, and the month before the one a year ago
CURRENCIES = Question("budgets/currencies")


@dataclass(frozen=True)
class BillSummary:
    """The bill's largest billing currency, the only one shown, with its last day; and the amounts in the others."""

    currency: str
    last_day: date | None
    others: Mapping[str, Decimal]
    result: Result

    @property
    def is_empty(self) -> bool:
        """Whether nothing was charged at all."""
        return self.last_day is None


def bill(scope: Scope) -> BillSummary:
    """The summary of the charges in the lake."""
    result = scope.ask(CURRENCIES.query)
    rows = result.rows()
    if not rows:
        return BillSummary("", None, {}, result)
    first, *others = rows
    return BillSummary(
        first["billing_currency"],
        first["last_day"],
        {row["billing_currency"]: row["billed_cost"] or ZERO for row in others},
        result,
    )


def charges(scope: Scope, found: BillSummary, of: Sequence[tuple[BudgetScope, Basis]]) -> list[tuple[History, Result]]:
    """What was charged for each scope in its basis, day by day; today, which is not over, is left out.

    The whole bill is asked for too, to know which days have data: a service may have no charges for weeks.
    """
    asked = [_question(scope, found, BudgetScope()), *(_question(scope, found, subject) for subject, _ in of)]
    whole, *results = scope.ask_all(asked)
    return [
        (_history(result, basis, None if subject.kind is Kind.ALL else whole), result)
        for (subject, basis), result in zip(of, results, strict=True)
    ]


def _question(scope: Scope, found: BillSummary, of: BudgetScope) -> Question:
    values: dict[str, Value | Sequence[Value]] = {**_days(scope, found), "currency": found.currency}
    if of.kind is Kind.TAG:
        key, value = of.tag
        return Question("budgets/by_day_of_tag", {**values, "tag_key": key, "tag_value": value})
    services = [of.value] if of.kind is Kind.SERVICE else []
    accounts = [of.value] if of.kind is Kind.ACCOUNT else []
    return Question("budgets/by_day", {**values, "services": services, "accounts": accounts})


def usage_question(scope: Scope, found: BillSummary) -> Question:
    """The question that `unusual` asks in addition to the whole bill's charges."""
    return Question("budgets/usage_by_day", {**_days(scope, found), "currency": found.currency})


def _history(result: Result, basis: Basis, whole: Result | None) -> History:
    known = None if whole is None else _history(whole, basis, None)

    def read() -> History:
        names = ("charge_date", "service_name", "kind", basis.column, "estimated")
        rows = zip(*(result.table[name].to_pylist() for name in names), strict=True)
        found = (
            Charged(day, service, kind, amount or ZERO, bool(estimated))
            for day, service, kind, amount, estimated in rows
        )
        return history(found, whole=known)

    key = ("history", result.identity, whole.identity if whole else None, basis)
    return BACKGROUND.answer(key, read)


def unknown_days(result: Result, basis: Basis) -> int:
    """On how many days a service has no cost in this basis, which then counts as 0."""
    is_unknown = result.table[basis.column].is_null()
    return len(result.table["charge_date"].filter(is_unknown).unique())


def expected(asked: Result, past: History, basis: Basis, country: str) -> Future[Forecast]:
    """The month's forecast of the charges asked for, worked out in the background once for the same charges."""
    return BACKGROUND.ask(("expected", *_key(asked, past), basis, country), lambda: expect(past, country))


def tested(asked: Result, past: History, basis: Basis, country: str) -> Future[Outlook]:
    """The forecast with its backtest, worked out in the background once for the same charges."""
    return BACKGROUND.ask(("tested", *_key(asked, past), basis, country), lambda: outlook(past, country))


def _key(asked: Result, past: History) -> tuple[Hashable, ...]:
    """What identifies a history: the charges, and which days the whole bill knows."""
    return asked.identity, past.days, past.estimated, past.missing


def unusual(scope: Scope, found: BillSummary, basis: Basis, country: str) -> tuple[Future[list[Anomaly]], list[Result]]:
    """The anomalies of the whole bill, worked out in the background once for the same charges."""
    asked, result = scope.ask_all([_question(scope, found, BudgetScope()), usage_question(scope, found)])
    whole = _history(asked, basis, None)
    settled = whole.days[: whole.settled]

    def work() -> list[Anomaly]:
        if not settled:
            return []
        names = ("charge_date", "service_name", "usage_type", basis.column)
        rows = zip(*(result.table[name].to_pylist() for name in names), strict=True)
        used = (UsageCost(day, service, usage, amount or ZERO) for day, service, usage, amount in rows)
        after = settled[-1] + timedelta(days=1)
        return find(used, end=after, retail=retail_days(settled[0], settled[-1], country), missing=whole.missing)

    key = ("anomalies", asked.identity, result.identity, basis, country)
    return BACKGROUND.ask(key, work), [asked, result]


def _days(scope: Scope, found: BillSummary) -> dict[str, date]:
    if found.last_day is None:
        return {"start_date": scope.today, "end_date": scope.today}
    end = min(found.last_day + timedelta(days=1), scope.today)
    return {"start_date": month_of(end - LOOK_BACK), "end_date": end}


@dataclass(frozen=True)
class Outlook:
    """A month's forecast with the interval that the backtest calls for, and the backtest on the same charges."""

    forecast: Forecast
    backtest: Backtest


def expect(charges: History, country: str) -> Forecast:
    """The month's forecast, with an interval that no backtest has widened or narrowed; raises as `forecast`."""
    with _one_thread():
        return forecast(charges, country=country)


def outlook(charges: History, country: str) -> Outlook:
    """The month's forecast and how good such forecasts have been; raises as `forecast` and `backtest`."""
    with _one_thread():
        tested = backtest(charges, country=country)
        return Outlook(forecast(charges, country=country, widening=tested.widening), tested)


@contextmanager
def _one_thread() -> Iterator[None]:
    """Linear algebra in one thread: on matrices this small, more of them spend eight times the processor on waiting."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1):
        yield
