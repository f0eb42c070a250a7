"""Which of the available products recommendations show, how evenly, and which they never show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from console.asking.engines import Result
from console.asking.figures import Better, Change, Figure, Unit
from console.asking.periods import Period
from console.asking.scope import Question, Scope
from console.asking.slices import Slices, question
from console.finops.decimals import ZERO
from console.recommendations.source import CatalogueProduct
from console.sales.answer import Compared

SHOWN = "recommendations/shown_products"
TENTHS = 10
WEEKS_DAYS = 28


@dataclass(frozen=True)
class NeverShown:
    """An available product that no recommendation showed, and what it sells meanwhile."""

    product_id: str
    name: str
    category: str
    units: Decimal
    orders: int
    net_revenue: Decimal


@dataclass(frozen=True)
class Coverage:
    """The answer of the block *Coverage and what is shown*.

    Attributes
    ----------
    available : products that the model in use may show; 0 where there is no model
    shown : of those, how many were shown in the period; None where there is no model
    withdrawn : products that were shown and are not available now; 0 where there is no model
    impressions : of every shown product, most first
    never_shown : what sells most first
    last_weeks, weeks_before : the share shown in the last 28 days, and in the 28 before
    ignores_channels : whether a reader chose channels; all of this is of all of them
    """

    available: int
    shown: int | None
    withdrawn: int
    impressions: Sequence[int]
    never_shown: Sequence[NeverShown]
    last_weeks: Decimal | None
    weeks_before: Decimal | None
    ignores_channels: bool
    figures: Sequence[Figure]
    results: Sequence[Result]

    @property
    def is_empty(self) -> bool:
        """Whether nothing was shown."""
        return not self.impressions

    @property
    def share(self) -> Decimal | None:
        """Coverage: shown ÷ available products; None without a model."""
        return Decimal(self.shown) / self.available if self.available and self.shown is not None else None

    @property
    def tenths(self) -> list[Decimal]:
        """The share of impressions of each tenth of the shown products, the most shown first; see `tenths`."""
        return tenths(self.impressions)


def questions(scope: Scope, period: Period, comparisons: Sequence[Compared], slices: Slices) -> list[Question]:
    """What `coverage` asks: sales, and what was shown in the period, its comparisons, and two times four weeks.

    Of all channels, sales too: the products shown are not kept by channel, so what one channel never showed is unknown.
    """
    weeks = Period(period.end - timedelta(days=WEEKS_DAYS), period.end)
    return [
        question(scope, "products/sales", period, replace(slices, categories=(), channels=())),
        *(
            _shown(days, slices)
            for days in (period, *(before for _, before in comparisons), weeks, weeks.shifted(-WEEKS_DAYS))
        ),
    ]


def coverage(
    scope: Scope,
    period: Period,
    comparisons: Sequence[Compared],
    slices: Slices,
    catalogue: Sequence[CatalogueProduct],
) -> Coverage:
    """What was shown of the available products in a period, against comparisons.

    Parameters
    ----------
    catalogue : the products of the model in use; which of them were available in earlier days is not kept, so that a
        comparison takes those of today
    """
    results = scope.ask_all(questions(scope, period, comparisons, slices))
    sales, now, *others = (result.rows() for result in results)
    of = [product for product in catalogue if product.is_available and _is_chosen(product, slices)]
    chosen = {product.product_id for product in of}
    before = [share_shown(rows, chosen) for rows in others]
    impressions = {row["product_id"]: row["impressions"] for row in now if row["impressions"]}
    if slices.categories:
        known = {product.product_id: product for product in catalogue}
        impressions = {
            name: count for name, count in impressions.items() if name in known and _is_chosen(known[name], slices)
        }
    every = sorted(impressions.values(), reverse=True)
    shown = chosen & set(impressions)
    count = len(shown) if catalogue else None
    labels = [label for label, _ in comparisons]
    return Coverage(
        available=len(chosen),
        shown=count,
        withdrawn=len(set(impressions) - chosen) if catalogue else 0,
        impressions=every,
        never_shown=_never_shown([product for product in of if product.product_id not in shown], sales),
        last_weeks=before[-2],
        weeks_before=before[-1],
        ignores_channels=bool(slices.channels),
        figures=_figures(count, chosen, every, list(zip(labels, before, strict=False))),
        results=results,
    )


_Rows = Sequence[Mapping[str, Any]]


def _shown(days: Period, slices: Slices) -> Question:
    """Of all categories: which category a product is of, the catalogue says."""
    return Question(
        SHOWN,
        {
            "start_date": days.start,
            "end_date": days.end,
            "surfaces": (),
            "categories": (),
            "regions": slices.regions,
        },
    )


def share_shown(rows: _Rows, available: set[str]) -> Decimal | None:
    """The share of the available products that were shown; None where none is available, or nothing was shown."""
    shown = {row["product_id"] for row in rows if row["impressions"]}
    return Decimal(len(shown & available)) / len(available) if available and shown else None


def tenths(impressions: Sequence[int]) -> list[Decimal]:
    """The share of impressions of each tenth of the products, of `impressions` by product, most first.

    A product on the border of two tenths is divided between them, so that all are of one size. Nothing for fewer than
    ten products.
    """
    count, whole = len(impressions), sum(impressions)
    if count < TENTHS or not whole:
        return []
    found = []
    for place in range(TENTHS):  # in tenths of a product: product n reaches from 10 n to 10 n + 10
        low, high = place * count, (place + 1) * count
        parts = (
            impressions[number] * (min(high, (number + 1) * TENTHS) - max(low, number * TENTHS))
            for number in range(low // TENTHS, -(-high // TENTHS))
        )
        found.append(Decimal(sum(parts)) / (TENTHS * whole))
    return found


def _is_chosen(product: CatalogueProduct, slices: Slices) -> bool:
    return not slices.categories or product.category in slices.categories


def _never_shown(products: Sequence[CatalogueProduct], sales: _Rows) -> list[NeverShown]:
    sold = {row["product_id"]: row for row in sales}
    found = [
        NeverShown(
            product.product_id,
            product.name or product.product_id,
            product.category or "(none)",
            row.get("units", ZERO),
            row.get("orders", 0),
            row.get("net_revenue", ZERO),
        )
        for product in products
        for row in (sold.get(product.product_id, {}),)
    ]
    return sorted(found, key=lambda product: (-product.net_revenue, -product.units, product.product_id))


def _figures(
    shown: int | None, available: set[str], impressions: Sequence[int], before: Sequence[tuple[str, Decimal | None]]
) -> list[Figure]:
    share = Decimal(shown) / len(available) if shown is not None and available else None
    return [
        Figure("Coverage", share, Unit.PERCENT, changes=[Change(label, value) for label, value in before]),
        Figure("Products shown", shown, Unit.COUNT),
        Figure("Never shown", None if share is None else len(available) - (shown or 0), Unit.COUNT),
        Figure(
            "Impressions of the top 10 %",
            next(iter(tenths(impressions)), None),
            Unit.PERCENT,
            better=Better.NEITHER,
            note="of the products shown",
        ),
    ]
