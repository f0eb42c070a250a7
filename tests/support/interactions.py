"""Interactions from literal rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipeline.recommend.interactions import Interactions

DAY = 86_400


def interactions(rows: Sequence[tuple[object, ...]], categories: Mapping[str, str] | None = None) -> Interactions:
    """Rows of customer, product, day (0 where it is left out) and weight (1 where it is left out)."""
    customers = sorted({str(row[0]) for row in rows})
    products = sorted({str(row[1]) for row in rows} | set(categories or ()))
    full = [(*row, *(0, 1)[len(row) - 2 :]) for row in rows]
    return Interactions(
        tuple(customers),
        tuple(products),
        np.array([customers.index(str(row[0])) for row in full], dtype=np.int32),
        np.array([products.index(str(row[1])) for row in full], dtype=np.int32),
        np.array([row[3] for row in full], dtype=np.float32),
        np.array([int(row[2] * DAY) for row in full], dtype=np.int64),
        tuple(categories.get(product, "") for product in products) if categories else (),
    )
