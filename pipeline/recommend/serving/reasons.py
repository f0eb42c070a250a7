"""Why a product is recommended, for programs and as a sentence for the customer (pure)."""

from __future__ import annotations

import msgspec

from pipeline.recommend.customers.histories import BOUGHT, IN_CART
from pipeline.recommend.models.model import DirectoryEntry


class Why(msgspec.Struct, frozen=True, omit_defaults=True):
    """One reason.

    Attributes
    ----------
    kind : viewed, bought, in_cart, goes_with, popular_in_category, popular or trending
    product_id : the product that it is because of, where there is one
    text : a sentence without a full stop, in English
    """

    kind: str
    text: str
    product_id: str = ""


POPULAR = Why("popular", "Popular in this shop")
TRENDING = Why("trending", "Trending now")


def because_of(action: str, product: DirectoryEntry) -> Why:
    """The customer did something with a product."""
    name = name_of(product)
    if action == BOUGHT:
        return Why("bought", f"Because you bought {name}", product.product_id)
    if action == IN_CART:
        return Why("in_cart", f"Goes with {name} in your cart", product.product_id)
    return Why("viewed", f"Because you viewed {name}", product.product_id)


def also_viewed(product: DirectoryEntry) -> Why:
    """Customers who viewed a product viewed this one too."""
    return Why("viewed", f"Viewed by others who viewed {name_of(product)}", product.product_id)


def goes_with(product: DirectoryEntry) -> Why:
    """It is bought together with a product."""
    return Why("goes_with", f"Often bought together with {name_of(product)}", product.product_id)


def popular_in(category: str) -> Why:
    """It sells well in its category."""
    return Why("popular_in_category", f"Popular in {category}")


def name_of(product: DirectoryEntry) -> str:
    """What a product is called: its name, or its id where it has none."""
    return product.name or product.product_id
