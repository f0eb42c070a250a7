"""What happened, why, and what needs me?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from console.asking import contents as lake
from console.asking.engines import Result
from console.asking.figures import Figure
from console.asking.periods import Period
from console.asking.scope import Scope
from console.asking.slices import Slices, question
from console.brief.attention import QUIET_DAYS, AttentionItem, Cause, attention_items
from console.brief.cloud import Cloud, ShopRevenue, cloud
from console.budgets.bill import CURRENCIES
from console.budgets.budgets import BudgetSource
from console.decisions import DecisionStore
from console.products import answer as products
from console.products.answer import Product
from console.sales import answer as sales
from console.sales.answer import ZERO, Compared, Measured, Slice
from console.sales.decomposition import Contribution, split

_URGENCY = (Cause.PIPELINE, Cause.CLOUD, Cause.BUSINESS, Cause.DATA)  # first what explains the others or costs money
MOVERS = 3  # products named in each direction, as many as are read in 20 seconds


@dataclass(frozen=True)
class Brief:
    """The answer of the Brief.

    Attributes
    ----------
    before : the first comparison, if it has data
    parts : the change of net revenue since the first comparison by its causes; empty without one
    by_category, by_region : changes, the largest in either direction first
    rising, falling : the products whose net revenue changed most
    cloud : the cloud's bill beside net revenue; None if the lake has no bill
    """

    now: Measured
    comparisons: Sequence[Measured]
    before: Measured | None
    figures: Sequence[Figure]
    parts: Sequence[Contribution]
    by_category: Sequence[Slice]
    by_region: Sequence[Slice]
    rising: Sequence[Product]
    falling: Sequence[Product]
    cloud: Cloud | None
    attention: Sequence[AttentionItem]
    conservation: lake.Conservation
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was sold, refunded or visited in the period."""
        return not self.now.sums.has_data


def brief(
    scope: Scope,
    period: Period,
    comparisons: Sequence[Compared],
    slices: Slices,
    budgets: BudgetSource,
    decisions: DecisionStore,
    *,
    patience: float | None = 0.0,
) -> Brief:
    """What changed, why and where, what the cloud cost, and what needs attention.

    Parameters
    ----------
    budgets, decisions : of the bill, and on its anomalies
    patience : seconds to wait for the bill's forecast and anomalies; None waits until they are known
    """
    periods = [("This period", period), *comparisons]
    against = [period, *(compared for _, compared in comparisons[:1])]
    recent = max(period.start, period.end - timedelta(days=QUIET_DAYS))
    beside = [
        question(scope, "lake/events_by_hour", Period(recent, period.end), slices),
        question(scope, "sales/other_currencies", period, slices),
    ]
    questions = [
        *sales.measure_questions(scope, periods, slices),
        *sales.dimension_questions(scope, "category", against, slices),
        *sales.dimension_questions(scope, "region", against, slices),
        *(products.mover_questions(scope, period, comparisons[0][1], slices) if comparisons else []),
        lake.CONSERVATION,
        *beside,
        CURRENCIES,
    ]
    with scope.ahead(questions) as ready:
        measured, results = sales.measure(ready, periods, slices)
        now, rest = measured[0], measured[1:]
        by_category, more = sales.by_dimension(ready, "category", against, slices)
        results += more
        by_region, more = sales.by_dimension(ready, "region", against, slices)
        results += more
        moved: list[Product] = []
        if comparisons:
            moved, more = products.movers(ready, period, comparisons[0][1], slices)
            results += more
        conservation = lake.conservation(ready)
        hours, currencies = ready.ask_all(beside)
        before = rest[0] if rest and rest[0].sums.has_data else None
        is_whole = slices == Slices() and scope.row_filter.regions is None  # a bill has none of the shop's slices
        bill = cloud(
            ready,
            _shop_revenue(now, is_whole),
            _shop_revenue(before, is_whole) if before else None,
            budgets,
            decisions,
            patience=patience,
        )
    items = attention_items(
        now,
        before,
        by_category if before else [],
        conservation,
        hours.rows(),
        currencies.rows(),
        scope.reporting_currency,
    )
    return Brief(
        now=now,
        comparisons=rest,
        before=before,
        figures=sales.figures(now, rest, scope.reporting_currency),
        parts=split(now.sums.totals, before.sums.totals) if before else [],
        by_category=_by_change(by_category),
        by_region=_by_change(by_region),
        rising=products.rising(moved)[:MOVERS] if before else [],
        falling=products.falling(moved)[:MOVERS] if before else [],
        cloud=bill,
        attention=sorted(
            [*items, *(bill.attention_items if bill else [])], key=lambda item: _URGENCY.index(item.cause)
        ),
        conservation=conservation,
        results=[*results, conservation.result, hours, currencies, *(bill.results if bill else [])],
    )


def _shop_revenue(measured: Measured, is_whole: bool) -> ShopRevenue:
    return ShopRevenue(measured.label, measured.daily.period, measured.sums.net_revenue if is_whole else None)


def _by_change(slices: Sequence[Slice]) -> list[Slice]:
    return sorted(slices, key=lambda part: (-abs(part.change or ZERO), -part.net_revenue, part.name))
