"""What did we earn, where and from what?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from console.asking import formatting as text
from console.asking.engines import Result
from console.asking.figures import Better, Change, Figure, Number, Unit
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.asking.slices import Slices, question
from console.sales.decomposition import CENT, SalesTotals

ZERO = Decimal(0)
Compared = tuple[str, Period]


@dataclass(frozen=True)
class Daily:
    """Figures by day over a period: every day is there, a day without sales counts 0."""

    period: Period
    days: Sequence[date]
    net_revenue: Sequence[Decimal]
    orders: Sequence[int]
    sessions: Sequence[int]


@dataclass(frozen=True)
class SalesSums:
    """A period's sums, of which every headline figure is made.

    Unconfirmed orders are in no other sum, and known only where no category is chosen. `conversion` counts sessions
    with a purchase; `None` means unknown: there is nothing to divide by.
    """

    net_revenue: Decimal
    gross_revenue: Decimal
    refunds: Decimal
    cost: Decimal
    net_revenue_with_cost: Decimal
    units: Decimal
    orders: int
    first_orders: int
    sessions: int
    sessions_with_view: int
    sessions_with_cart: int
    sessions_with_purchase: int
    sessions_abandoned: int
    unconfirmed_orders: int = 0
    unconfirmed_revenue: Decimal = ZERO

    @property
    def has_data(self) -> bool:
        """Whether anything was sold, refunded or visited; a period without data is unknown, not 0."""
        return bool(self.gross_revenue or self.refunds or self.orders or self.sessions)

    @property
    def average_order_value(self) -> Decimal | None:
        """Net revenue ÷ orders."""
        return self.net_revenue / self.orders if self.orders else None

    @property
    def units_per_order(self) -> Decimal | None:
        """Units ÷ orders."""
        return Decimal(self.units) / self.orders if self.orders else None

    @property
    def conversion_rate(self) -> Decimal | None:
        """Sessions with a purchase ÷ sessions; unknown where no browsing was recorded at all."""
        if not self.sessions or not self.sessions_with_view:
            return None
        return Decimal(self.sessions_with_purchase) / self.sessions

    @property
    def cart_abandonment(self) -> Decimal | None:
        """Sessions with a cart and no purchase ÷ sessions with a cart."""
        return Decimal(self.sessions_abandoned) / self.sessions_with_cart if self.sessions_with_cart else None

    @property
    def gross_margin(self) -> Decimal | None:
        """Net revenue − cost of goods, over the lines whose cost is known; unknown where none is."""
        return self.net_revenue_with_cost - self.cost if self.net_revenue_with_cost else None

    @property
    def gross_margin_rate(self) -> Decimal | None:
        """Gross margin ÷ the net revenue whose cost is known."""
        margin = self.gross_margin
        return None if margin is None else margin / self.net_revenue_with_cost

    @property
    def unknown_cost_share(self) -> Decimal | None:
        """Share of net revenue whose cost is unknown."""
        return 1 - self.net_revenue_with_cost / self.net_revenue if self.net_revenue else None

    @property
    def refund_rate(self) -> Decimal | None:
        """Refunds ÷ gross revenue."""
        return self.refunds / self.gross_revenue if self.gross_revenue else None

    @property
    def totals(self) -> SalesTotals:
        """What the split of a change needs: money to the cent, and sessions only where browsing was recorded."""
        return SalesTotals(
            self.sessions if self.sessions_with_view else 0, self.orders, self.net_revenue.quantize(CENT, ROUND_HALF_UP)
        )


@dataclass(frozen=True)
class Slice:
    """One value of a dimension: its figures now, and its net revenue in the first comparison."""

    name: str
    net_revenue: Decimal
    before: Decimal | None
    gross_margin_rate: Decimal | None
    refunds: Decimal
    units: Decimal
    share: Decimal | None

    @property
    def change(self) -> Decimal | None:
        """Net revenue now − before."""
        return None if self.before is None else self.net_revenue - self.before


@dataclass(frozen=True)
class Measured:
    """One period, measured: its days and its sums."""

    label: str
    daily: Daily
    sums: SalesSums


@dataclass(frozen=True)
class Revenue:
    """The answer of the Revenue page."""

    now: Measured
    comparisons: Sequence[Measured]
    figures: Sequence[Figure]
    by_category: Sequence[Slice]
    by_region: Sequence[Slice]
    by_channel: Sequence[Slice]
    other_currencies: Sequence[Mapping[str, Any]]
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was sold, refunded or visited in the period."""
        return not (self.now.sums.has_data or self.now.sums.unconfirmed_orders or self.other_currencies)


