"""The scatter of products: where they are, what is unknown, and which rows a selection leaves."""

from __future__ import annotations

from decimal import Decimal

import pytest

from console.kit import echarts, plots
from console.products import view
from console.products.answer import Product


def product(name: str, gross: str, units: int, rate: str | None = "0.4", **more: str) -> Product:
    """A product whose net revenue is its gross revenue, unless `net` says otherwise."""
    return Product(
        product_id=name.lower(), name=name, category="Home", net_revenue=Decimal(more.get("net", gross)),
        before=None, units=units, orders=units, refund_rate=None, gross_margin=None,
        gross_margin_rate=None if rate is None else Decimal(rate), views=0, cart_adds=0, gross_revenue=Decimal(gross),
    )  # fmt: skip


LAMP, VASE = product("Lamp", "80.00", 4), product("Vase", "30.00", 3, "0.2")


def test_a_product_is_at_its_average_price_and_units() -> None:
    figure = view.scatter([LAMP, VASE], "USD").figure
    assert figure is not None
    (trace,) = figure["data"]
    assert (trace["x"], trace["y"]) == ([20.0, 10.0], [4, 3])
    assert trace["marker"]["size"] == [80.0, 30.0]
    assert trace["marker"]["color"] == [0.4, 0.2]
    assert trace["customdata"] == ["lamp", "vase"]
    assert trace["hovertext"][0] == (
        "<b>Lamp</b><br>Average price $20.00<br>Units 4<br>Net revenue $80.00<br>Margin 40.0\u202f%"
    )


def test_an_unknown_margin_is_grey_and_said_and_never_zero() -> None:
    plot = view.scatter([LAMP, product("Bowl", "10.00", 1, None)], "USD")
    assert plot.figure is not None
    known, unknown = plot.figure["data"]
    assert known["customdata"] == ["lamp"]
    assert unknown["name"] == "Margin unknown"
    assert unknown["marker"]["color"] == echarts.GREY
    assert unknown["hovertext"][0].endswith("Margin unknown")
    assert plot.figure["layout"]["showlegend"]
    assert "1 of them with unknown margin" in plot.alt


def test_a_product_sold_below_cost_is_red_and_a_margin_of_zero_is_not() -> None:
    figure = view.scatter([product("Zero", "10", 1, "0"), product("Loss", "10", 1, "-0.1")], "USD").figure
    assert figure is not None
    known, loss = figure["data"]
    assert known["customdata"] == ["zero"]
    assert (loss["customdata"], loss["marker"]["color"]) == (["loss"], plots.RED)


def test_products_far_apart_get_a_log_axis_and_others_one_from_zero() -> None:
    figure = view.scatter([LAMP, product("Phone", "9000.00", 3)], "USD").figure
    assert figure is not None
    assert figure["layout"]["xaxis"]["type"] == "log"
    assert "log scale" in figure["layout"]["xaxis"]["title"]["text"]
    assert figure["layout"]["yaxis"]["rangemode"] == "tozero"


def test_what_was_only_viewed_or_refunded_is_not_drawn() -> None:
    plot = view.scatter([LAMP, product("Viewed", "0", 0), product("Back", "0", 0, net="-15.00")], "USD")
    assert plot.figure is not None
    assert plot.figure["data"][0]["customdata"] == ["lamp"]
    assert view.scatter([product("Viewed", "0", 0)], "USD").figure is None


def test_a_product_refunded_more_than_sold_has_the_smallest_area() -> None:
    figure = view.scatter([LAMP, product("Back", "5", 1, net="-15.00")], "USD").figure
    assert figure is not None
    assert figure["data"][0]["marker"]["size"] == [80.0, 0.0]


def test_beyond_the_most_points_the_largest_are_drawn_and_the_note_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MOST_POINTS", 1)
    plot = view.scatter([LAMP, VASE], "USD")
    assert plot.figure is not None
    assert plot.figure["data"][0]["customdata"] == ["lamp"]
    assert plot.note.startswith("the 1 largest of 2")


def test_a_selection_leaves_its_products_in_their_order_and_none_leaves_all() -> None:
    products = [LAMP, VASE, product("Bowl", "10", 1)]
    assert view.selected(products, [{"customdata": "bowl"}, {"customdata": "lamp"}]) == [LAMP, products[2]]
    assert view.selected(products, []) == products
