"""How products are drawn: the best sellers, all of them as a table, and what is bought together."""

from __future__ import annotations

from collections.abc import Sequence

from console.asking.figures import Unit
from console.kit import charts, tables
from console.products.answer import Pair, Product
from console.sales.answer import Compared

BEST = 12


def best_sellers(products: Sequence[Product], comparisons: Sequence[Compared], currency: str) -> charts.Chart:
    """The products with the highest net revenue, of products in that order."""
    best = products[:BEST]
    label = comparisons[0][0] if comparisons else ""
    return charts.bars(
        [product.name for product in best],
        [product.net_revenue for product in best],
        unit=Unit.MONEY,
        currency=currency,
        comparison=(label, [product.before for product in best]) if comparisons else None,
        title="Best sellers",
    )


def table(products: Sequence[Product], currency: str, about: Sequence[tuple[str, str]], *, is_compared: bool) -> None:
    """Every product with what it sold, its margin and how it was looked at."""
    tables.show(
        products,
        {
            "name": tables.Column("Product"),
            "category": tables.Column("Category"),
            "net_revenue": tables.Column("Net revenue", Unit.MONEY, currency),
            **({"change": tables.Column("Change", Unit.MONEY, currency)} if is_compared else {}),
            "units": tables.Column("Units", Unit.COUNT),
            "orders": tables.Column("Orders", Unit.COUNT),
            "refund_rate": tables.Column("Refund rate", Unit.PERCENT),
            "gross_margin_rate": tables.Column("Margin", Unit.PERCENT, help="Empty where the unit cost is unknown"),
            "views": tables.Column("Views", Unit.COUNT),
            "cart_rate": tables.Column("Cart rate", Unit.PERCENT, help="Cart adds ÷ views"),
        },
        export_as="products",
        title="All products",
        about=about,
    )


def pairs(bought: Sequence[Pair], about: Sequence[tuple[str, str]]) -> None:
    """The pairs of products that are bought in one order more often than by chance."""
    tables.show(
        bought,
        {
            "first": tables.Column("Product"),
            "second": tables.Column("Bought together with"),
            "orders": tables.Column("Orders with both", Unit.COUNT),
            "confidence": tables.Column("Confidence", Unit.PERCENT, help="Orders with both ÷ orders with the first"),
            "lift": tables.Column("Lift", Unit.RATIO, help="1 is chance; 3 means three times as often"),
        },
        export_as="bought-together",
        title="Bought together, over the last 12 months",
        about=about,
    )
