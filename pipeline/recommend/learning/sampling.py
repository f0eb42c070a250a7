"""Some of the visitors, where a shop has more interactions than fit: the others are never read.

Visitors, not the newest days: what is learnt is what goes together in a history, and half of the customers come back
after months. Who is chosen depends on the visitor alone, so a training differs from the one before by new data only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

_DIGITS = 6  # of a hash, that are compared: shares of 1 in 16 million


@dataclass(frozen=True)
class Sample:
    """The visitors who are read.

    Attributes
    ----------
    share : of all visitors, within (0, 1]
    first_hash : what the hash of a visitor who is left out begins with, or is above; None where all are read
    """

    share: float = 1.0
    first_hash: str | None = None


def sample_of(activity: pa.Table, most: int) -> Sample:
    """As many visitors as have about `most` actions; never none.

    Parameters
    ----------
    activity : what everybody did, with a row per day, product and region: an interaction is one action or more
    """
    actions = sum(int(np.asarray(activity[kind], dtype=np.int64).sum()) for kind in ("views", "cart_adds", "orders"))
    if actions <= most:
        return Sample()
    number = max(1, most * 16**_DIGITS // actions)
    return Sample(number / 16**_DIGITS, f"{number:0{_DIGITS}X}")


def newest_rows(rows: pa.Table, most: int) -> tuple[pa.Table, int]:
    """The newest rows, and how many are left out; those of one hour are in the order of visitor and product."""
    if len(rows) <= most:
        return rows, 0
    order = [("day", "descending"), ("hour", "descending"), ("visitor", "ascending"), ("product_id", "ascending")]
    return rows.sort_by(order).slice(0, most), len(rows) - most
