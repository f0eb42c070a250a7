"""The newest interactions, where a shop has more than fit: whole days first, so that the others are never read."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa


def first_day(activity: pa.Table, start: date, end: date, most: int) -> tuple[date, int]:
    """The first day to read, and how many actions are on the days before it.

    Parameters
    ----------
    activity : what everybody did, with a row per day and product: an interaction is one action or more
    start, end : of the window, the end not included
    most : actions of the days that are read, together; the last day is read whatever it has
    """
    counts = np.zeros((end - start).days, dtype=np.int64)
    days = np.asarray(activity["day"], dtype="datetime64[D]") - np.datetime64(start, "D")
    for kind in ("views", "cart_adds", "orders"):
        np.add.at(counts, days.astype(np.int64), np.asarray(activity[kind], dtype=np.int64))
    newest_first = np.cumsum(counts[::-1])
    read = max(1, int(np.searchsorted(newest_first, most, side="right")))
    return end - timedelta(days=min(read, len(counts))), int(counts.sum() - newest_first[read - 1 : read].sum())


def newest_rows(rows: pa.Table, most: int) -> tuple[pa.Table, int]:
    """The newest rows, and how many are left out; those of one hour are in the order of visitor and product."""
    if len(rows) <= most:
        return rows, 0
    order = [("day", "descending"), ("hour", "descending"), ("visitor", "ascending"), ("product_id", "ascending")]
    return rows.sort_by(order).slice(0, most), len(rows) - most
