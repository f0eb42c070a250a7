"""What a model is learnt from, of literal rows: the answers to `queries/recommend` as an engine would give them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

import pyarrow as pa

from pipeline.recommend.learning.reading import ShopData, read

_SCHEMAS = {
    "interactions": {
        "visitor": pa.string(),
        "product_id": pa.string(),
        "event_type": pa.string(),
        "day": pa.date32(),
        "hour": pa.int64(),
        "actions": pa.int64(),
    },
    "activity": {
        "day": pa.date32(),
        "product_id": pa.string(),
        "region": pa.string(),
        "views": pa.int64(),
        "cart_adds": pa.int64(),
        "units": pa.float64(),
        "orders": pa.int64(),
    },
    "pairs": {"product_id": pa.string(), "other_product_id": pa.string(), "orders": pa.int64()},
    "products": {
        "product_id": pa.string(),
        "product_name": pa.string(),
        "category": pa.string(),
        "last_seen": pa.date32(),
    },
}
TODAY = date(2026, 3, 31)
Rows = Sequence[Mapping[str, Any]]


def shop_data(
    *,
    interactions: Rows = (),
    activity: Rows = (),
    pairs: Rows = (),
    products: Rows = (),
    orders: int = 0,
    last_day: date | None = TODAY,
    asked: list[tuple[str, Mapping[str, Any]]] | None = None,
    **more: Any,
) -> ShopData:
    """The data of literal rows; a count that is left out is 0, of actions 1, and a day that is left out `TODAY`.

    What is asked goes to `asked`.
    """
    rows = {"interactions": interactions, "activity": activity, "pairs": pairs, "products": products}

    def ask(name: str, values: Mapping[str, Any]) -> pa.Table:
        if asked is not None:
            asked.append((name, values))
        if name == "last_day":
            return pa.table({"last_day": pa.array([last_day], pa.date32())})
        if name == "orders":
            return pa.table({"orders": [orders]})
        full = [{**_defaults(name), **row} for row in rows[name]]
        return pa.Table.from_pylist(full, pa.schema(_SCHEMAS[name].items()))

    return read(ask, **more)


def _defaults(name: str) -> dict[str, Any]:
    defaults: dict[str, Any] = {"day": TODAY, "last_seen": TODAY, "actions": 1, "event_type": "product_view"}
    defaults |= dict.fromkeys(("hour", "views", "cart_adds", "units", "orders"), 0)
    return {column: defaults.get(column) for column in _SCHEMAS[name]}


def two_tastes(*, days: int = 60, customers: int = 400, products: int = 60, seed: int = 3) -> ShopData:
    """A shop with two categories; a customer returns every few days and looks at three products of one of them.

    A third of the views are of the other category, and no product is more popular than another: what is popular says
    nothing about a customer.
    """
    chance = random.Random(seed)
    interactions = []
    for customer in range(customers):
        for day in range(chance.randrange(5), days, 5):
            for _ in range(3):
                taste = customer % 2 if chance.random() < 2 / 3 else 1 - customer % 2
                product = 2 * chance.randrange(products // 2) + taste
                at = {"day": TODAY - timedelta(days=days - 1 - day), "hour": chance.randrange(24)}
                interactions.append({"visitor": f"c:{customer}", "product_id": f"p{product:02d}", **at})
    described = [
        {"product_id": f"p{number:02d}", "product_name": f"Product {number}", "category": ("Home", "Toys")[number % 2]}
        for number in range(products)
    ]
    activity = [{"product_id": row["product_id"], "day": row["day"], "views": 1} for row in interactions]
    return shop_data(interactions=interactions, activity=activity, products=described)