def revenue(scope: Scope, period: Period, comparisons: Sequence[Compared], slices: Slices) -> Revenue:
    """Net revenue and what it is made of, against up to two other periods."""
    periods = [("This period", period), *comparisons]
    questions = measure_questions(scope, periods, slices)
    dimensions = ("category", "region", "channel")
    against = [period, *(before for _, before in comparisons[:1])]
    for name in dimensions:
        questions += dimension_questions(scope, name, against, slices)
    questions.append(question(scope, "sales/other_currencies", period, slices))
    results = scope.ask_all(questions)

    measured = _measured_periods(periods, results)
    rest = results[3 * len(periods) :]
    parts = {
        name: _slices(name, rest[place * len(against) : (place + 1) * len(against)])
        for place, name in enumerate(dimensions)
    }
    return Revenue(
        now=measured[0],
        comparisons=measured[1:],
        figures=figures(measured[0], measured[1:], scope.reporting_currency),
        by_category=parts["category"],
        by_region=parts["region"],
        by_channel=parts["channel"],
        other_currencies=results[-1].rows(),
        results=results,
    )


def measure_questions(scope: Scope, periods: Sequence[Compared], slices: Slices) -> list[Question]:
    """What `measure` asks."""
    orders = "sales/orders_by_day_in_categories" if slices.categories else "sales/orders_by_day"
    queries = ("sales/net_revenue_by_day", orders, "traffic/by_day")
    return [question(scope, query, period, slices) for _, period in periods for query in queries]


def measure(scope: Scope, periods: Sequence[Compared], slices: Slices) -> tuple[list[Measured], list[Result]]:
    """Sums and days of several periods."""
    results = scope.ask_all(measure_questions(scope, periods, slices))
    return _measured_periods(periods, results), results


def dimension_questions(scope: Scope, name: str, periods: Sequence[Period], slices: Slices) -> list[Question]:
    """What `by_dimension` asks."""
    return [question(scope, f"sales/by_{name}", period, slices) for period in periods]


def by_dimension(
    scope: Scope, name: str, periods: Sequence[Period], slices: Slices
) -> tuple[list[Slice], list[Result]]:
    """Net revenue by ``category``, ``region`` or ``channel``: now, and before where a second period is given."""
    results = scope.ask_all(dimension_questions(scope, name, periods, slices))
    return _slices(name, results), results


def _measured_periods(periods: Sequence[Compared], results: Sequence[Result]) -> list[Measured]:
    """The periods of `measure_questions`, from its answers: three for each period, in order."""
    return [
        _measured(label, period, results[3 * place : 3 * place + 3]) for place, (label, period) in enumerate(periods)
    ]


def _measured(label: str, period: Period, results: Sequence[Result]) -> Measured:
    money, orders, traffic = (result.rows() for result in results)
    days = period.dates
    net = {row["order_date"]: row["net_revenue"] for row in money}
    placed = {row["order_date"]: row["orders"] for row in orders}
    sessions = {row["session_date"]: row["sessions"] for row in traffic}
    daily = Daily(
        period,
        days,
        [net.get(day, ZERO) for day in days],
        [placed.get(day, 0) for day in days],
        [sessions.get(day, 0) for day in days],
    )

    def money_sum(name: str) -> Decimal:
        return sum((row[name] or ZERO for row in money), ZERO)

    def count_sum(rows: Sequence[Mapping[str, Any]], name: str) -> int:
        return sum(row[name] or 0 for row in rows)

    return Measured(
        label,
        daily,
        SalesSums(
            net_revenue=money_sum("net_revenue"),
            gross_revenue=money_sum("gross_revenue"),
            refunds=money_sum("refunds"),
            cost=money_sum("cost"),
            net_revenue_with_cost=money_sum("net_revenue_with_cost"),
            units=money_sum("units"),
            orders=count_sum(orders, "orders"),
            first_orders=count_sum(orders, "first_orders"),
            sessions=count_sum(traffic, "sessions"),
            sessions_with_view=count_sum(traffic, "sessions_with_view"),
            sessions_with_cart=count_sum(traffic, "sessions_with_cart"),
            sessions_with_purchase=count_sum(traffic, "sessions_with_purchase"),
            sessions_abandoned=count_sum(traffic, "sessions_abandoned"),
            unconfirmed_orders=sum(row.get("unconfirmed_orders") or 0 for row in orders),
            unconfirmed_revenue=sum((row.get("unconfirmed_revenue") or ZERO for row in orders), ZERO),
        ),
    )


