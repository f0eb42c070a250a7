"""A list that is not of one category alone (pure)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

MOST_OF_A_CATEGORY = 0.6  # share of the items


def spread(places: Iterable[int], category_of: Callable[[int], str], n: int) -> Iterator[int]:
    """The places in order, where of one category come at most `MOST_OF_A_CATEGORY` of `n` before the others.

    What is beyond that share is put off to the end, so that nothing is lost where there are no others. A product
    without a category is of none. No more places are taken than are asked for and put off.
    """
    most = math.ceil(MOST_OF_A_CATEGORY * n)
    put_off: list[int] = []
    counts: Counter[str] = Counter()
    for place in places:
        category = category_of(place)
        if category:
            counts[category] += 1
            if counts[category] > most:
                put_off.append(place)
                continue
        yield place
    yield from put_off
