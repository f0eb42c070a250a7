"""A list that is not of one category alone (pure)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence

MOST_OF_A_CATEGORY = 0.6  # share of the items


def spread(places: Sequence[int], category_of: Callable[[int], str], n: int) -> list[int]:
    """The places in order, where of one category come at most `MOST_OF_A_CATEGORY` of `n` before the others.

    What is beyond that share is put off to the end, so that nothing is lost where there are no others. A product
    without a category is of none.
    """
    most = math.ceil(MOST_OF_A_CATEGORY * n)
    first: list[int] = []
    put_off: list[int] = []
    counts: Counter[str] = Counter()
    for place in places:
        category = category_of(place)
        if category:
            counts[category] += 1
        (put_off if counts[category] > most else first).append(place)
    return first + put_off
