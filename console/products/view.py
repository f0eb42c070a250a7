"""How products are drawn: the best sellers, price against volume, a table, and what is bought together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from console.asking import formatting as text
from console.asking.figures import Unit
from console.kit import charts, echarts, plots, tables
from console.kit.plots import Plot, Point
from console.products.answer import Pair, Product
from console.sales.answer import Compared

BEST = 12
SCATTER = "products-price-volume-margin"
SCATTER_HEIGHT = 440
MOST_POINTS = 2_000  # beyond, a browser is slow and the points hide each other
LOG_FROM = 30  # largest ÷ smallest from which a linear axis shows most products as one heap
_LARGEST_POINT, _SMALLEST_POINT = 34, 5  # pixels across
UNKNOWN_MARGIN, LOSS, MARGIN = "Margin unknown", "Sold below cost", "Margin known"


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


def scatter(products: Sequence[Product], currency: str) -> Plot:
    """Products by average price and units: the colour is the gross margin, the area the net revenue."""
    sold = [product for product in products if product.average_price]
    shown = sold[:MOST_POINTS]
    title = "Price, volume and margin"
    if not shown:
        return Plot(title, f"{title}: no product was sold", plots.EMPTY_HEIGHT, None)
    unknown = sum(product.gross_margin_rate is None for product in shown)
    first = shown[0]
    alt = (
        f"{title} of {text.counted(len(shown), 'product')}, {unknown:,} of them with unknown margin. The largest by "
        f"net revenue, {first.name}: {_price(first, currency)} on average, units: {text.units(first.units)}, "
        f"margin {_margin(first)}. The table below lists the same products."
    )
    note = (
        f"the {len(shown):,} largest of {len(sold):,}; drag a box to filter the table"
        if len(shown) < len(sold)
        else "area: net revenue; drag a box to filter the table"
    )
    kinds: dict[str, list[Product]] = {MARGIN: [], LOSS: [], UNKNOWN_MARGIN: []}
    for product in shown:
        rate = product.gross_margin_rate
        kinds[UNKNOWN_MARGIN if rate is None else LOSS if rate < 0 else MARGIN].append(product)
    largest = max(float(product.net_revenue) for product in shown)
    figure = {
        "data": [_points(name, members, largest, currency) for name, members in kinds.items() if members],
        "layout": plots.layout(
            showlegend=bool(kinds[LOSS] or kinds[UNKNOWN_MARGIN]),
            xaxis=_axis(f"Average price, {currency}", [float(product.average_price or 0) for product in shown]),
            yaxis=_axis("Units", [float(product.units) for product in shown]),
        ),
    }
    return Plot(title, alt, SCATTER_HEIGHT, figure, note)


def choose(products: Sequence[Product], currency: str, about: Sequence[tuple[str, str]]) -> list[Product]:
    """Draw the scatter and return the products that a reader selected in it; all of them without a selection."""
    points = plots.draw(scatter(products, currency), SCATTER, about=about)
    chosen = selected(products, points)
    if not points:
        return chosen
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.html(f"<p>{len(chosen):,} of {len(products):,} products selected ·</p>", width="content")
        st.button("Clear", key="tk-products-clear", type="tertiary", on_click=plots.clear, args=(SCATTER,))
    return chosen


def selected(products: Sequence[Product], points: Sequence[Point]) -> list[Product]:
    """The products of the points, in the order of `products`; all of them without a point."""
    chosen = {point.get("customdata") for point in points}
    return [product for product in products if not points or product.product_id in chosen]


def table(
    products: Sequence[Product], currency: str, about: Sequence[tuple[str, str]], *, is_compared: bool, of: int
) -> None:
    """Every product with what it sold, its margin and how it was looked at; fewer than `of` where some are selected."""
    is_selection = len(products) < of
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
        title="Selected products" if is_selection else "All products",
        about=[*about, ("Selected", f"{len(products):,} of {of:,} products")] if is_selection else about,
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


def _points(name: str, products: Sequence[Product], largest: float, currency: str) -> plots.Figure:
    """The marks of the products that are called `name` in the legend."""
    marker: plots.Figure = {
        "size": [max(float(product.net_revenue), 0.0) for product in products],
        "sizemode": "area",
        "sizeref": 2 * max(largest, 1.0) / _LARGEST_POINT**2,
        "sizemin": _SMALLEST_POINT,
        "opacity": 0.8,
        "line": {"width": 1, "color": plots.PAPER},
    }
    if name == UNKNOWN_MARGIN:
        marker |= {"color": echarts.GREY, "symbol": "circle-open"}
    elif name == LOSS:
        marker |= {"color": plots.RED, "symbol": "diamond"}
    else:
        rates = [float(product.gross_margin_rate or 0) for product in products]
        scale = plots.SEQUENCE[3:]  # lighter ones vanish on the paper
        marker |= {
            "color": rates,
            "cmin": 0 if min(rates) == max(rates) else min(rates),
            "cmax": max(rates) or 1,
            "colorscale": [[place / (len(scale) - 1), colour] for place, colour in enumerate(scale)],
            "colorbar": {
                "title": {"text": "Margin", "font": {"size": 12, "color": plots.SOFT}},
                "tickformat": ".0%",
                "tickfont": {"size": 12, "color": plots.SOFT},
                "thickness": 10,
                "len": 0.6,
                "outlinewidth": 0,
                "nticks": 5,
            },
        }
    return {
        "type": "scatter",
        "mode": "markers",
        "name": name,
        "x": [float(product.average_price or 0) for product in products],
        "y": [float(product.units) for product in products],
        "customdata": [product.product_id for product in products],
        "hovertext": [
            plots.hover(
                product.name,
                [
                    ("Average price", _price(product, currency)),
                    ("Units", text.units(product.units)),
                    ("Net revenue", text.money(product.net_revenue, currency)),
                    ("Margin", _margin(product)),
                ],
            )
            for product in products
        ],
        "hoverinfo": "text",
        "marker": marker,
        "unselected": {"marker": {"opacity": 0.25}},
    }


def _axis(title: str, values: Sequence[float]) -> plots.Figure:
    """An axis from zero, or a logarithmic one where the values lie too far apart."""
    if max(values) / min(values) >= LOG_FROM:
        return plots.axis(f"{title} (log scale)", type="log", dtick="D2", tickformat=",~r")
    return plots.axis(title, rangemode="tozero", tickformat=",~r")


def _price(product: Product, currency: str) -> str:
    return text.money(product.average_price, currency)


def _margin(product: Product) -> str:
    return "unknown" if product.gross_margin_rate is None else text.percent(product.gross_margin_rate)
