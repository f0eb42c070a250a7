"""What sells, and with what?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from console.asking.engines import Result
from console.asking.figures import Better, Change, Figure, Unit
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.asking.slices import Slices, question
from console.sales.answer import ZERO, Compared

BEST_SELLERS = 200  # products that are paired: pairs of rare products are chance
MINIMUM_ORDERS = 4  # with fewer, a lift means nothing
PAIR_DAYS = 365  # tastes change slowly and orders with two products are few: pairs look back a year
TOP_SHARE = 10


@dataclass(frozen=True)
class Product:
    """One product over the period, and its net revenue in the comparison."""

    product_id: str
    name: str
    category: str
    net_revenue: Decimal
    before: Decimal | None
    units: Decimal
    orders: int
    refund_rate: Decimal | None
    gross_margin: Decimal | None
    gross_margin_rate: Decimal | None
    views: int
    cart_adds: int
    gross_revenue: Decimal = ZERO

    @property
    def average_price(self) -> Decimal | None:
        """Gross revenue ÷ units; None where no unit was sold."""
        return self.gross_revenue / self.units if self.units > 0 else None

    @property
    def change(self) -> Decimal | None:
        """Net revenue now − before."""
        return None if self.before is None else self.net_revenue - self.before

    @property
    def cart_rate(self) -> Decimal | None:
        """Cart adds ÷ views."""
        return Decimal(self.cart_adds) / self.views if self.views else None


@dataclass(frozen=True)
class Pair:
    """Two products bought in one order more often than chance would have it."""

    first: str
    second: str
    orders: int
    confidence: float
    lift: float


@dataclass(frozen=True)
class Products:
    """The answer of the Products page."""

    figures: Sequence[Figure]
    products: Sequence[Product]
    pairs: Sequence[Pair]
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was sold or looked at."""
        return not self.products


def products(scope: Scope, period: Period, comparisons: Sequence[Compared], slices: Slices) -> Products:
    """Sales, interest and affinity by product, against the first comparison."""
    results = scope.ask_all(
        [
            question(scope, "products/interest", period, slices),
            question(
                scope,
                "products/bought_together",
                Period(period.end - timedelta(days=PAIR_DAYS), period.end),
                slices,
                best_sellers=BEST_SELLERS,
                minimum_orders=MINIMUM_ORDERS,
            ),
            *(
                question(scope, "products/sales", days, slices)
                for days in (period, *(before for _, before in comparisons))
            ),
        ]
    )
    interest, together, *sales = (result.rows() for result in results)
    pairs = [
        Pair(
            row["product_name"] or row["product_id"],
            row["other_product_name"] or row["other_product_id"],
            row["orders"],
            row["confidence"],
            row["lift"],
        )
        for row in together
        if row["lift"] > 1
    ]
    labels = [label for label, _ in comparisons]
    return Products(_figures(labels, sales, scope.reporting_currency), _join(sales, interest), pairs, results)


def rising(every: Sequence[Product]) -> list[Product]:
    """Products by gain of net revenue, largest first; empty without a comparison."""
    gained = [product for product in every if product.change is not None and product.change > 0]
    return sorted(gained, key=lambda product: (-(product.change or ZERO), product.product_id))


def falling(every: Sequence[Product]) -> list[Product]:
    """Products by loss of net revenue, largest first; empty without a comparison."""
    lost = [product for product in every if product.change is not None and product.change < 0]
    return sorted(lost, key=lambda product: (product.change or ZERO, product.product_id))


def mover_questions(scope: Scope, period: Period, before: Period, slices: Slices) -> list[Question]:
    """What `movers` asks."""
    return [question(scope, "products/net_revenue", days, slices) for days in (period, before)]


def movers(scope: Scope, period: Period, before: Period, slices: Slices) -> tuple[list[Product], list[Result]]:
    """Products with only their net revenue now and before, for the Brief."""
    results = scope.ask_all(mover_questions(scope, period, before, slices))
    return _join([result.rows() for result in results], []), results


Rows = Sequence[Mapping[str, Any]]


def _join(sales: Sequence[Rows], interest: Rows) -> list[Product]:
    now, before, seen = (
        {row["product_id"]: row for row in rows} for rows in (sales[0], sales[1] if len(sales) > 1 else (), interest)
    )
    found = [
        _product(key, now.get(key, {}), before.get(key, {}) if len(sales) > 1 else None, seen.get(key, {}))
        for key in {**now, **before, **seen}
    ]
    return sorted(found, key=lambda product: (-product.net_revenue, -product.views, product.product_id))


def _product(key: str, row: Mapping[str, Any], before: Mapping[str, Any] | None, seen: Mapping[str, Any]) -> Product:
    named = row or before or seen
    with_cost, gross = row.get("net_revenue_with_cost") or ZERO, row.get("gross_revenue") or ZERO
    margin = with_cost - row["cost"] if with_cost and row.get("cost") is not None else None
    return Product(
        product_id=key,
        name=named.get("product_name") or key,
        category=named.get("category") or "(none)",
        net_revenue=row.get("net_revenue", ZERO),
        before=None if before is None else before.get("net_revenue", ZERO),
        units=row.get("units", ZERO),
        orders=row.get("orders", 0),
        refund_rate=row["refunds"] / gross if gross else None,
        gross_margin=margin,
        gross_margin_rate=None if margin is None else margin / with_cost,
        views=seen.get("views", 0),
        cart_adds=seen.get("cart_adds", 0),
        gross_revenue=gross,
    )


def _figures(labels: Sequence[str], sales: Sequence[Rows], currency: str) -> list[Figure]:
    now, *before = (_Sums.of(rows) for rows in sales)

    def figure(name: str, unit: Unit, sum_name: str, better: Better = Better.HIGHER) -> Figure:
        changes = [
            Change(label, getattr(other, sum_name) if other.products or other.net_revenue else None)
            for label, other in zip(labels, before, strict=True)
        ]
        return Figure(name, getattr(now, sum_name), unit, currency if unit is Unit.MONEY else "", changes, (), better)

    return [
        figure("Products sold", Unit.COUNT, "products"),
        figure("Net revenue", Unit.MONEY, "net_revenue"),
        figure("Units", Unit.COUNT, "units"),
        figure(f"Share of top {TOP_SHARE}", Unit.PERCENT, "top_share", Better.NEITHER),
        figure("Refund rate", Unit.PERCENT, "refund_rate", Better.LOWER),
    ]


@dataclass(frozen=True)
class _Sums:
    products: int
    net_revenue: Decimal
    units: Decimal
    top_share: Decimal | None
    refund_rate: Decimal | None

    @classmethod
    def of(cls, rows: Rows) -> _Sums:
        net = sum((row["net_revenue"] for row in rows), ZERO)
        gross = sum((row["gross_revenue"] for row in rows), ZERO)
        refunds = sum((row["refunds"] for row in rows), ZERO)
        top = sum(sorted((row["net_revenue"] for row in rows), reverse=True)[:TOP_SHARE], ZERO)
        sold = sum(1 for row in rows if row["orders"])
        return cls(
            sold,
            net,
            sum((row["units"] for row in rows), ZERO),
            top / net if net > 0 else None,
            refunds / gross if gross else None,
        )
