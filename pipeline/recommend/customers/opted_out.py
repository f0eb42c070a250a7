"""Customers who refuse recommendations made from their history: kept beside the models (`.keys`).

They get what everybody gets, their history is not read, and live keeps no recent items of them.
"""

from __future__ import annotations

import time
from array import array
from bisect import bisect_left
from collections.abc import Callable
from typing import Protocol

from catalogue.errors import SourceError
from pipeline.recommend.customers.keys import CUSTOMER, OPTED_OUT, digest_of, history_key, opted_out_key
from pipeline.recommend.models.items import Items

CACHE_SECONDS = 60.0  # after which a refusal in another process is known
_DIGITS = 16  # of a digest that are kept in memory, 8 bytes: two of a million share them once in 37 million lists


class OptedOut(Protocol):
    """Says who refuses."""

    def refuses(self, customer_id: str) -> bool:
        """Whether this customer refuses. Raises SourceError where it cannot be read."""
        ...


class OptedOutCustomers:
    """Keeps who refuses in some items. Every method raises SourceError where they do not answer."""

    def __init__(self, items: Items) -> None:
        self._items = items

    def refuses(self, customer_id: str) -> bool:
        """See `OptedOut.refuses`."""
        return self._items.get(opted_out_key(digest_of(customer_id))) is not None

    def add(self, customer_id: str) -> None:
        """Keep that a customer refuses, then delete the history: a training that ends in between deletes it, too."""
        self._items.put_all([(opted_out_key(digest_of(customer_id)), b"\0")])
        self._items.delete_all([history_key(digest_of(customer_id))])

    def remove(self, customer_id: str) -> None:
        """Keep that a customer refuses no more."""
        self._items.delete_all([opted_out_key(digest_of(customer_id))])


class OptedOutList:
    """The same, read as a whole once in a while: for a writer that asks of every customer.

    While the list cannot be read, the one read before is good; before the first one, everybody counts as refusing.
    """

    def __init__(
        self, items: Items, *, renew_after: float = CACHE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._items, self._renew_after, self._clock = items, renew_after, clock
        self._listed: array[int] | None = None  # the beginnings of digests, in order
        self._read_at: float | None = None

    def refuses(self, customer_id: str) -> bool:
        """See `OptedOut.refuses`. Raises nothing."""
        now = self._clock()
        if self._read_at is None or now - self._read_at >= self._renew_after:
            self._read_at = now
            try:
                found = self._items.beginning(OPTED_OUT, CUSTOMER)
            except SourceError:
                pass
            else:
                self._listed = array("Q", sorted(_beginning(sk.removeprefix(CUSTOMER)) for sk in found))
        if not self._listed:
            return self._listed is None
        wanted = _beginning(digest_of(customer_id))
        place = bisect_left(self._listed, wanted)
        return place < len(self._listed) and self._listed[place] == wanted


def _beginning(digest: str) -> int:
    return int(digest[:_DIGITS], 16)


def refusing(items: Items) -> frozenset[str]:
    """The digests of all customers who refuse. Raises SourceError where they cannot be read."""
    return frozenset(sk.removeprefix(CUSTOMER) for sk in items.beginning(OPTED_OUT, CUSTOMER))


def everybody(_customer_id: str) -> bool:
    """Whether a customer refuses, where that is unknown."""
    return True
