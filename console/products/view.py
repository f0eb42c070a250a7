"""Charts of the Products page."""

from __future__ import annotations

from collections.abc import Sequence

from console.asking.figures import Unit
from console.kit import charts
from console.products.answer import Product
from console.sales.answer import Compared


def best_sellers(products: Sequence[Product], comparisons: Sequence[Compared], currency: str) -> charts.Chart:
    """The products with the highest net revenue."""
    label = comparisons[0][0] if comparisons else ""
    return charts.bars(
        [each.name for each in products],
        [each.net_revenue for each in products],
        unit=Unit.MONEY,
        currency=currency,
        comparison=(label, [each.before for each in products]) if comparisons else None,
        title="Best sellers",
    )
