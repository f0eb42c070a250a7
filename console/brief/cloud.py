"""What the cloud cost compared with net revenue, for the Brief."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from catalogue.errors import TakingsError
from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.periods import Period
from console.asking.scope import Scope
from console.brief.attention import AttentionItem, Cause
from console.budgets import answer as budgets
from console.budgets.answer import Answer
from console.budgets.bill import bill
from console.budgets.budgets import BudgetSource, BudgetState
from console.budgets.figures import ended
from console.decisions import DecisionStore
from console.finops.charges import Basis
from console.finops.decimals import total
from console.spend.part import BillPart, question
from console.spend.summary import SpendSums, sums

BASIS = Basis.EFFECTIVE  # the cost of what a period used, whenever it is paid
PAGE = "budgets"
MOST_ANOMALIES = 3  # the largest, one item each; the Budgets page lists all


@dataclass(frozen=True)
class ShopRevenue:
    """A period and the whole shop's net revenue in it; None for a reader who sees only a part of the shop."""

    label: str
    period: Period
    net_revenue: Decimal | None


@dataclass(frozen=True)
class Cloud:
    """The cloud's bill of a period.

    Attributes
    ----------
    currency : of the bill; `share` is None if it is not the shop's
    cost, before : effective cost of the period and of the comparison; None if nothing was charged
    share, share_before : cost ÷ net revenue; None if either is unknown
    overview : budgets and anomalies, as far as they are known yet
    error : why budgets and anomalies cannot be known; the rest of the Brief is shown all the same
    """

    currency: str
    cost: Decimal | None
    before: Decimal | None
    share: Decimal | None
    share_before: Decimal | None
    overview: Answer | None
    error: TakingsError | None
    results: Sequence[Result]

    @property
    def attention_items(self) -> list[AttentionItem]:
        """What is unusual in the bill, and which budgets are off track."""
        return [AttentionItem(title, detail, Cause.CLOUD, PAGE) for title, detail in self._attention()]

    def _attention(self) -> Iterator[tuple[str, str]]:
        if self.error is not None:
            what = f"{self.error.what} ({self.error.where})" if self.error.where else self.error.what
            yield "Budgets cannot be read", f"{what}. {self.error.remedy}"
        if self.overview is None:
            return
        if self.overview.ended is not None:
            yield "The cloud's bill has ended", ended(self.overview.ended)
            return
        money = partial(text.money, currency=self.currency)
        for status in self.overview.off_budget:
            is_over = status.state is BudgetState.OVER
            so_far = f"{money(status.forecast.booked)} of {money(status.amount)} are booked so far"
            expected = status.expected
            forecast = "" if expected is None else f"; the forecast for the month is {text.percent(expected, 0)} of it"
            yield f"{status.budget.name} is {'over' if is_over else 'about to go over'} budget", f"{so_far}{forecast}."
        for anomaly in self.overview.late_anomalies[:MOST_ANOMALIES]:
            days = text.days(anomaly.start, anomaly.end)
            cause = f", mostly {anomaly.blame[0].usage_type}" if anomaly.blame else ""
            instead = f"{money(anomaly.actual)} instead of {money(anomaly.expected)}"
            yield f"{anomaly.service} cost {money(anomaly.money)} more than usual", f"{days}{cause}: {instead}."
        rest = self.overview.late_anomalies[MOST_ANOMALIES:]
        if rest:
            together = money(total(anomaly.money for anomaly in rest))
            smaller = text.counted(len(rest), "smaller anomaly", "smaller anomalies")
            yield f"{smaller} in the bill", f"Together {together} more than usual."


def cloud(
    scope: Scope,
    now: ShopRevenue,
    before: ShopRevenue | None,
    source: BudgetSource,
    decisions: DecisionStore,
    *,
    patience: float | None = 0.0,
) -> Cloud | None:
    """The cloud's bill of a period compared with the shop's net revenue; None if the lake has no bill.

    Parameters
    ----------
    patience : seconds to wait for the forecast and the anomalies; None waits until they are known

    Raises
    ------
    SourceError
        The charges cannot be read; names the remedy.
    """
    found = bill(scope)
    if found.is_empty:
        return None
    revenues = [revenue for revenue in (now, before) if revenue is not None]
    part = BillPart(found.currency)
    questions = [question(scope, "spend/by_day", revenue.period, part) for revenue in revenues]
    overview, unreadable = None, None
    with scope.ahead(questions) as ready:
        try:
            overview = budgets.overview(ready, source, decisions, patience=patience)
        except TakingsError as error:
            unreadable = error
        results = ready.ask_all(questions)
    measured = [
        sums(revenue.label, revenue.period, result, found.currency, BASIS)
        for revenue, result in zip(revenues, results, strict=True)
    ]
    in_one_currency = found.currency == scope.reporting_currency
    shares = [
        _share(cost, revenue) if in_one_currency else None for cost, revenue in zip(measured, revenues, strict=True)
    ]
    return Cloud(
        currency=found.currency,
        cost=_cost(measured[0]),
        before=_cost(measured[1]) if before else None,
        share=shares[0],
        share_before=shares[1] if before else None,
        overview=overview,
        error=unreadable,
        results=[found.result, *results],
    )


def _cost(measured: SpendSums) -> Decimal | None:
    return measured.spend if measured.has_cost else None


def _share(measured: SpendSums, revenue: ShopRevenue) -> Decimal | None:
    cost = _cost(measured)
    if cost is None or not revenue.net_revenue or revenue.net_revenue < 0:
        return None
    return cost / revenue.net_revenue