def _slices(name: str, results: Sequence[Result]) -> list[Slice]:
    now = results[0].rows()
    before = {row[name]: row["net_revenue"] for row in results[1].rows()} if len(results) > 1 else None
    total = sum((row["net_revenue"] for row in now), ZERO)
    found = [
        Slice(
            name=row[name],
            net_revenue=row["net_revenue"],
            before=None if before is None else before.get(row[name], ZERO),
            gross_margin_rate=(row["net_revenue_with_cost"] - row["cost"]) / row["net_revenue_with_cost"]
            if row["net_revenue_with_cost"]
            else None,
            refunds=row["refunds"],
            units=row["units"],
            share=row["net_revenue"] / total if total > 0 else None,
        )
        for row in now
    ]
    gone = sorted((before or {}).keys() - {slice_.name for slice_ in found})
    return found + [Slice(key, ZERO, (before or {})[key], None, ZERO, ZERO, None) for key in gone]


def figures(now: Measured, comparisons: Sequence[Measured], currency: str) -> list[Figure]:
    """The headline: net revenue, orders, average order value, conversion, margin, refunds."""

    def figure(name: str, unit: Unit, value: Callable[[SalesSums], Number | None], **more: Any) -> Figure:
        changes = [Change(other.label, value(other.sums) if other.sums.has_data else None) for other in comparisons]
        return Figure(name, value(now.sums), unit, currency if unit is Unit.MONEY else "", changes, **more)

    daily = now.daily
    order_values = [
        revenue / orders if orders else None for revenue, orders in zip(daily.net_revenue, daily.orders, strict=True)
    ]
    # orders per session: the shape by day; the figure itself counts sessions with a purchase
    conversion = [
        Decimal(orders) / sessions if sessions else None
        for orders, sessions in zip(daily.orders, daily.sessions, strict=True)
    ]
    unknown = now.sums.unknown_cost_share
    note = ""
    if unknown and now.sums.gross_margin is not None:
        note = f"cost unknown for {text.percent(unknown)} of net revenue"
    return [
        figure("Net revenue", Unit.MONEY, lambda sums: sums.net_revenue, series=daily.net_revenue),
        figure("Orders", Unit.COUNT, lambda sums: sums.orders, series=daily.orders),
        figure("Average order value", Unit.MONEY, lambda sums: sums.average_order_value, series=order_values),
        figure("Conversion rate", Unit.PERCENT, lambda sums: sums.conversion_rate, series=conversion),
        figure("Gross margin", Unit.MONEY, lambda sums: sums.gross_margin, note=note),
        figure("Refund rate", Unit.PERCENT, lambda sums: sums.refund_rate, better=Better.LOWER),
    ]


def apart(revenue: Revenue, currency: str) -> tuple[str, ...]:
    """A note for amounts that are in no total: in other currencies, or not confirmed; nothing where there are none."""
    amounts = [text.money(row["net_revenue"], row["currency"]) for row in revenue.other_currencies]
    if revenue.now.sums.unconfirmed_orders:
        amounts.append(unconfirmed(revenue.now.sums, currency))
    return (f"Not in these figures: {', '.join(amounts)}.",) if amounts else ()


def unconfirmed(sums: SalesSums, currency: str) -> str:
    """The orders that wait for a secret key, as a noun phrase."""
    orders = text.counted(sums.unconfirmed_orders, "order")
    return f"{text.money(sums.unconfirmed_revenue, currency)} of {orders} that no secret key has confirmed"
